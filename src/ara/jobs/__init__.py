"""Work that runs by itself: a line of jobs, schedules, and the workers that do them."""

from ara.jobs.again import review_or_tune, tune_again
from ara.jobs.job import Job, Needs, State
from ara.jobs.queue import Queue
from ara.jobs.work import Backtest, Backup, Clean, Drift, Predict, Regimes, Review, Score, Train, Tune, Update, Work
from ara.jobs.worker import Worker

__all__ = [
    "Backtest",
    "Backup",
    "Clean",
    "Drift",
    "Job",
    "Needs",
    "Predict",
    "Queue",
    "Regimes",
    "Review",
    "Score",
    "State",
    "Train",
    "Tune",
    "Update",
    "Work",
    "Worker",
    "review_or_tune",
    "tune_again",
]
