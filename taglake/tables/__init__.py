"""Answers as tables for people: numbers with their units, and nothing that the answer lacks.

``cells`` says how numbers and other people's texts are shown, ``sheet`` how a table fits the
terminal; the other modules have one table or a few for each question.
"""

from __future__ import annotations

from taglake.tables.authors import influencers_table
from taglake.tables.brands import brands_table
from taglake.tables.campaigns import campaigns_table
from taglake.tables.cells import number, percent, plain, signed, span
from taglake.tables.headline import summary_table
from taglake.tables.over_time import timeline_table
from taglake.tables.posts import posts_table
from taglake.tables.sheet import Column, Sheet, Spark, show, sparkline, words
from taglake.tables.tone import sentiment_table

__all__ = [
    "Column",
    "Sheet",
    "Spark",
    "brands_table",
    "campaigns_table",
    "influencers_table",
    "number",
    "percent",
    "plain",
    "posts_table",
    "sentiment_table",
    "show",
    "signed",
    "span",
    "sparkline",
    "summary_table",
    "timeline_table",
    "words",
]
