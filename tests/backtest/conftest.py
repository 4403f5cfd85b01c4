"""The Ray cluster of the tests of models serves those of back-tests too."""

from tests.models.conftest import ray_head

__all__ = ["ray_head"]
