import subprocess
import sys
from pathlib import Path

from ara.settings.keys import keys
from ara.settings.reference import render


def test_the_reference_page_is_current():
    page = Path(__file__).parents[2] / "docs" / "reference" / "settings.md"
    assert page.read_text(encoding="utf-8") == render(), "python -m ara.settings.reference > docs/reference/settings.md"


def test_the_reference_names_every_setting():
    page = render()
    assert all(f"`{key.name}`" in page and f"`{key.variable}`" in page for key in keys().values())


def test_the_reference_is_printed():
    run = subprocess.run([sys.executable, "-m", "ara.settings.reference"], capture_output=True, text=True, check=True)
    assert run.stdout == render()
