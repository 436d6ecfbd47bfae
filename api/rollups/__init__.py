"""Answers as rows of an index, for dashboards: the numbers that no panel can compute by itself.

Each module asks the very functions that the API serves (``api.answers``) and lays their answers out
flat, so a dashboard and the API show the same value. Nothing is computed here but what follows from
one answer alone, such as a difference to the period before. What is unknown is left out, never 0.
"""
