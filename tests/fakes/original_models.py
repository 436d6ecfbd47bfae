"""PyTorch classifiers of a few thousand weights, with tokenizers of their own, made here."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import torch
import transformers
from tokenizers import Tokenizer, models, normalizers, pre_tokenizers, processors, trainers

from enrichment.exporting_samples import sample_texts

KINDS = ("bert", "roberta", "distilbert", "xlm-roberta")
THREE = ("negative", "neutral", "positive")
_WIDTH, _LAYERS, _HEADS, _PIECES, _POSITIONS = 32, 2, 2, 600, 130
_MARKS = ("<s>", "<pad>", "</s>", "<unk>")


def make_original(
    folder: Path, kind: str = "roberta", *, labels: Sequence[str] = THREE, seed: int = 5
) -> Path:
    """Writes a PyTorch model folder as ``save_pretrained`` writes it.

    Args:
        folder: Made here.
        kind: One of ``KINDS``.
        labels: The model's labels.
        seed: Of the weights, which are drawn large, so that a text decides its label.
    """
    torch.manual_seed(seed)
    names = dict(enumerate(labels))
    marks = {"pad_token_id": 1, "bos_token_id": 0, "eos_token_id": 2, "vocab_size": _PIECES}
    said = marks | {"id2label": names, "label2id": {name: at for at, name in names.items()}}
    model = _model(kind, said)
    with torch.no_grad():
        for part in model.modules():
            if isinstance(part, torch.nn.Linear):
                part.weight.normal_(0.0, 1.5 * part.in_features**-0.5)
    tokenizer = _tokenizer()
    _centre(model, tokenizer)
    model.save_pretrained(str(folder))
    tokenizer.save_pretrained(str(folder))
    return folder


def _centre(model: Any, tokenizer: transformers.PreTrainedTokenizerFast) -> None:
    """Gives every label its share of texts."""
    fed = tokenizer(sample_texts(60), padding=True, truncation=True, return_tensors="pt")
    last = getattr(model.classifier, "out_proj", model.classifier)
    with torch.no_grad():
        logits = model(input_ids=fed["input_ids"], attention_mask=fed["attention_mask"]).logits
        last.bias.sub_(logits.mean(dim=0))


def _model(kind: str, said: dict[str, Any]) -> Any:
    if kind == "distilbert":
        config = transformers.DistilBertConfig(
            dim=_WIDTH,
            hidden_dim=2 * _WIDTH,
            n_layers=_LAYERS,
            n_heads=_HEADS,
            max_position_embeddings=_POSITIONS,
            **said,
        )
        return transformers.DistilBertForSequenceClassification(config).eval()
    kinds = {
        "bert": (transformers.BertConfig, transformers.BertForSequenceClassification),
        "roberta": (transformers.RobertaConfig, transformers.RobertaForSequenceClassification),
        "xlm-roberta": (
            transformers.XLMRobertaConfig,
            transformers.XLMRobertaForSequenceClassification,
        ),
    }
    config_class, model_class = kinds[kind]
    config = config_class(
        hidden_size=_WIDTH,
        intermediate_size=2 * _WIDTH,
        num_hidden_layers=_LAYERS,
        num_attention_heads=_HEADS,
        max_position_embeddings=_POSITIONS,
        **said,
    )
    return model_class(config).eval()


def _tokenizer() -> transformers.PreTrainedTokenizerFast:
    made = Tokenizer(models.BPE(unk_token="<unk>"))
    made.normalizer = normalizers.NFKC()
    made.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    trainer = trainers.BpeTrainer(
        vocab_size=_PIECES,
        special_tokens=list(_MARKS),
        show_progress=False,
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
    )
    made.train_from_iterator(sample_texts(300), trainer)
    made.post_processor = processors.TemplateProcessing(
        single="<s> $A </s>", special_tokens=[("<s>", 0), ("</s>", 2)]
    )
    return transformers.PreTrainedTokenizerFast(
        tokenizer_object=made,
        model_max_length=128,
        bos_token="<s>",
        eos_token="</s>",
        pad_token="<pad>",
        unk_token="<unk>",
        cls_token="<s>",
        sep_token="</s>",
    )
