"""Work that runs by itself: a line of trainings, tunings and reviews, and the workers that do them."""

from ara.jobs.again import review_or_tune, tune_again
from ara.jobs.job import Job, Needs, State
from ara.jobs.queue import Queue
from ara.jobs.work import Review, Train, Tune, Work
from ara.jobs.worker import Worker

__all__ = [
    "Job",
    "Needs",
    "Queue",
    "Review",
    "State",
    "Train",
    "Tune",
    "Work",
    "Worker",
    "review_or_tune",
    "tune_again",
]
