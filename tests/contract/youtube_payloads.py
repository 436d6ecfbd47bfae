"""What YouTube really sent, as the payloads that the platform makes of it."""

from __future__ import annotations

import json
from typing import Any

from ingestors.platform import Payload
from lake.records import Json
from tests.contract.payloads import SHARED

FOLDER = SHARED / "youtube" / "python-youtube"
_KINDS = {
    "youtube#video": "video",
    "youtube#channel": "channel",
    "youtube#commentThread": "comment",
}


def items(name: str) -> list[Json]:
    """The items of one recorded answer."""
    found: list[Json] = json.loads((FOLDER / name).read_text(encoding="utf-8"))["items"]
    return found


def error(name: str) -> Any:
    """A recorded error answer."""
    return json.loads((FOLDER / name).read_text(encoding="utf-8"))


def youtube() -> tuple[Payload, ...]:
    """Every recorded video, channel and comment thread, and videos with their channels.

    The recorded videos were asked for without their counts, so one is made by hand; and so is what
    stands for a video that is gone.
    """
    found: dict[str, Payload] = {}
    channels: dict[str, Json] = {}
    for path in sorted(FOLDER.glob("*.json")):
        body = json.loads(path.read_text(encoding="utf-8"))
        for item in body.get("items", []):
            kind = _KINDS.get(item["kind"])
            if kind:
                found.setdefault(f"{kind}{item}", Payload(kind, item, path.name))
            if kind == "channel" and "statistics" in item:
                channels[item["id"]] = item
    gone = Payload("gone", {"id": "dQw4w9WgXcQ"})
    return (*found.values(), *_with_channels(list(found.values()), channels), gone)


def _with_channels(payloads: list[Payload], channels: dict[str, Json]) -> list[Payload]:
    made = []
    for payload in payloads:
        if payload.kind != "video":
            continue
        counts = {"viewCount": "17", "likeCount": "0", "favoriteCount": "0"}
        made.append(Payload("video", {"video": payload.body}, payload.place))
        channel = channels.get(payload.body["snippet"]["channelId"])
        if channel:
            video = payload.body | {"statistics": counts}
            made.append(Payload("video", {"video": video, "channel": channel}, payload.place))
    return made
