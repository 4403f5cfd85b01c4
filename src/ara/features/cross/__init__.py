"""What many instruments say together: breadth, factors, lead and lag, dispersion, peers.

A feature here is a function of matrices `[time, series]`, one column for each instrument, in which every row holds what
was known at one instant. `names` lists them, `get` gives one; sets name them like any indicator, and
`ara.features.build.build_panel` puts the bars of a panel side by side for them.
"""

import difflib
import pkgutil
from collections.abc import Mapping
from functools import cache
from importlib import import_module

from ara.errors import FeatureEngineeringError
from ara.features.cross.feature import MatrixFeature, PanelFeature, panel_feature

__all__ = ["MatrixFeature", "PanelFeature", "get", "names", "panel_feature"]


def names() -> tuple[str, ...]:
    """Give the names of all features of many instruments, sorted."""
    return tuple(_found())


def get(name: str) -> PanelFeature:
    """Give the feature of that name.

    Raises
    ------
    FeatureEngineeringError
        There is none of that name; the message says the nearest.
    """
    found = _found().get(name)
    if found is None:
        near = difflib.get_close_matches(name, names(), n=3)
        guess = f" Did you mean {' or '.join(near)}?" if near else ""
        raise FeatureEngineeringError(
            f"There is no feature of many instruments {name!r:.60}.{guess}",
            hint="See all of them: ara indicators list cross",
            nearest=near,
        )
    return found


@cache
def _found() -> Mapping[str, PanelFeature]:
    found: dict[str, PanelFeature] = {}
    for module in pkgutil.iter_modules(__path__, f"{__name__}."):
        part = import_module(module.name)
        for one in (getattr(part, name) for name in part.__all__):
            if not isinstance(one, MatrixFeature):
                continue
            if one.spec.name in found:
                raise FeatureEngineeringError(f"The feature {one.spec.name!r} stands twice in {__name__}.")
            found[one.spec.name] = one
    return dict(sorted(found.items()))
