"""`ara doctor`."""

from itertools import groupby

from ara.cli.diagnosis import Finding, examine
from ara.cli.palette import Palette, Role
from ara.cli.screen import Screen, screen
from ara.cli.words import clean, padded, wrapped

__all__ = ["command"]

_NAMES = 14
_ROLES: dict[str, Role] = {"ok": "good", "off": "quiet", "warn": "actual", "fail": "warning"}


def command() -> int:
    """Check the installation, the settings, Ara's own files and the servers it is told to use.

    ::

        ara doctor
        ara doctor --json
        ara doctor --profile prod
    """
    s = screen()
    with s.progress("Looking"):
        findings = s.run(_all(s))
    failed = [finding for finding in findings if finding.state == "fail"]
    code = failed[0].exit_code if failed else 0
    data = {"schema": 1, "ok": not failed, "exit_code": code, "findings": [_facts(finding) for finding in findings]}
    s.result(data, lambda: _report(findings, width=s.width, palette=s.palette()))
    return code


async def _all(s: Screen) -> list[Finding]:
    return [finding async for finding in examine(s.settings)]


def _facts(finding: Finding) -> dict[str, str]:
    return {
        "group": finding.group,
        "name": finding.name,
        "state": finding.state,
        "words": finding.words.replace("\u00a0", " "),
        "hint": finding.hint,
    }


def _report(findings: list[Finding], *, width: int, palette: Palette) -> str:
    failed = sum(finding.state == "fail" for finding in findings)
    first = "All is well." if not failed else "1 thing is broken." if failed == 1 else f"{failed} things are broken."
    lines = [palette(first, "warning" if failed else "good")]
    ordered = sorted(findings, key=lambda finding: _GROUPS.index(finding.group))
    for group, members in groupby(ordered, key=lambda finding: finding.group):
        lines += ["", palette(group, "strong")]
        for finding in members:
            lines += _lines(finding, width, palette)
    return "\n".join(lines)


_GROUPS = ("Installation", "Extras", "Plug-ins", "Settings", "Data", "Servers")


def _lines(finding: Finding, width: int, palette: Palette) -> list[str]:
    state = palette(padded(finding.state, 4), _ROLES[finding.state])
    said = [(finding.words, None), (finding.hint, "quiet")]
    if width < 50:
        lines = [f"  {state}  {finding.name}"]
        lines += ["    " + line for words, _ in said if words for line in wrapped(clean(words), width - 4)]
        return lines
    room = width - 8 - _NAMES
    told = [(line, role) for words, role in said if words for line in wrapped(clean(words), room)]
    lines = []
    for number, (line, role) in enumerate(told):
        before = f"  {state}  {padded(finding.name, _NAMES)}" if number == 0 else " " * (8 + _NAMES)
        lines.append(before + (palette(line, "quiet") if role else line))
    return lines
