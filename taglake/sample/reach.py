"""A post's numbers: how many it will have in the end, and how many it has at a given age."""

from __future__ import annotations

from math import exp
from typing import NamedTuple

from taglake.sample.dice import Dice
from taglake.sample.rhythm import Topic


class Reach(NamedTuple):
    """What people did with a post."""

    likes: int
    shares: int
    replies: int
    quotes: int
    saves: int
    views: int

    def at(self, age_h: float) -> Reach:
        """The numbers ``age_h`` hours after posting: fast for a day, then slowly for weeks."""
        part = 0.8 * (1.0 - exp(-age_h / 18.0)) + 0.2 * age_h / (age_h + 200.0)
        likes, shares, replies, quotes, saves, views = self
        return Reach(
            int(likes * part),
            int(shares * part),
            int(replies * part),
            int(quotes * part),
            int(saves * part),
            int(views * part),
        )


def reach(dice: Dice, followers: int, topic: Topic) -> Reach:
    """The numbers in the end; they follow followers, luck and what the post is about."""
    quality = dice.lognormvariate(0.0, 1.0)
    heat = 2.5 if topic == "controversy" else 1.0
    likes = (2.0 + 0.05 * followers**0.72) * quality
    if topic == "spam":
        likes *= 0.1
    luck = dice.random()
    return Reach(
        likes=int(likes / heat**0.5),
        shares=int(likes * (0.08 + 0.22 * luck) * heat),
        replies=int(likes * (0.22 - 0.16 * luck) * heat),
        quotes=int(likes * 0.05 * luck * heat),
        saves=int(likes * 0.07 * (1.0 - luck)),
        views=int((0.25 * followers + 24.0 * likes + 30.0) * (0.6 + 0.8 * luck) * heat),
    )
