"""Proof that features know nothing of the future: any that Ara has, and any of a stranger's."""

from ara.features.audit.outcome import RULES, Audit, Finding
from ara.features.audit.subject import Claim, Subject, foreign, subject
from ara.features.audit.trial import audit

__all__ = ["RULES", "Audit", "Claim", "Finding", "Subject", "audit", "foreign", "subject"]
