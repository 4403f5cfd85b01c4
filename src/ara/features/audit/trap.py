"""What an audit said of a leak that was planted to try it."""

from dataclasses import dataclass

__all__ = ["Trap"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Trap:
    """What the audit said of a leak that was planted, or of its honest twin.

    Parameters
    ----------
    name, words
        Of what was audited.
    leaks
        Whether it leaks.
    rule
        The rule that must find it; empty for one that doesn't leak.
    found_by
        The rules that found it.
    """

    name: str
    words: str
    leaks: bool
    rule: str
    found_by: tuple[str, ...]

    @property
    def caught(self) -> bool:
        """Whether the audit was right."""
        return self.rule in self.found_by if self.leaks else not self.found_by
