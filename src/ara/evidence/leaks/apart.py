"""An audit of another package's model, in a process of its own: what ends that one ends nothing else."""

import importlib
import re
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

import polars as pl

from ara import plugins
from ara.errors import AuditError
from ara.evidence.leaks.forecaster import Forecaster
from ara.evidence.leaks.outcome import Audit
from ara.evidence.leaks.trial import audit
from ara.models.model import Model
from ara.workers import Progress

__all__ = ["audit_apart", "foreign"]

_CLASS: Final = re.compile(r"[A-Za-z_]\w*(\.[A-Za-z_]\w*)*:[A-Za-z_]\w*")
_HINT: Final = "Name a family that is installed, or a class of one: package.module:Name"


def foreign(name: str) -> bool:
    """Say whether a name means code of another package, which may end the program that it runs in."""
    offers = [offer for offer in plugins.offers("models") if offer.name == name]
    return bool(_CLASS.fullmatch(name)) or bool(offers and not any(offer.own for offer in offers))


def audit_apart(
    name: str,
    bars: pl.DataFrame,
    *,
    moments: int,
    seed: int,
    limit: float,
    watch: Callable[[Progress], bool],
) -> Audit:
    """Audit a family by its registered name or by `module:class`, for `ara.workers`; see `audit`.

    Parameters
    ----------
    name
        What is audited; the working folder is looked into first.
    bars, moments, seed, limit
        As `audit` takes them.
    watch
        Told how many questions were asked.
    """
    subject = _made(name) if _CLASS.fullmatch(name) else Forecaster.of_model(name)
    return audit(
        subject,
        bars,
        moments=moments,
        seed=seed,
        limit=limit,
        step=lambda done, total: watch(Progress(done, total)),
    )


def _made(name: str) -> Forecaster:
    with plugins.guest(name, error=AuditError, hint=_HINT):
        found = _imported(name)
        model = found() if isinstance(found, type) else found
    if not isinstance(model, Model):
        raise AuditError(f"{name} is no family of models: it lacks fit, load or family.", hint=_HINT)
    return Forecaster.of_model(model, name=name)


def _imported(name: str) -> Any:
    module, _, attribute = name.partition(":")
    here = str(Path.cwd())
    sys.path.insert(0, here)
    try:
        found = getattr(importlib.import_module(module), attribute, None)
    finally:
        sys.path.remove(here)
    if found is None:
        raise AuditError(f"The module {module} has no {attribute}.", hint=_HINT)
    return found
