"""What was fetched a moment ago, so that it is not fetched again: this process's memory, then Redis where there is one.

A value is known by its `Key`; many who ask for it at once cause one load. It leaves by time, when its market closes,
when a bar is new or a price has moved far, and by hand. Only time is saved: without a cache every answer is the same.
"""

from ara.data.cache.cache import Cache, Warmed
from ara.data.cache.events import Reason
from ara.data.cache.key import Key

__all__ = ["Cache", "Key", "Reason", "Warmed"]
