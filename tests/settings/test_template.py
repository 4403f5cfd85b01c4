import pytest

from ara.errors import ConfigurationError
from ara.settings.template import TEMPLATES, render


@pytest.mark.parametrize("name", TEMPLATES)
def test_every_template_is_valid_and_short(place, name):
    text = render(name)
    assert place.says(text).gather().problems == ()
    assert len(text.splitlines()) <= 35
    assert max(map(len, text.splitlines())) <= 120


@pytest.mark.parametrize("name", TEMPLATES)
def test_every_commented_setting_of_a_template_is_valid_too(place, name):
    rows = []
    for line in render(name).splitlines():
        bare = line.lstrip().removeprefix("# ")
        setting = line.lstrip().startswith("# ") and (
            bare.split("#")[0].rstrip().endswith(":") or ": " in bare.split("#")[0]
        )
        sentence = bare[:1].isupper() or "go over" in bare
        rows.append(line.replace("# ", "", 1) if setting and not sentence else line)
    assert place.says("\n".join(rows)).gather().problems == ()
    assert len(rows) > 5


def test_the_templates_say_what_they_are_for(place):
    assert place.says(render("service")).load().profile == "prod"
    assert place.load().log.format == "json"
    assert place.says(render("quant")).load().workers.threads == 4
    assert place.says(render("minimal")).load().origin("prediction.days").kind == "default"


def test_answers_are_put_into_a_template(place):
    text = render("trader", {"prediction.days": "3", "data.providers": "sample,x"})
    assert "# two weeks of trading" in text
    settings = place.says(text).load()
    assert (settings.prediction.days, settings.data.providers) == (3, ("sample", "x"))
    with pytest.raises(ConfigurationError, match=r"prediction\.days"):
        render("trader", {"prediction.days": "x"})


def test_an_unknown_template_is_refused_with_the_nearest():
    with pytest.raises(ConfigurationError, match=r'no template "tradr"; did you mean trader\?'):
        render("tradr")
    with pytest.raises(ConfigurationError, match="there are minimal, trader, quant, service"):
        render("../../etc/passwd")
