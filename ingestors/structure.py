"""What is known of a platform's payloads of one kind, and what one poll adds to it. Pure."""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from ingestors.canonical import filled
from ingestors.shape import ROOT, TYPES, parent_of, shape_of
from lake.records import Json, Record

_ALL_OF_THE_FIRST = 100
_THEN_EVERY = 8
_MOST_SAMPLED = 300
_MOST_PATHS = 2_000
_MOST_OPEN = 500
_FORGET_PAYLOADS = 4_000  # beyond it what is known counts half, so that it keeps up with the times
_BODIES = 5


@dataclass(slots=True)
class Sample:
    """One poll's payloads of one kind: all are counted, at most 300 are looked into.

    Args:
        payloads: Payloads of this kind.
        unusable: Those of them that could not be normalised.
        sampled: Those that were looked into.
        seen: Path to the sampled payloads that have it.
        types: Path to type to the sampled payloads in which it has that type.
        fields: Field of ours to the records that could have it.
        missing: Field of ours to the records that lack it.
        bodies: A few payloads, for examples.
    """

    payloads: int = 0
    unusable: int = 0
    sampled: int = 0
    seen: Counter[str] = field(default_factory=Counter)
    types: dict[str, Counter[str]] = field(default_factory=dict)
    fields: Counter[str] = field(default_factory=Counter)
    missing: Counter[str] = field(default_factory=Counter)
    bodies: deque[Json] = field(default_factory=lambda: deque(maxlen=_BODIES))

    def add(self, body: Json, records: Sequence[Record] | None) -> None:
        """Counts a payload and what it was normalised to; None: it could not be."""
        number = self.payloads
        self.payloads += 1
        if records is None:
            self.unusable += 1
        further = number % _THEN_EVERY == 0 and self.sampled < _MOST_SAMPLED
        if number >= _ALL_OF_THE_FIRST and not further:
            return
        self.sampled += 1
        self.bodies.append(body)
        self._add_shape(body)
        for record in records or ():
            for name, is_there in filled(record):
                self.fields[name] += 1
                if not is_there:
                    self.missing[name] += 1

    def read(self, payloads: int, *, unreadable: int) -> None:
        """Counts parts of pages: those that are payloads, and those that are not even that."""
        self.payloads += payloads + unreadable
        self.unusable += unreadable

    def _add_shape(self, body: Json) -> None:
        for path, letters in shape_of(body).items():
            self.seen[path] += 1
            counts = self.types.get(path)
            if counts is None:
                counts = self.types[path] = Counter()
            for letter in letters:
                counts[letter] += 1

    def chances(self, path: str) -> int:
        """Sampled payloads in which a path could have been: those with the object it hangs on."""
        return self.types.get(parent_of(path), Counter())["o"]


@dataclass(slots=True)
class KnownPath:
    """A path as earlier polls knew it.

    Args:
        seen: Payloads that had it.
        since: Payloads that could have had it since the last one that had.
        types: Letter of a type to payloads.
    """

    seen: int = 0
    since: int = 0
    types: dict[str, int] = field(default_factory=dict)


@dataclass(slots=True)
class Known:
    """What earlier polls found; counts are of payloads, the newer ones weighing more.

    Args:
        payloads: All of them.
        unusable: Those that could not be normalised.
        paths: Each path that any of them had.
        fields: Field of ours to [records, records without it].
        open: Findings that were told and still hold.
    """

    payloads: int = 0
    unusable: int = 0
    paths: dict[str, KnownPath] = field(default_factory=dict)
    fields: dict[str, list[int]] = field(default_factory=dict)
    open: list[str] = field(default_factory=list)

    def chances(self, path: str) -> int:
        """Payloads in which a path could have been: those with the object that it hangs on."""
        parent = self.paths.get(parent_of(path))
        return parent.types.get("o", 0) if parent else 0

    def learn(self, sample: Sample, told: Sequence[str]) -> None:
        """Takes in a poll's sample, after it was compared.

        Args:
            sample: The poll's.
            told: The findings that hold now.
        """
        for path, known in self.paths.items():
            known.since = 0 if sample.seen[path] else known.since + sample.chances(path)
        for path, counts in sample.types.items():
            known = self.paths.setdefault(path, KnownPath())
            known.seen += sample.seen[path]
            for letter, count in counts.items():
                known.types[letter] = known.types.get(letter, 0) + count
        for name, records in sample.fields.items():
            total = self.fields.setdefault(name, [0, 0])
            total[0] += records
            total[1] += sample.missing[name]
        self.payloads += sample.payloads
        self.unusable += sample.unusable
        self.open = list(told)[-_MOST_OPEN:]
        self._forget()

    def _forget(self) -> None:
        root = self.paths.get(ROOT)
        while root is not None and root.seen > _FORGET_PAYLOADS:
            for known in self.paths.values():
                known.seen, known.since = _half(known.seen), _half(known.since)
                known.types = {letter: _half(count) for letter, count in known.types.items()}
            self.fields = {name: [_half(n) for n in pair] for name, pair in self.fields.items()}
            self.payloads, self.unusable = _half(self.payloads), _half(self.unusable)
        if len(self.paths) > _MOST_PATHS:
            often = sorted(self.paths, key=lambda path: (-self.paths[path].seen, path))
            self.paths = {path: self.paths[path] for path in often[:_MOST_PATHS]}

    def as_json(self) -> Json:
        """What is known, as it is kept."""
        return {
            "payloads": self.payloads,
            "unusable": self.unusable,
            "paths": {path: [one.seen, one.since, one.types] for path, one in self.paths.items()},
            "fields": self.fields,
            "open": self.open,
        }


def known_from(state: Mapping[str, Any]) -> Known:
    """What ``as_json`` gave."""
    return Known(
        payloads=state.get("payloads", 0),
        unusable=state.get("unusable", 0),
        paths={
            path: KnownPath(seen, since, dict(types))
            for path, (seen, since, types) in state.get("paths", {}).items()
        },
        fields={name: list(pair) for name, pair in state.get("fields", {}).items()},
        open=list(state.get("open", [])),
    )


def type_names(letters: Mapping[str, int]) -> str:
    """Types in words, the most frequent first."""
    ordered = sorted(letters, key=lambda letter: (-letters[letter], letter))
    return " or ".join(TYPES[letter] for letter in ordered)


def _half(count: int) -> int:
    return (count + 1) // 2
