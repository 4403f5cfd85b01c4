"""What is learned, after the fact, of how far forecasts can be believed."""

from ara.models.calibration.bands import stretches
from ara.models.calibration.direction import centred, leaning, trust
from ara.models.calibration.surprise import FARTHER, Surprise, eased, sizes
from ara.models.calibration.swings import HALF_LIFE, drawn

__all__ = ["FARTHER", "HALF_LIFE", "Surprise", "centred", "drawn", "eased", "leaning", "sizes", "stretches", "trust"]
