"""`ara plugins`."""

import asyncio
import importlib
import inspect
from collections.abc import Mapping, Sequence
from itertools import groupby
from typing import Annotated, Any, Final

import typer

from ara import plugins
from ara.cli.palette import Palette
from ara.cli.screen import Screen, screen
from ara.cli.words import clean, padded, width, wrapped
from ara.errors import AraError, PluginError
from ara.plugins import GROUPS, Check, Offer

__all__ = ["command"]

command = typer.Typer(
    help="""List the parts that packages add to Ara, and check that they keep what is promised.

    ara plugins list

    ara plugins list indicators --check

    ara plugins check ewma_t
    """,
    add_completion=False,
    rich_markup_mode=None,
)
"""`ara plugins`: the group of `list` and `check`."""

_CHECKS: Final[Mapping[str, str]] = {
    "providers": "ara.data.checks:check_provider",
    "indicators": "ara.features.checks:check_indicator",
    "models": "ara.models.checks:check_model",
    "strategies": "ara.backtest.checks:check_strategy",
    "notifiers": "ara.alerts.checks:check_notifier",
}


@command.command("list")
def _list(
    group: Annotated[str, typer.Argument(metavar="GROUP", help=f"Only one of {', '.join(GROUPS)}")] = "",
    check: Annotated[bool, typer.Option("--check", help="Load each and say which can't be")] = False,
) -> int:
    """List what is installed: sources of data, indicators, models, and who offers them.

    ::

        ara plugins list
        ara plugins list models
        ara plugins list --check --json
    """
    s = screen()
    found = [offer for one in ([group] if group else GROUPS) for offer in plugins.offers(one)]
    with s.progress("Loading", len(found)) as step:
        rows = []
        for done, offer in enumerate(found, 1):
            rows.append((offer, _fault(offer, load=check)))
            step(done)
    broken = sum(bool(fault) for _, fault in rows)
    data = {"schema": 1, "ok": not broken if check else None, "plugins": [_facts(*row) for row in rows]}
    s.result(data, lambda: _listed(rows, columns=s.width, palette=s.palette()))
    return PluginError.exit_code if broken and check else 0


@command.command("check")
def _check(
    name: Annotated[str, typer.Argument(metavar="NAME", help="What the part is called")],
    group: Annotated[str, typer.Option("--group", metavar="GROUP", help="Where several groups have that name")] = "",
    limit: Annotated[
        int, typer.Option("--limit", metavar="SECONDS", help="How long the checks of a part may take", min=1)
    ] = 300,
) -> int:
    """Run a part through everything that Ara asks of its kind; exit code 8 where it fails.

    ::

        ara plugins check sample
        ara plugins check ewma_volatility
        ara plugins check ewma_t --group models --json
    """
    s = screen()
    chosen = _groups_of(name, group)
    with s.progress("Checking", len(chosen)) as step:
        outcomes = []
        for done, one in enumerate(chosen, 1):
            outcomes.append((one, [*s.run(_checked(s, one, name, limit)), *_names(one, name)]))
            step(done)
    failed = sum(not check.ok for _, checks in outcomes for check in checks)
    data = {
        "schema": 1,
        "name": name,
        "ok": not failed,
        "groups": [
            {"group": one, "checks": [{"name": c.name, "ok": c.ok, "words": c.words} for c in checks]}
            for one, checks in outcomes
        ],
    }
    s.result(data, lambda: _report(name, outcomes, columns=s.width, palette=s.palette()))
    return PluginError.exit_code if failed else 0


def _groups_of(name: str, group: str) -> list[str]:
    if group:
        plugins.load(group, name)
        return [group]
    found = [one for one in GROUPS if name in plugins.names(one)]
    if not found and _in_family(name):
        return ["indicators"]
    if not found:
        raise PluginError(f"There is no plug-in named {clean(name)!r}.")
    return found


def _names(group: str, name: str) -> list[Check]:
    """Say of each other package that offers the name why it can't be used under it."""
    guests = [offer for offer in plugins.offers(group) if offer.name == name and not offer.own]
    faults = [plugins.refusal(offer) or (group == "indicators" and _left_out(name)) for offer in guests]
    return [Check("has a name of its own", ok=False, words=fault.message) for fault in faults if fault]


def _in_family(name: str) -> bool:
    from ara.features import catalogue

    return name in catalogue.names()


