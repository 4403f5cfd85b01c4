"""How far a long piece of work has come."""

from dataclasses import dataclass

__all__ = ["Progress"]


@dataclass(frozen=True, slots=True)
class Progress:
    """One report of work under way.

    Parameters
    ----------
    done
        Steps that are finished.
    total
        Steps there are; 0 where nobody knows.
    words
        What is being done, for a person.
    """

    done: int
    total: int = 0
    words: str = ""
