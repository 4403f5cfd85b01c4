"""Text that may be used but not seen."""

from typing import NoReturn

__all__ = ["Secret"]


class Secret:
    """A text that prints as `***`, wherever it is printed, logged or formatted.

    Only `reveal` gives the text itself. Two secrets are equal when their texts are, compared in constant time; an
    empty one is false. JSON, pickle and `vars` don't get at the text.

    Parameters
    ----------
    text
        What is to be kept out of sight.
    """

    __slots__ = ("__text",)

    def __init__(self, text: str = "") -> None:
        self.__text = text

    def reveal(self) -> str:
        """Give the text itself; the one place where it leaves, so that a search finds every use."""
        return self.__text

    def __repr__(self) -> str:
        return "***"

    def __format__(self, spec: str) -> str:
        return format("***", spec)

    def __bool__(self) -> bool:
        return bool(self.__text)

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Secret):
            return NotImplemented
        import hmac

        mine, theirs = (each.reveal().encode("utf-8", "surrogatepass") for each in (self, other))
        return hmac.compare_digest(mine, theirs)

    def __hash__(self) -> int:
        return hash((Secret, self.__text))

    def __copy__(self) -> "Secret":
        return self

    def __deepcopy__(self, memo: object) -> "Secret":
        return self

    def __reduce__(self) -> NoReturn:
        raise TypeError("a Secret is not pickled: it would leave in clear")
