"""MLflow is told where there is one; where there is none, nothing breaks."""

from __future__ import annotations

import logging
import sys

import pytest

from enrichment.evaluation import evaluate
from enrichment.labelled import Labelled
from enrichment.mlflow_sink import Told, tell
from enrichment.mlflow_telling import tell_evaluation
from enrichment.vader import Vader
from tests.fakes.mlflow import run_mlflow

TOLD = Told(
    "mine",
    "evaluation",
    {"data": "val.tsv", "base": None, "ünsafe:key": "x" * 5_000},
    {"macro_f1": 0.7, "recall.positive": 0.8, "nothing": float("nan"), "endless": float("inf")},
    {"confusion.svg": "<svg>ü</svg>"},
)


def test_a_server_is_told_all_of_a_run() -> None:
    with run_mlflow() as server:
        first, second = tell(server.base, TOLD), tell(server.base, TOLD)

        assert (first, second) == (True, True)
        assert len(server.of("experiments/create")) == 1
        created = server.of("runs/create")[0]
        tags = {tag["key"]: tag["value"] for tag in created["tags"]}
        assert (created["experiment_id"], tags["taglake.kind"]) == ("7", "evaluation")
        batch = server.of("runs/log-batch")[0]
        metrics = {one["key"]: one["value"] for one in batch["metrics"]}
        assert metrics == {"macro_f1": 0.7, "recall.positive": 0.8}
        params = {one["key"]: one["value"] for one in batch["params"]}
        assert params == {"data": "val.tsv", "_nsafe_key": "x" * 500} or params == {
            "data": "val.tsv",
            "ünsafe_key": "x" * 500,
        }
        place = f"7/{server.run_id}/artifacts/confusion.svg"
        assert server.files == {place: "<svg>ü</svg>".encode()}
        assert server.of("runs/update")[0]["status"] == "FINISHED"


def test_without_an_address_nobody_is_told() -> None:
    assert not tell(None, TOLD)


@pytest.mark.parametrize(
    "uri",
    [
        "http://me:secret@127.0.0.1:9/x?token=secret",
        "nonsense://secret@x",
        "http://[secret",
        "sqlite:////nowhere/secret.db",
    ],
)
def test_an_address_that_does_not_answer_is_one_warning_without_its_secrets(
    uri: str, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "0")

    with caplog.at_level(logging.WARNING, "enrichment.mlflow_sink"):
        is_told = tell(uri, TOLD)

    assert not is_told
    [line] = [one for one in caplog.records if one.name == "enrichment.mlflow_sink"]
    assert vars(line)["why"]
    if "sqlite" not in uri:
        assert "secret" not in vars(line)["why"]


def test_a_server_that_fails_is_one_warning(
    caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "0")
    with run_mlflow() as server:
        server.status = 500

        assert not tell(server.base, TOLD)

    assert len(caplog.records) == 1


def test_without_the_extra_the_mend_is_told(
    caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "mlflow.tracking", None)

    assert not tell("http://127.0.0.1:9", TOLD)

    assert "pip install 'taglake[mlops]'" in vars(caplog.records[0])["why"]


def test_an_evaluation_is_told_with_its_figures_and_its_picture() -> None:
    texts = [Labelled("I love it", "positive"), Labelled("I hate it", "negative")]
    evaluation = evaluate(Vader(), texts)

    with run_mlflow() as server:
        is_told = tell_evaluation(
            server.base, evaluation, "a.csv", kind="training", params={"champion": "old"}
        )

        assert is_told
        batch = server.of("runs/log-batch")[0]
    metrics = {one["key"]: one["value"] for one in batch["metrics"]}
    params = {one["key"]: one["value"] for one in batch["params"]}
    assert (metrics["macro_f1"], metrics["n"], metrics["f1.positive"]) == (1.0, 2, 1.0)
    assert "f1.neutral" not in metrics
    assert (params["data"], params["champion"]) == ("a.csv", "old")
    files = {name.rpartition("/")[2]: body for name, body in server.files.items()}
    assert files["confusion.svg"].startswith(b"<svg")
    assert b"macro_f1" in files["evaluation.json"]
