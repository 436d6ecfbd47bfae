from __future__ import annotations

import subprocess
import sys
import threading
from pathlib import Path

import pytest

from enrichment.language import (
    LEAST_CONFIDENCE,
    Detected,
    detect,
    detect_all,
    words_of_text,
)

ROOT = Path(__file__).parents[2]
GERMAN = "Das ist ein wirklich schöner Tag und wir gehen an den See"


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("What a lovely morning, we are going for a run by the river", "en"),
        (GERMAN, "de"),
        ("Qué bonito día, vamos a correr junto al río con los amigos", "es"),
        ("Quelle belle journée, nous allons courir au bord de la rivière", "fr"),
        ("Che bella giornata, andiamo a correre lungo il fiume con gli amici", "it"),
        ("Que dia bonito, vamos correr na beira do rio com os amigos hoje", "pt"),
        ("ما أجمل هذا الصباح سنذهب للجري على ضفة النهر مع الأصدقاء", "ar"),
        ("आज का दिन बहुत अच्छा है और हम नदी के किनारे दौड़ने जा रहे हैं", "hi"),
        ("Сегодня прекрасный день и мы идём бегать вдоль реки", "ru"),
        ("今日はいい天気ですね。川沿いを走りに行きます", "ja"),
        ("今天天气很好，我们去河边跑步吧", "zh"),
        ("오늘은 날씨가 좋아서 강가로 달리러 갑니다", "ko"),
        ("היום יום יפה ואנחנו הולכים לרוץ ליד הנהר", "he"),
        ("วันนี้อากาศดีมากเราจะไปวิ่งริมแม่น้ำกัน", "th"),
    ],
)
def test_a_sentence_is_of_its_language(text: str, language: str) -> None:
    found = detect(text)

    assert found is not None
    assert found.language == language
    assert LEAST_CONFIDENCE <= found.confidence <= 1


@pytest.mark.parametrize(
    "text",
    [
        "",
        "   \n",
        "lol",
        "@friend @another.one@social.example",
        "https://example.org/a-page/in-english?with=words",
        "#ThisIsAllThereIs #NothingElseHere",
        "😂😂😂 👨‍👩‍👧‍👦 1️⃣ 2026!!!",
        "RT @friend: https://t.co/abc",
        "&amp;&lt;&#39;",
        "\x00\x01\u202e\u200d\ufeff",
        "a" * 100_000,
        "@friend " * 20_000,
        "好",
    ],
)
def test_too_little_is_of_no_language(text: str) -> None:
    assert detect(text) is None


@pytest.mark.parametrize("text", ["Nadal Federer Djokovic", "PlayStation Xbox", "Vitor Vitor"])
def test_an_unsure_guess_is_no_answer(text: str) -> None:
    # Names alone: the identifier's best guess is far below the least confidence.
    assert detect(text) is None


def test_what_people_do_not_write_is_of_no_language() -> None:
    # The identifier is quite sure of its class for that.
    assert detect("qzx vbnk wrtl") is None


def test_what_is_no_language_of_the_author_is_not_read() -> None:
    dressed = (
        "RT @TheEnglishTeacher: Das ist ein wirklich schöner Tag und wir gehen an den See "
        "https://example.org/what-a-lovely-day #WhatALovelyDay #running 😀 &#33;"
    )

    assert words_of_text(dressed) == GERMAN.lower()
    assert detect(dressed) == detect(GERMAN)


def test_words_are_what_is_left() -> None:
    assert words_of_text("SOOOOO good &amp; it’s fine!!! 10/10 🎉") == "soo good it’s fine"
    # A joiner that spells a word stays; one that held an emoji together goes.
    assert words_of_text("می\u200cخواهم 👩\u200d🚀") == "می\u200cخواهم"
    assert words_of_text("RT if you agree, art rt") == "if you agree art rt"


def test_a_long_text_is_told_by_its_beginning() -> None:
    long = GERMAN + " " + "und noch ein Satz mehr " * 6_000

    assert len(long) > 100_000
    assert len(words_of_text(long)) <= 400
    assert detect(long + " and then some English words") == detect(long)


def test_a_mixed_text_has_one_language_that_is_in_it() -> None:
    found = detect("the weather сегодня очень хорошая и мы идём гулять в парк")

    assert found is not None
    assert found.language == "ru"


@pytest.mark.parametrize("text", ["\ud800 das ist ein \udfff schöner Tag", "\ufffe das ist schön"])
def test_broken_characters_do_no_harm(text: str) -> None:
    assert detect(text) == Detected("de", pytest.approx(0.9, abs=0.2))


def test_a_variety_is_told_as_the_language_that_platforms_name() -> None:
    found = detect("انا مش عارف ليه الناس دي بتعمل كده والله العظيم حاجة غريبة اوي")

    assert found is not None
    assert found.language == "ar"


def test_many_are_as_one_by_one_and_in_order() -> None:
    texts = [GERMAN, "", "What a lovely morning by the river", GERMAN]

    assert detect_all(texts) == [detect(text) for text in texts]
    assert detect_all([]) == []


def test_threads_get_what_one_gets_alone() -> None:
    texts = [GERMAN, "What a lovely morning by the river", "Che bella giornata al fiume"] * 30
    alone = detect_all(texts)
    found: dict[int, list[Detected | None]] = {}

    def work(number: int) -> None:
        found[number] = [detect(text) for text in texts]

    threads = [threading.Thread(target=work, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert list(found.values()) == [alone] * 4


def test_nothing_is_loaded_before_it_is_needed() -> None:
    script = (
        "import sys, enrichment.language as found\n"
        "print('py3langid' in sys.modules)\n"
        "found.detect('')\n"
        "print('py3langid' in sys.modules)\n"
        "print(found.detect('Das ist ein wirklich schöner Tag').language)\n"
    )

    answer = subprocess.run(
        [sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, check=True
    )

    assert answer.stdout.split() == ["False", "False", "de"]
