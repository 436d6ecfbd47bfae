"""What the lake keeps of its sentiment models: the ``models`` index.

One document a model, one that names the champion and one that says when a model was trained last.
The champion and the training are changed by compare-and-set: of two people who promote at once one
wins, and the other is told. The models' files are in a folder (``enrichment.registry``).
"""

from __future__ import annotations

from elasticsearch import AsyncElasticsearch

from lake.client import our_errors, read_one, while_starting
from lake.errors import ConflictError, NotFoundError
from lake.layout import Layout
from lake.model_record import (
    Champion,
    Measured,
    ModelRecord,
    Training,
    champion_of,
    model_of,
    source_of,
    training_of,
)
from lake.records import Json

CHAMPION, TRAINING = "champion", "training"
"""The ids of the two documents that are no models; no model may have such a name."""

_MOST_MODELS = 1_000


class ModelRecords:
    """The ``models`` index."""

    def __init__(self, client: AsyncElasticsearch, layout: Layout) -> None:
        self._client = client
        self._index = layout.one("models")

    async def list(self) -> list[ModelRecord]:
        """Every registered model, by name.

        Raises:
            RetryError: Elasticsearch did not answer.
        """

        async def ask() -> Json:
            with our_errors("listing the models"):
                answer = await self._client.search(
                    index=self._index,
                    query={"term": {"kind": "model"}},
                    sort=[{"name": "asc"}],
                    size=_MOST_MODELS,
                    ignore_unavailable=True,
                )
            return dict(answer)

        hits = (await while_starting(ask))["hits"]["hits"]
        return [model_of(hit["_source"]) for hit in hits]

    async def find(self, name: str) -> ModelRecord | None:
        """The model of that name; None where none is registered.

        Raises:
            RetryError: Elasticsearch did not answer.
        """
        found = await self._get(name)
        return model_of(found["_source"]) if found and found["_source"]["kind"] == "model" else None

    async def add(self, record: ModelRecord) -> None:
        """Registers a model.

        Raises:
            ConflictError: The name is taken.
            RetryError: Elasticsearch did not answer.
        """
        try:
            await self._put(record.name, "model", source_of(record), None, None)
        except ConflictError as exc:
            raise ConflictError(f"the name {record.name} is taken by another model") from exc

    async def note(self, name: str, figures: Measured) -> None:
        """Keeps how well a model did; nothing where it is not registered.

        Raises:
            ConflictError: Somebody else changed the record at the same moment.
            RetryError: Elasticsearch did not answer.
        """
        found = await self._get(name)
        if found is None or found["_source"]["kind"] != "model":
            return
        record = model_of(found["_source"]).with_figures(figures)
        await self._put(name, "model", source_of(record), found["_seq_no"], found["_primary_term"])

    async def champion(self) -> Champion | None:
        """The champion; None where none was ever named.

        Raises:
            RetryError: Elasticsearch did not answer.
        """
        found = await self._get(CHAMPION)
        return champion_of(found) if found else None

    async def move_champion(self, old: Champion | None, new: Champion) -> None:
        """Names a champion, if it is still as it was read.

        Raises:
            ConflictError: Somebody else moved it meanwhile; nothing was changed.
            RetryError: Elasticsearch did not answer.
        """
        seq_no, term = (old.seq_no, old.primary_term) if old else (None, None)
        try:
            await self._put(CHAMPION, "champion", source_of(new), seq_no, term)
        except ConflictError as exc:
            raise ConflictError(
                "somebody else moved the champion at this moment; nothing was changed. "
                "Look at 'taglake model list' and try again"
            ) from exc

    async def training(self) -> Training:
        """The last training; an empty one where there was none.

        Raises:
            RetryError: Elasticsearch did not answer.
        """
        found = await self._get(TRAINING)
        return training_of(found) if found else Training()

    async def move_training(self, old: Training, new: Training) -> None:
        """Replaces what is known of the training, if it is still as it was read.

        Raises:
            ConflictError: Somebody else changed it meanwhile.
            RetryError: Elasticsearch did not answer.
        """
        await self._put(TRAINING, "training", source_of(new), old.seq_no, old.primary_term)

    async def _get(self, key: str) -> Json | None:
        doing = f"reading the model registry's {key}"
        try:
            return await read_one(self._client, self._index, key, doing)
        except NotFoundError:
            return None

    async def _put(
        self, key: str, kind: str, values: Json, seq_no: int | None, term: int | None
    ) -> None:
        with our_errors(f"writing the model registry's {key}"):
            await self._client.index(
                index=self._index,
                id=key,
                document={"kind": kind, **values},
                if_seq_no=seq_no,
                if_primary_term=term,
                op_type="create" if seq_no is None else None,
                refresh="wait_for",
            )
