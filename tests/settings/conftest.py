"""A user's folder and a project's folder of their own, and strings that have broken other programs."""

from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from ara.settings import Settings
from ara.settings.load import Gathered, gather

HOSTILE = (
    # nothing, nearly nothing, words that mean something elsewhere
    *("", " ", "\t", "\n", "\r\n", "undefined", "undef", "null", "NULL", "Null", "(null)", "nil", "NIL", "None", "~"),
    *(
        "true",
        "True",
        "FALSE",
        "yes",
        "no",
        "on",
        "off",
        "y",
        "n",
        "hasOwnProperty",
        "constructor",
        "__proto__",
        "then",
    ),
    # numbers that aren't
    *("0", "1", "-1", "+1", "1.0", "1e2", "1E+02", "0x10", "0o17", "0b1", "1_000", "1,000", "1.000,00", "١٢٣", "5"),
    *(
        "NaN",
        ".nan",
        "Infinity",
        "-inf",
        ".inf",
        "1/0",
        "0/0",
        "1#QNAN",
        "9" * 400,
        "-" * 50,
        "1e9999",
        "--1",
        "٣",
        "Ⅷ",
    ),
    *(
        "2147483648",
        "4294967296",
        "18446744073709551616",
        "12:30:45",
        "2021-03-31",
        "2021-03-31T00:00:00Z",
        "08",
        "0.0.0",
    ),
    # YAML's own signs
    *("{}", "[]", "{a: b}", "[a, b]", "a: b", ": b", "a:", "- a", "? a", "&a b", "*a", "!!python/object:os.system x"),
    *(
        "!x y",
        "%YAML 1.2",
        "---",
        "...",
        "--- a",
        "# a",
        "a # b",
        "|",
        ">",
        "|-\n a",
        "@a",
        "`a`",
        "'",
        '"',
        "''",
        '""',
    ),
    *('"a', "'a", "a'b", 'a"b', "<<", "<<: *a", "=", "\\", "\\n", "\\x00", "\\u0000", "a\\", "a\nb: c", "a\n  b: c"),
    # control characters, invisible ones, writing from right to left
    *("\x00", "a\x00b", "\x01\x02\x03", "\x07", "\x08", "\x0b\x0c", "\x1b[31mred\x1b[0m", "\x1b]0;title\x07", "\x7f"),
    *(
        "\x80\x9f",
        "\x85",
        "\xa0",
        "\xad",
        "\u200b",
        "\u200d",
        "\u2028",
        "\u2029",
        "\ufeff",
        "\ufffe",
        "\uffff",
        "\u180e",
    ),
    *("\u202eabc", "\u2066x\u2069", "ابجد", "בראשית", "﷽", "\ud800", "\udcff", "a\udc80b", "Z͑ͫ̓ͪ̂ͫ̽͏̴̙̤̞͉͚̯̞̠͍A̴̵̜̰͔ͫ͗͢", "\U000e0001"),
    # other alphabets, emoji
    *(
        "田中さんにあげて下さい",
        "찦차를",
        "Ω≈ç√∫",
        "åß∂ƒ",
        "ﬁ",
        "ǅ",
        "İ",
        "ß",
        "ı",
        "😍",
        "👨‍👩‍👧‍👦",
        "🇩🇪",
        "👩🏽",
        "(｡◕ ∀ ◕｡)",
        "𝕿𝖍𝖊",
        "ⱥ",
    ),
    # another language's code
    *(
        "' OR 1=1 --",
        "1; DROP TABLE users",
        "'; EXEC sp --",
        "<script>alert(1)</script>",
        "<img src=x onerror=1>",
        "&lt;",
    ),
    *(
        "$HOME",
        "${HOME}",
        "$(touch /tmp/x)",
        "`id`",
        "%s%n%d",
        "%(asctime)s",
        "{0}",
        "{{}}",
        "{{7*7}}",
        "{a.__class__}",
    ),
    *(
        "${jndi:ldap://x/y}",
        "eval('1')",
        "__import__('os')",
        "System('ls')",
        "<?xml version='1.0'?>",
        "<!ENTITY x 'y'>",
    ),
    # paths and addresses
    *(
        "/",
        "//",
        ".",
        "..",
        "../../etc/passwd",
        "/dev/null",
        "/dev/zero",
        "~",
        "~root",
        "~/x",
        "C:\\CON",
        "\\\\host\\x",
    ),
    *(
        "file:///etc/passwd",
        "http://",
        "https://a:b@c/d",
        "sqlite://",
        "sqlite:///",
        "postgresql://",
        "memory:x",
        "nul",
    ),
    *(
        "a/../b",
        "a\x2fb",
        ".ara.yaml",
        "x" * 255,
        "x" * 256,
        "x" * 4096,
        "x" * 4097,
        "x" * 100_000,
        "é" * 3000,
        "a" + " " * 90,
    ),
)


@pytest.fixture
def hostile() -> tuple[str, ...]:
    return HOSTILE


class Place:
    """A home and a project on disk, and an environment that knows no other."""

    def __init__(self, root: Path) -> None:
        self.home = root / "home"
        self.project = root / "project" / "deep" / "deeper"
        self.home.mkdir()
        self.project.mkdir(parents=True)
        self.user_file = self.home / ".ara.yaml"
        self.project_file = root / "project" / ".ara.yaml"

    def environ(self, more: Mapping[str, str] | None = None) -> dict[str, str]:
        return {"HOME": str(self.home), "USERPROFILE": str(self.home), **(more or {})}

    def load(self, flags: Mapping[str, str] | None = None, **variables: str) -> Settings:
        return Settings.load(flags, environ=self.environ(variables), folder=self.project)

    def gather(self, flags: Mapping[str, str] | None = None, **variables: str) -> Gathered:
        return gather(flags, environ=self.environ(variables), folder=self.project)

    def says(self, text: str | bytes) -> "Place":
        self.project_file.write_bytes(text.encode("utf-8", "surrogatepass") if isinstance(text, str) else text)
        return self


@pytest.fixture
def place(tmp_path: Path) -> Place:
    return Place(tmp_path)


@pytest.fixture
def new_place(tmp_path_factory: pytest.TempPathFactory) -> Callable[[], Place]:
    return lambda: Place(tmp_path_factory.mktemp("place"))
