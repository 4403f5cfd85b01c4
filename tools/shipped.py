"""The models that come with the package, made from the bundled sample: do the files fit the code, and make them anew.

`python -m tools.shipped` compares archives, manifest, signature and the pins in the code. `--write` (`make shipped`)
trains all vintages anew and signs what is new, by a key that is made for that one signature and kept nowhere, or by
that in `--key FILE` (the 64 hex digits of an Ed25519 seed). `--only fast-2016-12 --write` trains one of them and keeps
the others. `--scores` trains none: it judges those that are there anew, by the bars of the year after each.
"""

import argparse
import asyncio
import lzma
import re
import sys
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final

import msgspec
import numpy as np
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from ara.data.feed import MarketData
from ara.data.providers.sample import RELEASED, Sample
from ara.data.providers.sample import SHA256 as SAMPLE
from ara.desk import Desk
from ara.errors import AraError, DataProviderError
from ara.market.bars import Bars
from ara.market.symbols import known
from ara.market.timeframe import DAY
from ara.models import shipped
from ara.models.inputs import attached
from ara.models.model import Fitted
from ara.models.panel import Panel, instant
from ara.models.registry.bundle import pack
from ara.models.registry.card import HoldOut, ModelCard, content_id
from ara.models.registry.files import check_files, entries, read_file, sha256_of
from ara.models.registry.loading import load_folder
from ara.models.registry.making import make
from ara.models.registry.shipped import (
    MANIFEST,
    MOST,
    PURPOSE,
    SIGNATURE,
    Manifest,
    Vintage,
    from_archive,
    read_manifest,
)
from ara.models.registry.training import Plan, Trained, scores_of, train
from ara.prediction.compute import ENGINE, platform_facts
from ara.settings import Settings
from ara.vault import Vault
from ara.workers import Progress
from tools.findings import Finding

__all__ = ["ENDS", "bars_until", "check", "judged", "made", "sealed", "write"]

ENDS: Final[Mapping[str, tuple[date, ...]]] = {
    "default": (date(2020, 12, 31),),
    "fast": tuple(date(year, 12, 31) for year in range(2016, 2021)),
}
"""By family: the last day that each vintage knows, in UTC."""

_PLACE: Final = Path("src/ara/models/shipped")
_DAYS: Final = 30
_JUDGED: Final = (1, 5, 10, 21)


def check(root: Path) -> Iterator[Finding]:
    """Find what of the shipped models doesn't fit the code."""
    folder = root / _PLACE
    try:
        manifest = read_manifest(Vault.verify, folder=folder)
    except AraError as error:
        yield Finding(path=folder / MANIFEST, line=1, words=error.message)
        return
    files = {one.file for one in manifest.vintages}
    for name in sorted({f"{name}.xz" for name, _, _ in _wanted()} ^ files):
        yield Finding(path=folder / name, line=1, words="is wanted and not there, or the other way round")
    beside = {MANIFEST, SIGNATURE, "__init__.py", "__pycache__"}
    for path in sorted(folder.iterdir()):
        if path.name not in files | beside:
            yield Finding(path=path, line=1, words="is in no manifest")
    for one in manifest.vintages:
        file = folder / one.file
        try:
            wrong = from_archive(file, one.sha256, lambda inside, one=one: _wrong(inside, one.card))  # type: ignore[misc]
        except AraError as error:
            wrong = [error.message]
        yield from (Finding(path=file, line=1, words=words) for words in wrong)
    if {one.card.family for one in manifest.vintages} != shipped.FAMILIES:
        yield Finding(path=folder / "__init__.py", line=1, words="FAMILIES are not those of the manifest")
    size = sum((folder / name).stat().st_size for name in files if (folder / name).exists())
    if size > MOST:
        yield Finding(path=folder, line=1, words=f"the archives have {size:,} bytes; allowed are {MOST:,}")


def _wanted() -> Iterator[tuple[str, str, date]]:
    """Give each vintage's name, its family and the last day that it knows."""
    return ((f"{family}-{end:%Y-%m}", family, end) for family, ends in ENDS.items() for end in ends)


