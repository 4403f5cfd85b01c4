"""What is learned, after the fact, of how far forecasts can be believed."""

from ara.models.calibration.bands import stretches
from ara.models.calibration.direction import TRUST, centred, leaning
from ara.models.calibration.surprise import Surprise, eased

__all__ = ["TRUST", "Surprise", "centred", "eased", "leaning", "stretches"]
