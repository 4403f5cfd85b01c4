"""Taking secrets out of what leaves the program: log records, reports of errors.

Two nets, one behind the other. Values are known by the name they stand under: whatever follows `password=`, or lies
under `api_key` in a mapping, is hidden. Secrets that stand alone are known by their form: keys of providers and
services, bearer tokens, JSON web tokens, PEM blocks, credentials in addresses. Where in doubt, too much is hidden.
The time is linear in the length of the text, since strangers write it.
"""

import math
import re
from collections.abc import Mapping, Sequence, Set
from datetime import date
from itertools import islice
from pathlib import PurePath
from typing import Any, Final

__all__ = ["HIDDEN", "LONGEST", "is_secret_name", "redact", "redact_tree"]

HIDDEN: Final = "***"
"""What stands in the place of a secret."""

LONGEST: Final = 16_384
"""Characters that are kept of a text, or of all texts of a tree, unless a caller says otherwise."""

_DEEPEST: Final = 8
_MOST_ITEMS: Final = 2_000
_DOUBTFUL: Final = 2_048

_NAME: Final = (
    r"(?:pass(?:word|wd|phrase|code)|pwd|secret|token|credential|apikey|bearer|cookie|session[ _-]?id"
    r"|(?:api|access|account|client|private|signing|encryption|license)[ _.-]?key|vault_key|(?:api|access)[ _-]?sign"
    r"|auth(?:ori[sz]|entic)ation|(?<![a-z])(?:auth|dsn|otp|cvv|pass|pw)(?![a-z])|(?<=[?&;])key(?==))"
)
_VALUE: Final = (
    r"(?:[bru]{0,2}(?:"
    r'"""(?s:.*?)(?:"""|\Z)'
    r"|'''(?s:.*?)(?:'''|\Z)"
    r"|(?P<quote>\\+[\"'])(?s:.*?)(?:(?<!\\)(?P=quote)|\Z)"
    r'|(?:"(?s:\\.|[^"\\])*+(?:"|\\?\Z))+'
    r"|(?:'(?s:\\.|[^'\\])*+(?:'|\\?\Z))+"
    r")(?:[^\s,;:)\]}>&\"'\\]\S*)?"
    r"|[\[({][^\])}]{0,4096}\S*"
    r"|\S+)"
)

_BLOCK: Final = re.compile(r"-----BEGIN[ A-Z0-9]{1,40}-----(?s:.*?)(?:-----END[ A-Z0-9]{1,40}-----|\Z)")
_ADDRESS: Final = re.compile(
    r"(?<=://)(?:[^\s/?#:@]{0,256}:[^\s@]{1,1024}@(?:[^\s/?#@]{1,256}@){0,8}|[^\s/?#]{1,1024}@)"
)
_SCHEME: Final = re.compile(r"(?i)(?<![a-z])(bearer|negotiate|basic(?=\s+[\w+/=-]{16}))\s{1,8}[^\s\"',;]{4,}")
_HEADER: Final = re.compile(r"(?i)((?:auth(?:ori[sz]|entic)ation|cookie)\s{0,8}[:=]\s{0,8})[^\s\"'\\][^\r\n]*")
_NAMED: Final = re.compile(
    rf"(?i)({_NAME}[\w.-]{{0,40}}[\\\"'\])>]{{0,8}}\s{{0,8}}(?:[:=]{{1,2}}>?|(?<=[\"']),)\s{{0,8}}){_VALUE}"
)
_FLAG: Final = re.compile(rf"(?i)(--[\w-]{{0,30}}?{_NAME}[\w-]{{0,20}}\s{{1,4}}){_VALUE}")
_FORM: Final = re.compile(
    r"eyJ[\w-]{8,}(?:\.[\w-]*)*"  # JSON web token
    r"|(?:sk|rk|pk)_(?:live|test)_\w+|whsec_\w+"  # Stripe
    r"|(?:AKIA|ASIA)[A-Z0-9]{12,}"  # Amazon
    r"|gh[pousr]_\w{16,}|github_pat_\w{16,}|glpat-[\w-]{16,}"
    r"|xox[a-z]-[\w-]{8,}|xapp-[\w-]{8,}|hooks\.slack\.com/services/\S+|discord(?:app)?\.com/api/webhooks/\S+"
    r"|AIza[\w-]{30,}|(?<![A-Za-z0-9])sk-[\w-]{16,}|SG\.[\w-]{16,}(?:\.[\w-]*)*"
    r"|(?<!\d)\d{8,10}:[\w-]{35}"  # Telegram
    r"|npm_\w{30,}|pypi-[\w-]{16,}|hf_\w{20,}"
    r"|[0-9a-f]{32}-[0-9a-f]{32}"  # OANDA
    r"|ara_vk1_[\w-]+|ara[cort]?_[a-z2-7]{16}_[\w-]+"
)


