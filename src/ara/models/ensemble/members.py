"""Who can be asked: which members there are, what they need, and when each is fitted."""

from collections.abc import Callable, Mapping
from functools import lru_cache
from importlib.util import find_spec
from typing import Any, Final

from ara import plugins
from ara.models.model import Model
from ara.models.months import month_in_year, months_before

__all__ = ["CORE", "COSTLY", "DEAR", "LINES", "TREES", "absent", "anchor", "member", "remedy"]

CORE: Final = (
    "ewma_t", "drift", "weekday", "hist", "fhs", "garch_t", "gjr_t", "har_t", "har_fhs", "pooled_har",
)  # fmt: skip
"""Baselines and pooled linear models, which need nothing but numpy."""

TREES: Final = ("lightgbm", "xgboost", "catboost", "random_forest", "extra_trees")
"""Trees of several kinds."""

LINES: Final = ("ridge", "lasso", "elastic_net", "quantile_regression")
"""Linear models of many features."""

DEAR: Final = frozenset({"fhs", "hist"})
"""Asked for few of the past bars when weights are learned: an answer takes long."""

_NEEDS: Final = {
    "catboost": ("catboost", "boost"),
    "cnn_lstm": ("torch", "deep"),
    "elastic_net": ("sklearn", "train"),
    "extra_trees": ("sklearn", "train"),
    "gru": ("torch", "deep"),
    "lasso": ("sklearn", "train"),
    "lightgbm": ("lightgbm", "train"),
    "quantile_regression": ("sklearn", "train"),
    "random_forest": ("sklearn", "train"),
    "ridge": ("sklearn", "train"),
    "xgboost": ("xgboost", "boost"),
}

COSTLY: Final = frozenset(_NEEDS)
"""Fitted seldom: a fit takes long. That fit answers until the next, and is what its weight comes from."""

_EVERY: Final = 6
_AS_MEMBER: Final[Mapping[str, Mapping[str, Any]]] = {
    "gru": {"batch": 512, "rate": 4e-3, "patience": 1},
    "lightgbm": {"trees": 40, "rate": 0.1},
}


def absent(name: str) -> bool:
    """Say whether what a member is fitted by is not installed."""
    return name in _NEEDS and find_spec(_NEEDS[name][0]) is None


def remedy(name: str) -> str:
    """Say why a member is absent, and which line installs it."""
    library, extra = _NEEDS[name]
    return f"{library} is not installed; pip install 'ara-ai[{extra}]'"


def member(name: str, params: Mapping[str, Any] | None = None) -> Model:
    """Give a registered model with the parameters of a member, or with those that it was saved with."""
    made: Model = _family(name)(**(_AS_MEMBER.get(name, {}) if params is None else params))
    return made


def anchor(moment: int) -> int:
    """Give when the costly member of a moment was fitted: the first instant of the half year."""
    return months_before(moment, month_in_year(moment) % _EVERY)


@lru_cache(maxsize=64)
def _family(name: str) -> Callable[..., Model]:
    family: Callable[..., Model] = plugins.load("models", name)
    return family
