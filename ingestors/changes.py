"""How one poll's payloads differ from what was known of them. Pure.

What counts as a finding (the odds are those of ``ingestors.odds``, exact for small samples too):

* ``vanished``: a key that was always there is in none of this poll's payloads, and the odds of that
  are below 1:1,000; for one that was in 95 % or more, below 1:1,000,000. A key is asked for only
  where the object that it hangs on is there, and payloads that lack it add up over polls.
* ``new``: a key that no payload had; the same odds. Keys that few payloads have are learnt in
  silence, so optional ones raise no alarm.
* a renamed key is both, beside each other and of the same type. That is less likely by accident
  than either, so 1:20 for each is enough: after 20 payloads the first renamed one tells.
* ``retyped``: a value of a JSON type that 20 or more earlier values never had. Null is no type
  here: it is counted by ``null_rate``.
* ``null_rate``: a field of ours that was filled is missing from at least half more of the records;
  odds as above.
* ``unusable``: payloads that cannot be normalised, at least a fifth more of them than before.

Each is told once and counted for as long as it holds.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

from ingestors.odds import at_least, none_of
from ingestors.shape import described, is_named, parent_of, value_at
from ingestors.structure import Known, KnownPath, Sample, type_names

Kind = Literal["vanished", "new", "retyped", "null_rate", "unusable"]

_SURE = 1e-3
_VERY_SURE = 1e-6
_TOGETHER = 0.05
_NEARLY_ALL = 0.95
_ENOUGH = 5
_ENOUGH_VALUES = 20
_NULL_JUMP = 0.5
_UNUSABLE_JUMP = 0.2
_TRUSTED = 20  # payloads that every mapper is taken to have read well before the first poll


@dataclass(frozen=True, slots=True)
class Change:
    """One way in which payloads differ from earlier ones.

    Args:
        change: What happened.
        path: Where: a path of the payload, or a field of ours; empty for whole payloads.
        before: How it was, in words.
        after: How it is in this poll.
        examples: Values that show it; of text only the length.
        detail: What tells two changes of one path apart.
    """

    change: Kind
    path: str
    before: str
    after: str
    examples: tuple[str, ...] = ()
    detail: str = ""

    @property
    def key(self) -> str:
        """The same for the same drift, whichever poll meets it."""
        return f"{self.change}|{self.path}|{self.detail}"


def changes(known: Known, sample: Sample) -> list[Change]:
    """What a poll found, the gravest first."""
    return [
        *_unusable(known, sample),
        *_null_rates(known, sample),
        *_retyped(known, sample),
        *_keys(known, sample),
    ]


def told(known: Known, sample: Sample, found: Sequence[Change]) -> list[str]:
    """The keys of the findings that hold after a poll: its own, and those it is silent about."""
    now = [change.key for change in found]
    return [key for key in known.open if key not in now and _holds(key, sample)] + now


def _holds(key: str, sample: Sample) -> bool:
    change, path, _ = key.split("|", 2)
    match change:
        case "vanished":
            return not sample.seen[path]
        case "null_rate":
            return not sample.fields[path]
        case "unusable":
            return False
        case _:  # what is new or of another type is so once
            return True


def _unusable(known: Known, sample: Sample) -> Iterator[Change]:
    of = known.payloads + _TRUSTED
    odds = at_least(sample.unusable, sample.payloads, known.unusable, of)
    change = Change(
        "unusable",
        "",
        f"{known.unusable:,} of {known.payloads:,} payloads",
        f"{sample.unusable:,} of {sample.payloads:,} payloads",
    )
    jump = _share(sample.unusable, sample.payloads) - known.unusable / of
    if jump >= _UNUSABLE_JUMP and (odds < _SURE or change.key in known.open):
        yield change


def _null_rates(known: Known, sample: Sample) -> Iterator[Change]:
    for name, records in sample.fields.items():
        of, without = known.fields.get(name, [0, 0])
        missing = sample.missing[name]
        if of < _ENOUGH or _share(missing, records) - without / of < _NULL_JUMP:
            continue
        change = Change(
            "null_rate",
            name,
            f"missing from {without:,} of {of:,}",
            f"missing from {missing:,} of {records:,}",
        )
        limit = _VERY_SURE if without else _SURE
        if change.key in known.open or at_least(missing, records, without, of) < limit:
            yield change


def _retyped(known: Known, sample: Sample) -> Iterator[Change]:
    for path, counts in sample.types.items():
        earlier = known.paths.get(path)
        if earlier is None or not is_named(path):
            continue
        types = {letter: count for letter, count in earlier.types.items() if letter != "z"}
        values = sum(types.values())
        for letter in sorted(counts.keys() - types.keys() - {"z"}):
            if values >= _ENOUGH_VALUES or _is_replaced(types, values, sample, path):
                after = f"{type_names({letter: 1})} in {counts[letter]:,} of {sample.seen[path]:,}"
                examples = _examples(sample, path)
                yield Change("retyped", path, type_names(types), after, examples, letter)


def _is_replaced(types: dict[str, int], values: int, sample: Sample, path: str) -> bool:
    counts = sample.types[path]
    if not types or any(letter in counts for letter in types):
        return False
    now = sum(count for letter, count in counts.items() if letter != "z")
    return none_of(now, values, values) < _SURE


def _keys(known: Known, sample: Sample) -> Iterator[Change]:
    gone = {path: one for path in known.paths if (one := _absence(known, sample, path))}
    fresh = {path: one for path in sample.seen if (one := _arrival(known, sample, path))}
    for path, absence in gone.items():
        beside = [new for new in fresh if _may_replace(known.paths[path], path, sample, new)]
        change = Change(
            "vanished",
            path,
            f"in {absence.had:,} of {absence.of:,}",
            f"in none of {absence.now:,}" + _hint("new beside it", beside),
        )
        if absence.odds < absence.limit or change.key in known.open or (beside and absence.always):
            yield change
    for path, arrival in fresh.items():
        beside = [
            old
            for old, absence in gone.items()
            if absence.always and _may_replace(known.paths[old], old, sample, path)
        ]
        if arrival.odds < _SURE or beside:
            types = type_names(sample.types[path])
            yield Change(
                "new",
                path,
                f"in none of {arrival.of:,}",
                f"{types} in {arrival.had:,} of {arrival.now:,}" + _hint("gone beside it", beside),
                _examples(sample, path),
            )


@dataclass(frozen=True, slots=True)
class _Odds:
    """How a key's presence compares: ``had`` of ``of`` payloads, and ``now`` are looked at."""

    had: int
    of: int
    now: int
    odds: float
    always: bool = False

    @property
    def limit(self) -> float:
        return _SURE if self.always else _VERY_SURE


