"""Taking back an import or a fetch: what is meant, and how it is done."""

import hashlib
import json
import re
from datetime import datetime
from pathlib import Path

import polars as pl

from ara.data.bar_store import WITHDRAWN, BarStore
from ara.data.provider import Kind
from ara.errors import ValidationError

__all__ = ["meant", "others_of", "told", "withdraw"]

_ID = re.compile(r"[0-9a-f]{8,64}")


def meant(store: BarStore, what: str, *, symbol: str = "", source: str = "") -> pl.DataFrame:
    """Give what still stands of what somebody wants to take back, in `BROUGHT`.

    Parameters
    ----------
    store
        Where it is kept.
    what
        A file as it was imported, its content unchanged; the id of a fetch, or its first 8 letters and more; or a
        source, such as `file:prices`.
    symbol, source
        Only of this one.

    Raises
    ------
    ValidationError
        Nothing that is kept came from there, or rates alone, or an id's beginning is that of several.
    """
    path = Path(what)
    if path.is_file():
        found = pl.concat([store.brought(fetch=fetch) for fetch in _ids(path)])
    elif _ID.fullmatch(what):
        found = store.brought(fetch=what) if len(what) == 64 else _beginning(store.brought(), what)
    else:
        found = pl.concat([store.brought(source=name) for name in {what, f"file:{path.stem}"}])
    if symbol:
        found = found.filter(pl.col("symbol") == symbol)
    if source:
        found = found.filter(pl.col("source").is_in([source, f"file:{source}"]))
    if found.is_empty():
        _refuse_rates(store, what)
        _refuse_edited(store, path)
        raise ValidationError(
            f"Nothing that is kept came from {what[:80]!a}.",
            hint="Name a file as it was imported, a source such as file:NAME (ara data list),"
            " or the id of a fetch (ara data why SYMBOL DATE --json).",
        )
    return found


def others_of(store: BarStore, what: str, found: pl.DataFrame) -> pl.DataFrame:
    """Give what stands that came from a file in other states than the one that lies there now, in `BROUGHT`."""
    path = Path(what)
    named = store.brought(source=f"file:{path.stem[:200]}") if path.is_file() else found.clear()
    return named.join(found, on=("symbol", "source", "fetch"), how="anti")


def withdraw(store: BarStore, rows: pl.DataFrame, *, now: datetime) -> datetime:
    """Take back what `meant` gave, and give the moment from which it isn't seen: no earlier than it was received."""
    received: datetime = rows["learned_at"].max()  # type: ignore[assignment]
    moment = max(now, received)
    names = rows.select("symbol", "source", "fetch").filter(pl.col("fetch") != "").unique()
    if names.is_empty():
        raise ValidationError("These bars came by no fetch, so there is nothing to name in a withdrawal.")
    store.withdraw(names.with_columns(pl.lit(moment, WITHDRAWN["learned_at"]).alias("learned_at")))
    return moment


def told(store: BarStore, symbol: str) -> str:
    """Say what of a symbol was withdrawn last, and what brings it back; empty where nothing was."""
    rows = store.withdrawals(symbol).sort("learned_at", "source")
    if rows.is_empty():
        return ""
    source, moment = rows.row(-1, named=True)["source"], rows["learned_at"][-1]
    back = "ara data import FILE" if str(source).startswith("file:") else f"ara data fetch {symbol}"
    return f"Bars of {symbol} from {source} were withdrawn on {moment:%Y-%m-%d}; what brings them back: {back}"


def _refuse_edited(store: BarStore, path: Path) -> None:
    """Say of a file that was edited since, or taken back as it is now, that bars of its other states stand."""
    stands = others_of(store, str(path), store.brought(fetch="none"))
    if stands.height:
        source = f"file:{path.stem[:200]}"
        raise ValidationError(
            f"Nothing that is kept came from {path.name[:80]!a} as it is now; {int(stands['bars'].sum()):,} bars of"
            f" {source} came from another state of it.",
            hint=f"Take them all back: ara data withdraw {source}",
        )


def _refuse_rates(store: BarStore, what: str) -> None:
    """Say of a source of rates, or of a fetch that brought some, that they stay."""
    sources = set(store.facts(Kind.RATES)["source"])
    asked = store.facts(Kind.FACTS).filter(pl.col("field") == "fetch", pl.col("source").is_in(list(sources)))
    ids = asked["value"].str.json_path_match("$.fetch").drop_nulls().to_list()
    if what in sources or (_ID.fullmatch(what) and any(one.startswith(what) for one in ids)):
        raise ValidationError(
            f"What came from {what[:80]!a} are rates, and these can't be withdrawn.",
            hint="A later answer of the source corrects them: ara data fetch EUR",
        )


def _ids(path: Path) -> list[str]:
    """Give the ids that a file may have been kept under: by its content, or by its name where it was too large."""
    with path.open("rb") as stream:
        digest = hashlib.file_digest(stream, "sha256").hexdigest()
    told = json.dumps({"file": str(path.resolve()), "size": path.stat().st_size, "sha256": digest}).encode()
    return [hashlib.sha256(one.encode()).hexdigest() for one in (digest, hashlib.sha256(told).hexdigest())]


def _beginning(found: pl.DataFrame, start: str) -> pl.DataFrame:
    chosen = found.filter(pl.col("fetch").str.starts_with(start))
    if chosen["fetch"].n_unique() > 1:
        raise ValidationError(f"Several fetches begin with {start}.", hint="Give more of the id.")
    return chosen
