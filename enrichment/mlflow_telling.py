"""What MLflow is told of an evaluation."""

from __future__ import annotations

from enrichment.confusion_picture import confusion_svg
from enrichment.evaluation import Evaluation
from enrichment.mlflow_sink import Told, tell
from lake.json_text import dumps


def tell_evaluation(
    uri: str | None,
    evaluation: Evaluation,
    data_name: str,
    *,
    kind: str = "evaluation",
    params: dict[str, object] | None = None,
) -> bool:
    """Tells MLflow of a model's figures, where there is an MLflow; never fails.

    Args:
        uri: ``enrichment.mlflow_uri``.
        evaluation: The figures.
        data_name: What people call the texts.
        kind: ``evaluation``, or ``training`` where the model was made just now.
        params: What else went in.
    """
    if uri is None:
        return False
    return tell(uri, told_of(evaluation, data_name, kind, params or {}))


def told_of(evaluation: Evaluation, data_name: str, kind: str, params: dict[str, object]) -> Told:
    """An evaluation as MLflow keeps it."""
    metrics: dict[str, float | None] = {
        "accuracy": evaluation.accuracy,
        "macro_f1": evaluation.macro_f1,
        "macro_recall": evaluation.macro_recall,
        "texts_per_s": evaluation.texts_per_s,
        "unsure": evaluation.unsure,
        "n": evaluation.n,
    }
    for label, one in evaluation.figures.classes.items():
        metrics[f"f1.{label}"] = one.f1
        metrics[f"recall.{label}"] = one.recall
    return Told(
        evaluation.model,
        kind,
        {
            "model": evaluation.model,
            "data": data_name,
            "data_digest": evaluation.data_digest,
            **params,
        },
        {name: value for name, value in metrics.items() if value is not None},
        {
            "evaluation.json": dumps(evaluation.to_json()).decode(),
            "confusion.svg": confusion_svg([evaluation]),
        },
    )
