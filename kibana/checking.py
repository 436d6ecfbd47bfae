"""Whether the compiled dashboards are right, as far as that can be told without a Kibana.

Kibana itself says little: a field that does not exist shows "No results found", a Vega panel on a
missing index is blank, and an import without versions answers success and empties panels.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from kibana.check_fields import field_problems
from kibana.check_shape import shape_problems
from kibana.compile import DEFAULT_PREFIX
from kibana.compiled import Compiled, read_compiled
from lake.errors import InvalidError
from lake.records import Json


@dataclass(frozen=True, slots=True, order=True)
class Problem:
    """What is wrong with a file.

    Args:
        file: Its name.
        panel: The panel's id; empty: it is the whole file.
        text: In one line.
    """

    file: str
    panel: str
    text: str

    def __str__(self) -> str:
        where = f"{self.file}.ndjson" + (f", panel {self.panel}" if self.panel else "")
        return f"{where}: {self.text}"

    def to_json(self) -> Json:
        """As ``--json`` prints it."""
        return {"file": self.file, "panel": self.panel or None, "problem": self.text}


def check(
    texts: Mapping[str, str],
    wanted: Mapping[str, str] | None = None,
    prefix: str = DEFAULT_PREFIX,
) -> list[Problem]:
    """Looks at compiled dashboards; empty where all is right.

    Args:
        texts: The files' texts by dashboard.
        wanted: What the spec compiles to; None: that is not compared.
        prefix: What the lake's index names begin with.
    """
    problems = [] if wanted is None else list(_differences(texts, wanted))
    files = []
    for name, text in sorted(texts.items()):
        try:
            file = read_compiled(name, text)
            _ = file.dashboard
        except InvalidError as exc:
            problems.append(Problem(name, "", str(exc)))
        else:
            files.append(file)
    problems += _titles(files)
    dashboards = {file.dashboard["id"] for file in files}
    for file in files:
        try:
            for panel, text in [*shape_problems(file, dashboards), *field_problems(file, prefix)]:
                problems.append(Problem(file.name, panel, text))
        except (InvalidError, KeyError, ValueError) as exc:
            problems.append(Problem(file.name, "", f"it cannot be read: {exc!r}"))
    return sorted(set(problems))


def _differences(texts: Mapping[str, str], wanted: Mapping[str, str]) -> Iterator[Problem]:
    for name in sorted({*texts, *wanted}):
        if name not in texts:
            yield Problem(name, "", "is missing; run taglake kibana compile")
        elif name not in wanted:
            yield Problem(name, "", f"has no spec; delete it, or write kibana/spec/{name}.yaml")
        elif texts[name] != wanted[name]:
            yield Problem(name, "", "is not what its spec compiles to; run taglake kibana compile")


def _titles(files: list[Compiled]) -> Iterator[Problem]:
    titles = Counter(file.dashboard["attributes"]["title"] for file in files)
    ids = Counter(file.dashboard["id"] for file in files)
    for file in files:
        title = file.dashboard["attributes"]["title"]
        if titles[title] > 1:
            yield Problem(file.name, "", f"{titles[title]} dashboards are called {title!r}")
        if ids[file.dashboard["id"]] > 1:
            yield Problem(file.name, "", f"another dashboard has the id {file.dashboard['id']}")
    views: dict[str, Json] = {}
    for file in files:
        for id_, view in file.views.items():
            if views.setdefault(id_, view) != view:
                yield Problem(file.name, "", f"the data view {id_} differs from another file's")
