"""Every family that Ara offers is described in the concepts: one that is registered and told nowhere is found."""

from pathlib import Path

from ara import plugins

CONCEPTS = Path(__file__).parents[2] / "docs" / "concepts"
PAGES = ("models", "learners", "networks", "ensembles")


def test_every_family_of_ours_stands_in_a_page_of_the_concepts():
    told = "".join((CONCEPTS / f"{page}.md").read_text(encoding="utf-8") for page in PAGES)
    ours = [one.name for one in plugins.offers("models") if one.distribution == "ara-ai"]
    assert len(ours) >= 33
    assert [name for name in ours if f"`{name}`" not in told] == []


def test_what_may_be_tuned_is_told_of_each():
    told = (CONCEPTS.parent / "how_to" / "tuning.md").read_text(encoding="utf-8")
    table = told.partition("## What may be tuned")[2].partition("\n## ")[0]
    ours = [one.name for one in plugins.offers("models") if one.distribution == "ara-ai"]
    assert [name for name in ours if f"`{name}`" not in table] == []
