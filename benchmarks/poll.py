"""Does one process keep 2,000 targets on eight platforms to a minute, and at what price?

The schedule as ``taglake ingest`` runs it, the eight real platforms behind it, against servers on
loopback that answer 300 ms late, into a real Elasticsearch. A target is polled every 60 s. After a
first round that fills the lake, lateness (the beginning of each poll against when it was due, from
the ledger), processor time and memory are measured for some minutes. Prints one line of JSON;
``core_share`` is the processor time of the polling process alone as a share of one core.

    python -m benchmarks.poll
    python -m benchmarks.poll --targets 200 --measure-s 60
"""

from __future__ import annotations

import argparse
import asyncio
import json
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import AsyncExitStack, contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import yaml

from ingestors.connections import connection
from ingestors.schedule import Schedule
from lake import times
from lake.access import Access
from lake.campaign import MAX_HASHTAGS, checked_spec
from lake.client import open_client
from lake.config import Config, load_config
from lake.log import set_up_logging
from lake.node import use_node
from lake.node_files import NodeSettings
from lake.node_start import NodeAccess
from lake.store import Store, open_store
from lake.templates import install_templates

INTERVAL_S = 60
_MANY = 1_000_000


def _platforms(base: str) -> dict[str, dict[str, Any]]:
    """Every platform with an API, its quotas out of the way."""
    secret = "x" * 24
    return {
        "mastodon": {"instances": [base]},
        "bluesky": {
            "service": base,
            "public": base,
            "identifier": "me.example",
            "app_password": "abcd-efgh-ijkl-mnop",
            "stream": False,
        },
        "x": {"base": base, "bearer_token": secret},
        "youtube": {
            "base": f"{base}/youtube",
            "key": secret,
            "search_calls_per_day": _MANY,
            "units_per_day": _MANY,
        },
        "reddit": {
            "reddit_url": base,
            "oauth_url": base,
            "client_id": "id",
            "client_secret": secret,
        },
        "instagram": {
            "base": base,
            "user_id": "17841400000000000",
            "access_token": secret,
            "tags_per_week": 1_000,
            "top_posts": False,
        },
        "threads": {"base": base, "access_token": secret, "searches_per_day": _MANY},
        "tiktok": {
            "mode": "research",
            "base": base,
            "clients": [{"client_key": "key", "client_secret": secret}],
            "calls_per_day": _MANY,
        },
    }


def _config(folder: Path, url: str, base: str) -> Path:
    path = folder / "config.yaml"
    bounds = dict.fromkeys(("interval_s", "min_interval_s", "max_interval_s"), INTERVAL_S)
    sections = {
        "elasticsearch": {"url": url, "index_prefix": "poll-"},
        "platforms": _platforms(base),
        "ingest": bounds | {"refresh_posts": 0, "history_days": 0},
        "writer": {"dead_letter_dir": str(folder / "dead-letters")},
        "log": {"level": "warning"},
    }
    path.write_text(yaml.safe_dump(sections))
    return path


