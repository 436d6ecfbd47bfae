"""What a remap would change, or changed: the diff that people read before they apply it. Pure."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import Any

from lake.records import Json

_EXAMPLES = 3
_LONGEST = 80
_MOST_REASONS = 200


@dataclass(slots=True)
class FieldDiff:
    """One field over all documents that change.

    Args:
        changed: Documents in which it changes.
        known_before: Those of them that had it.
        known_after: Those of them that have it then.
        examples: A few of them, each with id, before and after.
    """

    changed: int = 0
    known_before: int = 0
    known_after: int = 0
    examples: list[Json] = field(default_factory=list)


@dataclass(slots=True)
class Tally:
    """Documents of one kind.

    Args:
        checked: Those whose payloads were mapped again.
        changed: Those that say something else then.
        created: Those that are not there yet.
        erased: Those that their platform took away; they are left alone.
        left: Those whose last sight is kept nowhere; they are left alone.
        fields: What changes, by field.
    """

    checked: int = 0
    changed: int = 0
    created: int = 0
    erased: int = 0
    left: int = 0
    fields: dict[str, FieldDiff] = field(default_factory=dict)

    def compare(self, id_: str, before: Json, after: Json) -> bool:
        """Counts a document by its flat fields; gives whether it changes."""
        names = [n for n in sorted({*before, *after}) if before.get(n) != after.get(n)]
        for name in names:
            diff = self.fields.setdefault(name, FieldDiff())
            diff.changed += 1
            diff.known_before += name in before
            diff.known_after += name in after
            if len(diff.examples) < _EXAMPLES:
                shown = {"before": _short(before.get(name)), "after": _short(after.get(name))}
                diff.examples.append({"id": id_} | shown)
        self.changed += bool(names)
        return bool(names)

    def as_json(self) -> Json:
        """The numbers, and the fields by how often they change."""
        ordered = sorted(self.fields.items(), key=lambda pair: (-pair[1].changed, pair[0]))
        return {
            "checked": self.checked,
            "changed": self.changed,
            "created": self.created,
            "erased": self.erased,
            "left": self.left,
            "fields": {
                name: {
                    "changed": diff.changed,
                    "known_before": diff.known_before,
                    "known_after": diff.known_after,
                    "examples": diff.examples,
                }
                for name, diff in ordered
            },
        }


@dataclass(slots=True)
class Report:
    """What mapping stored payloads again comes to.

    Args:
        payloads: Payloads that were mapped again.
        failing: Reason to payloads that could be mapped once and cannot now.
        renamed: Payloads that are now of a post or account with another id; they are left alone.
        no_context: Payloads of imports that do not tell how they were read.
        posts: What becomes of posts.
        profiles: What becomes of profiles.
        observations: What becomes of the numbers over time of posts and profiles.
        counters: What becomes of the counts of hashtags.
        letters: Dead letters of payloads that were tried again.
        usable: Those of them that can be mapped now.
        changed_meanwhile: Documents that a poll changed while they were remapped; run it again.
        examples: Payloads that fail or are of another id, with the reason.
    """

    payloads: int = 0
    failing: Counter[str] = field(default_factory=Counter)
    renamed: int = 0
    no_context: int = 0
    posts: Tally = field(default_factory=Tally)
    profiles: Tally = field(default_factory=Tally)
    observations: Tally = field(default_factory=Tally)
    counters: Tally = field(default_factory=Tally)
    letters: int = 0
    usable: int = 0
    changed_meanwhile: int = 0
    examples: list[Json] = field(default_factory=list)

    @property
    def changes(self) -> int:
        """Everything that is, or would be, written."""
        tallies = (self.posts, self.profiles, self.observations, self.counters)
        return sum(tally.changed + tally.created for tally in tallies) + self.usable

    def fails(self, native_id: str, reason: str) -> None:
        """Counts a payload that cannot be mapped now."""
        reason = reason[:_LONGEST]
        known = reason in self.failing or len(self.failing) < _MOST_REASONS
        self.failing[reason if known else "other"] += 1
        self.tell(native_id, reason)

    def tell(self, native_id: str, reason: str) -> None:
        """Keeps a payload as an example."""
        if len(self.examples) < _EXAMPLES * 3:
            self.examples.append({"native_id": native_id, "reason": reason[:200]})

    def as_json(self) -> Json:
        """The report for machines."""
        return {
            "changes": self.changes,
            "payloads": {
                "mapped": self.payloads,
                "failing": sum(self.failing.values()),
                "reasons": dict(self.failing.most_common(20)),
                "of_another_id": self.renamed,
                "without_context": self.no_context,
                "examples": self.examples,
            },
            "posts": self.posts.as_json(),
            "profiles": self.profiles.as_json(),
            "observations": self.observations.as_json(),
            "counters": self.counters.as_json(),
            "dead_letters": {"tried": self.letters, "usable": self.usable},
            "changed_meanwhile": self.changed_meanwhile,
        }


def _short(value: Any) -> Any:
    if isinstance(value, str) and len(value) > _LONGEST:
        return value[: _LONGEST - 1] + "…"
    if isinstance(value, list):
        return value[:10]
    return value
