"""Whether the ledger, what was anchored of it, and the scores that follow from it are as they should be."""

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ara.desk import Desk
from ara.errors import IntegrityError
from ara.prediction.anchors import Held, hold, published
from ara.prediction.ledger import Anchor, Ledger
from ara.prediction.rescoring import MOST, Rescored, rescored
from ara.store import Verification

__all__ = ["Verified", "verified"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Verified:
    """What was found.

    Parameters
    ----------
    chain
        Of the entries themselves.
    scores
        Of the scores; None where they were not looked at: not asked, or the chain is not whole.
    anchors
        Of each anchor that was given, in their order.
    """

    chain: Verification
    scores: Rescored | None
    anchors: tuple[Held, ...]

    @property
    def ok(self) -> bool:
        """Whether everything that was looked at is as it should be."""
        return self.problem is None

    @property
    def entries(self) -> int:
        """How many entries were walked."""
        return self.chain.entries

    @property
    def unsigned(self) -> int:
        """How many good entries lie behind the head."""
        return self.chain.unsigned

    @property
    def sequence(self) -> int | None:
        """The entry that the chain's problem is about."""
        return self.chain.sequence

    @property
    def problem(self) -> str | None:
        """That of the chain; else `anchor` or `scores`; None without any."""
        if not self.chain.ok:
            return self.chain.problem
        if not all(one.ok for one in self.anchors):
            return "anchor"
        return None if self.scores is None or self.scores.ok else "scores"

    @property
    def words(self) -> str:
        """The same in sentences: what is wrong, or that nothing is."""
        wrong = [] if self.chain.ok else [self.chain.words]
        wrong += [one.words for one in self.anchors if not one.ok]
        wrong += [] if self.scores is None or self.scores.ok else [self.scores.words]
        return " ".join(wrong or [self.chain.words, *(one.words for one in self.anchors)])

    def as_dict(self) -> dict[str, Any]:
        """Give it as JSON has it."""
        return {
            **self.chain.as_dict(),
            "ok": self.ok,
            "problem": self.problem,
            "words": self.words,
            "scores": None if self.scores is None else self.scores.as_dict(),
            "anchors": [one.as_dict() for one in self.anchors],
        }


async def verified(
    desk: Desk, anchors: Iterable[str | Path | Anchor] = (), *, scores: bool = True, whole: bool = False
) -> Verified:
    """Walk the ledger, hold anchors against it, and compute its scores again.

    Parameters
    ----------
    desk
        The desk of the process.
    anchors
        What was published: digests, files of what `ara ledger anchor` printed, or what `Ledger.anchor` gave.
    scores
        Whether scores are computed again: of at most `MOST` forecasts, drawn at random where there are more.
    whole
        Of all, however many: about six seconds for a thousand forecasts.

    Raises
    ------
    ValidationError
        An anchor can't be read.
    """
    given = [one for each in anchors for one in published(each)]
    ledger = Ledger(desk)
    chain = await ledger.verify()
    held = await hold(ledger, given, good=chain.entries, public_key=await _key(ledger)) if given else []
    again = await rescored(desk, most=None if whole else MOST) if scores and chain.ok else None
    return Verified(chain=chain, scores=again, anchors=tuple(held))


async def _key(ledger: Ledger) -> str:
    """Give who signs the ledger now; empty where its head can't be trusted or is missing."""
    try:
        return await ledger.signed_by()
    except IntegrityError:
        return ""
