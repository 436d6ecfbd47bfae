"""The picture of a confusion: whole, readable, and safe whatever a model is called."""

from __future__ import annotations

from xml.etree import ElementTree

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from enrichment.confusion_picture import confusion_svg, ink_on, luminance, shade
from enrichment.evaluation import Evaluation
from enrichment.evaluation_figures import Figures, intervals_of

SVG = "{http://www.w3.org/2000/svg}"
FIGURES = Figures(((212, 38, 62), (0, 0, 0), (73, 148, 5_980)))


def evaluation(name: str) -> Evaluation:
    return Evaluation(name, "", FIGURES, intervals_of(FIGURES))


def texts_of(svg: str) -> list[str]:
    return [one.text or "" for one in ElementTree.fromstring(svg).iter(f"{SVG}text")]


def test_every_count_share_and_label_stands_in_it():
    texts = texts_of(confusion_svg([evaluation("ours")]))

    assert {"212", "38", "62", "73", "148", "5,980", "67.9 %", "12.2 %", "96.4 %"} <= {*texts}
    assert texts.count("–") == 3
    assert texts.count("negative") == texts.count("neutral") == texts.count("positive") == 2
    assert {"ours", "people say", "the model says", "312 texts", "0 texts"} <= {*texts}


def test_models_stand_side_by_side():
    svg = confusion_svg([evaluation("one"), evaluation("two"), evaluation("three")])
    root = ElementTree.fromstring(svg)

    places = [panel.get("transform") for panel in root.iter(f"{SVG}g")]
    width = int(root.get("width") or 0) // 3
    assert places == [f"translate({place * width} 0)" for place in range(3)]
    assert [name for name in texts_of(svg) if name in {"one", "two", "three"}] == [
        "one", "two", "three",
    ]  # fmt: skip


@settings(deadline=None, max_examples=60)
@given(st.text(st.characters(exclude_categories=[]), max_size=60))
def test_a_hostile_name_is_shown_and_does_nothing(name: str):
    hostile = f'{name}</text><script>alert("&amp;")</script>'
    for one in (hostile, hostile[::-1]):
        root = ElementTree.fromstring(confusion_svg([evaluation(one)]))

        assert {part.tag.removeprefix(SVG) for part in root.iter()} == {
            "svg", "title", "rect", "g", "text",
        }  # fmt: skip


@pytest.mark.parametrize("share", [None, *(step / 100 for step in range(101))])
def test_the_numbers_stand_out_from_every_shade(share: float | None):
    paper = shade(share)
    ink = 1.0 if ink_on(paper) == "#ffffff" else 0.0
    light, dark = sorted((ink, luminance(paper)), reverse=True)

    assert (light + 0.05) / (dark + 0.05) >= 4.5


def test_more_is_darker_and_so_readable_without_colour():
    lights = [luminance(shade(step / 20)) for step in range(21)]

    assert lights == sorted(lights, reverse=True)
    assert lights[0] > 0.9
    assert lights[-1] < 0.05
