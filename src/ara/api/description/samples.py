"""One request as a line of curl, as Python and as JavaScript.

A text may name variables of the environment, `$JOB_ID`: that is where each language takes them from, so a sample runs
as it stands, and says nobody's secret.
"""

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final, Literal
from urllib.parse import quote

__all__ = ["VARIABLE", "Call", "samples"]

_PAGE: Final = "/oauth/authorize"
"""Whose answer leads elsewhere, where a sample does not follow."""
VARIABLE: Final = re.compile(r"\$([A-Z][A-Z_]*)")
"""A variable of the environment in a text."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """A request.

    Parameters
    ----------
    method, path
        Where to; a path may hold variables.
    query, headers
        By name.
    body
        What is sent as JSON; None for nothing.
    form
        What is sent as a form instead.
    proof
        What it is asked with: a key, the id and secret of a program, or nothing.
    """

    method: str
    path: str
    query: Mapping[str, str] = field(default_factory=dict)
    headers: Mapping[str, str] = field(default_factory=dict)
    body: Any = None
    form: Mapping[str, str] = field(default_factory=dict)
    proof: Literal["key", "program", "none"] = "key"

    @property
    def address(self) -> str:
        """Where it is sent, query and all, as a text with variables."""
        query = "&".join(f"{name}={quote(value, safe='$,:-_.')}" for name, value in self.query.items())
        return f"$ARA_URL{self.path}{'?' if query else ''}{query}"

    @property
    def sent(self) -> dict[str, str]:
        """The headers that it is sent with; a body's type is said by what sends it."""
        proof = {"Authorization": "Bearer $ARA_KEY"} if self.proof == "key" else {}
        return {**proof, **self.headers}


def samples(call: Call) -> list[dict[str, str]]:
    """Give the request in each language, as `x-codeSamples` of a description has it."""
    made = (("Shell", "curl", _curl), ("Python", "Python", _python), ("JavaScript", "JavaScript", _javascript))
    return [{"lang": language, "label": label, "source": source(call)} for language, label, source in made]


def _curl(call: Call) -> str:
    parts = ["curl -sS --fail-with-body" + ("" if call.method == "GET" else f" -X {call.method}")]
    if call.proof == "program":
        parts.append('-u "$CLIENT_ID:$CLIENT_SECRET"')
    parts += [f'-H "{name}: {value}"' for name, value in call.sent.items()]
    if call.body is not None:
        parts += ['-H "Content-Type: application/json"', f"-d {_quoted(json.dumps(call.body))}"]
    parts += [f'--data-urlencode "{name}={value}"' for name, value in call.form.items()]
    return " \\\n  ".join([*parts, f'"{call.address}"'])


def _quoted(text: str) -> str:
    """Quote a text for a shell: nothing in it counts but its variables."""
    whole = text.replace("'", "'\\''")
    return "'" + VARIABLE.sub(r"""'"$\1"'""", whole) + "'"


def _python(call: Call) -> str:
    def text(value: str) -> str:
        if not VARIABLE.search(value):
            return json.dumps(value)
        return "f" + json.dumps(VARIABLE.sub(r"{os.environ['\1']}", value))

    named = [f"    {text(call.address)},"]
    if call.proof == "program":
        named.append("""    auth=(os.environ["CLIENT_ID"], os.environ["CLIENT_SECRET"]),""")
    if call.sent:
        named.append(f"    headers={_literal(call.sent, text, _PYTHON)},")
    if call.body is not None:
        named.append(f"    json={_literal(call.body, text, _PYTHON)},")
    if call.form:
        named.append(f"    data={_literal(dict(call.form), text, _PYTHON)},")
    head = "import os\n\nimport httpx\n\n"
    rest = ")\nif answer.is_error:\n    raise SystemExit(answer.text)\nprint(answer.text)"
    verb = call.method.lower()
    if verb == "delete":  # httpx has it without a body
        return "\n".join([f"{head}answer = httpx.delete(", *named, "    timeout=60,", rest])
    return "\n".join([f"{head}answer = httpx.{verb}(", *named, "    timeout=60,", rest])


def _javascript(call: Call) -> str:
    def text(value: str) -> str:
        if not VARIABLE.search(value):
            return json.dumps(value)
        return "`" + VARIABLE.sub(r"${process.env.\1}", value) + "`"

    headers = dict(call.sent)
    given = [f"  method: {json.dumps(call.method)},"]
    if call.proof == "program":
        proof = "btoa(`${process.env.CLIENT_ID}:${process.env.CLIENT_SECRET}`)"
        given.append(f'  headers: {{ Authorization: "Basic " + {proof} }},')
    elif headers or call.body is not None:
        typed = {**headers, **({"Content-Type": "application/json"} if call.body is not None else {})}
        given.append(f"  headers: {_literal(typed, text, _SCRIPT)},")
    if call.body is not None:
        given.append(f"  body: JSON.stringify({_literal(call.body, text, _SCRIPT)}),")
    if call.form:
        given.append(f"  body: new URLSearchParams({_literal(dict(call.form), text, _SCRIPT)}),")
    if call.path == _PAGE:
        given.append('  redirect: "manual",')
    rest = "});\nif (answer.status >= 400) throw new Error(await answer.text());\nconsole.log(await answer.text());"
    return "\n".join([f"const answer = await fetch({text(call.address)}, {{", *given, rest])


_PYTHON: Final = {True: "True", False: "False", None: "None"}
_SCRIPT: Final = {True: "true", False: "false", None: "null"}


def _literal(value: Any, text: Callable[[str], str], words: Mapping[bool | None, str]) -> str:
    """Write a value of JSON as a literal of a language."""
    if isinstance(value, str):
        return text(value)
    if value is None or isinstance(value, bool):
        return words[value]
    if isinstance(value, Mapping):
        inner = ", ".join(f"{json.dumps(name)}: {_literal(one, text, words)}" for name, one in value.items())
        return f"{{{inner}}}"
    if isinstance(value, list):
        return f"[{', '.join(_literal(one, text, words) for one in value)}]"
    return json.dumps(value)
