"""Texts of our own to compare two models on: short and long, in several languages, with emoji."""

from __future__ import annotations

import random

SAMPLES = 400
_SEED = 11

# Language by language: what is spoken of, and what is said of it (bad, so-so, good).
_LANGUAGES: tuple[tuple[tuple[str, ...], tuple[str, ...]], ...] = (
    (
        (
            "The new trail shoe",
            "Your support team",
            "This morning's race",
            "The update",
            "My order",
        ),
        (
            "fell apart after two runs",
            "made me so angry",
            "never arrived and nobody answers",
            "is not what was promised",
            "comes in three colours",
            "starts at nine tomorrow",
            "is about what I expected",
            "was announced today",
            "made my day",
            "is the best I have ever had",
            "was worth every cent",
            "works so well that I smile",
        ),
    ),
    (
        ("Der neue Laufschuh", "Euer Kundendienst", "Das Rennen heute", "Die Lieferung"),
        (
            "ist leider eine Enttäuschung",
            "hat mich drei Stunden gekostet",
            "findet am Samstag statt",
            "ist in Blau erhältlich",
            "war einfach großartig",
            "macht richtig Freude",
        ),
    ),
    (
        ("La nouvelle chaussure", "Votre équipe", "La course de ce matin"),
        (
            "m'a beaucoup déçu",
            "ne répond jamais",
            "commence à neuf heures",
            "existe en trois tailles",
            "est une vraie réussite",
            "m'a rendu le sourire",
        ),
    ),
    (
        ("La zapatilla nueva", "El equipo de ayuda", "La carrera de hoy"),
        (
            "es un desastre",
            "nunca contesta",
            "empieza a las nueve",
            "se vende en azul",
            "me encanta",
            "es lo mejor del año",
        ),
    ),
    (
        ("Il nuovo modello", "La gara di oggi"),
        ("non funziona affatto", "si tiene domenica", "è davvero bellissimo"),
    ),
    (
        ("O tênis novo", "A corrida de hoje"),
        ("é uma vergonha", "começa às nove", "foi maravilhosa"),
    ),
    (("الحذاء الجديد", "السباق اليوم"), ("سيئ جدا", "يبدأ في التاسعة", "رائع جدا")),
    (("नया जूता", "आज की दौड़"), ("बहुत खराब है", "नौ बजे शुरू होगी", "बहुत बढ़िया है")),
    (("新しい靴", "今日のレース"), ("は最悪だった", "は九時に始まります", "は最高でした")),
)
_BEFORE = ("", "", "", "@northpeak ", "Honestly: ", "RT @ann: ", "So… ", "OMG ")
_AFTER = ("", "", ".", "!", "!!!", "?", " 😡", " 😍😍", " 🏃‍♀️ #trailrun", " https://example.org/a1")
_REST = (
    "",
    "",
    "",
    " I said so last week, and I say so again",
    " (size 42, bought in March, worn on gravel, mud and snow, in the rain and at night)",
    " #NotMyShoe #running2026",
    " and that is all there is to say about it for today, because tomorrow there is another run",
)


def sample_texts(count: int) -> list[str]:
    """``count`` different texts, the same each time."""
    rng = random.Random(_SEED)  # noqa: S311 - the same texts each time is what is wanted
    found: dict[str, None] = {}
    while len(found) < count:
        subjects, sayings = rng.choice(_LANGUAGES)
        parts = [_sentence(rng, subjects, sayings) for _ in range(rng.choice((1, 1, 1, 2, 3)))]
        found[f"{rng.choice(_BEFORE)}{' '.join(parts)}{rng.choice(_REST)}"] = None
    return list(found)


def _sentence(rng: random.Random, subjects: tuple[str, ...], sayings: tuple[str, ...]) -> str:
    return f"{rng.choice(subjects)} {rng.choice(sayings)}{rng.choice(_AFTER)}"