async def _register(store: Store, targets: int) -> None:
    tags = [f"tag{number}" for number in range(targets // len(_platforms("")))]
    year = datetime.now(UTC).year
    dates = {"from": f"{year}-01-01", "to": f"{year + 2}-01-01"}
    for first in range(0, len(tags), MAX_HASHTAGS):
        body = {"name": f"c{first}", "hashtags": tags[first : first + MAX_HASHTAGS], **dates}
        await store.campaigns.create(checked_spec(body))


async def _poller(config: Config, access: Access, wanted: argparse.Namespace) -> dict[str, Any]:
    """Polls; gives lateness, processor time and memory of this very process."""
    async with AsyncExitStack() as stack:
        store = await stack.enter_async_context(open_store(config, access))
        platforms = {
            name: await stack.enter_async_context(connection(name, section))
            for name, section in config.platforms.items()
        }
        # Without the platforms' own limits: 250 hashtags a minute are more than they would allow.
        await stack.enter_async_context(Schedule(store, platforms, config.ingest))
        await asyncio.sleep(wanted.warm_up_s)
        began_at, began_s, began_cpu = times.now(), time.monotonic(), time.process_time()
        await asyncio.sleep(wanted.measure_s)
        wall_s, cpu_s = time.monotonic() - began_s, time.process_time() - began_cpu
        rss_mb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
        await store.refresh()
        found = await _ledger(store, began_at)
    return {**found, "core_share": round(cpu_s / wall_s, 3), "rss_mb": round(rss_mb)}


async def _ledger(store: Store, since: datetime) -> dict[str, Any]:
    late: list[float] = []
    errors, targets, after = 0, set(), None
    while True:
        body: dict[str, Any] = {
            "size": 5_000,
            "query": {"range": {"@timestamp": {"gte": times.to_text(since)}}},
            "sort": ["@timestamp", "run"],
            "_source": ["late_s", "error", "target"],
        }
        if after:
            body["search_after"] = after
        hits = (await store.search(store.layout.every("runs"), body))["hits"]["hits"]
        for hit in hits:
            source = hit["_source"]
            errors += "error" in source
            targets.add(source["target"])
            if "late_s" in source:
                late.append(source["late_s"])
        if len(hits) < 5_000:
            break
        after = hits[-1]["sort"]
    cuts = statistics.quantiles(late, n=100)
    return {
        "polls": len(late),
        "targets": len(targets),
        "failed": errors,
        "late_p50_s": round(cuts[49], 3),
        "late_p99_s": round(cuts[98], 3),
    }


@contextmanager
def _server(latency_s: float) -> Iterator[str]:
    command = [sys.executable, "-m", "benchmarks.poll_server", "--latency-s", str(latency_s)]
    # What it says of connections that the poller cuts at its end is nobody's concern.
    quiet = subprocess.DEVNULL
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=quiet, text=True) as process:
        assert process.stdout is not None
        try:
            yield f"http://127.0.0.1:{int(process.stdout.readline())}"
        finally:
            process.kill()


async def _prepare(config: Config, access: Access, targets: int) -> None:
    client = open_client(
        access.url, config.elasticsearch, user=access.user, password=access.password
    )
    try:
        await install_templates(client, config.elasticsearch.index_prefix)
    finally:
        await client.close()
    async with open_store(config, access) as store:
        await _register(store, targets)


def _measure(node: NodeAccess, folder: Path, wanted: argparse.Namespace) -> dict[str, Any]:
    with _server(wanted.latency_s) as base:
        path = _config(folder, node.url, base)
        admin = node.users["admin"]
        access = Access(node.url, admin.user, admin.password)
        asyncio.run(_prepare(load_config(path, {}), access, wanted.targets))
        command = [sys.executable, "-m", "benchmarks.poll", "--as-poller", str(path)]
        command += ["--warm-up-s", str(wanted.warm_up_s), "--measure-s", str(wanted.measure_s)]
        who = json.dumps([access.url, access.user, access.password])
        done = subprocess.run(command, input=who, capture_output=True, text=True, check=False)
    sys.stderr.write(done.stderr[-3_000:])
    if done.returncode:
        raise SystemExit(done.stderr[-3_000:])
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def main() -> None:
    """Measures and prints one line of JSON."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--targets", type=int, default=2_000)
    parser.add_argument("--latency-s", type=float, default=0.3)
    parser.add_argument("--warm-up-s", type=float, default=120)
    parser.add_argument("--measure-s", type=float, default=180)
    parser.add_argument("--as-poller", type=Path, help=argparse.SUPPRESS)
    wanted = parser.parse_args()
    if wanted.as_poller:
        set_up_logging("warning", "text")
        access = Access(*json.loads(sys.stdin.read()))
        found = asyncio.run(_poller(load_config(wanted.as_poller, {}), access, wanted))
        print(json.dumps(found))
        return
    with tempfile.TemporaryDirectory() as folder:
        Path(folder).chmod(0o755)
        data = Path(folder) / "data"
        with use_node(NodeSettings(data_dir=data, heap_mb=1024), lambda _line: None) as node:
            found = _measure(node, Path(folder), wanted)
    print(json.dumps({"benchmark": "poll", "interval_s": INTERVAL_S, **found}))


if __name__ == "__main__":
    main()