def redact(text: str, *, longest: int = LONGEST) -> str:
    """Give the text with every secret in it hidden, cut to size and the cut marked.

    Parameters
    ----------
    text
        Any text; what is hidden already stays as it is.
    longest
        Characters to keep. Of a text four times as long the rest is never looked at; so the 2,048 characters before
        that point are dropped too, lest they hold the first half of a secret, which has no form to know it by.
    """
    if len(text) <= longest:
        return _hidden(text)
    read = 4 * longest
    kept = _hidden(text[:read])
    if len(text) > read:
        kept = kept[:-_DOUBTFUL]
    return f"{kept[:longest]}… ({len(text):,} characters)"


def is_secret_name(name: str) -> bool:
    """Tell whether what stands under that name is to be hidden, whatever it looks like."""
    return _SECRET_NAME.search(name) is not None


def redact_tree(value: Any, *, longest: int = LONGEST) -> Any:
    """Give a value as plain JSON data, with every secret in it hidden.

    Parameters
    ----------
    value
        Anything: mappings, sequences and sets are walked, eight deep and 2,000 items in all; text is redacted, numbers
        stay, and all else stands for what its `repr` says.
    longest
        Characters to keep of all texts together.
    """
    return _Walk(longest).tree(value, 0)


def _hidden(text: str) -> str:
    """Hide what the nets find; a net that needs a sign which is nowhere in the text is not drawn through it."""
    if "-----BEGIN" in text:
        text = _BLOCK.sub(HIDDEN, text)
    if "://" in text:
        text = _ADDRESS.sub(f"{HIDDEN}@", text)
    text = _SCHEME.sub(rf"\1 {HIDDEN}", text)
    named = ":" in text or "=" in text
    if named:
        text = _HEADER.sub(rf"\1{HIDDEN}", text)
    if named or "'," in text or '",' in text:
        text = _NAMED.sub(rf"\1{HIDDEN}", text)
    if "--" in text:
        text = _FLAG.sub(rf"\1{HIDDEN}", text)
    return _FORM.sub(HIDDEN, text)


class _Walk:
    """One walk over a tree, with what is left to spend on it."""

    def __init__(self, longest: int) -> None:
        self._characters = longest
        self._items = _MOST_ITEMS

    def tree(self, value: Any, depth: int) -> Any:
        self._items -= 1
        if value is None or isinstance(value, bool):
            return value
        if isinstance(value, int):
            return int(value) if value.bit_length() <= 256 else f"<integer of {value.bit_length():,} bits>"
        if isinstance(value, float) and math.isfinite(value):
            return float(value)
        if not isinstance(value, str | bytes | bytearray) and isinstance(value, Mapping | Sequence | Set):
            return self._branch(value, depth + 1) if depth < _DEEPEST and self._items > 0 else "…"
        return self._spent(_text(value))

    def _branch(self, value: Mapping[Any, Any] | Sequence[Any] | Set[Any], depth: int) -> Any:
        try:
            items = list(islice(value.items() if isinstance(value, Mapping) else value, max(self._items, 0)))
        except Exception as error:  # noqa: BLE001 - a stranger's container may fail as it is walked
            return _unsaid(value, error)
        if isinstance(value, Mapping):
            named = [(_text(name), item) for name, item in items]
            return {self._spent(name): self._under(name, item, depth) for name, item in named}
        if len(items) == 2 and isinstance(items[0], str | bytes):
            return [self._spent(_text(items[0])), self._under(_text(items[0]), items[1], depth)]
        return [self.tree(item, depth) for item in items]

    def _under(self, name: str, value: Any, depth: int) -> Any:
        return HIDDEN if is_secret_name(name) else self.tree(value, depth)

    def _spent(self, text: str) -> str:
        text = redact(text, longest=self._characters) if self._characters > 0 else "…"
        self._characters -= len(text)
        return text


def _text(value: Any) -> str:
    if isinstance(value, bytes | bytearray):
        return value.decode(errors="backslashreplace")
    try:
        return str(value) if isinstance(value, str | date | PurePath) else repr(value)
    except Exception as error:  # noqa: BLE001 - a record is not lost for an object that can't describe itself
        return _unsaid(value, error)


def _unsaid(value: Any, error: Exception) -> str:
    return f"<{type(value).__name__}: {type(error).__name__}>"


_SECRET_NAME: Final = re.compile(rf"(?i){_NAME}")
