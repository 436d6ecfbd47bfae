"""How many texts a second do we score, against what people would write with transformers?

One run, the same texts, the same weights (classifiers of roberta-base's and of MiniLM-L6's
architecture with random weights, made here), every core for everybody:

* ``pipeline_b1``: the transformers pipeline, a text at a time;
* ``pipeline_b32_padded``: the pipeline, 32 texts at a time, padded to 128 tokens;
* ``torch_sorted``: the best plain PyTorch loop: sorted by length, padded to the batch, in inference
  mode; the fastest of several batch sizes;
* ``ours_int8``, ``ours_fp32``: ``enrichment.onnx.OnnxModel``, from raw texts to sentiments, nothing
  remembered from one round to the next;
* ``ours_int8_twice``: each text twice in one call, as reposts are;
* ``cuda_fp32``: where there is a GPU.

The peers get texts that were cared for already, so they do less. Every text differs from every
other. A variant's figure is its best round; rounds go in turns. A machine that others use disturbs
PyTorch's threads more than ours: ``others_load`` is the load average before the run, about 0 on one
that may be believed. ``agreement`` is the share of texts
whose label (the largest share) is that of PyTorch in fp32.

    python -m benchmarks.sentiment
    python -m benchmarks.sentiment --texts 128 --rounds 1 --models roberta-base
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import torch
import transformers

from benchmarks.sentiment_models import KINDS, LABELS, make_in_a_child
from benchmarks.sentiment_texts import corpus
from enrichment.label_rules import SIDES
from enrichment.onnx import OnnxModel
from enrichment.onnx_providers import runtime, why_not_cuda
from enrichment.sentiment import Sentiment
from enrichment.text_care import TextCare, for_model

LAST = "roberta-base"
PEERS = ("pipeline_b1", "pipeline_b32_padded", "torch_sorted")
_TORCH_BATCHES = (8, 16, 32)
_PIPELINE_ROUNDS = 2
_NOT_MEASURED = "not measured"
Labels = list[str]
Variant = Callable[[], Labels]


@dataclass(slots=True)
class Result:
    """What was measured of one architecture.

    Args:
        count: How many texts.
        others_load: The machine's load average before the run.
        best_s: Seconds of each variant's best round.
        labels: Each variant's labels, of its last round.
    """

    count: int
    others_load: float
    best_s: dict[str, float] = field(default_factory=dict)
    labels: dict[str, Labels] = field(default_factory=dict)

    def texts_per_s(self, variant: str) -> float | None:
        """How fast a variant was; None where it was not measured."""
        took = self.best_s.get(variant)
        texts = 2 * self.count if variant.endswith("_twice") else self.count
        return texts / took if took else None

    def agreement(self, variant: str, other: str = "torch_sorted") -> float:
        """The share of texts on which two variants agree."""
        pairs = zip(self.labels[variant], self.labels[other], strict=True)
        return sum(one == two for one, two in pairs) / self.count

    def summary(self, kind: str) -> dict[str, Any]:
        """The line of JSON."""
        ours = self.texts_per_s("ours_int8") or 0.0
        speeds = {name: self.texts_per_s(name) for name in self.best_s}
        peers = {name: speeds[name] or 1.0 for name in PEERS}
        cuda = speeds.get("cuda_fp32")
        return {
            "model": kind,
            **{f"ratio_{name}": round(ours / speed, 2) for name, speed in peers.items()},
            "agreement": round(self.agreement("ours_int8"), 4),
            "ratio_duplicates": round((speeds["ours_int8_twice"] or 0.0) / ours, 2),
            "ratio_int8_fp32": round(ours / (speeds["ours_fp32"] or 1.0), 2),
            "texts_per_s": {name: round(speed, 1) for name, speed in speeds.items() if speed},
            "cuda_texts_per_s": round(cuda, 1) if cuda else _NOT_MEASURED,
            "texts": self.count,
            "others_load": self.others_load,
            "threads": torch.get_num_threads(),
            "peak_rss_mb": round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024),
        }


def measure(kind: str, folder: Path, raw: Sequence[str], rounds: int, others_load: float) -> Result:
    """Makes one architecture's model and times every variant on it."""
    cared = [for_model(text, TextCare()) for text in raw]
    original = folder / "original"
    _say(f"{kind}: making the model")
    make_in_a_child(kind, folder, len(raw))
    result = Result(len(raw), others_load)
    with torch.inference_mode():
        batch = _best_batch(original, cared)
        _say(f"{kind}: the best batch of the plain loop is {batch}")
        variants = _ours(folder, raw) | _peers(original, cared, batch)
        for number in range(rounds):
            for name, run in variants.items():
                if name.startswith("pipeline") and number >= _PIPELINE_ROUNDS:
                    continue
                began = time.perf_counter()
                result.labels[name] = run()
                took = time.perf_counter() - began
                result.best_s[name] = min(took, result.best_s.get(name, took))
                _say(f"{kind}: {name}: {result.texts_per_s(name):,.1f} texts/s")
    return result


