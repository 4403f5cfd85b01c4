"""Whether features are still what they were when a model learned from them."""

from ara.features.drift.corrections import benjamini_hochberg, holm
from ara.features.drift.measures import jensen_shannon, kolmogorov_smirnov, population_stability, wasserstein
from ara.features.drift.watch import CORRECTIONS, Drift, FeatureDrift, drift

__all__ = [
    "CORRECTIONS",
    "Drift",
    "FeatureDrift",
    "benjamini_hochberg",
    "drift",
    "holm",
    "jensen_shannon",
    "kolmogorov_smirnov",
    "population_stability",
    "wasserstein",
]
