"""How far bars can be trusted: rules that find defects, scores that use no future, repairs that are marked."""

from ara.data.quality.checking import check
from ara.data.quality.repairing import repair
from ara.data.quality.report import RULES, Issue, QualityReport, Severity, cut
from ara.data.quality.scoring import scores

__all__ = ["RULES", "Issue", "QualityReport", "Severity", "check", "cut", "repair", "scores"]
