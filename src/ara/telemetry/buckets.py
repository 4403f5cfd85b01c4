"""Into what steps histograms are divided, alike in every system."""

from typing import Final

__all__ = ["BUCKETS"]

BUCKETS: Final = tuple(float(f"{step}e{power}") for power in range(-4, 4) for step in (1, 2, 5))
"""Upper bounds in steps of 1, 2, 5 from 0.0001 to 5000: from a tenth of a millisecond to an hour, where in seconds."""
