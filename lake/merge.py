"""What becomes of a stored document when its post or profile is seen again. Pure.

The rules (docs/decisions/0002), each of which makes the order of arrival irrelevant:

* the newer ``observed_at`` says what is so now; a late page changes no number;
* hashtags are the union for as long as the text is the same;
* a number that the newer payload does not speak of is kept, one that it says is hidden goes;
* ``first_seen`` is the earliest, ``provenance.targets`` the union;
* sentiment stays, and is marked stale only when the text changed; so does the detected language,
  which goes with its text;
* numbers that two servers count apart are the post's own server's, else those of whoever saw more;
* the followers at the time of posting are those of the sight nearest to it (``lake.at_post``);
* what was erased upstream stays erased;
* what changes nothing is not written: the answer is None.
"""

from __future__ import annotations

import orjson

from lake.at_post import set_at_post
from lake.documents import profile_numbers
from lake.engagement import current_definition
from lake.records import Json

# They differ at every sight without the post having changed, so alone they are no reason to write.
_VOLATILE = ("observed_at", "metrics_at", "provenance", "first_seen")
# Not only of the payload that a document was made of: a merged one has them of other sights.
_OURS = ("lang", "at_post")
# Enrichment's fields: an observation knows nothing of them.
_ENRICHED = ("enrich", "sentiment")


def merge_post(stored: Json, seen: Json) -> Json | None:
    """The post document that ``stored`` becomes when ``seen`` arrives; None: it stays as it is."""
    if "erased" in stored:
        return None
    newer, older = _ordered(stored, seen)
    merged = {**older, **newer}
    merged["author"] = {**older.get("author", {}), **newer.get("author", {})}
    if newer["text_hash"] == older["text_hash"]:  # a search may know tags that the text lacks
        merged["hashtags"] = list(dict.fromkeys([*newer["hashtags"], *older["hashtags"]]))
    better = _better_counted(newer, older)
    if better is older:
        _take_from(merged, older)
    else:
        _keep_unspoken_metrics(merged, newer, older)
    same_numbers = merged["metrics"] == stored.get("metrics")
    merged["metrics_at"] = stored["metrics_at"] if same_numbers else newer["metrics_at"]
    if "lang" in stored or "lang" in seen:
        merged["lang"] = {**older.get("lang", {}), **newer.get("lang", {})}
    _rejoin(merged, stored, seen)
    set_at_post(merged, [stored.get("at_post"), seen.get("at_post")])
    for name in _ENRICHED:
        merged.pop(name, None)
        if name in stored:
            merged[name] = stored[name]
    if merged["text_hash"] != stored["text_hash"]:
        merged["enrich"] = {"state": "stale" if "sentiment" in stored else "pending"}
        merged["lang"] = {k: v for k, v in merged.get("lang", {}).items() if k == "platform"}
    return merged if _differs(merged, stored) else None


def merge_profile(stored: Json, seen: Json) -> Json | None:
    """The profile document that ``stored`` becomes when ``seen`` arrives; None: it stays."""
    newer, older = _ordered(stored, seen)
    merged = {**older, **newer}
    merged["author"] = {**older.get("author", {}), **newer.get("author", {})}
    same_numbers = profile_numbers(merged) == profile_numbers(stored)
    merged["metrics_at"] = stored["metrics_at"] if same_numbers else newer["metrics_at"]
    _rejoin(merged, stored, seen)
    return merged if _differs(merged, stored, also=("@timestamp",)) else None


def _ordered(stored: Json, seen: Json) -> tuple[Json, Json]:
    """The newer and the older of the two; where the times are equal the content decides."""
    if stored["observed_at"] != seen["observed_at"]:
        late = seen["observed_at"] < stored["observed_at"]
    else:
        late = _content(seen) <= _content(stored)
    return (stored, seen) if late else (seen, stored)


def _content(document: Json) -> bytes:
    kept = {k: v for k, v in document.items() if k not in (*_VOLATILE, *_ENRICHED, *_OURS)}
    kept["lang"] = document.get("lang", {}).get("platform")  # the rest is enrichment's
    return orjson.dumps(kept, option=orjson.OPT_SORT_KEYS)


def _better_counted(newer: Json, older: Json) -> Json:
    """Whose numbers hold: the newer's, unless another server that sees more has counted."""
    ours, theirs = newer.get("metrics_from"), older.get("metrics_from")
    if not ours or not theirs:
        return newer
    if ours["source"] == theirs["source"]:
        return newer if ours["at"] >= theirs["at"] else older
    if ours["home"] != theirs["home"]:
        return newer if ours["home"] else older
    seen_by = [sum(document.get("metrics", {}).values()) for document in (newer, older)]
    return newer if seen_by[0] >= seen_by[1] else older


def _take_from(merged: Json, of: Json) -> None:
    """What servers tell differently is told by the one whose numbers hold."""
    for name in ("metrics", "metrics_missing", "metrics_from", "engagement", "reply_to"):
        merged.pop(name, None)
        if name in of:
            merged[name] = of[name]
    merged["author"] |= of.get("author", {})


def _keep_unspoken_metrics(merged: Json, newer: Json, older: Json) -> None:
    hidden = newer.get("metrics_missing", [])
    kept = {name: n for name, n in older.get("metrics", {}).items() if name not in hidden}
    metrics = merged["metrics"] = {**kept, **newer.get("metrics", {})}
    missing = [name for name in merged.pop("metrics_missing", []) if name not in metrics]
    if missing:
        merged["metrics_missing"] = missing
    definition = current_definition()
    value = definition.value(merged["platform"], metrics)
    merged.pop("engagement", None)
    if value is not None:
        merged["engagement"] = {"value": value, "definition": definition.name}


def _rejoin(merged: Json, stored: Json, seen: Json) -> None:
    merged["first_seen"] = min(stored["first_seen"], seen["first_seen"])
    merged["observed_at"] = max(stored["observed_at"], seen["observed_at"])
    before, after = stored["provenance"], seen["provenance"]
    merged["provenance"] = {
        "targets": sorted({*before["targets"], *after["targets"]}),
        "first_run": before["first_run"],
        "last_run": after["last_run"],
    }


def _differs(merged: Json, stored: Json, also: tuple[str, ...] = ()) -> bool:
    if merged["first_seen"] != stored["first_seen"]:
        return True
    if set(merged["provenance"]["targets"]) != set(stored["provenance"]["targets"]):
        return True
    return _lasting(merged, also) != _lasting(stored, also)


def _lasting(document: Json, also: tuple[str, ...]) -> Json:
    """A document without what differs at every sight."""
    kept = {k: v for k, v in document.items() if k not in _VOLATILE + also}
    if "metrics_from" in kept:
        kept["metrics_from"] = {k: v for k, v in kept["metrics_from"].items() if k != "at"}
    return kept
