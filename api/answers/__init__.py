"""The answers to campaign questions, as JSON values: what the routes and the command line show.

Each question is a module of ``analysis`` (what to ask, what it comes to), one here (asking it), and
one in ``api.routes``. ``encode`` makes the bytes, so both ways show the same ones.
"""

from __future__ import annotations

from api.answers.asked import encode
from api.answers.campaigns import (
    change_campaign,
    create_campaign,
    delete_campaign,
    list_campaigns,
    show_campaign,
)
from api.answers.coverage import coverage
from api.answers.export import export_rows
from api.answers.influencers import influencers
from api.answers.labels import delete_label, label_agreement, list_labels, put_label
from api.answers.posts import posts
from api.answers.push import push
from api.answers.sentiment import sentiment
from api.answers.share_of_voice import share_of_voice
from api.answers.summary import summary
from api.answers.timeline import timeline

__all__ = [
    "change_campaign",
    "coverage",
    "create_campaign",
    "delete_campaign",
    "delete_label",
    "encode",
    "export_rows",
    "influencers",
    "label_agreement",
    "list_campaigns",
    "list_labels",
    "posts",
    "push",
    "put_label",
    "sentiment",
    "share_of_voice",
    "show_campaign",
    "summary",
    "timeline",
]
