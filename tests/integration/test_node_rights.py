"""Who may do what on the embedded node, tried on a real one."""

from __future__ import annotations

import json

import psutil
import pytest

from lake.node_start import NodeAccess
from tests.calls import call

POST = {"platform": "mastodon", "text": "hello"}


@pytest.mark.parametrize(
    ("user", "request_line", "body", "status"),
    [
        (None, "GET /_cluster/health", None, 401),
        ("reader", "GET /_cluster/health", None, 200),
        ("reader", "GET /_index_template", None, 200),
        ("ingest", "PUT /taglake-posts-2026/_doc/m:1?refresh=true", POST, 201),
        ("ingest", "PUT /taglake-raw-mastodon-2026.01/_create/1", POST, 201),
        ("ingest", "PUT /taglake-state/_doc/1", POST, 201),
        ("ingest", "PUT /taglake-runs-2026.01/_doc/1", POST, 201),
        ("ingest", "PUT /taglake-deadletter-2026.01/_doc/1", POST, 201),
        ("ingest", "DELETE /taglake-deadletter-2026.01/_doc/1", None, 200),
        ("ingest", "PUT /taglake-drift-shapes/_doc/1", POST, 201),
        ("ingest", "DELETE /taglake-raw-mastodon-2026.01/_doc/1", None, 200),
        ("enrich", "GET /taglake-drift-findings/_doc/1", None, 403),
        ("ingest", "PUT /taglake-campaigns/_doc/1", POST, 403),
        ("ingest", "DELETE /taglake-posts-2026", None, 403),
        ("ingest", "PUT /_index_template/mine", {"index_patterns": ["x"]}, 403),
        ("api", "PUT /taglake-campaigns/_doc/1?refresh=true", POST, 201),
        ("api", "GET /taglake-posts-*/_search", None, 200),
        ("api", "PUT /taglake-posts-2026/_doc/m:1", POST, 403),
        ("api", "PUT /taglake-inbox/_create/1?refresh=true", POST, 201),
        ("api", "PUT /taglake-inbox/_create/1", POST, 409),
        ("api", "PUT /taglake-inbox/_doc/1", POST, 403),
        ("api", "DELETE /taglake-inbox/_doc/1", None, 403),
        ("api", "PUT /taglake-audit/_create/1", POST, 201),
        ("api", "PUT /taglake-audit/_doc/1", POST, 403),
        ("api", "DELETE /taglake-audit/_doc/1", None, 403),
        ("enrich", "PUT /taglake-audit/_create/2", POST, 403),
        ("admin", "PUT /taglake-keys/_doc/1?refresh=true", POST, 201),
        ("api", "GET /taglake-keys/_search", None, 200),
        ("api", "PUT /taglake-keys/_doc/2", POST, 403),
        ("api", "PUT /taglake-keys/_create/2", POST, 403),
        ("api", "POST /taglake-keys/_update/1", {"doc": {"role": "admin"}}, 403),
        ("api", "DELETE /taglake-keys/_doc/1", None, 403),
        ("api", "PUT /taglake-key-uses/_doc/1", POST, 201),
        ("ingest", "GET /taglake-keys/_doc/1", None, 403),
        ("enrich", "GET /taglake-keys/_doc/1", None, 403),
        ("admin", "PUT /taglake-models/_doc/1", POST, 201),
        ("enrich", "GET /taglake-models/_doc/1", None, 200),
        ("enrich", "PUT /taglake-models/_doc/2", POST, 403),
        ("api", "PUT /taglake-models/_doc/2", POST, 403),
        ("enrich", "GET /taglake-inbox/_search", None, 403),
        ("ingest", "GET /taglake-inbox/_search", None, 200),
        ("ingest", "DELETE /taglake-inbox/_doc/1", None, 200),
        ("ingest", "POST /taglake-inbox/_refresh", None, 200),
        ("ingest", "GET /taglake-campaigns/_doc/1", None, 200),
        ("ingest", "POST /taglake-labels/_refresh", None, 404),
        ("ingest", "PUT /taglake-labels/_doc/1", POST, 403),
        ("api", "PUT /taglake-labels/_doc/1?refresh=true", POST, 201),
        ("ingest", "POST /taglake-labels/_update/1", {"doc": {"text": ""}}, 200),
        ("ingest", "POST /taglake-labels/_refresh", None, 200),
        ("ingest", "DELETE /taglake-labels/_doc/1", None, 403),
        ("api", "PUT /taglake-rollup-posts/_doc/1?refresh=true", POST, 201),
        ("ingest", "PUT /taglake-rollup-posts/_doc/1", POST, 403),
        ("enrich", "GET /taglake-rollup-posts/_search", None, 403),
        ("reader", "GET /taglake-rollup-*/_search", None, 200),
        ("ingest", "DELETE /taglake-rollup-posts/_doc/1", None, 200),
        ("enrich", "POST /taglake-labels/_refresh", None, 200),
        ("enrich", "GET /taglake-labels/_search", None, 200),
        ("enrich", "PUT /taglake-labels/_doc/1", POST, 403),
        ("enrich", "POST /taglake-posts-2026/_update/m:1", {"doc": {"state": "done"}}, 200),
        ("enrich", "POST /taglake-posts-*/_refresh", None, 200),
        ("enrich", "DELETE /taglake-posts-2026/_doc/m:1", None, 403),
        ("enrich", "PUT /taglake-posts-1999/_doc/m:2", POST, 403),
        ("enrich", "GET /taglake-campaigns/_doc/1", None, 403),
        ("enrich", "GET /taglake-jobs/_doc/rescore", None, 404),
        ("enrich", "PUT /taglake-jobs/_doc/rescore", {"kind": "rescore"}, 201),
        ("enrich", "DELETE /taglake-jobs/_doc/rescore", None, 200),
        ("ingest", "GET /taglake-jobs/_doc/rescore", None, 403),
        ("reader", "GET /taglake-*/_search", None, 200),
        ("reader", "GET /taglake-posts-*/_field_caps?fields=*", None, 200),
        ("reader", "PUT /taglake-posts-2026/_doc/m:3", POST, 403),
        ("reader", "DELETE /taglake-posts-2026/_doc/m:1", None, 403),
        ("reader", "PUT /taglake-new/_doc/1", POST, 403),
        ("admin", "PUT /elsewhere/_doc/1", POST, 201),
        ("reader", "GET /elsewhere/_doc/1", None, 403),
        ("admin", "DELETE /taglake-*", None, 400),
        ("admin", "DELETE /elsewhere", None, 200),
    ],
)
def test_each_user_may_do_its_own_work_only(
    node: NodeAccess, user: str | None, request_line: str, body: object, status: int
) -> None:
    found, answer = call(node, user, request_line, body)

    assert found == status, answer


