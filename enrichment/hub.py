"""Models from the Hugging Face hub: a pinned revision, downloaded once.

A branch moves, and with it every score that a model gave: so a revision is a commit (40 hexadecimal
digits) or a tag. What was downloaded is used without asking the hub again.
"""

from __future__ import annotations

import errno
import re
import shutil
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from fnmatch import fnmatch
from pathlib import Path
from typing import Any

from lake.errors import ConfigError, StorageError, UnavailableError
from lake.filelock import locked

_SPEC = re.compile(r"(?P<owner>[A-Za-z0-9][\w.-]{0,95})/(?P<name>[\w.-]{1,96})(?:@(?P<at>\S*))?")
_COMMIT = re.compile(r"[0-9a-f]{40}")
_REVISION = re.compile(r"[\w-][\w.-]{0,99}(?:/[\w-][\w.-]{0,99}){0,4}")
_SMALL = ("*.json", "*.txt", "*.model", "*.bpe")
# As enrichment.model_folder chooses; a hub folder often holds ten variants of which one is needed.
_ONNX = ("model.onnx", "model_quantized.onnx", "model_int8.onnx", "model_qint8*", "model_quint8*")
_TORCH = ("model.safetensors", "model-*.safetensors", "pytorch_model.bin", "pytorch_model-*.bin")
_WAIT_S = 3_600.0
_TIMEOUT_S = 20.0
_AWAY = (ConnectionError, TimeoutError)

Choose = Callable[[Sequence[str]], list[str]]


@dataclass(frozen=True, slots=True)
class HubModel:
    """A model's address on the hub.

    Args:
        repo: ``owner/name``.
        revision: A commit or a tag.
    """

    repo: str
    revision: str

    @property
    def folder(self) -> str:
        """The name of its folder here."""
        return f"{self.repo}@{self.revision}".replace("/", "--")

    def __str__(self) -> str:
        return f"{self.repo}@{self.revision}"


def download(spec: str, models_dir: Path, *, endpoint: str | None = None) -> Path:
    """The folder of a hub model that has an ONNX file. Blocking.

    Args:
        spec: ``owner/name@revision``.
        models_dir: Where models are kept; the folder in it is made when all of it is there.
        endpoint: Another hub than the public one; None takes ``HF_ENDPOINT``.

    Raises:
        ConfigError: The spec is wrong, or the hub has no such model for us; the message tells the
            mend.
        UnavailableError: The hub does not answer.
        StorageError: The files cannot be written.
    """
    return _fetched(address(spec), models_dir, endpoint, _with_onnx(spec))


def download_weights(spec: str, models_dir: Path, *, endpoint: str | None = None) -> Path:
    """The folder of a hub model with its PyTorch weights, to be exported. Blocking.

    Raises:
        ConfigError: See ``download``.
        UnavailableError: See ``download``.
        StorageError: See ``download``.
    """
    return _fetched(address(spec), models_dir / ".originals", endpoint, _with_torch(spec))


def is_address(spec: str) -> bool:
    """Whether a text could be a hub model's name."""
    return _SPEC.fullmatch(spec) is not None


def address(spec: str) -> HubModel:
    """A spec's parts.

    Raises:
        ConfigError: It is none, or has no revision.
    """
    found = _SPEC.fullmatch(spec)
    if found is None:
        raise ConfigError(f"{spec[:200]!r} is no hub model: write owner/name@revision")
    repo, at = f"{found['owner']}/{found['name']}", found["at"]
    if not at:
        raise ConfigError(
            f"{repo} needs a revision that stays: write {repo}@COMMIT. {_where(repo)}"
        )
    if not _REVISION.fullmatch(at):
        raise ConfigError(f"{at[:100]!r} is no revision of {repo}: write a commit or a tag")
    return HubModel(repo, at)


def _where(repo: str) -> str:
    return f"The commits are listed at https://huggingface.co/{repo}/commits/main"


def _with_onnx(spec: str) -> Choose:
    def choose(files: Sequence[str]) -> list[str]:
        ranked = [f"{folder}{name}" for folder in ("", "onnx/") for name in _ONNX]
        found = [file for pattern in ranked for file in files if fnmatch(file, pattern)]
        onnx = next((file for file in found if file.endswith(".onnx")), None)
        if onnx is None:
            raise ConfigError(
                f"{spec} has no ONNX file: make one with `taglake model export {spec} --int8` "
                "(needs the extra train: pip install 'taglake[train]')"
            )
        return [onnx, *(file for file in files if file.startswith((f"{onnx}_", f"{onnx}.")))]

    return choose


def _with_torch(spec: str) -> Choose:
    def choose(files: Sequence[str]) -> list[str]:
        for suffix in (".safetensors", ".bin"):
            found = [
                file
                for pattern in _TORCH
                for file in files
                if file.endswith(suffix) and fnmatch(file, pattern)
            ]
            if found:
                return found
        raise ConfigError(f"{spec} has no PyTorch weights (model.safetensors) to be exported")

    return choose


