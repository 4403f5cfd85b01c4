"""A net that needs a sign is left out where the sign is nowhere: the same is hidden as by all nets, one by one."""

from hypothesis import given
from hypothesis import strategies as st

from ara import redaction
from ara.redaction import HIDDEN, redact

PARTS = (
    "password", "Authorization", "cookie", "api key", "bearer abcdefgh", "basic QUJDREVGR0hJSktMTU5PUA==", "--token ",
    ":", "=", "=>",
    "'", '"', ",", "', ", " ", "\n", "x", "://", "ada:secret@", "?key=", "-----BEGIN A KEY-----", "-----END A KEY-----",
    "sk_live_0123456789abcdef", "eyJhbGciOiJIUzI1NiJ9.e30.x", "--", "[1, 2]", "\\", "é",
)  # fmt: skip


def by_all(text: str) -> str:
    text = redaction._BLOCK.sub(HIDDEN, text)
    text = redaction._ADDRESS.sub(f"{HIDDEN}@", text)
    text = redaction._SCHEME.sub(rf"\1 {HIDDEN}", text)
    text = redaction._HEADER.sub(rf"\1{HIDDEN}", text)
    text = redaction._NAMED.sub(rf"\1{HIDDEN}", text)
    text = redaction._FLAG.sub(rf"\1{HIDDEN}", text)
    return redaction._FORM.sub(HIDDEN, text)


@given(st.lists(st.sampled_from(PARTS) | st.text(max_size=4), max_size=12).map("".join))
def test_what_is_hidden_is_what_all_nets_hide(text):
    assert redact(text) == by_all(text)
