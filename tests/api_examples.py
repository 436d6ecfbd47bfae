"""Answers of the API over the sample campaign, for the OpenAPI document's ``api/examples.json``.

Whoever changes an answer renews them: ``tests/integration/api/test_examples.py`` says how.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from api.app import create_app
from lake import times
from lake.config import Config
from lake.platform_facts import PlatformFacts
from lake.store import Store
from taglake.demo import END, load_sample
from taglake.sample.campaign import SAMPLE
from tests.fakes.running_api import Api, running_api
from tests.fakes.scoring import a_worker

# Long lists are cut to so many.
_LONGEST_LIST = 2
_FACTS = {
    "bluesky": PlatformFacts("Bluesky", {"posts": "search"}),
    "mastodon": PlatformFacts("Mastodon", {"posts": "timelines", "refresh": "yes"}),
    "x": PlatformFacts("X", {"posts": "recent search", "counts": "hourly"}, configured=False),
}
_START = END - timedelta(days=30)
_SPEC: Mapping[str, Any] = {
    "name": SAMPLE.name,
    "hashtags": list(SAMPLE.hashtags),
    "competitors": [
        {"name": name, "hashtags": list(tags)} for name, tags in SAMPLE.competitors.items()
    ],
    "platforms": sorted(_FACTS),
    "from": times.to_text(_START),
    "to": times.to_text(END),
}
# Operation to path below the campaign's, and parameters; each as somebody would ask it.
_QUESTIONS: Mapping[str, tuple[str, Mapping[str, str | int]]] = {
    "summary": ("/summary", {}),
    "timeline": ("/timeline", {"interval": "week", "tz": "Europe/Berlin"}),
    "influencers": ("/influencers", {"limit": 2}),
    "share_of_voice": ("/share-of-voice", {}),
    "sentiment": ("/sentiment", {}),
    "windows": ("/windows", {"from": "2026-10-12", "to": "2026-10-19"}),
    "spikes": ("/spikes", {"limit": 2}),
    "peaks": ("/peaks", {}),
    "forecast": ("/forecast", {"to": "2026-12-01", "as_of": "2026-11-01T06:00:00Z"}),
    "comments": ("/comments", {"limit": 2}),
    "hashtags": ("/hashtags", {"limit": 2}),
    "authenticity": ("/authenticity", {}),
    "posts": ("/posts", {"limit": 2}),
    "coverage": ("/coverage", {}),
    "export": ("/export", {"format": "json"}),
}


async def example_answers(store: Store) -> dict[str, Any]:
    """What the API answers over the sample, by operation."""
    await load_sample(store, lambda _payloads: None)
    await a_worker(store).drain()
    await store.refresh()
    async with running_api(create_app(store, Config(), platforms=_FACTS)) as api:
        found = await _campaign_answers(api)
        path = f"/v1/campaigns/{found['create_campaign']['id']}"
        for operation, (below, params) in _QUESTIONS.items():
            found[operation] = await api.get(f"{path}{below}", **params)
        window = {"from": _SPEC["from"], "to": _SPEC["to"]}
        found["read_tag"] = await api.get(f"/v1/tags/{SAMPLE.hashtags[0]}", **window)
        author = found["influencers"]["influencers"][0]
        found["profile"] = await api.get(f"/v1/profiles/{author['platform']}/{author['handle']}")
        found["list_definitions"] = await api.get("/v1/metrics/definitions")
    return {name: _short(answer) for name, answer in found.items()}


async def _campaign_answers(api: Api) -> dict[str, Any]:
    async with api.session.post("/v1/campaigns", json=dict(_SPEC)) as answer:
        made = await answer.json()
        assert answer.status == 201, made
    path = f"/v1/campaigns/{made['id']}"
    read = await api.get(path)
    listed = await api.get("/v1/campaigns")
    budget = {"cost": 12000, "conversions": 4300, "currency": "EUR"}
    async with api.session.patch(path, json={"budget": budget}) as answer:
        changed = await answer.json()
        assert answer.status == 200, changed
    async with api.session.patch(path, json={"budget": None}) as answer:
        assert answer.status == 200
    return {
        "create_campaign": made,
        "list_campaigns": listed,
        "read_campaign": read,
        "change_campaign": changed,
    }


def _short(value: Any) -> Any:
    if isinstance(value, list):
        return [_short(one) for one in value[:_LONGEST_LIST]]
    if isinstance(value, dict):
        return {name: _short(one) for name, one in value.items()}
    return value


def shape(value: Any) -> Any:
    """What an answer looks like without its values: names, and what their values look like."""
    match value:
        case dict():
            return {name: shape(one) for name, one in value.items()}
        case list():
            return [shape(one) for one in value]
        case None | bool() | int() | float() | str():
            return None
        case _:
            raise TypeError(type(value))
