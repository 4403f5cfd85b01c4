"""The registry: which models there are, where they lie, and whether they are what was trained."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Final

import msgspec

from ara.desk import Desk
from ara.errors import IntegrityError, ModelError, NotFoundError, StoreError, ValidationError
from ara.models import shipped
from ara.models.form import Form
from ara.models.panel import instant
from ara.models.registry.bundle import pack, unpack
from ara.models.registry.card import CARD, Kept, ModelCard, Seat, Stage, TrustedKey, content_id
from ara.models.registry.configs import config_id, keep_config
from ara.models.registry.files import entries, read_file, sha256_of
from ara.models.registry.loading import Artefact, checked, inspected
from ara.models.registry.shelf import Shelf
from ara.models.registry.shipped import as_kept, check_archive, read_archive, read_manifest, refuse_shipped
from ara.models.registry.signing import SIGNATURE, fingerprint, sign_card
from ara.store import ConflictError, revision

__all__ = ["Registry", "Verified"]

_TRIES: Final = 50
_SHORTEST: Final = 4


@dataclass(frozen=True, slots=True, kw_only=True)
class Verified:
    """What looking at a model found.

    Parameters
    ----------
    kept
        The model.
    ok
        Every file, the card and the signature are as they were written, by a key that is trusted.
    words
        What is wrong; empty where nothing is.
    wrong
        Each file that is.
    fingerprint
        Of the key that signed; empty where that can't be told.
    own
        Whether that is this installation's own key.
    """

    kept: Kept
    ok: bool
    words: str
    wrong: tuple[str, ...]
    fingerprint: str
    own: bool


class Registry:
    """The models of an installation: documents in the store, files on the shelf.

    Parameters
    ----------
    desk
        The desk of the process.
    """

    def __init__(self, desk: Desk) -> None:
        self.desk = desk
        self.shelf = Shelf.of(desk.settings)

    async def all(self, *, family: str = "", stage: Stage | None = None) -> list[Kept]:
        """Give the models, by family and version, the newest first."""
        where: dict[str, Any] = {"family": family} if family else {}
        if stage is not None:
            where["stage"] = stage
        found = [one async for one in self.desk.store.find(Kept, where or None)]
        return sorted(found, key=lambda one: (one.family, -one.version, one.id))

    def shipped(self, *, family: str = "") -> list[Kept]:
        """Give the models that came with the package, by family, the newest first.

        Raises
        ------
        IntegrityError
            What tells of them was changed.
        """
        if family and family not in shipped.FAMILIES:
            return []
        found = [as_kept(one.card) for one in read_manifest(self.desk.vault.verify).vintages]
        return [one for one in reversed(found) if family in {"", one.family}]

    async def find(self, text: str) -> Kept:
        """Give the model that is meant by an id, the first characters of one, `har_t@3`, or a family.

        A family means its champion, else the newest that is shipped.
        """
        asked = text.strip().lower()
        family, at, version = asked.partition("@")
        if at:
            found = [one for one in await self.all() if (one.family, str(one.version)) == (family, version)]
        elif len(asked) >= _SHORTEST and set(asked) <= set("0123456789abcdef"):
            found = [one for one in await self.all() if one.id.startswith(asked)]
        else:
            found = []
        if not found and asked and not at:
            champion = await self.champion(asked)
            found = [champion] if champion else self.shipped(family=asked)[:1]
        if not found and (at or len(asked) >= _SHORTEST):
            found = [one for one in self.shipped() if one.name == asked or one.id.startswith(asked)]
        if len(found) == 1:
            return found[0]
        what = "more than one model is" if found else "no model is"
        kind = ValidationError if found else NotFoundError
        raise kind(f"{what} called {text!r:.70}", hint="List them with their ids: ara models list", found=len(found))

    async def seat(self, family: str) -> Seat | None:
        """Give the place of a family's champion; None where the family never had a model."""
        return await self.desk.store.get(Seat, family)

    async def champion(self, family: str) -> Kept | None:
        """Give the model that answers for a family, or None."""
        seat = await self.seat(family)
        return await self.desk.store.get(Kept, seat.champion) if seat and seat.champion else None

    async def add(self, part: Path, facts: dict[str, Any]) -> tuple[Kept, bool]:
        """Take in a model that was written into a folder of the shelf's; gives it, and whether it is new.

        Parameters
        ----------
        part
            The folder, from `Shelf.part`.
        facts
            Fields of its card, but for id, version, files and made_at.
        """
        inspected(part)
        facts = {"params": {}, "settings": {}, "features": "", **facts}
        facts["files"] = {name: sha256_of(read_file(part, name)) for name in entries(part)}
        plain = msgspec.to_builtins(facts)
        plain["lineage"] = {**plain.get("lineage", {}), "config": config_id(plain)}
        id = content_id(plain)
        known = await self.desk.store.get(Kept, id)
        if known is not None and (await self.verified(known)).ok:
            return known, False
        version = known.version if known else await self._version(facts["family"])
        whole = {**plain, "id": id, "version": version, "made_at": self.desk.clock.now()}
        data = msgspec.convert(whole, ModelCard, strict=False).encoded()
        card = ModelCard.decoded(data, place=facts["family"])
        (part / CARD).write_bytes(data)
        (part / SIGNATURE).write_bytes(await self.desk.workers.run(sign_card, data, self.desk.vault))
        return await self._take(part, card), True

    async def _take(self, part: Path, card: ModelCard) -> Kept:
        """Move a whole folder to its place and write its document; who removes others is waited for."""
        for _ in range(_TRIES):
            with self.shelf.using() as mine:
                if mine:
                    kept = await self._placed(part, card)
                    await keep_config(self.desk.store, kept.card)
                    return kept
            if not await self.desk.workers.run(self.shelf.freed):
                break
        raise StoreError("Models are being removed at this moment.", hint="Try again; nothing was written.")

    async def _placed(self, part: Path, card: ModelCard) -> Kept:
        """Do it while nobody removes anything; what stood there and was damaged makes way."""
        card = await self._settled(part, card)
        now = self.desk.clock.now()
        kept = Kept(id=card.id, family=card.family, version=card.version, card=card, changed_at=now)
        if await self.desk.store.add(kept):
            return kept
        there = await self.desk.store.get(Kept, card.id)
        if there is None or there.card == card:
            return there or kept
        fresh = msgspec.structs.replace(there, card=card, version=card.version)
        await self.desk.store.put(fresh, replaces=revision(there))
        return fresh

    async def _settled(self, part: Path, card: ModelCard) -> ModelCard:
        """Give the card of what lies in a model's place now: it was there and is whole, or came from the part."""
        run = self.desk.workers.run
        if await run(self.shelf.settle, part, card.id):
            return card
        try:
            return (await run(checked, self.shelf.place(card.id), self.desk.vault))[0]
        except IntegrityError:
            await run(self.shelf.drop, card.id)
            if await run(self.shelf.settle, part, card.id):
                return card
            raise

    async def _version(self, family: str) -> int:
        """Give the next number of a family; nobody else gets it."""
        for _ in range(_TRIES):
            seat = await self.seat(family)
            now = self.desk.clock.now()
            if seat is None:
                if await self.desk.store.add(Seat(id=family, newest=1, changed_at=now)):
                    return 1
                continue
            try:
                raised = msgspec.structs.replace(seat, newest=seat.newest + 1)
                await self.desk.store.put(raised, replaces=revision(seat))
            except ConflictError:
                continue
            return raised.newest
        raise StoreError(f"The models of {family} are being changed by others without end.", hint="Try again.")

    async def artefact(self, kept: Kept) -> Artefact:
        """Give a model that may be asked, after all of it was compared with what was signed.

        Raises
        ------
        IntegrityError
            A file is not as it was written, or the key that signed is not trusted.
        """
        if kept.stage is Stage.SHIPPED:
            return self._shipped(kept)
        folder = self.shelf.place(kept.id)
        await self.desk.workers.run(self.shelf.bring, kept.id)
        card, key = await self.desk.workers.run(checked, folder, self.desk.vault)
        if card != kept.card:
            raise IntegrityError(f"The card of {kept.name} in {folder} is not the one that the store holds.", file=CARD)
        await self.refuse_stranger(key, what=f"The model {kept.name} ({kept.id[:8]})")
        return Artefact(
            id=card.id, folder=folder, family=card.family, trained_to=instant(card.trained_to), form=self._form
        )

    def place(self, kept: Kept) -> Path:
        """Give where a model lies: its folder, or its archive in the package."""
        if kept.stage is not Stage.SHIPPED:
            return self.shelf.place(kept.id)
        return shipped.FOLDER / read_manifest(self.desk.vault.verify).of(kept.id).file

    def _shipped(self, kept: Kept) -> Artefact:
        one = read_manifest(self.desk.vault.verify).of(kept.id)
        file = shipped.FOLDER / one.file
        check_archive(file, one.sha256)
        until = instant(one.card.trained_to)
        return Artefact(
            id=kept.id, folder=file, family=kept.family, trained_to=until, sha256=one.sha256, form=self._form
        )

    @property
    def _form(self) -> Form:
        """In which the settings want graphs to answer."""
        own = self.desk.settings.models
        return Form(precision=own.precision, device=own.device)

    async def verified(self, kept: Kept) -> Verified:
        """Look at every file, the card and the signature of a model and say what is wrong."""
        try:
            found = await self.artefact(kept)
            if found.sha256:
                read_archive(found.folder, found.sha256)
        except (IntegrityError, StoreError) as error:
            named = error.context.get("wrong") or [error.context["file"]] if "file" in error.context else []
            wrong = tuple(error.context.get("wrong", named))
            return Verified(kept=kept, ok=False, words=error.message, wrong=wrong, fingerprint="", own=False)
        if kept.stage is Stage.SHIPPED:
            key = fingerprint(shipped.PUBLIC_KEY)
            return Verified(kept=kept, ok=True, words="", wrong=(), fingerprint=key, own=False)
        signature = msgspec.json.decode(read_file(self.shelf.place(kept.id), SIGNATURE))
        key = str(signature["public_key"])
        own = key == await self._own()
        return Verified(kept=kept, ok=True, words="", wrong=(), fingerprint=fingerprint(key), own=own)

    async def export(self, kept: Kept, goal: Path) -> int:
        """Write a model to one file that another machine can read; gives its size in bytes."""
        refuse_shipped(kept, "exported")
        artefact = await self.artefact(kept)
        return await self.desk.workers.run(pack, artefact.folder, goal)

    async def take_in(self, source: Path, *, trust: str = "") -> tuple[Kept, bool]:
        """Read a file that `export` wrote, here or elsewhere; gives the model, and whether it is new.

        It is unpacked beside, and moved to its place when all of it was checked.

        Parameters
        ----------
        source
            The file.
        trust
            Fingerprint of a foreign key to trust from now on; needed once for each installation.
        """
        run = self.desk.workers.run
        with self.shelf.part() as part:
            await run(unpack, source, part)
            card, key = await run(checked, part, self.desk.vault)
            await run(inspected, part)
            if trust:
                await self.trust(key, trust)
            await self.refuse_stranger(key, what=f"{source.name}, the model {card.name}")
            if card.trained_to > self.desk.clock.now():
                raise ModelError(
                    f"{card.name} knows days up to {card.trained_to:%Y-%m-%d}, which have not come yet by this clock.",
                    hint="Set the machine's clock, then import it again.",
                )
            known = await self.desk.store.get(Kept, card.id)
            if known is not None and (await self.verified(known)).ok:
                return known, False
            return await self._take(part, card), True

    async def trust(self, key: str, said: str) -> None:
        """Trust a public key, in hex, from now on, if its fingerprint is the one that was said."""
        if said.strip().lower() != fingerprint(key):
            raise IntegrityError(
                f"The fingerprint of the key is {fingerprint(key)}, not {said!r:.60}.",
                hint="Compare it with what its owner's ara models keys prints.",
            )
        record = TrustedKey(id=key, fingerprint=fingerprint(key), trusted_at=self.desk.clock.now())
        await self.desk.store.add(record)

    async def distrust(self, said: str) -> TrustedKey:
        """Trust a key no longer; its models are refused from now on."""
        for one in await self.keys():
            if one.fingerprint == said.strip().lower():
                await self.desk.store.remove(TrustedKey, one.id)
                return one
        raise ValidationError(f"No key with the fingerprint {said!r:.60} is trusted.", hint="See: ara models keys")

    async def keys(self) -> Sequence[TrustedKey]:
        """Give the foreign keys that are trusted."""
        return [one async for one in self.desk.store.find(TrustedKey)]

    async def own_fingerprint(self) -> str:
        """Give the fingerprint of this installation's key, which others may trust."""
        return fingerprint(await self._own())

    async def refuse_stranger(self, key: str, *, what: str) -> None:
        """Raise for a public key, in hex, that is neither this installation's nor trusted."""
        if key == await self._own() or await self.desk.store.get(TrustedKey, key) is not None:
            return
        raise IntegrityError(
            f"{what} was signed with a key that is not trusted here; its fingerprint is {fingerprint(key)}.",
            hint="Compare it with what its owner's `ara models keys` prints, then import with --trust FINGERPRINT",
            fingerprint=fingerprint(key),
        )

    async def _own(self) -> str:
        key = await self.desk.workers.run(self.desk.vault.public_key)
        return key.hex()

    def later(self, before: datetime) -> datetime:
        """Give the time of a change that follows one made at `before`, also where the clock went back."""
        return max(self.desk.clock.now(), before)
