"""Models that were trained: kept with their scores and signatures, deployed, rolled back, moved between machines."""

from ara.models.registry.card import BASELINE, HoldOut, Kept, ModelCard, Score, Seat, Stage, TrustedKey
from ara.models.registry.loading import Artefact, load_artefact, load_folder
from ara.models.registry.registry import Registry, Verified

__all__ = [
    "BASELINE",
    "Artefact",
    "HoldOut",
    "Kept",
    "ModelCard",
    "Registry",
    "Score",
    "Seat",
    "Stage",
    "TrustedKey",
    "Verified",
    "load_artefact",
    "load_folder",
]
