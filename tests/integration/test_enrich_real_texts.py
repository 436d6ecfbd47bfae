"""VADER through the worker, on texts that people wrote, is VADER to the last digit."""

from __future__ import annotations

import csv
import random
from collections.abc import Iterator

from vaderSentiment.vaderSentiment import SentimentIntensityAnalyzer

from enrichment.vader_pool import VaderPool
from lake.store import Store
from lake.text import clean
from tests.conftest import SHARED
from tests.fakes.scoring import Steered, a_post, a_worker, kept, seed

TEXTS = 10_000
DATASETS = SHARED / "datasets"


def _texts() -> Iterator[str]:
    with (DATASETS / "mayweather/tweets.csv").open(encoding="utf-8", newline="") as file:
        yield from (row["text"] for row in csv.DictReader(file))
    with (DATASETS / "sentiment/tweeteval_train.tsv").open(encoding="utf-8") as file:
        yield from (line.partition("\t")[2].rstrip("\n") for line in file)


async def test_ten_thousand_real_texts_get_the_librarys_own_scores(store: Store) -> None:
    every = list(dict.fromkeys(clean(text) for text in _texts()))
    texts = random.Random(18).sample(every, TEXTS)
    await seed(store, [a_post(number, text) for number, text in enumerate(texts)])
    pool = VaderPool(2)
    try:
        while not pool.helping:  # its second process takes a moment to start
            pool.score(texts[:100])
        scored = await a_worker(store, Steered(poison="\0"), vader=pool).drain()
        helped = pool.helping
    finally:
        pool.close()

    posts = await kept(store)
    assert (len(texts), scored.posts, helped) == (TEXTS, TEXTS, 1)
    analyzer = SentimentIntensityAnalyzer()
    for number, text in enumerate(texts):
        post = posts[str(number)]
        own = analyzer.polarity_scores(text)
        found = post["sentiment"]["vader"]
        assert post["text"] == text
        assert (found["score"], found["p_pos"], found["p_neu"], found["p_neg"]) == (
            own["compound"], own["pos"], own["neu"], own["neg"],
        )  # fmt: skip