async def _checked(s: Screen, group: str, name: str, limit: int) -> list[Check]:
    """Check a part; one that asks a venue through the access that the settings describe."""
    if group == "indicators" and name not in plugins.names(group):
        from ara.features import catalogue

        found = catalogue.get(name)
        return await _run_check(group, getattr(found, "part", found), limit)
    part = plugins.load(group, name)
    if group not in _CHECKS:
        return [Check("can be loaded", ok=True)]
    if group != "providers" or not hasattr(part, "venue"):
        return await _run_check(group, part, limit)
    from ara.data.sources import Sources
    from ara.desk import Desk

    async with Desk.open(s.settings()) as desk:
        sources = Sources(desk, names=[name])
        try:
            return await _run_check(group, sources.get(name), limit)
        finally:
            await sources.close()


async def _run_check(group: str, part: Any, limit: int) -> list[Check]:
    module, _, attribute = _CHECKS[group].partition(":")
    run = getattr(importlib.import_module(module), attribute)
    if inspect.isclass(part) and group != "strategies":  # of which each run needs a fresh one
        try:
            with plugins.guest("It", seconds=limit):
                part = part()
        except AraError as error:
            return [Check("can be made without arguments", ok=False, words=error.message)]
    try:
        with plugins.guest("It", seconds=limit):
            found = run(part)
        return list(await asyncio.wait_for(found, limit) if inspect.isawaitable(found) else found)
    except (AraError, TimeoutError) as error:
        words = error.message if isinstance(error, AraError) else f"It took longer than {limit} seconds."
        return [Check("can be checked to the end", ok=False, words=f"{words} --limit gives it more time.")]


def _fault(offer: Offer, *, load: bool = True) -> str | None:
    """Give what is wrong with a part, nothing where it loads; None where it wasn't loaded and its name is its own."""
    try:
        if refused := plugins.refusal(offer):
            raise refused
        if not load:
            return None
        plugins.load(offer.group, offer.name)
        if offer.group == "indicators" and not offer.own and (left_out := _left_out(offer.name)):
            raise left_out
    except AraError as error:
        return f"{error.message} {error.hint}"
    return ""


def _left_out(name: str) -> AraError | None:
    """Say why an indicator that loads is left out nevertheless."""
    from ara.features import catalogue

    return catalogue.broken().get(name)


def _facts(offer: Offer, fault: str | None) -> dict[str, Any]:
    return {
        "group": offer.group,
        "name": offer.name,
        "distribution": offer.distribution,
        "version": offer.version,
        "target": offer.target,
        "loads": None if fault is None else not fault,
        "words": fault or "",
    }


def _listed(rows: Sequence[tuple[Offer, str | None]], *, columns: int, palette: Palette) -> str:
    if not rows:
        return "\n".join(wrapped("Nothing of that kind is installed.", columns))
    names = max(width(clean(offer.name)) for offer, _ in rows)
    lines: list[str] = []
    for group, members in groupby(rows, key=lambda row: row[0].group):
        lines += ["" for _ in lines[:1]] + [palette(group, "strong")]
        for offer, fault in members:
            state = "" if fault is None else "fails " if fault else "loads "
            source = clean(f"{offer.distribution} {offer.version}")
            before = f"  {palette(state, 'warning' if fault else 'good')}{padded(clean(offer.name), names)}"
            if 4 + len(state) + names + width(source) <= columns:
                lines.append(f"{before}  {palette(source, 'quiet')}")
            else:
                lines += [before.rstrip(), f"    {palette(source, 'quiet')}"]
            lines += [f"    {line}" for line in wrapped(clean(fault), columns - 4)] if fault else []
    return "\n".join(lines)


def _report(name: str, outcomes: Sequence[tuple[str, Sequence[Check]]], *, columns: int, palette: Palette) -> str:
    checks = [check for _, some in outcomes for check in some]
    failed = sum(not check.ok for check in checks)
    kept = "its one promise" if len(checks) == 1 else f"all {len(checks)} promises"
    first = f"{name} breaks {failed} of {len(checks)}." if failed else f"{name} keeps {kept}."
    lines = [palette(line, "warning" if failed else "good") for line in wrapped(clean(first), columns)]
    for group, some in outcomes:
        lines += ["", palette(group, "strong")]
        for check in some:
            state = palette(padded("ok" if check.ok else "fail", 4), "good" if check.ok else "warning")
            told = wrapped(clean(check.name), columns - 8)
            lines += [f"  {state}  {told[0]}", *(f"        {line}" for line in told[1:])]
            if check.words and not check.ok:
                lines += [f"        {palette(line, 'quiet')}" for line in wrapped(clean(check.words), columns - 8)]
    return "\n".join(lines)