def _wrong(folder: Path, card: ModelCard) -> list[str]:
    load_folder(folder)
    return check_files(folder, card.files, beside=frozenset())


async def bars_until(end: date) -> list[Bars]:
    """Give the sample's daily bars that were public by the end of a day, of all instruments that had any."""
    found = []
    moment = datetime(end.year, end.month, end.day, tzinfo=UTC) + timedelta(days=1)  # coins close then
    with TemporaryDirectory() as home:
        settings = Settings.load({"home": home, "data.providers": Sample.name, "log.level": "error"}, environ={})
        async with Desk.open(settings) as desk, MarketData(desk) as market:
            for one in known():
                try:
                    bars = await market.bars(await market.instrument(one.symbol), DAY, as_of=moment)
                except DataProviderError:
                    continue
                found += [bars] if len(bars) else []
    return found


def made(family: str, end: date, folder: Path) -> ModelCard:
    """Train a vintage on what was public by the end of a day, write it into an empty folder, and give its card."""
    bars = asyncio.run(bars_until(end))
    panel = Panel.build(bars, range(1, _DAYS + 1))
    plan = Plan(family=family, params={}, seed=0, cut=None)
    trained = train(panel, plan, str(folder), watch=_tell)
    return judged(_card(family, end, bars, trained, folder), load_folder(folder))


def judged(card: ModelCard, fitted: Fitted) -> ModelCard:
    """Give a vintage's card with the scores of its forecasts of the year after, none of whose bars it knows.

    Its id stays: it says what a model is made of, not how it did.
    """
    end = next(
        end for _, family, end in _wanted() if (family, f"{end:%Y-%m}") == (card.family, card.settings["vintage"])
    )
    bars = asyncio.run(bars_until(end.replace(year=end.year + 1)))
    panel = Panel.build([one for one in bars if one.instrument.symbol in card.symbols], _JUDGED)
    panel, cut = attached(panel, make(card.family, {})), instant(card.trained_to)
    plan = Plan(family=card.family, params={}, seed=card.seed, cut=cut)
    scores = scores_of(panel, panel.until(cut), fitted, plan, _tell)
    origins = panel.known_at[(panel.known_at > cut) & np.isfinite(panel.y[:, 0])]
    looks = sum(end in ends for ends in ENDS.values())
    held = HoldOut(
        cut=card.trained_to, first=_moment(int(origins.min())), last=_moment(int(origins.max())), look=looks
    )  # fmt: skip
    return msgspec.structs.replace(card, scores=scores, holdout=held)


def _tell(progress: Progress) -> bool:
    """Show progress in one line of the terminal."""
    if sys.stderr.isatty():
        print(f"\r\x1b[K{progress.done}/{progress.total} {progress.words[:90]}", end="", file=sys.stderr, flush=True)
    return True


def _card(family: str, end: date, bars: Sequence[Bars], trained: Trained, folder: Path) -> ModelCard:
    kinds = [one.instrument.asset_class.value for one in bars]
    facts: dict[str, Any] = {
        "family": family,
        "version": end.year * 100 + end.month,
        "params": trained.params,
        "settings": {"vintage": f"{end:%Y-%m}", "bars": sum(len(one) for one in bars)},
        "features": trained.features,
        "data": trained.data,
        "first": _moment(trained.first),
        "trained_to": _moment(trained.trained_to),
        "symbols": tuple(sorted(one.instrument.symbol for one in bars)),
        "groups": {kind: kinds.count(kind) for kind in sorted(set(kinds))},
        "pooled": trained.pooled,
        "timeframe": str(DAY),
        "horizons": trained.horizons,
        "seed": 0,
        "lineage": {"engine": ENGINE, "platform": dict(platform_facts()), "sample": SAMPLE},
        "files": {name: sha256_of(read_file(folder, name)) for name in entries(folder)},
        "made_at": RELEASED,
    }
    plain = msgspec.to_builtins(facts)
    return msgspec.convert({**plain, "id": content_id(plain)}, ModelCard, strict=False)


