"""`ara ledger`."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, TypeVar

import typer

from ara.cli.screen import Screen, screen
from ara.cli.words import wrapped
from ara.errors import IntegrityError, ValidationError

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterator

    from ara.prediction import Kept, Ledger
    from ara.prediction.accuracy import Report
    from ara.prediction.challengers import Challenger
    from ara.prediction.receipts import Voucher
    from ara.prediction.rescoring import Rescored
    from ara.prediction.verified import Verified
    from ara.store import Verification

__all__ = ["command"]

_T = TypeVar("_T")
_CHANGED = "The ledger is not as it was written."
_BROKEN = {
    "anchor": "The ledger does not hold what was anchored.",
    "scores": "The scores are not what the ledger makes them.",
}

command = typer.Typer(
    help="""Look into the ledger, which keeps every forecast from before its outcome is known.

    ara ledger list

    ara ledger show 7f3a9c

    ara ledger verify
    """,
    add_completion=False,
    rich_markup_mode=None,
)
"""The group `ara ledger`."""


@command.command("list")
def _list(
    symbol: Annotated[str, typer.Argument(metavar="SYMBOL", help="Only this instrument's")] = "",
    limit: Annotated[str, typer.Option("--limit", "-n", metavar="N", help="At most so many, the newest")] = "20",
) -> None:
    """List the forecasts that were kept, newest first.

    ::

        ara ledger list
        ara ledger list AAPL
        ara ledger list --limit 100 --json
    """
    from ara.cli.render.ledger import table
    from ara.market import symbols

    s = screen()
    count = _count(limit)
    chosen = symbols.normalise(symbol) if symbol else None
    with s.progress("Reading the ledger"):
        kept = _with_ledger(s, lambda ledger: ledger.list(count, chosen))
    s.result({"schema": 1, "forecasts": [one.as_dict() for one in kept]}, lambda: table(kept, s))


@command.command("show")
def _show(prefix: Annotated[str, typer.Argument(metavar="ID", help="The first characters of a forecast's id")]) -> None:
    """Show a kept forecast as it was given.

    ::

        ara ledger show 7f3a9c
        ara ledger show 7f3a9c --json
        ara ledger show 7f3a9c --width 100
    """
    from ara.cli.render.ledger import receipt
    from ara.prediction.document import to_document

    s = screen()
    kept = _with_ledger(s, lambda ledger: ledger.show(prefix.strip().lower()))
    place = {"sequence": kept.sequence, "made_at": kept.made_at.isoformat(), "hash": kept.hash}
    s.result({**to_document(kept.forecast), "kept": place}, lambda: receipt(kept, s))


@command.command("receipt")
def _receipt(
    prefix: Annotated[str, typer.Argument(metavar="ID", help="The first characters of a forecast's id")],
) -> None:
    """Show what past forecasts that were about as sure were worth.

    ::

        ara ledger receipt 7f3a9c
        ara ledger receipt 7f3a9c --json
        ara ledger receipt 7f3a9c --width 100

    First of the shipped models, on days that they did not know; then of this ledger's own forecasts, once scored.
    """
    from ara.cli.render.ledger import vouched
    from ara.prediction.receipts import receipt as document

    s = screen()

    async def asked() -> "tuple[Kept, list[Voucher]]":
        from ara.desk import Desk
        from ara.prediction import Ledger
        from ara.prediction.receipts import vouchers

        async with Desk.open(s.settings()) as desk:
            kept = await Ledger(desk).show(prefix.strip().lower())
            return kept, await vouchers(desk, kept)

    kept, found = s.run(asked())
    s.result(document(kept, found), lambda: vouched(kept, found, s))


@command.command("report")
def _report(
    replayed: Annotated[
        bool, typer.Option("--replayed", help="Count forecasts of the past too, made after their outcome was public")
    ] = False,
    out: Annotated[str, typer.Option("--out", metavar="FILE", help="Also write a page that ends in .html")] = "",
) -> None:
    """Show how forecasts did: by instrument, class, horizon, regime, model and month.

    ::

        ara ledger report
        ara ledger report --replayed --out report.html
        ara ledger report --json

    Of what ara score has scored, beside the baseline, each figure with its interval. Then how models in the shadow
    would have done there.
    """
    from ara.cli.render.accuracy import reported, written

    s = screen()
    path = _page(out) if out else None

    async def asked() -> "tuple[Report, list[Challenger]]":
        from ara.desk import Desk
        from ara.prediction.accuracy import accuracy
        from ara.prediction.challengers import challengers

        async with Desk.open(s.settings()) as desk:
            return await accuracy(desk, replayed=replayed), await challengers(desk, replayed=replayed)

    with s.progress("Reading the scores"):
        found, beside = s.run(asked())
    data = {**found.as_dict(), "challengers": [one.as_dict() for one in beside]}
    if path is not None:
        written(found, path, beside)
        s.note(f"Written to {path}")
    s.result(data, lambda: reported(found, s, beside))


def _page(text: str) -> Path:
    path = Path(text)
    if path.suffix != ".html":
        raise ValidationError(f"--out is {text[:80]!r}.", hint="Name a file that ends in .html.")
    if not path.parent.is_dir():
        raise ValidationError(f"--out: there is no folder {str(path.parent)!r}.", hint="Make the folder first.")
    return path


@command.command("verify")
def _verify(
    anchor: Annotated[
        list[str] | None,
        typer.Option("--anchor", metavar="FILE|DIGEST", help="What ara ledger anchor printed earlier; repeatable"),
    ] = None,
    no_scores: Annotated[bool, typer.Option("--no-scores", help="Leave the scores alone: the chain only")] = False,
    every: Annotated[bool, typer.Option("--all", help="Compute every score again, not those of 500 forecasts")] = False,
) -> None:
    """Check that nothing in the ledger was changed, removed or cut off since it was written.

    ::

        ara ledger verify
        ara ledger verify --anchor anchors.txt
        ara ledger verify --all --json

    Then that its scores follow from it and from the bars at hand, and that it still holds what was anchored. Where
    more than 500 forecasts have scores, those of 500 are computed again, drawn anew each time.
    """
    s = screen()
    if every and no_scores:
        raise ValidationError("--all and --no-scores do not go together.", hint="Leave one of them out.")

    async def asked() -> "Verified":
        from ara.desk import Desk
        from ara.prediction.verified import verified

        async with Desk.open(s.settings()) as desk:
            return await verified(desk, anchor or (), scores=not no_scores, whole=every)

    with s.progress("Checking the ledger"):
        found = s.run(asked())
    data = found.as_dict()
    if not found.ok:
        raise IntegrityError(f"{_BROKEN.get(found.problem or '', _CHANGED)} {found.words}", **data)
    s.result(data, lambda: "\n".join(line for part in _checked(found) for line in wrapped(part, s.width)))


def _checked(found: "Verified") -> "Iterator[str]":
    yield _intact(found)
    if found.scores is None:
        yield "Scores were not checked."
    elif found.scores.scores:
        yield _followed(found.scores)
    for one in found.anchors:
        yield one.words


def _intact(found: "Verified | Verification") -> str:
    if not found.entries:
        return "The ledger is empty."
    entries = "1 entry" if found.entries == 1 else f"{found.entries:,} entries"
    said = f"The ledger is whole: {entries}, each chained to the one before, the last under a signed head."
    if found.unsigned:
        said += f" The head does not cover the last {found.unsigned:,} yet; the next forecast signs them."
    return said


def _followed(told: "Rescored") -> str:
    many = "Its 1 score follows" if told.scores == 1 else f"Its {told.scores:,} scores follow"
    if told.checked < told.scores:
        many = f"{told.checked:,} of its {told.scores:,} scores, of forecasts drawn at random, follow"
    if told.from_bars == told.checked:
        return f"{many} from the entries and from the bars at hand."
    return (
        f"{many} from the entries. {told.from_bars:,} of the outcomes were compared with bars, "
        "for the others none are at hand."
    )


@command.command("anchor")
def _anchor() -> None:
    """Print a digest of the ledger to publish, so that others can later tell that nothing was left out.

    ::

        ara ledger anchor
        ara ledger anchor --json
        ara ledger anchor >> anchors.txt
    """
    from ara.cli.render.ledger import signpost

    s = screen()
    mark = _with_ledger(s, lambda ledger: ledger.anchor())
    data = {
        "schema": 1,
        "digest": mark.digest,
        "sequence": mark.sequence,
        "hash": mark.hash,
        "at": mark.at.isoformat(),
        "public_key": mark.public_key,
    }
    s.result(data, lambda: signpost(mark, s))


def _count(text: str) -> int:
    if not (text.isascii() and text.isdigit() and 1 <= int(text[:9]) <= 1_000_000):
        raise ValidationError(f"--limit is {text[:40]}; it is a whole number from 1 to 1000000.")
    return int(text)


def _with_ledger(s: Screen, ask: "Callable[[Ledger], Awaitable[_T]]") -> _T:
    async def asked() -> _T:
        from ara.desk import Desk
        from ara.prediction import Ledger

        async with Desk.open(s.settings()) as desk:
            return await ask(Ledger(desk))

    return s.run(asked())
