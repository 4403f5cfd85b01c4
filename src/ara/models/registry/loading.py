"""From a model's folder to something that answers; nothing on the way can run what it reads."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache
from pathlib import Path

from ara import plugins
from ara.errors import AraError, IntegrityError, ModelError
from ara.models.form import PLAIN, Form, in_form
from ara.models.head import read_head
from ara.models.model import Fitted
from ara.models.registry.card import CARD, ModelCard
from ara.models.registry.files import check_files, check_name, entries, inspect_file, read_file
from ara.models.registry.signing import SIGNATURE, read_signature, signed_by
from ara.store.store import Signer

__all__ = ["Artefact", "checked", "inspected", "load_artefact", "load_folder", "read_card"]

_BESIDE = frozenset({CARD, SIGNATURE})


@dataclass(frozen=True, slots=True, kw_only=True)
class Artefact:
    """A model that was checked and may be asked.

    Parameters
    ----------
    id
        Of the model; what lineages cite.
    folder
        Where it lies.
    family
        Under which its family is registered.
    trained_to
        The newest moment that it knows of, microseconds since 1970 UTC: no earlier origin is answered.
    sha256
        Of the archive, where the folder is one; empty for a folder.
    form
        In which its graphs answer.
    """

    id: str
    folder: Path
    family: str
    trained_to: int
    sha256: str = ""
    form: Form = PLAIN

    @property
    def described(self) -> Mapping[str, str]:
        """What a lineage says of it."""
        return {"family": self.family, "artefact": self.id, **self.form.described}

    @property
    def until(self) -> datetime:
        """The newest moment that it knows of."""
        return datetime.fromtimestamp(self.trained_to / 1_000_000, UTC)


def read_card(folder: Path) -> tuple[ModelCard, bytes]:
    """Read the card in a model's folder, and its bytes."""
    data = read_file(folder, CARD)
    return ModelCard.decoded(data, place=f"the model in {folder.name[:12]}"), data


def checked(folder: Path, signer: Signer) -> tuple[ModelCard, str]:
    """Compare all of a model's folder with its card, and the card with its signature.

    Gives the card and the public key, in hex, that signed it; whether that key is trusted is another's question.

    Raises
    ------
    IntegrityError
        A file, the card or the signature is not as it was written; the message names the file.
    """
    card, data = read_card(folder)
    signature = read_signature(read_file(folder, SIGNATURE), place=card.name)
    wrong = check_files(folder, card.files, beside=_BESIDE)
    if wrong:
        raise IntegrityError(
            f"The model {card.name} ({card.id[:8]}) is not as it was written: {', '.join(wrong)}.",
            hint="Import it again from a file that was exported, train it again, or roll back: ara models rollback",
            model=card.id,
            wrong=wrong,
        )
    return card, signed_by(data, signature, signer, place=card.name)


def inspected(folder: Path) -> None:
    """Look into every file of a folder, and refuse what could run or is not what its name says."""
    for name in entries(folder):
        inspect_file(check_name(name), read_file(folder, name))


def load_folder(folder: Path) -> Fitted:
    """Read a fitted model of any family from what it saved, after every file was looked into.

    Raises
    ------
    IntegrityError
        A file could run when it is read, or is not what its name says.
    ModelError
        The family can't read it.
    """
    inspected(folder)
    return _loaded(folder)


def _loaded(folder: Path) -> Fitted:
    """Read a fitted model from files that were looked into."""
    head = read_head(folder)
    if head.gives:
        from ara.models.served import Served

        return Served.load(folder)
    load: Callable[[Path], Fitted] = plugins.load("models", head.family).load
    try:
        return load(folder)
    except AraError:
        raise
    except Exception as error:
        raise ModelError(f"the family {head.family} can't read the model in {folder.name[:12]}: {error}") from error


@lru_cache(maxsize=16)
def load_artefact(artefact: Artefact) -> Fitted:
    """Read the model of an artefact, and bring it into its form; the last sixteen stay at hand."""
    if artefact.sha256:
        from ara.models.registry.shipped import from_archive

        return in_form(from_archive(artefact.folder, artefact.sha256, _loaded), artefact.form)
    return in_form(load_folder(artefact.folder), artefact.form)