def _moment(microseconds: int) -> datetime:
    return datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=microseconds)


def sealed(card: ModelCard, folder: Path, goal: Path) -> Vintage:
    """Pack a vintage's folder into its archive, and give its entry in the manifest."""
    file = goal / f"{card.family}-{card.settings['vintage']}.xz"
    with TemporaryDirectory() as name:
        plain = Path(name) / "model.ara"
        pack(folder, plain)
        data = lzma.compress(plain.read_bytes(), lzma.FORMAT_XZ, preset=9)
    file.write_bytes(data)
    return Vintage(file=file.name, sha256=sha256_of(data), card=card)


def write(root: Path, vintages: Sequence[Vintage], *, key: Path | None = None) -> None:
    """Write manifest, signature and pins; where the manifest is as it was, and no key is named, nothing changes."""
    folder = root / _PLACE
    ordered = tuple(sorted(vintages, key=lambda one: (one.card.family, one.card.version)))
    data = msgspec.json.format(msgspec.json.encode(Manifest(vintages=ordered), order="deterministic"), indent=1) + b"\n"
    if key is None and not list(check(root)) and (folder / MANIFEST).read_bytes() == data:
        return
    seed = bytes.fromhex(key.read_text().strip()) if key else None
    private = Ed25519PrivateKey.from_private_bytes(seed) if seed else Ed25519PrivateKey.generate()
    (folder / MANIFEST).write_bytes(data)
    (folder / SIGNATURE).write_bytes(private.sign(PURPOSE + data))
    source = folder / "__init__.py"
    text = source.read_text()
    families = ", ".join(f'"{name}"' for name in sorted({one.card.family for one in vintages}))
    text = re.sub(r"frozenset\(\{.*?\}\)", f"frozenset({{{families}}})", text)
    for name, value in (("PUBLIC_KEY", private.public_key().public_bytes_raw().hex()), ("SHA256", sha256_of(data))):
        text = re.sub(rf'^{name}: Final = "\w*"$', f'{name}: Final = "{value}"', text, flags=re.MULTILINE)
    source.write_text(text)


def _kept(root: Path) -> Sequence[Vintage]:
    return read_manifest(Vault.verify, folder=root / _PLACE).vintages


def _judged_again(folder: Path, one: Vintage) -> Vintage:
    card = from_archive(folder / one.file, one.sha256, lambda inside: judged(one.card, load_folder(inside)))
    skill = ", ".join(f"{each.horizon}: {each.skill:+.2%}" for each in card.scores)
    print(f"{card.name}: saved of ewma_t's error by bars ahead: {skill}", flush=True)
    return msgspec.structs.replace(one, card=card)


def _main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tools.shipped", description="Check or make the shipped models.")
    parser.add_argument("root", nargs="?", type=Path, default=Path(), help="the tree (default: this folder)")
    parser.add_argument("--write", action="store_true", help="train them anew")
    parser.add_argument("--only", metavar="NAME", default="", help="only this one, such as fast-2016-12")
    parser.add_argument("--key", type=Path, help="sign with the key in this file")
    parser.add_argument("--scores", action="store_true", help="judge those that are there anew, and train none")
    asked = parser.parse_args()
    root = asked.root.resolve()
    if asked.scores:
        write(root, [_judged_again(root / _PLACE, one) for one in _kept(root)], key=asked.key)
        return 0
    if not asked.write:
        found = list(check(root))
        for one in found:
            print(f"{one.path.relative_to(root)}:{one.line}: {one.words}")
        return int(bool(found))
    fresh, goal = {}, root / _PLACE
    for name, family, end in _wanted():
        if asked.only in {"", name}:
            with TemporaryDirectory() as folder:
                fresh[name] = sealed(made(family, end, Path(folder)), Path(folder), goal)
            print(f"{name}: {(goal / fresh[name].file).stat().st_size:,} bytes", flush=True)
    if asked.only:
        fresh = {Path(one.file).stem: one for one in _kept(root)} | fresh
    write(root, list(fresh.values()), key=asked.key)
    return 0


if __name__ == "__main__":
    sys.exit(_main())
