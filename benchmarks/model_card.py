"""The figure table of the shipped model's card, measured anew.

Run: ``python -m benchmarks.model_card --data FOLDER [--model FOLDER]``. FOLDER is the folder of
labelled posts that ``enrichment/training/corpus.py`` describes. The last line is JSON.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path

from enrichment.model_places import SHIPPED_DIR, SHIPPED_MODEL
from enrichment.training.corpus import read_corpus
from enrichment.training.measuring import as_json, measured, table


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True, help="the folder of labelled posts")
    parser.add_argument("--model", type=Path, default=SHIPPED_DIR / SHIPPED_MODEL)
    arguments = parser.parse_args()
    rows = measured(arguments.model, read_corpus(arguments.data).val)
    print(table(rows))
    texts = sum(row.texts for row in rows.values())
    took_s = sum(row.texts / row.texts_per_s for row in rows.values() if row.texts_per_s)
    print(f"\n{texts / took_s:,.0f} texts per second, VADER's features among it")
    print(json.dumps(as_json(rows)))


if __name__ == "__main__":
    main()
