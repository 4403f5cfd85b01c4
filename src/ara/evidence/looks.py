"""Every look at days that judge is counted, by whichever door it comes."""

from ara.desk import Desk
from ara.evidence.evaluation import Evaluation
from ara.performance.trials import Look, Trials

__all__ = ["counted"]


async def counted(desk: Desk, found: Evaluation) -> Look:
    """Count the look that an evaluation is, one for each model judged; to be awaited before anything of it is shown."""
    names = list(found.verdicts) or ["baselines"]
    what = f"evaluate {', '.join(names)}"
    return await Trials(desk).look(found.names, found.first, found.last, what=what, times=len(names))
