from ipaddress import ip_address

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ara.alerts.address import lookup, networks, open_to, place_of, reach
from ara.errors import ValidationError

LOOPBACK = networks("127.0.0.0/8")


@pytest.mark.parametrize(
    "text",
    [
        "127.0.0.1", "127.255.0.9", "10.0.0.1", "172.16.5.4", "192.168.1.1", "169.254.169.254", "100.64.0.1", "0.0.0.0",
        "0.1.2.3", "255.255.255.255", "224.0.0.1", "192.0.2.1", "198.18.0.1", "240.0.0.1", "::1", "::", "fe80::1",
        "fc00::1", "fd00:ec2::254", "ff02::1", "2001:db8::1", "::ffff:127.0.0.1", "::ffff:10.0.0.1", "::ffff:a9fe:a9fe",
        "2002:7f00:1::", "2002:a9fe:a9fe::1", "64:ff9b::7f00:1", "64:ff9b::a9fe:a9fe", "::127.0.0.1",
        "2001:0:4136:e378:8000:63bf:80ff:fffe",
    ],
)  # fmt: skip
def test_what_only_this_network_can_reach_is_not_open(text):
    assert not open_to(ip_address(text))


@pytest.mark.parametrize("text", ["93.184.216.34", "8.8.8.8", "2606:2800:220:1:248:1893:25c8:1946", "64:ff9b::808:808"])
def test_what_is_on_the_internet_is_open(text):
    assert open_to(ip_address(text))


@given(st.ip_addresses(v=4))
def test_an_address_and_all_that_stand_for_it_are_judged_alike(address):
    mapped = ip_address(f"::ffff:{address}")
    translated = ip_address(int(ip_address("64:ff9b::")) + int(address))
    assert open_to(mapped) <= open_to(address)
    assert open_to(translated) == open_to(address)


@pytest.mark.parametrize(
    "url",
    [
        "", "example.org", "ftp://example.org/", "file:///etc/passwd", "gopher://x/", "https://", "https:///x",
        "https://user:secret@example.org/", "https://@example.org/", "https://example.org/#x", "https://example.org:0/",
        "https://example.org:99999/", "https://exa mple.org/", "https://example.org/\r\nX: y", "https://example.org/\n",
        "https://example.org\\@127.0.0.1/", "https://ex\u00e4mple.org/", "https://a..b/", f"https://{'a' * 64}.org/",
        "https://example.org/" + "x" * 2000, "https://[::1/", "javascript:alert(1)", "https://example.org/\x1b[31m",
        "//example.org/", "HTTPS:example.org", "https://./",
    ],
)  # fmt: skip
def test_what_is_no_address_of_a_receiver_is_refused(url):
    with pytest.raises(ValidationError) as error:
        place_of(url)
    assert "secret" not in error.value.message
    assert error.value.message.isprintable()


@given(st.text(max_size=60))
def test_whatever_is_sent_is_read_or_refused(text):
    try:
        place = place_of(f"https://{text}")
    except ValidationError:
        return
    assert place.scheme == "https"
    assert place.host
    assert "\n" not in place.path
    assert "@" not in place.authority


@pytest.mark.parametrize(
    "url",
    [
        "http://127.0.0.1/", "https://127.0.0.1/", "https://localhost/", "https://localhost./", "https://127.1/",
        "https://2130706433/", "https://0x7f000001/", "https://0177.0.0.1/", "https://0/", "https://[::1]/",
        "https://[::ffff:127.0.0.1]/", "https://169.254.169.254/latest/meta-data/", "https://[::ffff:a9fe:a9fe]/",
    ],
)  # fmt: skip
async def test_no_way_to_write_an_inner_address_leads_there(url):
    with pytest.raises(ValidationError, match=r"private network|not known|needs https"):
        await reach(place_of(url), ())


async def test_a_network_that_is_allowed_is_reached_over_http_and_no_other():
    assert await reach(place_of("http://127.0.0.1:8000/x"), LOOPBACK) == "127.0.0.1"
    with pytest.raises(ValidationError, match="private network"):
        await reach(place_of("http://10.0.0.1/"), LOOPBACK)


async def test_a_name_with_one_inner_address_among_others_is_refused():
    async def mixed(host, port):
        return ["93.184.216.34", "10.0.0.1"]

    async def outer(host, port):
        return ["93.184.216.34", "2606:2800:220:1:248:1893:25c8:1946"]

    async def scoped(host, port):
        return ["fe80::1%eth0"]

    for ask in (mixed, scoped):
        with pytest.raises(ValidationError, match="private network"):
            await reach(place_of("https://example.org/"), (), ask=ask)
    assert await reach(place_of("https://example.org/"), (), ask=outer) == "93.184.216.34"
    with pytest.raises(ValidationError, match="https"):
        await reach(place_of("http://example.org/"), LOOPBACK, ask=outer)


async def test_a_name_that_nobody_knows_is_said_to_be_so():
    async def none(host, port):
        raise OSError("no such host")

    with pytest.raises(ValidationError, match="not known"):
        await reach(place_of("https://example.org/"), (), ask=none)
    assert list(await lookup("127.0.0.1", 80)) == ["127.0.0.1"]


def test_a_request_goes_to_the_address_and_names_the_host():
    place = place_of("https://Example.org:8443/a?b=c")
    assert (place.authority, place.at("2001:db8::1")) == ("example.org:8443", "https://[2001:db8::1]:8443/a?b=c")
    assert place_of("https://[2606:2800::1]/").authority == "[2606:2800::1]"
    assert place_of("https://example.org").at("1.2.3.4") == "https://1.2.3.4:443/"
