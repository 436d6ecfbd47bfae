"""The registry: models with their figures in the lake, their files in a folder, one champion.

A model is added once and never changed: another model needs another name. The champion moves by
``promote`` and ``rollback``; both are kept in the champion's own history and in the audit.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from enrichment.model_copies import copied, described, removed
from enrichment.model_folder import read_folder
from enrichment.model_places import (
    SHIPPED_DIR,
    SHIPPED_MODEL,
    VADER,
    checked_name,
    folder_of,
    is_name,
)
from lake import times
from lake.audit import Audit, Entry, this_user
from lake.config import EnrichmentConfig
from lake.errors import ConflictError, InvalidError, NotFoundError, TaglakeError
from lake.model_record import MOST_MOVES, Champion, Measured, ModelRecord, Move, Origin
from lake.model_records import ModelRecords
from lake.store import Store

_MOST_PREVIOUS = 20


class Registry:
    """Models by name.

    Args:
        store: The lake; its user may write ``models`` and ``audit``.
        settings: Where the models' folders are.
        actor: Who decides; the user of the operating system where nobody is named.
    """

    def __init__(self, store: Store, settings: EnrichmentConfig, actor: str | None = None) -> None:
        self.records = ModelRecords(store.client, store.layout)
        self.audit = Audit(store.client, store.layout)
        self._settings = settings
        self._actor = actor or this_user()

    async def list(self) -> list[ModelRecord]:
        """Every model: those that were added, the shipped one and VADER.

        Raises:
            RetryError: Elasticsearch did not answer.
        """
        known = {record.name: record for record in await self.records.list()}
        for name in (SHIPPED_MODEL, VADER):
            if name not in known and (found := self._own(name)) is not None:
                known[name] = found
        return [known[name] for name in sorted(known)]

    async def get(self, name: str) -> ModelRecord:
        """The model of that name; the shipped one and VADER need not be registered.

        Raises:
            NotFoundError: There is none.
            RetryError: Elasticsearch did not answer.
        """
        found = await self.records.find(name) if is_name(name) else None
        found = found or self._own(name)
        if found is None:
            raise NotFoundError(
                f"there is no model {name[:80]!r}; 'taglake model list' shows those there are, "
                "'taglake model add FOLDER' makes one known"
            )
        return found

    def _own(self, name: str) -> ModelRecord | None:
        """A model that comes with Taglake, as it would be registered."""
        if name == VADER:
            return ModelRecord(VADER, "built in", times.now(), "taglake")
        folder = SHIPPED_DIR / name
        if not is_name(name) or not folder.is_dir():
            return None
        return described(folder, name, "shipped", "taglake")

    async def add(
        self, folder: Path, name: str, origin: Origin, *, base: str | None = None
    ) -> ModelRecord:
        """Makes a model known: its folder is copied, loaded, tried and registered.

        Adding the same files under the same name again does nothing; on another machine it brings
        the files there.

        Args:
            folder: The model's; one that is in its place already is not copied.
            name: What it is called from now on.
            origin: Where it comes from.
            base: What it was made of, where the folder does not say.

        Raises:
            ConfigError: The folder is broken; nothing was changed.
            InvalidError: The name cannot be used.
            ConflictError: Another model has that name; nothing was changed.
            StorageError: The folder cannot be copied.
            RetryError: Elasticsearch did not answer.
        """
        if (SHIPPED_DIR / checked_name(name)).exists():
            raise ConflictError(f"the name {name} is that of a model that comes with Taglake")
        record = described(folder, name, origin, self._actor, base=base)
        there = await self.records.find(name)
        if there is not None and there.digest != record.digest:
            raise _taken(name)
        place, is_new = copied(folder, name, record.digest, self._settings)
        if there is not None:
            return there
        try:
            await self.records.add(record)
        except TaglakeError:
            if is_new:
                removed(place)
            raise
        details: dict[str, str | int | float | bool] = {"origin": origin}
        details |= {"digest": record.digest} if record.digest else {}
        await self._note("model.add", name, None, details)
        return record

    async def note(self, name: str, figures: Measured) -> None:
        """Keeps how well a model did.

        Raises:
            NotFoundError: There is no such model.
            RetryError: Elasticsearch did not answer.
        """
        await self._registered(name)
        for _ in range(3):  # two people may measure at once
            try:
                return await self.records.note(name, figures)
            except ConflictError:
                continue
        raise ConflictError(f"the record of {name} is being changed all the time; try again")

    async def _registered(self, name: str) -> ModelRecord:
        """The model, registered now where it comes with Taglake and is not yet."""
        record = await self.get(name)
        if await self.records.find(name) is None:
            try:
                await self.records.add(record)
            except ConflictError:  # somebody else did so at this moment
                return await self.get(name)
        return record

    async def champion(self) -> Champion:
        """The champion; the shipped model where nobody named one.

        Raises:
            RetryError: Elasticsearch did not answer.
        """
        found = await self.records.champion()
        return found or Champion(SHIPPED_MODEL, times.now(), "taglake")

    async def promote(
        self,
        name: str,
        old: Champion,
        *,
        reason: str | None = None,
        forced: bool = False,
        figures: Sequence[tuple[str, Measured]] = (),
    ) -> Champion:
        """Makes a model the champion; whether it deserves it is ``promotion.decide``'s to say.

        Args:
            name: The model; its folder must be on this machine.
            old: The champion as it was read before the two were compared.
            reason: Why.
            forced: Whether a person overruled the rules.
            figures: The models' figures, for the audit.

        Raises:
            ConflictError: Somebody else moved the champion meanwhile; nothing was changed.
            InvalidError: It is the champion already, or its folder is not here.
            RetryError: Elasticsearch did not answer.
        """
        record = await self._registered(name)
        if name == old.name:
            raise InvalidError(f"{name} is the champion already")
        self._check_files(record)
        previous = (old.name, *(one for one in old.previous if one not in (name, old.name)))
        action = "force" if forced else "promote"
        details: dict[str, str | int | float | bool] = {"before": old.name, "forced": forced}
        for model, one in figures:
            details[f"macro_f1.{model}"] = one.macro_f1
            details |= {"data": one.data_name, "n": one.n, "data_digest": one.data_digest}
        return await self._move(old, record, previous, action, reason, details)

    async def rollback(self, reason: str | None = None) -> Champion:
        """Makes the last champion before this one the champion again.

        Raises:
            InvalidError: There is none before it, or its folder is not here.
            ConflictError: Somebody else moved the champion meanwhile; nothing was changed.
            RetryError: Elasticsearch did not answer.
        """
        old = await self.champion()
        if not old.previous:
            raise InvalidError(f"there is no champion before {old.name} to go back to")
        record = await self.get(old.previous[0])
        self._check_files(record)
        details: dict[str, str | int | float | bool] = {"before": old.name}
        return await self._move(old, record, old.previous[1:], "rollback", reason, details)

    def _check_files(self, record: ModelRecord) -> None:
        """Refuses a model whose files are not here, or are others than were registered."""
        if record.name == VADER:
            return
        place = folder_of(record.name, self._settings.models_dir)
        if place is None:
            raise InvalidError(
                f"the files of {record.name} are not in {self._settings.models_dir}: copy the "
                "folder there"
            )
        if place.parent != SHIPPED_DIR and read_folder(place).digest != record.digest:
            raise InvalidError(f"{place}: these are not the files that were registered")

    async def _move(
        self,
        old: Champion,
        record: ModelRecord,
        previous: tuple[str, ...],
        action: str,
        reason: str | None,
        details: dict[str, str | int | float | bool],
    ) -> Champion:
        now = times.now()
        is_shipped = (SHIPPED_DIR / record.name).is_dir()  # its files come with each version
        move = Move(record.name, now, self._actor, action, reason)
        new = Champion(
            record.name,
            now,
            self._actor,
            None if is_shipped else record.digest,
            previous[:_MOST_PREVIOUS],
            (*old.history, move)[-MOST_MOVES:],
        )
        await self.records.move_champion(old if old.seq_no is not None else None, new)
        await self._note(f"model.{action}", record.name, reason, details)
        return new

    async def _note(
        self,
        action: str,
        name: str,
        reason: str | None,
        details: dict[str, str | int | float | bool],
    ) -> None:
        await self.audit.note(Entry(self._actor, action, name, times.now(), reason, details))


def _taken(name: str) -> ConflictError:
    return ConflictError(f"the name {name} is taken by another model; choose another with --name")