def _absence(known: Known, sample: Sample, path: str) -> _Odds | None:
    """What speaks for a key being gone; None where nothing does."""
    if not is_named(path) or sample.seen[path]:
        return None
    one, here = known.paths[path], sample.chances(path)
    of = known.chances(path) - one.since
    if not here or of < _ENOUGH or one.seen < _NEARLY_ALL * of:
        return None
    had = min(one.seen, of)
    now = one.since + here
    odds = none_of(now, had, of)
    return _Odds(had, of, now, odds, had == of) if odds < _TOGETHER else None


def _arrival(known: Known, sample: Sample, path: str) -> _Odds | None:
    """What speaks for a key being new; None where nothing does."""
    if not is_named(path) or path in known.paths:
        return None
    of, here, had = known.chances(path), sample.chances(path), sample.seen[path]
    if of < _ENOUGH or not here:
        return None
    odds = at_least(had, here, 0, of)
    return _Odds(had, of, here, odds) if odds < _TOGETHER else None


def _may_replace(old: KnownPath, old_path: str, sample: Sample, new_path: str) -> bool:
    """Whether a new key hangs beside an old one, in all payloads, with values of its types."""
    if parent_of(old_path) != parent_of(new_path):
        return False
    types = sample.types[new_path].keys() - {"z"}
    return sample.seen[new_path] == sample.chances(new_path) and types <= old.types.keys()


def _examples(sample: Sample, path: str) -> tuple[str, ...]:
    values = (value_at(body, path) for body in sample.bodies)
    found = [described(value) for value in values if value is not None]
    return tuple(dict.fromkeys(found))[:3]


def _hint(what: str, paths: list[str]) -> str:
    names = ", ".join(path.rpartition(".")[2] for path in sorted(paths)[:3])
    return f"; {what}: {names}" if names else ""


def _share(part: int, whole: int) -> float:
    return part / whole if whole else 0.0