def _largest(found: Sequence[Sentiment]) -> Labels:
    shares = [(one.p_neg, one.p_neu, one.p_pos) for one in found]
    return [SIDES[row.index(max(row))] for row in shares]


def _ours(folder: Path, raw: Sequence[str]) -> dict[str, Variant]:
    int8 = OnnxModel(folder / "int8", device="cpu", remembered=0)
    fp32 = OnnxModel(folder / "fp32", device="cpu", remembered=0)
    found: dict[str, Variant] = {
        "ours_int8": lambda: _largest(int8.score(raw)),
        "ours_fp32": lambda: _largest(fp32.score(raw)),
        "ours_int8_twice": lambda: _largest(int8.score([*raw, *raw]))[: len(raw)],
    }
    if why_not_cuda(runtime()) is None:
        cuda = OnnxModel(folder / "fp32", device="cuda", remembered=0)
        found["cuda_fp32"] = lambda: _largest(cuda.score(raw))
    for run in found.values():
        run()  # what is allocated once is allocated now
    return found


def _peers(original: Path, cared: Sequence[str], batch: int) -> dict[str, Variant]:
    pipeline = transformers.pipeline(
        "text-classification",
        model=transformers.AutoModelForSequenceClassification.from_pretrained(str(original)).eval(),
        tokenizer=transformers.AutoTokenizer.from_pretrained(str(original)),
        device="cpu",
    )
    cut: dict[str, Any] = {"truncation": True, "max_length": 128}

    def one_by_one() -> Labels:
        return [pipeline(text, **cut)[0]["label"] for text in cared]

    def padded() -> Labels:
        found = pipeline(list(cared), batch_size=32, padding="max_length", **cut)
        return [one["label"] for one in found]

    pipeline(list(cared[:2]), **cut)
    loop = _loop(original)
    return {
        "pipeline_b1": one_by_one,
        "pipeline_b32_padded": padded,
        "torch_sorted": lambda: loop(cared, batch),
    }


def _loop(original: Path) -> Callable[[Sequence[str], int], Labels]:
    """The plain loop, with the attention that the library takes by itself."""
    model = transformers.AutoModelForSequenceClassification.from_pretrained(str(original)).eval()
    tokenizer = transformers.AutoTokenizer.from_pretrained(str(original))

    def run(texts: Sequence[str], batch: int) -> Labels:
        ids = tokenizer(list(texts), truncation=True, max_length=128)["input_ids"]
        order = sorted(range(len(ids)), key=lambda place: -len(ids[place]))
        labels = [""] * len(ids)
        for start in range(0, len(order), batch):
            part = order[start : start + batch]
            fed = tokenizer.pad({"input_ids": [ids[place] for place in part]}, return_tensors="pt")
            logits = model(input_ids=fed["input_ids"], attention_mask=fed["attention_mask"]).logits
            for place, label in zip(part, logits.argmax(dim=1).tolist(), strict=True):
                labels[place] = LABELS[label]
        return labels

    return run


def _best_batch(original: Path, cared: Sequence[str]) -> int:
    loop = _loop(original)
    some = cared[: max(64, len(cared) // 4)]
    loop(some[:16], 8)
    took: dict[int, float] = {}
    for batch in _TORCH_BATCHES:
        began = time.perf_counter()
        loop(some, batch)
        took[batch] = time.perf_counter() - began
    return min(took, key=lambda batch: took[batch])


def _table(kind: str, result: Result) -> None:
    _say(f"\n{kind}, {result.count} texts, {torch.get_num_threads()} threads")
    for name in (*PEERS, "ours_fp32", "ours_int8", "ours_int8_twice", "cuda_fp32"):
        speed = result.texts_per_s(name)
        if speed is None:
            _say(f"  {name:22} {_NOT_MEASURED:>10}")
            continue
        ours = result.texts_per_s("ours_int8") or 0.0
        agrees = f"{result.agreement(name):.1%}"
        _say(f"  {name:22} {speed:10,.1f} texts/s  ours {ours / speed:5.2f}x  agrees {agrees}")


def _say(line: str) -> None:
    print(line, file=sys.stderr, flush=True)


def main() -> None:
    """Reads the command line; the last line is roberta-base's."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--texts", type=int, default=256)
    parser.add_argument("--rounds", type=int, default=2)
    parser.add_argument("--models", nargs="+", choices=KINDS, default=list(KINDS))
    wanted = parser.parse_args()
    others_load = round(os.getloadavg()[0], 2)
    raw, _ = corpus(wanted.texts)
    log: Any = transformers.logging  # its functions are untyped
    log.set_verbosity_error()
    log.disable_progress_bar()
    for kind in sorted(wanted.models, key=lambda name: name == LAST):
        with tempfile.TemporaryDirectory() as folder:
            result = measure(kind, Path(folder), raw, wanted.rounds, others_load)
        _table(kind, result)
        print(json.dumps(result.summary(kind)), flush=True)


if __name__ == "__main__":
    main()
