"""Files of nothing but ids: the lake's answers against the figures that their authors published.

Source: https://github.com/LaserStefan/IchbinHanna (README: totals and peak days).
"""

from __future__ import annotations

import pytest

from tests.conftest import SHARED
from tests.fakes.running_api import Api
from tests.lakes import CommandLine

FOLDER = SHARED / "datasets/ichbinhanna"


@pytest.mark.parametrize(
    ("tag", "total", "peak", "on_peak_day"),
    [
        ("ACertainDegreeOfFlexibility", 13_172, "2020-12-10", 941),
        ("95vsWissZeitVG", 14_706, "2020-10-31", 1_319),
        ("FristIstFrust", 16_261, None, None),
        ("IchBinHanna", 63_771, "2021-06-11", 9_914),
    ],
)
async def test_ids_alone_give_the_published_total_and_peak_day(
    api: Api, taglake: CommandLine, tag: str, total: int, peak: str | None, on_peak_day: int | None
) -> None:
    table = ("--platform", "x", "--no-header", "--column", "id=1", "--hashtag", tag)

    done = await taglake("import", FOLDER / f"{tag}_TweetIDs.txt", *table, "--json")

    assert done.status == 0, done.err
    assert done.json()["files"][0]["created"] == total
    spec = {"hashtags": [f"#{tag}"], "competitors": [], "from": "2014-01-01", "to": "2021-07-01"}
    path = f"/v1/campaigns/{await api.create(**spec)}"
    posts = (await api.get(f"{path}/summary"))["metrics"]["posts"]
    assert posts["value"] == total
    days = (await api.get(f"{path}/timeline", interval="day"))["buckets"]
    assert sum(day["posts"] for day in days) == total
    if peak:
        most = max(days, key=lambda day: int(day["posts"]))
        assert (most["start"][:10], most["posts"]) == (peak, on_peak_day)
