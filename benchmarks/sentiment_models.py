"""Classifiers of known architectures with random weights, made here: nothing is downloaded.

The weights are drawn so that a text decides its label, as in a trained model. With the libraries'
own initial weights (a deviation of 0.02 everywhere) the start mark decides alone, every text gets
one label, and any two models agree:

* linear layers have a deviation of ``1 / sqrt(inputs)`` (LeCun), those that add to the residual a
  share of it, as in deep networks that are trained from nothing;
* the last layer is fitted (ridge regression) to tell texts that name a user, texts with a hashtag
  or a link, and all others: it reads what is there to be read, and is as sure as a trained one.

With a last layer that is drawn at random too, texts lie evenly over the edges between labels, and
8 bits tip 3 to 7 % of them (measured with MiniLM-L6), as no trained model has it.

Nothing is done about near ties, and no text is left out for being near one.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import torch
from tokenizers import Tokenizer, decoders, models, pre_tokenizers, processors, trainers
from transformers import (
    BertConfig,
    BertForSequenceClassification,
    PreTrainedTokenizerFast,
    RobertaConfig,
    RobertaForSequenceClassification,
)

from benchmarks.sentiment_texts import corpus
from enrichment.exporting_check import Reference
from enrichment.exporting_graph import Graphs
from enrichment.text_care import TextCare, for_model

LABELS = {0: "negative", 1: "neutral", 2: "positive"}
KINDS = ("roberta-base", "minilm-l6")
_SEED = 20
_MARKS = ("<s>", "<pad>", "</s>", "<unk>", "<mask>")
_RESIDUAL = 0.3
_CONFIDENCE = 5.0
_DAMPING = 0.05
_BATCH = 32


def make_original(kind: str, folder: Path, texts: Sequence[str], learn: Sequence[str]) -> None:
    """Writes a PyTorch model folder with a tokenizer of its own.

    Args:
        kind: One of ``KINDS``.
        folder: Made here.
        texts: What will be scored; the last layer is set by them.
        learn: What the tokenizer learns its pieces from.
    """
    torch.manual_seed(_SEED)
    model = _model(kind).eval()
    tokenizer = _tokenizer(learn, model.config.vocab_size)
    _draw(model)
    _read_out(model, tokenizer, texts)
    model.save_pretrained(str(folder))
    tokenizer.save_pretrained(str(folder))


def make_folders(kind: str, folder: Path, texts: Sequence[str], learn: Sequence[str]) -> None:
    """Writes ``original``, and by ``taglake model export``'s first way ``int8`` and ``fp32``."""
    make_original(kind, folder / "original", texts, learn)
    reference = Reference(folder / "original")
    for precision in ("int8", "fp32"):
        out = folder / precision
        out.mkdir()
        reference.save_tokenizer(out)
        reference.model.config.save_pretrained(str(out))
        with tempfile.TemporaryDirectory(dir=folder) as between:
            int8 = precision == "int8"
            graphs = Graphs(reference.model, Path(between))
            graphs.make(out / "model.onnx", fused=True, int8=int8, embeddings=int8)


def _model(kind: str) -> Any:
    marks: dict[str, Any] = {"pad_token_id": 1, "bos_token_id": 0, "eos_token_id": 2}
    names: dict[str, Any] = {
        "id2label": LABELS,
        "label2id": {name: place for place, name in LABELS.items()},
    }
    if kind == "roberta-base":
        config = RobertaConfig(
            vocab_size=50_265,
            max_position_embeddings=514,
            type_vocab_size=1,
            layer_norm_eps=1e-5,
            **marks,
            **names,
        )
        return RobertaForSequenceClassification(config)
    small = BertConfig(
        vocab_size=30_522,
        hidden_size=384,
        num_hidden_layers=6,
        num_attention_heads=12,
        intermediate_size=1_536,
        **marks,
        **names,
    )
    return BertForSequenceClassification(small)


def _draw(model: Any) -> None:
    with torch.no_grad():
        for name, part in model.named_modules():
            if isinstance(part, torch.nn.Linear):
                share = _RESIDUAL if name.endswith("output.dense") else 1.0
                part.weight.normal_(0.0, share * part.in_features**-0.5)


def _read_out(model: Any, tokenizer: Any, texts: Sequence[str]) -> None:
    """Fits the last layer to what is in texts."""
    last = getattr(model.classifier, "out_proj", model.classifier)
    features = _features(model, last, tokenizer, texts)
    wanted = torch.nn.functional.one_hot(torch.tensor([_kind(text) for text in texts]), 3).float()
    mean = features.mean(dim=0)
    centred = features - mean
    spread = centred.T @ centred
    damped = spread + _DAMPING * spread.trace() / len(spread) * torch.eye(len(spread))
    fitted = torch.linalg.solve(damped, centred.T @ (wanted - wanted.mean(dim=0)))
    with torch.no_grad():
        last.weight.copy_(_CONFIDENCE * fitted.T)
        last.bias.copy_(_CONFIDENCE * (wanted.mean(dim=0) - mean @ fitted))


def _kind(text: str) -> int:
    if "@user" in text:
        return 0
    return 2 if "#" in text or "http" in text else 1


def _features(model: Any, last: Any, tokenizer: Any, texts: Sequence[str]) -> torch.Tensor:
    """What the last layer gets of each text, [texts, features]."""
    found: list[torch.Tensor] = []
    hook = last.register_forward_hook(lambda _layer, given, _made: found.append(given[0]))
    for start in range(0, len(texts), _BATCH):
        fed = tokenizer(
            list(texts[start : start + _BATCH]),
            padding=True,
            truncation=True,
            return_tensors="pt",
            return_token_type_ids=False,
        )
        with torch.no_grad():
            model(**fed)
    hook.remove()
    return torch.cat(found)


def _tokenizer(learn: Sequence[str], size: int) -> Any:
    """Byte-level pieces learnt from texts; what is left of ``size`` is filled up."""
    made = Tokenizer(models.BPE(unk_token="<unk>"))
    made.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    made.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=size,
        special_tokens=list(_MARKS),
        show_progress=False,
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
    )
    made.train_from_iterator(learn, trainer)
    made.post_processor = processors.TemplateProcessing(
        single="<s> $A </s>", special_tokens=[("<s>", 0), ("</s>", 2)]
    )
    whole = json.loads(made.to_str())
    pieces = whole["model"]["vocab"]
    pieces |= {f"<unused{number}>": number for number in range(len(pieces), size)}
    made_of: Any = PreTrainedTokenizerFast  # its constructor is untyped
    return made_of(
        tokenizer_object=Tokenizer.from_str(json.dumps(whole)),
        model_max_length=512,
        bos_token="<s>",
        eos_token="</s>",
        pad_token="<pad>",
        unk_token="<unk>",
        cls_token="<s>",
        sep_token="</s>",
    )


def make_in_a_child(kind: str, folder: Path, count: int) -> None:
    """As ``make_folders``, for the first texts of the corpus, with memory that does not count.

    Args:
        kind: One of ``KINDS``.
        folder: Where the folders are made.
        count: How many texts the last layer is fitted to.
    """
    command = [sys.executable, "-m", "benchmarks.sentiment_models", kind, str(folder), str(count)]
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


def main() -> None:
    """Makes the folders of an architecture: KIND FOLDER TEXTS."""
    kind, folder, count = sys.argv[1:]
    texts, learn = corpus(int(count))
    make_folders(kind, Path(folder), [for_model(text, TextCare()) for text in texts], learn)


if __name__ == "__main__":
    main()