def _fetched(model: HubModel, models_dir: Path, endpoint: str | None, choose: Choose) -> Path:
    place = models_dir / model.folder
    if place.is_dir():
        return place
    part = models_dir / f".{model.folder}.part"
    with _our_errors(model):
        models_dir.mkdir(parents=True, exist_ok=True)
        with locked(models_dir / f".{model.folder}.lock", timeout_s=_WAIT_S, say=lambda _: None):
            if not place.is_dir():
                _fill(model, part, endpoint, choose)
                shutil.rmtree(part / ".cache", ignore_errors=True)  # the library's notes
                part.rename(place)
    return place


def _fill(model: HubModel, part: Path, endpoint: str | None, choose: Choose) -> None:
    """Downloads a model's files; those that are whole from an earlier try are kept."""
    # A second of imports that only a download needs.
    from huggingface_hub import HfApi
    from huggingface_hub.utils import disable_progress_bars  # type: ignore[attr-defined]

    if not sys.stderr.isatty():
        disable_progress_bars()
    api = HfApi(endpoint=endpoint)
    commit = _commit(api, model)
    info = api.model_info(model.repo, revision=commit, timeout=_TIMEOUT_S)
    files = [file.rfilename for file in info.siblings or ()]
    small = [file for file in files if "/" not in file and _is_small(file)]
    if "config.json" not in small:
        raise ConfigError(f"{model} has no config.json: it is no model of the transformers library")
    for file in dict.fromkeys([*small, *choose(files)]):
        api.hf_hub_download(
            model.repo, file, revision=commit, local_dir=part, etag_timeout=_TIMEOUT_S
        )


def _is_small(file: str) -> bool:
    return any(fnmatch(file, pattern) for pattern in _SMALL) and not file.startswith("README")


def _commit(api: Any, model: HubModel) -> str:
    """The commit that a revision stands for."""
    if _COMMIT.fullmatch(model.revision):
        return model.revision
    refs = api.list_repo_refs(model.repo)
    for tag in refs.tags:
        if tag.name == model.revision:
            return str(tag.target_commit)
    for branch in refs.branches:
        if branch.name == model.revision:
            raise ConfigError(
                f"{model.revision} is a branch of {model.repo}, and moves: write its commit, today "
                f"{model.repo}@{branch.target_commit}. {_where(model.repo)}"
            )
    raise ConfigError(
        f"{model.repo} has no tag {model.revision!r}: write a commit (all 40 digits) or a tag. "
        f"{_where(model.repo)}"
    )


@contextmanager
def _our_errors(model: HubModel) -> Iterator[None]:
    """Says the hub library's errors in one line each."""
    from huggingface_hub import errors as hub

    try:
        yield
    except (hub.GatedRepoError, hub.DisabledRepoError) as exc:
        raise ConfigError(
            f"the hub does not give us {model.repo}: accept its terms at "
            f"https://huggingface.co/{model.repo}, then set HF_TOKEN"
        ) from exc
    except hub.RevisionNotFoundError as exc:
        raise ConfigError(
            f"{model.repo} has no revision {model.revision}. {_where(model.repo)}"
        ) from exc
    except hub.RepositoryNotFoundError as exc:
        raise ConfigError(
            f"the hub knows no model {model.repo}, or it is private: check the name; for a private "
            "one set HF_TOKEN"
        ) from exc
    except hub.HfHubHTTPError as exc:
        raise _by_status(model, exc) from exc
    except (*_AWAY, hub.HTTPError, hub.LocalEntryNotFoundError) as exc:  # type: ignore[attr-defined]
        if isinstance(exc.__cause__, hub.HfHubHTTPError):
            raise _by_status(model, exc.__cause__) from exc
        raise UnavailableError(
            f"the hub cannot be reached for {model}: check the network, or copy the model's folder "
            "here and name that"
        ) from exc
    except OSError as exc:
        raise _by_disk(model, exc) from exc


def _by_status(model: HubModel, exc: Any) -> ConfigError | UnavailableError:
    status = exc.response.status_code if exc.response is not None else 0
    if status in (401, 403):
        return ConfigError(f"the hub refuses {model.repo} (HTTP {status}): check HF_TOKEN")
    if status == 429 or status >= 500 or not status:
        return UnavailableError(f"the hub does not serve {model} now (HTTP {status})")
    return ConfigError(f"the hub does not have {model} as expected (HTTP {status})")


def _by_disk(model: HubModel, exc: OSError) -> StorageError | UnavailableError:
    if exc.errno in (errno.ENOSPC, errno.EDQUOT, errno.EACCES, errno.EROFS, errno.EPERM):
        return StorageError(f"{model} cannot be written to disk: {exc.strerror}")
    reason = " ".join(str(exc).split())[:200]
    return UnavailableError(f"the download of {model} broke off ({reason}); what came is kept")
