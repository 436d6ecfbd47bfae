"""Who may import whom, how large a file may be, and that importing does nothing."""

from __future__ import annotations

import ast
import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
ROOMS = ("lake", "ingestors", "enrichment", "analysis", "api", "kibana", "taglake")
MAY_IMPORT = {
    "lake": {"lake"},
    "ingestors": {"lake", "ingestors"},
    "enrichment": {"lake", "enrichment"},
    "analysis": {"lake", "analysis"},
    "api": {"lake", "analysis", "api"},
    "kibana": {"lake", "kibana"},
    "taglake": set(ROOMS),
}
# A third party that only these modules (or the modules below them) may import.
ONLY_IN = {
    "elasticsearch": ("lake",),
    "elastic_transport": ("lake",),
    "aiohttp": ("lake.http", "lake.public_http", "lake.websocket"),
    "TikTokApi": ("ingestors.tiktok_library",),
    "playwright": ("ingestors.tiktok_library",),
    "praw": ("ingestors.reddit_praw",),
    "prawcore": ("ingestors.reddit_praw",),
    "requests": ("ingestors.reddit_praw", "lake.java"),
    "apscheduler": ("ingestors.schedule",),
    "vaderSentiment": ("enrichment.vader", "enrichment.training.lexicon"),
    "onnxruntime": (
        *("enrichment.onnx_session", "enrichment.onnx_providers"),
        *("enrichment.exporting_graph", "enrichment.training"),
    ),
    "transformers": ("enrichment.tokenizer", "enrichment.exporting_check", "enrichment.training"),
    "tokenizers": ("enrichment.training",),
    "torch": ("enrichment.exporting_check", "enrichment.exporting_graph", "enrichment.training"),
    "onnx": ("enrichment.exporting_graph", "enrichment.training"),
    "sklearn": ("enrichment.training",),
    "scipy": ("enrichment.training",),
    "safetensors": ("enrichment.exporting_check",),
    "huggingface_hub": ("enrichment.hub",),
    "mlflow": ("enrichment.mlflow_sink",),
    "emoji": ("enrichment.text_care",),
    "wordninja": ("enrichment.hashtags",),
    "py3langid": ("enrichment.language",),
    "cachetools": ("lake.shared",),
    "itsdangerous": ("api.answers.cursor",),
    "lark": ("lake.boolean_query",),
    "fastapi": ("api",),
    "starlette": ("api",),
    "uvicorn": ("taglake.services",),
    "click": ("taglake",),
    "rich": ("taglake",),
    "jgo": ("lake.distribution",),
    "cjdk": ("lake.java",),
    "bcrypt": ("lake.node_users",),
}
FILES = sorted(path for room in ROOMS for path in (ROOT / room).rglob("*.py"))


def _module(path: Path) -> str:
    return ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")


def _imports(path: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: relative import"
            yield node.module or ""
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


@pytest.mark.parametrize("path", FILES, ids=_module)
def test_a_room_imports_only_what_its_doors_allow(path: Path) -> None:
    module = _module(path)
    room = module.partition(".")[0]

    for imported in _imports(path):
        first = imported.partition(".")[0]
        if first in ROOMS:
            assert first in MAY_IMPORT[room], f"{module} imports {imported}"
        for owner in ONLY_IN.get(first, (module,)):
            if module == owner or module.startswith(f"{owner}."):
                break
        else:
            pytest.fail(f"{module} imports {imported}; only {ONLY_IN[first]} may")


@pytest.mark.parametrize("path", FILES, ids=_module)
def test_a_platform_never_imports_another(path: Path) -> None:
    module = _module(path)
    if not module.startswith("ingestors.platforms."):
        return

    others = [name for name in _imports(path) if name.startswith("ingestors.platforms.")]

    assert not [name for name in others if not name.startswith(module)]


@pytest.mark.parametrize(
    "path", [*FILES, *sorted((ROOT / "tests").rglob("*.py"))], ids=lambda path: path.name
)
def test_a_file_has_at_most_300_lines(path: Path) -> None:
    assert len(path.read_text(encoding="utf-8").splitlines()) <= 300


def test_no_module_is_named_after_nothing() -> None:
    vague = {"utils", "helpers", "common", "manager", "base", "misc"}

    assert not [path for path in FILES if path.stem in vague]


def test_importing_every_module_does_nothing() -> None:
    modules = [_module(path) for path in FILES if path.name != "__main__.py"]
    script = """
import importlib, json, logging, os, socket, sys, threading
from pathlib import Path
opened = []
sys.addaudithook(lambda event, args: opened.append(
    (event, str(args[0]))) if event in ("socket.connect", "subprocess.Popen", "os.mkdir")
    or (event == "open" and isinstance(args[1], str) and set(args[1]) & set("wax+")) else None)
before = dict(os.environ)
for name in json.loads(sys.argv[1]):
    importlib.import_module(name)
print(json.dumps({
    # torch, which only training imports, asks for the C library with it.
    "opened": [e for e in opened if "__pycache__" not in e[1] and e[1] != "/sbin/ldconfig"],
    "handlers": len(logging.getLogger().handlers),
    "threads": threading.active_count(),
    "environment": before == dict(os.environ),
}))
"""

    answer = subprocess.run(
        [sys.executable, "-B", "-c", script, json.dumps(modules)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )

    assert json.loads(answer.stdout) == {
        "opened": [],
        "handlers": 0,
        "threads": 1,
        "environment": True,
    }
