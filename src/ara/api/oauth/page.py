"""The page on which a user lends something to a program: no script, nothing from elsewhere, in no frame."""

import base64
import hashlib
from collections.abc import Sequence
from html import escape
from typing import Final
from urllib.parse import urlsplit

from starlette.responses import HTMLResponse, Response

from ara.accounts import PERMISSIONS

__all__ = ["asking", "refused"]

_STYLE: Final = """
:root { color-scheme: light dark; --ink: #1c2430; --paper: #fff; --line: #8a94a3; --main: #2f5f9f; }
@media (prefers-color-scheme: dark) { :root { --ink: #e6e9ee; --paper: #14181f; --main: #3b6fb6; } }
body { font: 1rem/1.5 system-ui, sans-serif; color: var(--ink); background: var(--paper); margin: 0 auto;
  padding: 2rem 1.25rem; max-width: 30rem; }
h1 { font-size: 1.35rem; overflow-wrap: anywhere; }
label { display: block; margin: .75rem 0 .25rem; }
input { font: inherit; width: 100%; box-sizing: border-box; padding: .5rem; border: 1px solid var(--line);
  border-radius: .25rem; color: inherit; background: transparent; }
button { font: inherit; padding: .5rem 1.25rem; margin: 1.25rem .75rem 0 0; border-radius: .25rem; cursor: pointer;
  border: 1px solid var(--main); background: transparent; color: inherit; }
button.yes { background: var(--main); color: #fff; }
.wrong { border-left: .25rem solid #d9822b; padding-left: .75rem; }
code { overflow-wrap: anywhere; }
"""
_HASH: Final = base64.b64encode(hashlib.sha256(_STYLE.encode()).digest()).decode()
_POLICY: Final = (
    "default-src 'none'; style-src 'sha256-{hash}'; form-action {to}; base-uri 'none'; frame-ancestors 'none'"
)
_PAGE: Final = (
    '<!doctype html><html lang="en"><head><meta charset="utf-8"><title>Ara: {title}</title>'
    '<meta name="viewport" content="width=device-width, initial-scale=1"><style>{style}</style></head>'
    "<body><main>{body}</main></body></html>"
)
_FORM: Final = """<h1>Let {name} ask in your name?</h1>
{wrong}<p>It wants to</p><ul>{scopes}</ul>
<p>You are sent back to <code>{to}</code>. It never sees your password,
and what you allow can be taken back at any time.</p>
<form method="post" action="/oauth/authorize" autocomplete="on">
<input type="hidden" name="request" value="{request}">
<label for="email">E-mail address</label>
<input id="email" name="email" type="email" autocomplete="username" maxlength="254">
<label for="password">Password</label>
<input id="password" name="password" type="password" autocomplete="current-password" maxlength="1024">
<button class="yes" name="answer" value="allow">Allow</button><button name="answer" value="deny">Deny</button>
</form>"""
_REFUSED: Final = "<h1>This can't go on</h1><p>{words}</p>"


def asking(
    *, name: str, redirect: str, scopes: Sequence[str], request: str, wrong: str = "", status: int = 200
) -> Response:
    """Give the page that asks.

    Parameters
    ----------
    name, redirect, scopes
        Of the program; what it is named is a stranger's text.
    request
        What was asked for, sealed.
    wrong
        What was wrong with the answer before.
    status
        Of HTTP.
    """
    listed = "".join(f"<li>{escape(_words(one))} <code>{escape(one)}</code></li>" for one in scopes)
    body = _FORM.format(
        name=escape(name), scopes=listed, to=escape(_place(redirect)), request=escape(request),
        wrong=f'<p class="wrong" role="alert">{escape(wrong)}</p>' if wrong else "",
    )  # fmt: skip
    return _page("let a program in", body, to=f"'self' {_source(redirect)}", status=status)


def refused(words: str, *, status: int = 400) -> Response:
    """Give the page that says why nobody is sent anywhere."""
    return _page("not possible", _REFUSED.format(words=escape(words)), to="'none'", status=status)


def _page(title: str, body: str, *, to: str, status: int) -> Response:
    policy = _POLICY.format(hash=_HASH, to=to)
    headers = {"Content-Security-Policy": policy, "Cross-Origin-Opener-Policy": "same-origin"}
    return HTMLResponse(_PAGE.format(title=title, style=_STYLE, body=body), status_code=status, headers=headers)


def _words(scope: str) -> str:
    """Say what a scope opens, in words."""
    verb = "see" if scope.endswith(":read") else ""
    return f"{verb} {PERMISSIONS[scope]}".strip()


def _place(redirect: str) -> str:
    parts = urlsplit(redirect)
    return f"{parts.scheme}://{parts.netloc}" if parts.netloc else f"{parts.scheme}:"


def _source(redirect: str) -> str:
    """Give an address as a policy names it: browsers follow a form's answer only to where the policy allows."""
    parts = urlsplit(redirect)
    return f"{parts.scheme}://{parts.netloc}" if parts.netloc else f"{parts.scheme}:"
