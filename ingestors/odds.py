"""How likely a poll's counts are, if nothing has changed since the earlier ones. Pure, exact.

Of ``of`` earlier payloads ``k`` had something. With nothing else known about how often it occurs
(a uniform prior), the next ``n`` payloads follow a beta-binomial distribution
(https://en.wikipedia.org/wiki/Beta-binomial_distribution, alpha = k + 1, beta = of - k + 1). So a
key that 20 of 20 had is missing from the next with probability 1/22, and from the next three with
1/2024: small samples need no rule of their own.
"""

from __future__ import annotations

from math import exp, lgamma


def none_of(n: int, k: int, of: int) -> float:
    """The probability that none of the next ``n`` has it."""
    return exp(_log_exactly(0, n, k, of))


def at_least(m: int, n: int, k: int, of: int) -> float:
    """The probability that at least ``m`` of the next ``n`` have it."""
    return min(1.0, sum(exp(_log_exactly(count, n, k, of)) for count in range(m, n + 1)))


def _log_exactly(count: int, n: int, k: int, of: int) -> float:
    a, b = k + 1, of - k + 1
    ways = lgamma(n + 1) - lgamma(count + 1) - lgamma(n - count + 1)
    return ways + _log_beta(a + count, b + n - count) - _log_beta(a, b)


def _log_beta(a: int, b: int) -> float:
    return lgamma(a) + lgamma(b) - lgamma(a + b)
