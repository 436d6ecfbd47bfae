"""When a challenger becomes the champion: plain rules over figures of the same texts.

1. Both were measured on the same labelled texts.
2. The texts hold all three classes: a macro-F1 that lacks one says nothing about it.
3. The challenger can say every class that the champion can say.
4. Its macro-F1 is higher. Equal is not higher.

A person may overrule 2 to 4 by force, with a reason that is kept. A higher macro-F1 whose
difference may be chance moves the champion all the same, and is said to be so.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from enrichment.evaluation_figures import Comparison
from enrichment.label_schemes import LABELS
from lake.model_record import Measured

_FEW = 30
_CHANCE = 0.05


@dataclass(frozen=True, slots=True)
class Contender:
    """A model with its figures.

    Args:
        name: The model's.
        classes: The classes that it can say.
        figures: How it did.
    """

    name: str
    classes: frozenset[str]
    figures: Measured


@dataclass(frozen=True, slots=True)
class Verdict:
    """Whether the champion moves.

    Args:
        moves: Whether the rules allow it.
        why: In one line, with both figures.
        warnings: What a person should know besides, a line each.
        forcible: Whether force may overrule a refusal.
    """

    moves: bool
    why: str
    warnings: tuple[str, ...] = ()
    forcible: bool = True


def decide(
    challenger: Contender, champion: Contender, support: Mapping[str, int], paired: Comparison
) -> Verdict:
    """The rules' answer.

    Args:
        challenger: Who wants to be champion.
        champion: Who is.
        support: Labelled texts by class.
        paired: The two compared text by text, the challenger first.
    """
    if challenger.name == champion.name:
        return Verdict(False, f"{champion.name} is the champion already", forcible=False)
    if challenger.figures.data_digest != champion.figures.data_digest:
        why = "the two were not measured on the same texts; measure both on one set"
        return Verdict(False, why, forcible=False)
    warnings = (*_few(support), *_chance(paired))
    figures = _figures(challenger, champion, paired)
    refusal = _missing(support, challenger.figures.data_name) or _mute(challenger, champion)
    if refusal is not None:
        return Verdict(False, f"{refusal}. {figures}", warnings)
    # A figure that is no number is not higher than any other.
    if challenger.figures.macro_f1 > champion.figures.macro_f1:
        return Verdict(True, f"better: {figures}", warnings)
    equal = challenger.figures.macro_f1 == champion.figures.macro_f1
    return Verdict(False, f"{'equal' if equal else 'not better'}: {figures}", warnings)


def _figures(challenger: Contender, champion: Contender, paired: Comparison) -> str:
    data = challenger.figures
    return (
        f"macro-F1 {data.macro_f1:.4f} of {challenger.name} against "
        f"{champion.figures.macro_f1:.4f} of the champion {champion.name} on {data.n:,} texts of "
        f"{data.data_name} (difference {paired.difference:+.4f}, 95 % interval {paired.low:+.4f} "
        f"to {paired.high:+.4f}, McNemar p {paired.p:.3g})"
    )


def _missing(support: Mapping[str, int], data_name: str) -> str | None:
    """Rule 2."""
    missing = [label for label in LABELS if not support.get(label)]
    if not missing:
        return None
    return (
        f"{data_name} holds no text that is {' or '.join(missing)}, so it cannot tell who is better"
    )


def _mute(challenger: Contender, champion: Contender) -> str | None:
    """Rule 3."""
    never = [one for one in LABELS if one in champion.classes - challenger.classes]
    if not never:
        return None
    return (
        f"{challenger.name} knows other labels than the champion {champion.name}: "
        f"it never says {' or '.join(never)}"
    )


def _few(support: Mapping[str, int]) -> list[str]:
    return [
        f"only {support[label]:,} texts are {label}: the figures are rough"
        for label in LABELS
        if 0 < support.get(label, 0) < _FEW
    ]


def _chance(paired: Comparison) -> list[str]:
    if paired.low <= 0 <= paired.high or paired.p >= _CHANCE:
        return ["the difference may be chance: more labelled texts would tell"]
    return []
