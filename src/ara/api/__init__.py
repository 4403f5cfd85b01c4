"""The service: the same engine over HTTP, for a team and its customers."""

from ara.api.app import create

__all__ = ["create"]
