"""Bands after something failed: each link of the chain that did makes them wider, and so lowers the confidence."""

from math import log
from typing import Final

from ara.prediction.compute import Answer
from ara.prediction.doubt import stretched

__all__ = ["WIDER", "widened"]

WIDER: Final = 1.1
"""By how much each failed link widens every band around its median."""


def widened(answer: Answer, failed: int) -> Answer:
    """Give an answer as it is to be told after so many links failed; itself where none did.

    Price bands, P(up), confidence and reasons stay one belief: all follow from the widened quantiles.
    """
    return stretched(answer, "failed", failed, failed * log(WIDER))
