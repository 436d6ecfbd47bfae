"""Models from the hub: pinned, whole, once; and one clear line where that cannot be."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from enrichment.hub import address, download, download_weights
from enrichment.onnx import OnnxModel
from lake.errors import ConfigError, UnavailableError
from tests.fakes.hub import COMMIT, MOVED, REPO, TAGGED, Hub
from tests.fakes.model_folders import make_folder

SPEC = f"{REPO}@{COMMIT}"


@pytest.fixture
async def hub(tmp_path: Path) -> AsyncIterator[Hub]:
    made = make_folder(tmp_path / "made")
    files = {file.name: file.read_bytes() for file in made.iterdir()}
    files |= {"onnx/model_O4.onnx": b"x", "model.safetensors": b"x", "README.md": b"x"}
    async with Hub(files) as server:
        yield server


async def fetch(spec: str, folder: Path, hub: Hub) -> Path:
    return await asyncio.to_thread(download, spec, folder, endpoint=hub.url)


async def test_a_pinned_model_is_downloaded_and_scores(hub: Hub, tmp_path: Path) -> None:
    folder = await fetch(SPEC, tmp_path / "models", hub)

    assert OnnxModel(folder, device="cpu").score(["good"])[0].label == "positive"
    names = {file.relative_to(folder).as_posix() for file in folder.rglob("*") if file.is_file()}
    assert names == {"config.json", "model.onnx", "tokenizer.json", "tokenizer_config.json"}


async def test_the_second_time_the_hub_is_not_asked(hub: Hub, tmp_path: Path) -> None:
    first = await fetch(SPEC, tmp_path, hub)
    calls = len(hub.calls)
    hub.refusal = (500, "")

    assert await fetch(SPEC, tmp_path, hub) == first
    assert len(hub.calls) == calls


async def test_a_tag_is_its_commit(hub: Hub, tmp_path: Path) -> None:
    await fetch(f"{REPO}@v1.0", tmp_path, hub)

    assert all(TAGGED in path for _, path, _ in hub.calls if "/resolve/" in path)


async def test_a_branch_is_refused_with_its_commit(hub: Hub, tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=f"{REPO}@{MOVED}"):
        await fetch(f"{REPO}@main", tmp_path, hub)

    assert hub.fetched() == []


async def test_weights_beside_the_onnx_file_come_too(hub: Hub, tmp_path: Path) -> None:
    hub.files["onnx/model.onnx"] = hub.files.pop("model.onnx")
    hub.files["onnx/model.onnx_data"] = b"weights"

    folder = await fetch(SPEC, tmp_path, hub)

    assert (folder / "onnx/model.onnx_data").read_bytes() == b"weights"
    assert not (folder / "onnx/model_O4.onnx").exists()


async def test_a_model_without_onnx_names_the_command_that_makes_one(
    hub: Hub, tmp_path: Path
) -> None:
    del hub.files["model.onnx"]
    del hub.files["onnx/model_O4.onnx"]

    with pytest.raises(ConfigError, match=f"taglake model export {SPEC} --int8"):
        await fetch(SPEC, tmp_path, hub)


async def test_the_originals_weights_are_for_exporting(hub: Hub, tmp_path: Path) -> None:
    folder = await asyncio.to_thread(download_weights, SPEC, tmp_path, endpoint=hub.url)

    assert (folder / "model.safetensors").read_bytes() == b"x"
    assert not (folder / "model.onnx").exists()


@pytest.mark.parametrize(
    ("refusal", "line"),
    [
        ((401, "RepoNotFound"), "knows no model acme/tweet-mood"),
        ((404, "RepoNotFound"), "knows no model acme/tweet-mood"),
        ((403, "GatedRepo"), "accept its terms"),
        ((404, "RevisionNotFound"), "no revision aaaa"),
        ((403, ""), "HF_TOKEN"),
    ],
)
async def test_a_refusal_is_one_clear_line(
    hub: Hub, tmp_path: Path, refusal: tuple[int, str], line: str
) -> None:
    hub.refusal = refusal

    with pytest.raises(ConfigError, match=line) as caught:
        await fetch(SPEC, tmp_path, hub)

    assert "\n" not in str(caught.value)


async def test_a_hub_in_trouble_may_be_asked_again(hub: Hub, tmp_path: Path) -> None:
    hub.refusal = (503, "")

    with pytest.raises(UnavailableError, match="HTTP 503"):
        await fetch(SPEC, tmp_path, hub)


def test_a_hub_that_cannot_be_reached(tmp_path: Path) -> None:
    with pytest.raises(UnavailableError, match="cannot be reached"):
        download(SPEC, tmp_path, endpoint="http://127.0.0.1:9")

    assert not (tmp_path / f"acme--tweet-mood@{COMMIT}").exists()


async def test_a_download_that_is_cut_off_goes_on_where_it_was(hub: Hub, tmp_path: Path) -> None:
    hub.files["model.onnx_data"] = bytes(range(256)) * 100_000
    hub.cut = {"model.onnx_data": 1}

    folder = await fetch(SPEC, tmp_path, hub)

    assert (folder / "model.onnx_data").read_bytes() == hub.files["model.onnx_data"]
    (start,) = [asked for _, _, asked in hub.calls if asked]
    assert int(start.removeprefix("bytes=").removesuffix("-")) > 0


async def test_a_second_try_keeps_what_came(hub: Hub, tmp_path: Path) -> None:
    hub.broken = {"model.onnx"}
    with pytest.raises(ConfigError, match="HTTP 403"):
        await fetch(SPEC, tmp_path, hub)
    assert not (tmp_path / f"acme--tweet-mood@{COMMIT}").exists()
    hub.broken, before = set(), len(hub.fetched())

    folder = await fetch(SPEC, tmp_path, hub)

    assert hub.fetched()[before:] == ["model.onnx"]
    assert OnnxModel(folder, device="cpu").score(["bad"])[0].label == "negative"


@pytest.mark.parametrize(
    ("spec", "line"),
    [
        ("acme/mood", "needs a revision"),
        ("acme/mood@", "needs a revision"),
        ("mood@v1", "no hub model"),
        ("../etc@v1", "no hub model"),
        ("acme/mood@../../x", "no revision"),
        ("acme/mood@a b", "no hub model"),
    ],
)
def test_a_spec_that_cannot_be_one(spec: str, line: str) -> None:
    with pytest.raises(ConfigError, match=line):
        address(spec)
