"""The tokenizer of the shipped model: pieces of words (BPE) learned from the training texts."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

from tokenizers import Regex, Tokenizer
from tokenizers.models import BPE
from tokenizers.pre_tokenizers import Sequence as Steps
from tokenizers.pre_tokenizers import Split
from tokenizers.processors import TemplateProcessing
from tokenizers.trainers import BpeTrainer

from enrichment.text_care import SHOUT

PAD, UNKNOWN, START = "<pad>", "<unk>", "<s>"
UNKNOWN_ID = 1
_START_ID = 2
MAX_TOKENS = 128
_ALPHABET = 600
_SEEN_AT_LEAST = 2
# A word with its short ending after an apostrophe is one word; so are signs that stand together,
# up to three. Combining signs of Indic scripts belong to their word.
_WORDS = r"@user|\[caps\]|[\w\u0900-\u097F]+'[a-z]{1,2}\b|[\w\u0900-\u097F]+|[^\w\s]{1,3}"


def learn_pieces(texts: Sequence[str], size: int) -> Tokenizer:
    """A tokenizer of at most ``size`` pieces for texts like these (cared for)."""
    tokenizer = Tokenizer(BPE(unk_token=UNKNOWN))
    tokenizer.pre_tokenizer = Steps(
        [Split(Regex(_WORDS), "isolated"), Split(Regex(r"\s+"), "removed")]
    )
    trainer = BpeTrainer(
        vocab_size=size,
        min_frequency=_SEEN_AT_LEAST,
        special_tokens=[PAD, UNKNOWN, START, "@user", SHOUT],
        limit_alphabet=_ALPHABET,
        continuing_subword_prefix="##",
        show_progress=False,
    )
    tokenizer.train_from_iterator(texts, trainer)
    # Behind a start there is always something to read, even in an empty text.
    tokenizer.post_processor = TemplateProcessing(
        single=f"{START} $A", special_tokens=[(START, _START_ID)]
    )
    return tokenizer


def encoded(tokenizer: Tokenizer, texts: Sequence[str], *, dropout: float = 0.0) -> list[list[int]]:
    """The ids of each text, its start first.

    Args:
        tokenizer: As learned.
        texts: Cared for.
        dropout: Share of the merges left out at random, so that words are seen in other pieces.
    """
    tokenizer.model.dropout = dropout or None
    found = tokenizer.encode_batch(list(texts))
    tokenizer.model.dropout = None
    return [one.ids[:MAX_TOKENS] for one in found]


def save_pieces(tokenizer: Tokenizer, folder: Path) -> None:
    """Write what ``AutoTokenizer.from_pretrained(folder)`` reads."""
    # Takes seconds to import.
    from transformers import PreTrainedTokenizerFast

    wrapped = PreTrainedTokenizerFast(  # type: ignore[no-untyped-call]
        tokenizer_object=tokenizer,
        pad_token=PAD,
        unk_token=UNKNOWN,
        model_max_length=MAX_TOKENS,
        model_input_names=["input_ids", "attention_mask"],
    )
    wrapped.save_pretrained(folder)
    # Written for people to read, it is twice as large.
    file = folder / "tokenizer.json"
    pieces = json.loads(file.read_text(encoding="utf-8"))
    text = json.dumps(pieces, ensure_ascii=False, separators=(",", ":"))
    file.write_text(text, encoding="utf-8")
