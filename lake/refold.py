"""What a stored post or profile becomes when its payloads are mapped anew. Pure.

The payloads of one post are folded in the order in which they were observed, by the rules by which
the store would have merged them (``lake.merge``). The result replaces the fields that come from
payloads; identity, provenance, ``first_seen`` and what enrichment added stay.

A payload is stored once, at its first sight. So a post whose numbers went from A to B and back to A
leaves A and B: its last sight is newer than its newest payload. Then the payload that agrees best
with what is stored is taken to have been seen again. Where the payloads are not whole (some cannot
be mapped, or were dropped with old partitions) nothing is taken away from what is stored, and a
post that was last seen after them is left alone. Several payloads that came back in turn, in a post
that was edited to and fro, leave what no rule can tell; then the union of hashtags may be larger.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Literal

from lake import times
from lake.at_post import set_at_post
from lake.documents import Document, post_observation, profile_numbers, profile_observation
from lake.engagement import current_definition
from lake.layout import Layout
from lake.merge import merge_post, merge_profile
from lake.records import Json

EntityKind = Literal["post", "profile"]

_ENRICHED = ("enrich", "sentiment")
_KEPT = ("provenance", "first_seen", "observed_at", "metrics_at", "platform", "native_id", "erased")
_NOT_SAID = ("lang.detected", "lang.confidence", "metrics_from.at", "at_post.seen_at")
_NUMBERS = ("metrics", "metrics_missing", "metrics_from")
_PARTS = ("author", "metrics", "lang")
_TICK = timedelta(milliseconds=1)


@dataclass(slots=True)
class Entity:
    """A post or profile with all that its payloads say now.

    Args:
        kind: Which of the two.
        id: Its document's id.
        seen: What each payload says, as documents, oldest first.
        whole: Whether these are all its payloads.
    """

    kind: EntityKind
    id: str
    seen: list[Json] = field(default_factory=list)
    whole: bool = True


@dataclass(frozen=True, slots=True)
class Refolded:
    """What comes of an entity.

    Args:
        source: The document as it should be; None where it must be left alone.
        states: What was so after each payload, in order, the payload that was seen again included.
        whole: Whether these are all its payloads, so that what they do not say is not so.
    """

    source: Json | None
    states: Sequence[Json]
    whole: bool


def refold(entity: Entity, stored: Json | None) -> Refolded:
    """The document that the lake should hold, and how it came to be so."""
    merge = merge_post if entity.kind == "post" else merge_profile
    seen = sorted(entity.seen, key=lambda source: str(source["observed_at"]))
    states = _states(seen, merge)
    if stored is None:
        return Refolded(states[-1], states, entity.whole)
    if "erased" in stored:
        return Refolded(None, states, entity.whole)
    newest = seen[-1]["observed_at"]
    is_whole = entity.whole and stored["first_seen"] >= seen[0]["observed_at"]
    if stored["observed_at"] > newest and not is_whole:
        return Refolded(None, states, is_whole)
    if stored["observed_at"] >= newest:
        states.append(_at_last(entity.kind, seen, stored, states[-1]))
    patched = _patched(entity.kind, stored, states[-1], is_whole=is_whole)
    return Refolded(patched, states, is_whole)


def was_seen_again(entity: Entity, stored: Json) -> bool:
    """Whether a stored document is newer than every payload of it that is there."""
    newest = max(str(source["observed_at"]) for source in entity.seen)
    return bool(stored["observed_at"] > newest)


def observations(layout: Layout, entity: Entity, states: Sequence[Json]) -> dict[str, Document]:
    """The observations that should be there for the states, by id."""
    observe = post_observation if entity.kind == "post" else profile_observation
    found: dict[str, Document] = {}
    for state in states:
        document = observe(layout, Document("", entity.id, state))
        if document is not None:
            found[document.id] = document
    return found


def observations_at(layout: Layout, entity: Entity, states: Sequence[Json]) -> dict[str, Document]:
    """The numbers that held when each payload was seen, as observations of that time, by id."""
    seen = sorted(entity.seen, key=lambda source: str(source["observed_at"]))
    dated = [
        state | {"metrics_at": one["observed_at"]} for one, state in zip(seen, states, strict=False)
    ]
    return observations(layout, entity, dated)


def fields(kind: EntityKind, source: Json) -> Json:
    """What payloads say in a document, flat: ``metrics.likes``, ``author.id``, ``text``."""
    found: Json = {}
    hidden = (*_KEPT, *_ENRICHED, "text_hash", *(("@timestamp",) if kind == "profile" else ()))
    for name, value in source.items():
        if name in hidden:
            continue
        if isinstance(value, dict):
            found.update((f"{name}.{key}", item) for key, item in value.items())
        else:
            found[name] = sorted(value) if name == "hashtags" else value
    for name in _NOT_SAID:
        found.pop(name, None)
    return found


def same_but_enriched(one: Json, other: Json) -> bool:
    """Whether two states of a document differ in nothing but what enrichment adds."""
    return _bare(one) == _bare(other)


def _bare(source: Json) -> Json:
    bare = {name: value for name, value in source.items() if name not in _ENRICHED}
    lang = bare.pop("lang", {})
    return bare | {"lang": lang.get("platform")}


def _states(seen: Sequence[Json], merge: Callable[[Json, Json], Json | None]) -> list[Json]:
    states = [seen[0]]
    for source in seen[1:]:
        states.append(merge(states[-1], source) or states[-1])
    return states


def _at_last(kind: EntityKind, seen: Sequence[Json], stored: Json, last: Json) -> Json:
    """What was so after the last sight, where ``last`` alone, after the newest payload, may err."""
    at = stored["observed_at"]
    newest = [source for source in seen if source["observed_at"] == at]
    if len(newest) == 1:
        return _carried(last, newest[0], stored, seen)
    candidates = newest or seen
    if newest:  # of one moment: what is stored tells which of them held
        at = times.to_text(times.from_text(at) + _TICK)
    ends = [_after(kind, _dated(one, at), last) for one in candidates]
    scores = [
        (_agreement(kind, end, stored), _agreement(kind, one, stored), number)
        for number, (end, one) in enumerate(zip(ends, candidates, strict=True))
    ]
    best = max(scores)[2]
    state = _carried(ends[best], candidates[best], stored, seen)
    state |= {n: min(state[n], stored["observed_at"]) for n in ("observed_at", "metrics_at")}
    if any("metrics" in one and one["metrics"] == stored.get("metrics") for one in seen):
        state = _with_engagement(state | {n: stored[n] for n in _NUMBERS if n in stored})
    return state


def _dated(source: Json, at: str) -> Json:
    """What a payload says, as seen at another time."""
    dated = source | {"observed_at": at, "metrics_at": at}
    if "metrics_from" in source:
        dated["metrics_from"] = source["metrics_from"] | {"at": at}
    return dated


def _after(kind: EntityKind, again: Json, last: Json) -> Json:
    return (merge_post if kind == "post" else merge_profile)(last, again) or last


def _carried(state: Json, again: Json, stored: Json, seen: Sequence[Json]) -> Json:
    """``state``, with what its last payload does not speak of as stored if any payload says so.

    Such a field is an earlier sight's, and nobody kept which sight came last before it.
    """
    state = dict(state)
    for name, value in stored.items():
        if name in (*_KEPT, *_ENRICHED) or name not in state:
            continue
        if name in _PARTS:
            parts = [one.get(name, {}) for one in seen]
            kept = {
                key: item
                for key, item in value.items()
                if key not in again.get(name, {}) and any(one.get(key) == item for one in parts)
            }
            state[name] = state[name] | kept
        elif name not in again and any(one.get(name) == value for one in seen):
            state[name] = value
    if "hashtags" in state:
        state["hashtags"] = [*state["hashtags"], *_more_hashtags(state, stored, seen)]
    return _with_engagement(state) if "metrics" in state else state


def _more_hashtags(state: Json, stored: Json, seen: Sequence[Json]) -> list[str]:
    """Stored hashtags that some payload gives to the same text."""
    alike = [one["hashtags"] for one in seen if one["text_hash"] == state["text_hash"]]
    return [
        tag
        for tag in stored["hashtags"]
        if tag not in state["hashtags"] and any(tag in tags for tags in alike)
    ]


def _with_engagement(state: Json) -> Json:
    definition = current_definition()
    value = definition.value(state["platform"], state["metrics"])
    result = {name: item for name, item in state.items() if name != "engagement"}
    if value is not None:
        result["engagement"] = {"value": value, "definition": definition.name}
    return result


def _agreement(kind: EntityKind, seen: Json, stored: Json) -> int:
    """How many fields of what is stored a payload says too."""
    ours, theirs = fields(kind, seen), fields(kind, stored)
    return sum(name in ours and ours[name] == value for name, value in theirs.items())


def _patched(kind: EntityKind, stored: Json, folded: Json, *, is_whole: bool) -> Json:
    """``stored`` with what its payloads say; the same document where that is what it says."""
    kept = {name: stored[name] for name in (*_KEPT, *_ENRICHED) if name in stored}
    said = {name: value for name, value in folded.items() if name not in (*_KEPT, *_ENRICHED)}
    said.pop("lang", None)
    result = {**said, **kept} if is_whole else _added(stored, said)
    if lang := _language(stored, folded, is_whole=is_whole):
        result["lang"] = lang
    if kind == "post":
        told = [folded.get("at_post"), None if is_whole else stored.get("at_post")]
        set_at_post(result, told)
        if result["text_hash"] != stored["text_hash"]:
            result["enrich"] = {"state": "stale" if "sentiment" in stored else "pending"}
    if fields(kind, result) == fields(kind, stored):
        return stored
    result["observed_at"] = max(stored["observed_at"], folded["observed_at"])
    if kind == "profile":
        result["@timestamp"] = result["observed_at"]
        same = profile_numbers(result) == profile_numbers(stored)
    else:
        same = result.get("metrics") == stored.get("metrics")
    result["metrics_at"] = stored["metrics_at"] if same else folded["metrics_at"]
    return result


def _added(stored: Json, said: Json) -> Json:
    """``stored`` with what is said in it, and nothing taken away."""
    result = {**stored, **said}
    result["author"] = {**stored.get("author", {}), **said.get("author", {})}
    if "metrics" not in stored and "metrics" not in said:
        return result
    metrics = {**stored.get("metrics", {}), **said.get("metrics", {})}
    result["metrics"] = metrics
    missing = [name for name in result.pop("metrics_missing", []) if name not in metrics]
    if missing:
        result["metrics_missing"] = missing
    return _with_engagement(result)


def _language(stored: Json, folded: Json, *, is_whole: bool) -> Json:
    before, said = stored.get("lang", {}), folded.get("lang", {})
    text_changed = stored.get("text_hash") != folded.get("text_hash")
    kept = {} if text_changed else {k: v for k, v in before.items() if k != "platform"}
    if not is_whole:
        said = {k: v for k, v in before.items() if k == "platform"} | said
    return {**kept, **said}
