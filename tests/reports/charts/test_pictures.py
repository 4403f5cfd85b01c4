import re
from xml.etree import ElementTree

import pytest

from ara.reports import charts

SVG = "{http://www.w3.org/2000/svg}"


def texts(svg):
    return [one.text for one in ElementTree.fromstring(svg).iter(f"{SVG}text")]


@pytest.mark.parametrize("kind", ["forecast", "scenarios"])
def test_a_picture_has_the_texts_of_its_chart(every, kind):
    said = " ".join(str(one) for one in texts(every[kind].svg()))
    assert every[kind].title in said
    assert "lineage 7f3a7f3a7f3a" in said
    for panel in every[kind].panels:
        assert all(name in said for name in panel.y.names)
        assert panel.y.title in said


@pytest.mark.parametrize("form", ["png", "svg", "pdf"])
def test_the_same_chart_has_the_same_bytes(every, form):
    chart = every["composition"]
    first, again = (getattr(chart, form)(size=(400, 300)) for _ in range(2))
    assert first == again
    assert not re.search(rb"CreationDate|ModDate|<dc:date>", first)


def test_a_picture_is_as_large_as_it_was_asked_for(every):
    import struct

    png = every["composition"].png(size=(640, 360))
    assert struct.unpack(">II", png[16:24]) == (640, 360)
    with pytest.raises(charts_error(), match="100 x 100 pixels"):
        every["composition"].png(size=(100, 100))


def charts_error():
    from ara.errors import ValidationError

    return ValidationError


def test_dark_and_light_have_the_colours_of_the_palette_alone(every):
    for theme in ("light", "dark"):
        used = set(re.findall(r"#[0-9a-f]{6}", every["risk"].svg(theme=theme).decode()))
        allowed = {colour.lower() for colour in charts.theme_of(theme).colours.values()}
        assert used <= allowed, used - allowed


def test_colours_stay_apart_in_grey_and_read_on_their_paper():
    def light(colour):
        red, green, blue = (int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5))
        parts = [one / 12.92 if one <= 0.04045 else ((one + 0.055) / 1.055) ** 2.4 for one in (red, green, blue)]
        return 0.2126 * parts[0] + 0.7152 * parts[1] + 0.0722 * parts[2]

    def contrast(one, other):
        high, low = sorted((light(one), light(other)), reverse=True)
        return (high + 0.05) / (low + 0.05)

    assert charts.LIGHT("forecast") == "#3B6FB6"
    assert charts.LIGHT("actual") == "#D9822B"
    for theme in (charts.LIGHT, charts.DARK):
        assert contrast(theme("ink"), theme("paper")) >= 7
        assert contrast(theme("quiet"), theme("paper")) >= 4.5
        for role in ("forecast", "past"):
            assert contrast(theme(role), theme("paper")) >= 3
        assert contrast(theme("actual"), theme("paper")) >= 2.7
        assert contrast(theme("forecast"), theme("actual")) >= 1.4


def test_mathematics_in_a_name_is_a_name():
    said = " ".join(map(str, texts(charts.composition_of({"$x^2$ & <b>": 1.0}).svg())))
    assert "$x^2$ & <b>" in said
