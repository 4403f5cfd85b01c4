import re
from pathlib import Path

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "how_to" / "plugins.md").read_text(encoding="utf-8")
PACKAGE = ROOT / "examples" / "ara-example-plugin"


def test_the_page_shows_the_example_as_it_is():
    (lines,) = re.findall(r"```toml\n(\[project.entry-points.*?)```", PAGE, flags=re.DOTALL)
    assert lines.strip() in (PACKAGE / "pyproject.toml").read_text(encoding="utf-8")
    (function,) = re.findall(r"^(@indicator.*?return out\n)", PAGE, flags=re.DOTALL | re.MULTILINE)
    assert function in (PACKAGE / "src" / "ara_example" / "indicator.py").read_text(encoding="utf-8")
    heart = re.search(r"unit = tuple\((.*)\)", PAGE)[1]
    assert heart in (PACKAGE / "src" / "ara_example" / "model.py").read_text(encoding="utf-8")
