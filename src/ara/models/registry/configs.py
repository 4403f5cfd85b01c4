"""Configurations: what a training was told, as versions of their own that models cite and trainings go back to."""

import re
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any, ClassVar, Final

import msgspec

from ara.errors import StoreError, ValidationError
from ara.lineage import digest
from ara.store import ConflictError, Store, revision
from ara.store.store import Record

if TYPE_CHECKING:
    from ara.models.registry.card import ModelCard
    from ara.models.registry.registry import Registry

__all__ = [
    "TOLD", "Config", "ConfigSeat", "config_id", "configs_of", "differences", "find_config", "keep_config", "roll_back",
    "used_config",
]  # fmt: skip

TOLD: Final = ("period", "days", "hold_out", "tested", "workers")
"""What of a card's settings was said to the training; all else, such as the count of bars, follows from the data."""

_TRIES: Final = 50
_SHORTEST: Final = 4
_NAME: Final = re.compile(r"([a-z0-9_]+)@c(\d+)")


class Config(Record, frozen=True, kw_only=True):
    """How models of a family were trained. Its id is the sha256 of what it says, and it never changes.

    Parameters
    ----------
    family, version
        Name of the family, and the how-manieth of its configurations it was here.
    params
        The family's parameters, all of them.
    settings
        What else was told: those of `TOLD`.
    since
        When the first model was trained so that is known here.
    """

    kind: ClassVar[str] = "model_config"
    family: str
    version: int
    params: dict[str, Any]
    settings: dict[str, Any]
    since: datetime

    @property
    def name(self) -> str:
        """What people call it: `har_t@c2`."""
        return f"{self.family}@c{self.version}"


class ConfigSeat(Record, frozen=True, kw_only=True):
    """Which configuration a family is trained by; its id is the family's name.

    Parameters
    ----------
    newest
        The highest version given out.
    used
        Id of the configuration that was rolled back to; empty for the family's own parameters.
    before
        Those that were used before it, the last one last.
    """

    kind: ClassVar[str] = "model_config_seat"
    newest: int = 0
    used: str = ""
    before: tuple[str, ...] = ()


def config_id(card: Mapping[str, Any]) -> str:
    """Give the id of the configuration that a card, as JSON values, was trained by; any card has one."""
    return digest([card["family"], card["params"], _told(card["settings"])])


async def keep_config(store: Store, card: "ModelCard") -> Config:
    """Keep the configuration of a card, or give it where it is kept already."""
    plain = msgspec.to_builtins(card)
    id = config_id(plain)
    there = await store.get(Config, id)
    if there is not None:
        return there
    version = (await _changed(store, card.family, lambda seat: {"newest": seat.newest + 1})).newest
    made = Config(
        id=id, family=card.family, version=version, params=plain["params"], settings=_told(plain["settings"]),
        since=card.made_at,
    )  # fmt: skip
    if await store.add(made):
        return made
    return await store.get(Config, id) or made


async def configs_of(registry: "Registry", *, family: str = "") -> list[Config]:
    """Give the configurations, by family, the newest first; those of models that were kept before they were, too."""
    store = registry.desk.store
    for one in sorted(await registry.all(family=family), key=lambda kept: (kept.family, kept.version)):
        await keep_config(store, one.card)
    found = [one async for one in store.find(Config, {"family": family} if family else None)]
    return sorted(found, key=lambda one: (one.family, -one.version))


async def find_config(registry: "Registry", text: str) -> Config:
    """Give the configuration that is meant by `har_t@c2`, an id or the first characters of one, or a model's name."""
    asked = text.strip().lower()
    everything = await configs_of(registry)
    named = _NAME.fullmatch(asked)
    if named:
        found = [one for one in everything if (one.family, str(one.version)) == named.groups()]
    else:
        short = len(asked) >= _SHORTEST and set(asked) <= set("0123456789abcdef")
        found = [one for one in everything if short and one.id.startswith(asked)]
    if not found and "@" in asked and not named:
        wanted = config_id(msgspec.to_builtins((await registry.find(asked)).card))
        found = [one for one in everything if one.id == wanted]
    if len(found) == 1:
        return found[0]
    what = "more than one configuration is" if found else "no configuration is"
    raise ValidationError(
        f"{what} called {text!r:.70}", hint="List them with their ids: ara models configs list", found=len(found)
    )


async def used_config(store: Store, family: str) -> Config | None:
    """Give the configuration that a family is trained by where nothing else is said; None for the family's own."""
    seat = await store.get(ConfigSeat, family)
    return await store.get(Config, seat.used) if seat and seat.used else None


async def roll_back(registry: "Registry", text: str) -> tuple[str, Config | None, Config | None]:
    """Go back to a configuration, or, where a family is named, to what was used before the one that is used now.

    Gives the family, what is used from now on and what was used until now; None stands for the family's own.
    """
    asked, store = text.strip().lower(), registry.desk.store
    config = None if await store.get(ConfigSeat, asked) else await find_config(registry, asked)
    family = config.family if config else asked
    was = await used_config(store, family)

    def change(seat: ConfigSeat) -> Mapping[str, Any]:
        if config:
            again = seat.used == config.id
            return {} if again else {"used": config.id, "before": (*seat.before, seat.used)}
        if not seat.before:
            raise ValidationError(
                f"{family} is trained by its own parameters, and never was by others.",
                hint="Name the configuration to go back to: ara models configs list",
            )
        return {"used": seat.before[-1], "before": seat.before[:-1]}

    await _changed(store, family, change)
    return family, await used_config(store, family), was


async def _changed(store: Store, family: str, change: Callable[[ConfigSeat], Mapping[str, Any]]) -> ConfigSeat:
    """Change a family's seat by what `change` gives for it; nobody else's change is lost."""
    for _ in range(_TRIES):
        seat = await store.get(ConfigSeat, family)
        fresh = msgspec.structs.replace(seat or ConfigSeat(id=family), **change(seat or ConfigSeat(id=family)))
        try:
            if seat is None and await store.add(fresh):
                return fresh
            if seat is not None:
                await store.put(fresh, replaces=revision(seat))
                return fresh
        except ConflictError:
            continue
    raise StoreError(f"The configurations of {family} are being changed by others without end.", hint="Try again.")


def _told(settings: Mapping[str, Any]) -> dict[str, Any]:
    return {name: settings[name] for name in TOLD if name in settings}


def differences(one: Config, other: Config) -> Sequence[tuple[str, Any, Any]]:
    """Give what two configurations say otherwise: the name, and what each says; None where it does not say it."""
    mine, theirs = ({**config.params, **config.settings} for config in (one, other))
    names = [*mine, *(name for name in theirs if name not in mine)]
    return [(name, mine.get(name), theirs.get(name)) for name in names if mine.get(name) != theirs.get(name)]
