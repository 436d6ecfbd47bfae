"""What a model reads of a post: each rule of text care."""

from __future__ import annotations

import time

import pytest

from enrichment.text_care import LONGEST, TextCare, for_model, is_blank

PLAIN = TextCare()
OURS = TextCare(hashtags="split", emoji="names", lower=True)


@pytest.mark.parametrize(
    ("text", "read"),
    [
        ("thanks @NASA!", "thanks @user!"),
        ("@a_b1: hello", "@user: hello"),
        ("@anna@social.example.org hi", "@user hi"),
        ("@anna.bsky.social, hi", "@user, hi"),
        ("@anna.Great job", "@user.Great job"),
        ("@anna-lena.example.com hi", "@user hi"),
        ("@用户 你好", "@user 你好"),
        ("@user好吃", "@user好吃"),
        ("＠anna hi", "@user hi"),
        ("mail me: anna@example.org", "mail me: anna@example.org"),
        ("at 5 @ the pub", "at 5 @ the pub"),
    ],
)
def test_users_are_masked(text: str, read: str) -> None:
    assert for_model(text, PLAIN) == read


@pytest.mark.parametrize(
    ("text", "read"),
    [
        ("see https://t.co/abc?x=1#y now", "see http now"),
        ("see HTTP://EXAMPLE.ORG", "see http"),
        ("رائعhttps://t.co/abc", "رائعhttp"),
        ("www.example.org/a is down", "http is down"),
        ("read bit.ly/2abc today", "read http today"),
        ("example.com rocks", "http rocks"),
        ("good.Bad", "good.Bad"),
        ("I.am.so tired", "I.am.so tired"),
        ("3.14 or 1/2", "3.14 or 1/2"),
        ("masked before: http", "masked before: http"),
    ],
)
def test_links_are_masked(text: str, read: str) -> None:
    assert for_model(text, PLAIN) == read


def test_the_masks_are_the_models_own() -> None:
    care = TextCare(users="<USER>", links="<URL>\\1")

    assert for_model("@anna https://example.org", care) == r"<USER> <URL>\1"


@pytest.mark.parametrize(
    ("text", "read"),
    [
        ("#NotMyPresident", "# not my president"),
        ("#notmypresident!", "# not my president !"),
        ("#BREXIT2016", "# brexit 2016"),
        ("#NHSWorkers", "# nhs workers"),
        ("#bff", "# bff"),
        ("#servizio", "# servizio"),
        ("#عيد_سعيد", "# عيد سعيد"),
        ("#größe", "# größe"),
        ("#BonneFêteMaman", "# bonne fête maman"),
        ("#", "#"),
        ("C# and R&B #1", "c# and r&b # 1"),
    ],
)
def test_hashtags_are_split_into_words(text: str, read: str) -> None:
    assert for_model(text, OURS) == read


def test_hashtags_are_kept_where_the_model_knows_them_so() -> None:
    assert for_model("#NotMyPresident", PLAIN) == "#NotMyPresident"


@pytest.mark.parametrize(
    ("text", "read"),
    [
        ("so good😂😂", "so good face with tears of joy face with tears of joy"),
        ("👍🏽", "thumbs up"),
        ("👍🏿", "thumbs up"),
        ("❤️ and ❤", "red heart and red heart"),
        ("👩‍🚀", "woman astronaut"),
        ("🇫🇷", "france"),
        ("© 2026 ™", "copyright 2026 trade mark"),
    ],
)
def test_emoji_become_their_names(text: str, read: str) -> None:
    assert for_model(text, OURS) == read


def test_emoji_are_kept_where_the_model_knows_them() -> None:
    assert for_model("so good 😂 👩‍🚀", PLAIN) == "so good 😂 👩‍🚀"


