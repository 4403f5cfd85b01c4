"""The card of a model: what it is, what it was trained on, and how it did beside the baseline."""

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any, ClassVar, Final

import msgspec

from ara.errors import IntegrityError
from ara.lineage import canonical, digest
from ara.store.store import Record

__all__ = ["BASELINE", "CARD", "HoldOut", "Kept", "ModelCard", "Score", "Seat", "Stage", "TrustedKey", "content_id"]

BASELINE: Final = "ewma_t"
"""The family that every other must beat."""

CARD: Final = "card.json"
"""The card's file in a model's folder."""

_ID = re.compile(r"[0-9a-f]{64}")


class Stage(StrEnum):
    """How far a model has come."""

    CANDIDATE = "candidate"
    """Trained; nothing uses it."""
    SHADOW = "shadow"
    """Watched beside the champion; nobody is told what it says."""
    CHAMPION = "champion"
    """Answers for its family."""
    ARCHIVED = "archived"
    """Kept for what was forecast with it."""
    SHIPPED = "shipped"
    """Came with the package: answers where its family has no champion that may; never changed."""


class Score(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """How forecasts over one horizon did on the hold-out, beside the baseline's on the same days.

    Parameters
    ----------
    horizon
        Bars ahead.
    forecasts, days
        How many there were, and on how many days they were made.
    crps, baseline
        Mean continuous ranked probability score of the model and of `ewma_t`, in units of the volatility known at each
        origin; smaller is better.
    skill
        The share of the baseline's score that was saved.
    low, high
        Bounds that hold the skill with 95 % (Diebold-Mariano); None with fewer than 30 days, or days for six horizons.
    p
        Chance of so large a skill where there is none.
    inside_80
        Share of outcomes inside the 80 % band.
    still
        Forecasts that were left out since the price stood still; not written where there are none.
    saved
        Of each day of origins, in their order: the baseline's mean score less the model's. Only for the shortest
        horizon that is judged, whose forecasts don't overlap; by these models are ranked beside each other.
    """

    horizon: int
    forecasts: int
    days: int
    crps: float
    baseline: float
    skill: float
    low: float | None
    high: float | None
    p: float
    inside_80: float
    still: int = 0
    saved: tuple[float, ...] = ()


class HoldOut(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The bars by which a model was judged: nothing that was public after `cut` was known to the fit that was judged.

    Parameters
    ----------
    cut
        What the judged fit knew ends here; targets that were public later were left out.
    first, last
        When the first and the last origin were public.
    look
        Which look at these bars it was.
    """

    cut: datetime
    first: datetime
    last: datetime
    look: int


class ModelCard(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What a model is. Signed together with its files, and never changed.

    Parameters
    ----------
    id
        sha256 of what the model follows from and of its files: the same training gives the same id.
    family, version
        Name of the family, and the how-manieth of that family it was where it was trained.
    params
        The family's parameters.
    settings
        How it was trained: the period, the share held out, whether the judged fit itself was kept.
    features
        Id of the features it needs; empty for none.
    data
        sha256 of the panel it was fitted on.
    first, trained_to
        When the first and the last bar that it knows were public.
    symbols, groups
        Instruments it was trained on, and how many of each asset class.
    pooled
        Whether it answers for instruments that it has not met.
    timeframe
        Length of its bars.
    horizons
        Bars ahead that it answers for.
    seed
        Of all that was random.
    scores, holdout
        How it was judged; empty and None where it was not.
    lineage
        Engine, platform, the id of the configuration (`ara.models.registry.configs`), the model it went on from, and
        the digest of the family's code if it is another package's.
    files
        sha256 of each file, by its name in the folder.
    seconds
        What the fit took.
    made_at
        When it was trained, by that machine's clock.
    """

    id: str
    family: str
    version: int
    params: dict[str, Any] = {}
    settings: dict[str, Any] = {}
    features: str = ""
    data: str
    first: datetime
    trained_to: datetime
    symbols: tuple[str, ...]
    groups: dict[str, int]
    pooled: bool
    timeframe: str
    horizons: tuple[int, ...]
    seed: int
    scores: tuple[Score, ...] = ()
    holdout: HoldOut | None = None
    lineage: dict[str, Any] = {}
    files: dict[str, str]
    seconds: float = 0.0
    made_at: datetime

    @property
    def name(self) -> str:
        """What people call it: `har_t@3`, or `fast@2020-12` of one that is shipped."""
        return f"{self.family}@{self.settings.get('vintage') or self.version}"

    def encoded(self) -> bytes:
        """Give the one JSON text of the card, which is what is signed."""
        return canonical(msgspec.to_builtins(self))

    @classmethod
    def decoded(cls, data: bytes, *, place: str) -> "ModelCard":
        """Read a card; IntegrityError where it is none, or its id doesn't follow from its content."""
        try:
            card = msgspec.json.decode(data, type=cls)
        except (msgspec.MsgspecError, UnicodeDecodeError) as error:
            raise IntegrityError(f"The card of {place} is damaged: {error}.", file=CARD) from None
        moments = (card.first, card.trained_to, card.made_at)
        if any(moment.tzinfo is None for moment in moments) or not _ID.fullmatch(card.id):
            raise IntegrityError(f"The card of {place} is no card that Ara wrote.", file=CARD)
        if content_id(msgspec.to_builtins(card)) != card.id:
            raise IntegrityError(
                f"The card of {place} was changed: its id doesn't follow from what it says.", file=CARD
            )
        return card


_CONTENT: Final = (
    "family", "params", "settings", "features", "data", "first", "trained_to", "symbols", "groups", "pooled",
    "timeframe", "horizons", "seed", "files",
)  # fmt: skip


def content_id(card: Mapping[str, Any]) -> str:
    """Give the id that follows from a card's content as JSON values; when and where it was made stay outside."""
    return digest({name: card[name] for name in _CONTENT})


class Kept(Record, frozen=True, kw_only=True):
    """A model as the store knows it: its card, and how far it has come.

    Parameters
    ----------
    family, version, stage
        For finding it.
    card
        As it was signed.
    changed_at
        When the stage was last changed.
    """

    kind: ClassVar[str] = "model"
    family: str
    version: int
    stage: Stage = Stage.CANDIDATE
    card: ModelCard
    changed_at: datetime

    @property
    def name(self) -> str:
        """What people call it: `har_t@3`."""
        return self.card.name

    def as_dict(self) -> dict[str, Any]:
        """Give what a list says of it, as JSON has it."""
        return {
            "id": self.id,
            "name": self.name,
            "family": self.family,
            "version": self.version,
            "stage": self.stage.value,
            "symbols": list(self.card.symbols),
            "trained_to": _instant(self.card.trained_to),
            "made_at": _instant(self.card.made_at),
            "changed_at": _instant(self.changed_at),
            "scores": [
                {
                    "horizon": one.horizon,
                    "forecasts": one.forecasts,
                    "days": one.days,
                    "crps": one.crps,
                    "baseline": one.baseline,
                    "skill": one.skill,
                    "low": one.low,
                    "high": one.high,
                    "p": one.p,
                    "inside_80": one.inside_80,
                }
                for one in self.card.scores
            ],
        }


class Seat(Record, frozen=True, kw_only=True):
    """The place of a family's champion; its id is the family's name.

    Parameters
    ----------
    champion
        Id of the model that answers for the family; empty for none.
    before
        Those that did before, the last one last.
    newest
        The highest version given out.
    rivals
        Those that were held against the champion since it came, in the order in which they came: each has its part of
        the court's level.
    changed_at
        When a champion last came or went; never before the change that precedes it.
    """

    kind: ClassVar[str] = "model_seat"
    champion: str = ""
    before: tuple[str, ...] = ()
    newest: int = 0
    rivals: tuple[str, ...] = ()
    changed_at: datetime


class TrustedKey(Record, frozen=True, kw_only=True):
    """The key of another installation whose models may be used; its id is the public key in hex.

    Parameters
    ----------
    fingerprint
        As it was compared by whoever trusted it.
    trusted_at
        When.
    """

    kind: ClassVar[str] = "model_key"
    fingerprint: str
    trusted_at: datetime


def _instant(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat().replace("+00:00", "Z")
