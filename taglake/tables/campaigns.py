"""The campaigns that there are."""

from __future__ import annotations

from lake.records import Json
from taglake.tables.cells import plain
from taglake.tables.sheet import Sheet, words


def campaigns_table(answer: Json) -> Sheet:
    """One campaign a row."""
    columns = (words("id"), words("name"), words("hashtags", drop=1), words("from"), words("to"))
    rows = []
    for campaign in answer["campaigns"]:
        tags = " ".join(f"#{tag}" for tag in campaign["hashtags"])
        days = (campaign["from"][:10], campaign["to"][:10])
        rows.append([plain(campaign["id"]), plain(campaign["name"], 200), plain(tags), *days])
    return Sheet(columns, rows, notes=() if rows else ("there is no campaign yet",))
