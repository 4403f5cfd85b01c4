"""The lake: payloads as received, bars and facts as published, in Delta tables that are only ever added to."""

from ara.data.lake.lake import Lake

__all__ = ["Lake"]
