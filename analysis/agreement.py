"""How far people, the model and VADER say the same of the same posts.

Formulas: Cohen's kappa (J. Cohen, A coefficient of agreement for nominal scales, Educational and
Psychological Measurement 20, 1960, https://doi.org/10.1177/001316446002000104); Krippendorff's
alpha for nominal data with any number of people a post (K. Krippendorff, Computing Krippendorff's
alpha-reliability, 2011, https://repository.upenn.edu/asc_papers/43); the interval of an observed
agreement is Wilson's, those of kappa and alpha are percentile bootstraps over posts (B. Efron,
Bootstrap methods, Annals of Statistics 7, 1979), drawn the same way each time.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from itertools import combinations
from typing import TYPE_CHECKING, Any

from analysis.definitions import tag
from analysis.numbers import ratio, wilson

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

PEOPLE = ("negative", "neutral", "positive")
MODELS = (*PEOPLE, "unsure")
MOST_PAIRS = 20
# Of fewer posts redrawing says little: the same few come again, and the interval is too short.
ENOUGH_POSTS = 10
_RESAMPLES = 2_000
_SEED = 20_261_121


def agreement_of_two(
    pairs: Sequence[tuple[str, str]], first: Sequence[str], second: Sequence[str]
) -> dict[str, Any]:
    """How far two raters agree.

    Args:
        pairs: What the first and the second say of each post that both rated.
        first: What the first may say; rows of the confusion.
        second: What the second may say; columns of it.

    Returns:
        ``n``; ``observed``, the share of posts of which they say the same, with its interval;
        ``kappa`` (1 all, 0 what chance gives; None where both always say the same one thing) with
        its interval; ``confusion[what the first says][what the second says]`` in posts.
    """
    counts = Counter(sorted(pairs))  # in one order: what is drawn depends on it
    n = len(pairs)
    same = sum(count for (one, other), count in counts.items() if one == other)
    kinds = sorted({*first, *second})

    def kappas(cells: NDArray[np.float64]) -> NDArray[np.float64]:
        return _kappas(cells, list(counts), kinds)

    return {
        "n": n,
        "observed": {"value": ratio(same, n), **_limits(wilson(same, n))},
        "kappa": {"definition": tag("kappa"), **_with_interval(list(counts.values()), kappas)},
        "confusion": {one: {other: counts[one, other] for other in second} for one in first},
    }


def agreement_of_people(ratings: Iterable[Mapping[str, str]]) -> dict[str, Any]:
    """How far people agree with each other.

    Args:
        ratings: For each post, what each person says of it. Posts of which fewer than two people
            say anything tell nothing of agreement and are left out.

    Returns:
        ``n`` posts that two or more labelled; ``people``; ``observed``, the share of pairs of
        people that agree on a post, each post weighing as many as labelled it; Krippendorff's
        ``alpha`` (1 all, 0 what chance gives) with its interval; ``pairs``: for the two people with
        the most posts in common first, their agreement.
    """
    posts = [rated for rated in ratings if len(rated) > 1]
    said = (Counter(rated.values()) for rated in posts)
    shapes = Counter(sorted(tuple(one[kind] for kind in PEOPLE) for one in said))

    def alphas(weights: NDArray[np.float64]) -> NDArray[np.float64]:
        return _alphas(weights, list(shapes))

    return {
        "n": len(posts),
        "people": len({person for rated in posts for person in rated}),
        "observed": {"value": _observed(shapes)},
        "alpha": {
            "definition": tag("alpha"),
            **_with_interval(list(shapes.values()), alphas),
        },
        "pairs": _pairs(posts),
    }


def _pairs(posts: Sequence[Mapping[str, str]]) -> list[dict[str, Any]]:
    common: dict[tuple[str, str], list[tuple[str, str]]] = {}
    for rated in posts:
        for one, other in combinations(sorted(rated), 2):
            common.setdefault((one, other), []).append((rated[one], rated[other]))
    most = sorted(common.items(), key=lambda entry: (-len(entry[1]), entry[0]))[:MOST_PAIRS]
    return [{"people": list(who), **agreement_of_two(said, PEOPLE, PEOPLE)} for who, said in most]


def _observed(shapes: Mapping[tuple[int, ...], int]) -> float | None:
    """The coincidences on the diagonal over all: 1 - alpha's observed disagreement."""
    same = sum(
        times * sum(count * (count - 1) for count in shape) / (sum(shape) - 1)
        for shape, times in shapes.items()
    )
    return ratio(same, sum(times * sum(shape) for shape, times in shapes.items()))


def _limits(interval: tuple[float, float] | None) -> dict[str, float | None]:
    low, high = interval or (None, None)
    return {"low": low, "high": high}


def _with_interval(
    counts: Sequence[int], statistic: Callable[[NDArray[np.float64]], NDArray[np.float64]]
) -> dict[str, float | None]:
    """A statistic of counts, and the 95 % interval that redrawing the posts gives it.

    There is no interval below ``ENOUGH_POSTS`` posts.

    Args:
        counts: Posts of each kind.
        statistic: Of each row of counts; not a number where it is not defined.
    """
    # It takes a tenth of a second to import: only for who asks for agreement.
    import numpy as np

    none: dict[str, float | None] = {"value": None, "low": None, "high": None}
    total = sum(counts)
    if not total:
        return none
    known = np.asarray([counts], dtype=np.float64)
    value = float(statistic(known)[0])
    if np.isnan(value):
        return none
    drawn = np.random.default_rng(_SEED).multinomial(total, known[0] / total, size=_RESAMPLES)
    found = statistic(drawn.astype(np.float64))
    found = found[~np.isnan(found)]
    if total < ENOUGH_POSTS or not len(found):
        return none | {"value": value}
    low, high = (float(edge) for edge in np.quantile(found, (0.025, 0.975)))
    return {"value": value, "low": low, "high": high}


def _kappas(
    cells: NDArray[np.float64], pairs: Sequence[tuple[str, str]], kinds: Sequence[str]
) -> NDArray[np.float64]:
    """Cohen's kappa of each row: posts by what the two raters say of them."""
    import numpy as np

    first = np.asarray([[one == kind for kind in kinds] for one, _ in pairs], dtype=np.float64)
    second = np.asarray([[two == kind for kind in kinds] for _, two in pairs], dtype=np.float64)
    shares = cells / cells.sum(axis=1, keepdims=True)
    observed = shares @ np.asarray([one == two for one, two in pairs], dtype=np.float64)
    expected = ((shares @ first) * (shares @ second)).sum(axis=1)
    return _beyond_chance(1 - observed, 1 - expected)


def _alphas(weights: NDArray[np.float64], shapes: Sequence[tuple[int, ...]]) -> NDArray[np.float64]:
    """Krippendorff's nominal alpha of each row: posts by how many people say what of them."""
    import numpy as np

    counts = np.asarray(shapes, dtype=np.float64)
    people = counts.sum(axis=1)
    different = (people**2 - (counts**2).sum(axis=1)) / (people - 1)
    totals = weights @ counts
    n = totals.sum(axis=1)
    observed = (weights @ different) / n
    expected = (n**2 - (totals**2).sum(axis=1)) / (n * (n - 1))
    return _beyond_chance(observed, expected)


def _beyond_chance(
    observed: NDArray[np.float64], expected: NDArray[np.float64]
) -> NDArray[np.float64]:
    """1 - observed / expected disagreement; not a number where none could be expected."""
    import numpy as np

    # Shares are sums of rounded parts: what should be 0 may be a rounding away from it.
    possible = expected > 1e-12
    return np.where(possible, 1 - observed / np.where(possible, expected, 1.0), np.nan)
