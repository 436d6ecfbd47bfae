"""What a second core brings to VADER: texts per second of the pool against one process.

Posts like those of the other benchmarks, no two alike, in batches as a worker has them; in turn,
medians over the rounds. Prints one line of JSON; ``ratio`` is the pool's speed over one process's,
``shared_ms`` what one batch costs beyond the scoring itself, ``by_batch`` the ratio for batches of
each size: where it passes 1, sharing begins to pay.

    python -m benchmarks.vader
    python -m benchmarks.vader --texts 20000 --processes 4
"""

from __future__ import annotations

import argparse
import json
import os
import random
import statistics
import sys
import time
from collections.abc import Sequence

from enrichment.sentiment import Model
from enrichment.vader import Vader
from enrichment.vader_pool import VaderPool

_BATCH = 500
_SIZES = (48, 64, 128, 256, 500)
_WORDS = """
trail run morning hill light shoe grip mud rain summit lace pair review honest comfy heavy worth
price blister love hate return size fits perfect awful great sale launch team photo not very but
GREAT terrible :) 😀 never really
"""


def texts(count: int) -> list[str]:
    """As long as posts are; the same each time."""
    rng = random.Random(18)
    return [" ".join(rng.choices(_WORDS.split(), k=rng.randint(8, 40))) for _ in range(count)]


def seconds(model: Model, made: Sequence[str], batch: int) -> float:
    """How long all of the texts take, in batches."""
    began = time.perf_counter()
    for start in range(0, len(made), batch):
        model.score(made[start : start + batch])
    return time.perf_counter() - began


def measured(made: Sequence[str], processes: int, rounds: int) -> dict[str, object]:
    """One process and the pool in turn; the pool's processes are all at work before the first."""
    alone, pool = Vader(), VaderPool(processes)
    try:
        while pool.helping < processes - 1:
            pool.score(made[:_BATCH])
        if pool.score(made) != alone.score(made):
            raise SystemExit("the pool's scores differ")
        by_batch = {}
        for size in _SIZES:
            some = made if size == _BATCH else made[: max(size, len(made) // 4)]
            ones, pools = [], []
            for _ in range(rounds):
                ones.append(seconds(alone, some, size))
                pools.append(seconds(pool, some, size))
            by_batch[size] = (statistics.median(ones), statistics.median(pools), len(some))
    finally:
        pool.close()
    one, shared, count = by_batch[_BATCH]
    return {
        "texts": len(made),
        "processes": processes,
        "cores": len(os.sched_getaffinity(0)),
        "one_per_s": round(count / one),
        "pool_per_s": round(count / shared),
        "ratio": round(one / shared, 2),
        "shared_ms": round(1_000 * (shared - one / processes) / (count / _BATCH), 2),
        "by_batch": {size: round(a / b, 2) for size, (a, b, _) in by_batch.items()},
        "equal": True,
    }


def main() -> None:
    """See the module."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--texts", type=int, default=20_000)
    parser.add_argument("--processes", type=int, default=len(os.sched_getaffinity(0)))
    parser.add_argument("--rounds", type=int, default=5)
    wanted = parser.parse_args()
    if wanted.processes < 2:
        sys.exit("one core: nothing to share")
    print(json.dumps(measured(texts(wanted.texts), wanted.processes, wanted.rounds)))


if __name__ == "__main__":
    main()
