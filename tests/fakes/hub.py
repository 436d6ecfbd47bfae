"""The Hugging Face hub as its client library sees it: refs, lists of files, files; with faults."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import Any

from aiohttp import web
from aiohttp.test_utils import TestServer

COMMIT = "a" * 40
MOVED = "b" * 40
TAGGED = "c" * 40
REPO = "acme/tweet-mood"


class Hub:
    """One repository, the same files at every commit.

    Attributes:
        files: The repository's files by path.
        refusal: Answers every call with this status and error code; None answers well.
        cut: How often the answers with a file break off in their middle, by its path.
        broken: Files that are refused.
        calls: Method, path and range of each call.
    """

    def __init__(self, files: Mapping[str, bytes]) -> None:
        self.files = dict(files)
        self.refusal: tuple[int, str] | None = None
        self.broken: set[str] = set()
        self.cut: dict[str, int] = {}
        self.calls: list[tuple[str, str, str | None]] = []
        app = web.Application()
        app.router.add_get("/api/models/{owner}/{name}/refs", self._refs)
        app.router.add_get("/api/models/{owner}/{name}/revision/{revision}", self._info)
        app.router.add_get("/{owner}/{name}/resolve/{revision}/{path:.+}", self._file)
        self._server = TestServer(app)

    async def __aenter__(self) -> Hub:
        await self._server.start_server()
        return self

    async def __aexit__(self, *exc: object) -> None:
        await self._server.close()

    @property
    def url(self) -> str:
        """What ``HF_ENDPOINT`` would be."""
        return str(self._server.make_url("")).rstrip("/")

    def fetched(self) -> list[str]:
        """The files whose bytes were asked for."""
        return [path.split("/", 5)[-1] for method, path, _ in self.calls if _is_file(method, path)]

    def _answer(self, request: web.Request) -> web.Response | None:
        self.calls.append((request.method, request.path, request.headers.get("Range")))
        if self.refusal is not None:
            status, code = self.refusal
            return web.Response(status=status, headers={"X-Error-Code": code})
        if f"{request.match_info['owner']}/{request.match_info['name']}" != REPO:
            return web.Response(status=401, headers={"X-Error-Code": "RepoNotFound"})
        if request.match_info.get("revision", COMMIT) not in (COMMIT, MOVED, TAGGED):
            return web.Response(status=404, headers={"X-Error-Code": "RevisionNotFound"})
        return None

    async def _refs(self, request: web.Request) -> web.Response:
        refs: dict[str, Any] = {
            "branches": [{"name": "main", "ref": "refs/heads/main", "targetCommit": MOVED}],
            "tags": [{"name": "v1.0", "ref": "refs/tags/v1.0", "targetCommit": TAGGED}],
            "converts": [],
        }
        return self._answer(request) or web.json_response(refs)

    async def _info(self, request: web.Request) -> web.Response:
        found = {
            "id": REPO,
            "sha": request.match_info["revision"],
            "siblings": [{"rfilename": path} for path in self.files],
        }
        return self._answer(request) or web.json_response(found)

    async def _file(self, request: web.Request) -> web.StreamResponse:
        refused = self._answer(request)
        if refused is not None:
            return refused
        path = request.match_info["path"]
        if path in self.broken:
            return web.Response(status=403)
        body = self.files[path]
        headers = {
            "X-Repo-Commit": request.match_info["revision"],
            "ETag": f'"{_etag(body)}"',
            "Accept-Ranges": "bytes",
        }
        asked = request.headers.get("Range")
        start = int(asked.removeprefix("bytes=").partition("-")[0]) if asked else 0
        if asked:
            headers["Content-Range"] = f"bytes {start}-{len(body) - 1}/{len(body)}"
        if request.method == "GET" and self.cut.get(path):
            self.cut[path] -= 1
            return await _broken_off(request, body[start:], headers)
        return web.Response(body=body[start:], status=206 if asked else 200, headers=headers)


async def _broken_off(
    request: web.Request, body: bytes, headers: Mapping[str, str]
) -> web.StreamResponse:
    answer = web.StreamResponse(headers={**headers, "Content-Length": str(len(body))})
    await answer.prepare(request)
    await answer.write(body[: len(body) // 2])
    if request.transport is not None:
        request.transport.close()
    return answer


def _etag(body: bytes) -> str:
    return hashlib.sha1(body).hexdigest()


def _is_file(method: str, path: str) -> bool:
    return method == "GET" and "/resolve/" in path
