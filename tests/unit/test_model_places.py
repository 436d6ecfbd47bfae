"""Which folder a name means, and which names a model may have."""

from __future__ import annotations

from pathlib import Path

import pytest

from enrichment import model_places
from lake.config import EnrichmentConfig
from lake.errors import ConfigError, InvalidError


@pytest.mark.parametrize(
    ("spec", "says"),
    [
        ("nope", "there is no model 'nope'"),
        ("../../nowhere", "there is no model '../../nowhere'"),
        ("owner/name", "there is no model 'owner/name'"),
        ("", "there is no model ''"),
        ("\x00", "there is no model"),
        ("x" * 5_000, "there is no model"),
    ],
)
def test_what_names_no_model_is_refused_in_a_line(tmp_path: Path, spec: str, says: str) -> None:
    settings = EnrichmentConfig(models_dir=tmp_path)

    with pytest.raises(ConfigError, match=says):
        model_places.place_of(spec, settings)


def test_a_name_is_looked_for_among_the_models_first(tmp_path: Path) -> None:
    settings = EnrichmentConfig(models_dir=tmp_path / "models")
    (tmp_path / "models" / "mine").mkdir(parents=True)
    (tmp_path / "other").mkdir()

    assert model_places.place_of("mine", settings) == tmp_path / "models/mine"
    assert model_places.place_of("champion", settings, "mine") == tmp_path / "models/mine"
    assert model_places.place_of(str(tmp_path / "other"), settings) == tmp_path / "other"
    assert model_places.place_of("vader", settings) is None
    assert model_places.place_of("champion", settings, "vader") is None
    with pytest.raises(ConfigError, match="the champion gone is not on this machine: copy"):
        model_places.place_of("champion", settings, "gone")


@pytest.mark.parametrize(
    "name",
    ["", ".", "..", "../x", "a/b", "A", "a..b", "-a", "a.", "x" * 64, "champion", "vader", "a\n"],
)
def test_a_name_that_could_lead_elsewhere_is_none(name: str) -> None:
    with pytest.raises(InvalidError):
        model_places.checked_name(name)


@pytest.mark.parametrize("name", ["a", "our-model.2", "x" * 63, "1st_try"])
def test_a_plain_name_is_one(name: str) -> None:
    assert model_places.checked_name(name) == name
