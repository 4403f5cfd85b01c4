"""Feature sets: named lists of features, shipped ones and those of a file."""

from ara.features.sets.feature_set import ENGINE, FeatureSet
from ara.features.sets.files import read
from ara.features.sets.item import MARKET, Column, Item
from ara.features.sets.shipped import find, get, names

__all__ = ["ENGINE", "MARKET", "Column", "FeatureSet", "Item", "find", "get", "names", "read"]
