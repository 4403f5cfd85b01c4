"""What an audit of a strategy found, on a terminal."""

from ara.cli.render.audit import broken
from ara.cli.screen import Screen
from ara.cli.words import clean, wrapped
from ara.evidence.leaks.strategy import STRATEGY_RULES, StrategyAudit

__all__ = ["audited"]

_MOST = 6


def audited(found: StrategyAudit, s: Screen) -> str:
    """Say whether anything leaks, then how that showed and what to do."""
    name = clean(found.subject)
    verdict = {
        "leaks": f"{name} leaks: it knows what nobody knew then.",
        "unknown": f"Nothing was shown of {name}: it may leak or not.",
        "clear": f"No sign of a leak in {name}.",
    }[found.verdict]
    lines = [s.palette()(line, "strong") for line in wrapped(verdict, s.width)]
    lines += wrapped(
        f"Played {found.moments:,} moments of {clean(', '.join(found.symbols))} with {found.decisions:,} decisions, "
        f"alike on {found.cuts:,} shorter pasts, and on bars in another order.",
        s.width,
    )
    if found.verdict == "clear":
        lines += wrapped(
            "That is no proof: a look ahead at very few bars may be missed; --cuts 1000 looks longer.", s.width
        )
    if not found.decisions and not found.findings:
        lines += wrapped("It never decided anything there: give it more bars, or others.", s.width)
    for rule in STRATEGY_RULES:
        words = [one.words for one in found.findings if one.rule == rule]
        lines += broken(rule, STRATEGY_RULES[rule], words, s, most=_MOST)
    return "\n".join(lines)