@pytest.mark.parametrize(
    ("text", "read"),
    [
        ("Rock &amp; roll", "Rock & roll"),
        ("I &amp;lt;3 it", "I <3 it"),
        ("can\\u2019t", "can’t"),
        ("\\ud83d\\ude00", "😀"),
        ("\\ud83d alone", "alone"),
        ("a \ud83d b", "a b"),
        ("\ud83d\ude00", "😀"),
        ("&nosuch; &", "&nosuch; &"),
    ],
)
def test_escapes_become_what_they_stand_for(text: str, read: str) -> None:
    assert for_model(text, PLAIN) == read


def test_a_lone_surrogate_can_be_read_on() -> None:
    read = for_model("a \ud83d b \\u0041", OURS)

    assert read.encode("utf-8") == b"a b a"


@pytest.mark.parametrize(
    ("text", "read"),
    [
        ("a\x00b\x07", "ab"),
        ("one\ntwo\r\n\tthree   four", "one two three four"),
        ("\u202ereversed\u202c and\u200b split\u00ad", "reversed and split"),
        ("می\u200cخواهم", "می\u200cخواهم"),
        ("\ufefftext", "text"),
    ],
)
def test_control_characters_are_dropped(text: str, read: str) -> None:
    assert for_model(text, PLAIN) == read


@pytest.mark.parametrize(
    ("text", "read"),
    [
        ("SOOOO cooool!!!!!!", "soo cool!!!"),
        ("I LOVE IT", "i [caps] love it"),
        ("STOP COMPARING THE TWO. Now", "[caps] stop comparing the two. now"),
        ("the NBA and a US game", "the nba and a us game"),
        ("𝐛𝐨𝐥𝐝 ﬁt", "bold fit"),
        ("don’t", "don't"),
        ('he said """"no""""', 'he said "no"'),
    ],
)
def test_our_own_model_reads_one_case_and_one_form(text: str, read: str) -> None:
    assert for_model(text, OURS) == read


def test_case_is_kept_for_other_models() -> None:
    assert for_model("SOOOO ﬁne ’", PLAIN) == "SOOOO ﬁne ’"


@pytest.mark.parametrize("text", ["شكرا جزيلا", "תודה רבה", "谢谢", "ขอบคุณ", "धन्यवाद"])
def test_scripts_keep_their_letters_and_order(text: str) -> None:
    assert for_model(text, OURS) == text


def test_a_very_long_text_is_cut_before_anything_else() -> None:
    text = "x" * (LONGEST - 4) + " @anna https://example.org" + "!" * 100_000

    assert for_model(text, PLAIN) == "x" * (LONGEST - 4) + " @user"
    assert for_model("y" * LONGEST + " the end", PLAIN) == "y" * LONGEST


@pytest.mark.parametrize(
    "bit", ["a@b.", "a.", "A ", "&", "@", "#a", "http", "\\u", "😂", "-.", "aA"]
)
def test_no_text_takes_long(bit: str) -> None:
    # A hundred thousand characters; a rule that looked back would take minutes.
    began = time.process_time()

    for_model(bit * (100_000 // len(bit)), OURS)

    assert time.process_time() - began < 5


@pytest.mark.parametrize(
    "text",
    ["", "   ", "@anna", "https://example.org", "@a @b http", "…!?", "12 345", "\u200b", "#"],
)
def test_a_text_without_words_is_blank(text: str) -> None:
    assert is_blank(for_model(text, OURS), OURS)
    assert is_blank(for_model(text, PLAIN), PLAIN)


@pytest.mark.parametrize("text", ["no", "谢谢", "😂", "@anna :)", "http <3", "❤", "x"])
def test_a_text_with_a_word_or_a_face_is_not_blank(text: str) -> None:
    assert not is_blank(for_model(text, PLAIN), PLAIN)


def test_care_cannot_be_misspelled() -> None:
    with pytest.raises(ValueError, match="emojis"):
        TextCare.model_validate({"emojis": "keep"})


def test_reading_twice_changes_nothing_more() -> None:
    text = "OMG @anna I LOVE this sooo much!!!! https://t.co/x &amp; more"
    once = for_model(text, PLAIN)

    assert for_model(once, PLAIN) == once
