"""Training of networks: one loop for all of them, in `ara.models.training.loop`, which needs torch."""

from ara.models.training.lesson import Lesson, lesson
from ara.models.training.plan import AUGMENTS, CURRICULA, Plan

__all__ = ["AUGMENTS", "CURRICULA", "Lesson", "Plan", "lesson"]
