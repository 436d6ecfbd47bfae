"""A model folder's tokenizer, by the transformers library: texts to the numbers of their pieces."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from typing import Any

from enrichment.model_folder import ModelFolder, ModelFolderError
from enrichment.quiet import without_chatter
from enrichment.sentiment import ScoringError

# Models round the size of their table up; never by as much as this.
_LEAST_SHARE = 0.9
# What the library raises for a folder that it cannot use: its Rust part raises Exception itself,
# so these are caught by name where that can be done and told apart by type where it cannot.
_REFUSALS = (OSError, ValueError, KeyError, TypeError, AttributeError, ImportError, RuntimeError)


class Tokenizer:
    """Tokenises many texts at once.

    Args:
        folder: The model's folder.

    Attributes:
        pad_id: What fills a row that is shorter than its batch.
        largest_id: The largest number that a piece can have.

    Raises:
        ModelFolderError: The tokenizer's files are broken.
    """

    def __init__(self, folder: ModelFolder) -> None:
        self._max_tokens = folder.max_tokens
        self._tokenizer = _opened(folder)
        self._fast = getattr(self._tokenizer, "backend_tokenizer", None)
        if self._fast is not None:
            self._fast.enable_truncation(self._max_tokens)
            self._fast.no_padding()
        self.largest_id = max(self._tokenizer.get_vocab().values(), default=-1)
        if self.largest_id + 1 < _LEAST_SHARE * (folder.vocabulary or 1):
            raise ModelFolderError(
                f"{folder.path}: the tokenizer knows {self.largest_id + 1} pieces, and the model "
                f"{folder.vocabulary}: they do not belong together; copy both from the same place"
            )
        self.pad_id = self._tokenizer.pad_token_id or 0

    def ids(self, texts: Sequence[str]) -> list[list[int]]:
        """The pieces of each text between the model's marks, cut at ``max_tokens``.

        Raises:
            ScoringError: A text cannot be tokenised.
        """
        if not texts:
            return []
        try:
            if self._fast is not None:
                return [found.ids for found in self._fast.encode_batch_fast(list(texts))]
            found = self._tokenizer(
                list(texts), truncation=True, max_length=self._max_tokens, padding=False
            )
        except (TypeError, ValueError, UnicodeError, OverflowError) as exc:
            raise ScoringError(f"the tokenizer cannot read it ({type(exc).__name__})") from exc
        ids: list[list[int]] = found["input_ids"]
        return ids


def _opened(folder: ModelFolder) -> Any:
    # Takes seconds, more where torch is installed: only a process that runs such a model pays. It
    # warns that there is no PyTorch, which nobody needs to run a model.
    with without_chatter(logging.WARNING):
        import transformers

    is_whole = (folder.path / "tokenizer.json").is_file()
    kind = transformers.PreTrainedTokenizerFast if is_whole else transformers.AutoTokenizer
    # It speaks of lengths that we cut ourselves.
    logging.getLogger("transformers.tokenization_utils_base").setLevel(logging.ERROR)
    try:
        return kind.from_pretrained(str(folder.path), local_files_only=True)
    except _REFUSALS as exc:
        raise _broken(folder, exc) from exc
    except Exception as exc:
        # The Rust library's parser has no error class of its own.
        if type(exc) is Exception:
            raise _broken(folder, exc) from exc
        raise


def _broken(folder: ModelFolder, exc: Exception) -> ModelFolderError:
    reason = " ".join(str(exc).split())[:200]
    return ModelFolderError(
        f"{folder.path}: the tokenizer cannot be read ({reason}): copy its files again"
    )