def test_ingest_writes_in_bulk_and_reads_many(node: NodeAccess) -> None:
    lines = [
        {"create": {"_index": "taglake-posts-2025", "_id": "b:1"}},
        POST,
        {"create": {"_index": "taglake-metrics-2025.01", "_id": "b:1"}},
        POST,
        {"create": {"_index": "taglake-campaigns", "_id": "b:1"}},
        POST,
    ]
    body = "".join(json.dumps(line) + "\n" for line in lines)

    _, written = call(node, "ingest", "POST /_bulk?refresh=true", body)
    _, read = call(node, "ingest", "POST /taglake-posts-2025/_mget", {"ids": ["b:1", "b:2"]})

    assert [item["create"]["status"] for item in written["items"]] == [201, 201, 403]
    assert [doc["found"] for doc in read["docs"]] == [True, False]


def test_the_api_adds_to_the_audit_in_bulk_and_changes_none_of_it(node: NodeAccess) -> None:
    lines = [{"create": {"_id": "bulk"}}, POST, {"index": {"_id": "bulk"}}, POST]
    body = "".join(json.dumps(line) + "\n" for line in lines)

    _, written = call(node, "api", "POST /taglake-audit/_bulk?refresh=true", body)

    assert [next(iter(item.values()))["status"] for item in written["items"]] == [201, 403]


@pytest.mark.parametrize("user", ["enrich", "reader", "api", "ingest"])
def test_every_reader_can_walk_a_point_in_time(node: NodeAccess, user: str) -> None:
    call(node, "ingest", "PUT /taglake-posts-2024/_doc/p:1?refresh=true", POST)

    status, opened = call(node, user, "POST /taglake-posts-2024/_pit?keep_alive=1m")
    body = {"pit": {"id": opened["id"]}, "sort": ["_shard_doc"], "slice": {"id": 0, "max": 2}}
    walked, _ = call(node, user, "POST /_search", body)
    closed, _ = call(node, user, "DELETE /_pit", {"id": opened["id"]})

    assert (status, walked, closed) == (200, 200, 200)


def test_the_node_listens_on_the_loopback_interface_only(node: NodeAccess) -> None:
    listening = [
        one.laddr.ip
        for one in psutil.Process(node.pid).net_connections(kind="tcp")
        if one.status == psutil.CONN_LISTEN
    ]

    assert listening
    assert {address.removeprefix("::ffff:") for address in listening} == {"127.0.0.1"}


def test_the_node_does_not_run_as_root(node: NodeAccess) -> None:
    assert psutil.Process(node.pid).uids().real != 0
