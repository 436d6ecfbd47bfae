"""The columns of a Lens layer: what a spec's splits and numbers are in Lens's own JSON."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from kibana.fields import RECORDS, kind_of
from kibana.formula import Aggregation, aggregations, parse_formula, tree
from kibana.panel_forms import Bucket, Measure
from kibana.spec import Colours
from lake.errors import InvalidError
from lake.records import Json

_NULLABLE = {"count", "sum", "unique_count"}
_UNSORTABLE = {"formula", "last_value"}


@dataclass(slots=True)
class Columns:
    """The columns of one layer, in the making.

    Args:
        types: Field to its Elasticsearch type.
        gaps_as_zero: Whether a bucket without documents is a 0 and no gap.
        always: KQL of every number. A layer that ignores what is chosen above ignores the query of
            its own panel too (https://github.com/elastic/kibana/issues/184100).
    """

    types: Mapping[str, str]
    gaps_as_zero: bool = False
    always: str = ""
    made: dict[str, Json] = field(default_factory=dict)
    order: list[str] = field(default_factory=list)

    def layer(self, *, ignores_controls: bool) -> Json:
        """The layer as Lens keeps it."""
        wider: Json = {"ignoreGlobalFilters": True} if ignores_controls else {}
        return {
            "columns": self.made,
            "columnOrder": self.order,
            "incompleteColumns": {},
            "sampling": 1,
            **wider,
        }

    def bucket(self, column: str, bucket: Bucket, number: str) -> str:
        """Adds a split; gives its id.

        Args:
            column: The id to give it.
            bucket: What it is by.
            number: The column that terms are ordered by.
        """
        if bucket.terms is not None:
            self._add(column, self._terms(bucket, bucket.terms, number))
        elif bucket.time is not None:
            self._add(column, self._time(bucket, bucket.time))
        else:
            filters = [
                {"label": label, "input": {"query": kql, "language": "kuery"}}
                for label, kql in (bucket.filters or {}).items()
            ]
            self._add(column, _bucketed("filters", "string", "ordinal", {"filters": filters}))
        named: Json = {"label": bucket.label, "customLabel": True} if bucket.label else {}
        self.made[column] = {"label": bucket.time or bucket.terms or "Filters"} | (
            self.made[column] | named
        )
        return column

    def number(self, column: str, measure: Measure, only: str = "") -> str:
        """Adds a number; gives its id.

        Args:
            column: The id to give it.
            measure: What it is.
            only: KQL on top of the measure's own.

        Raises:
            InvalidError: The formula cannot be read.
        """
        where = both(self.always, measure.where, only)
        node = parse_formula(measure.show)
        shown = {"label": measure.label, "customLabel": True}
        if isinstance(node, Aggregation):
            self._add(column, self._metric(node, where) | shown)
        else:
            inner = aggregations(node)
            ids = {one: f"{column}X{number}" for number, one in enumerate(inner)}
            last = f"{column}X{len(inner)}"
            self._add(column, _formula(measure.show, where, last) | shown)
            part: Json = {"label": "Part of formula", "customLabel": True}
            for one, made in ids.items():
                self._add(made, self._part(one, where) | part)
            whole = {"tinymathAst": tree(node, ids, measure.show)}
            self._add(last, _number("math", whole) | {"references": list(ids.values())} | part)
        if (format_ := _format(measure)) and self.made[column]["dataType"] == "number":
            self.made[column]["params"]["format"] = format_
        return column

    def each(self, start: str, measure: Measure, colours: Colours) -> dict[str, str]:
        """Adds a number for each value that has a colour; gives id to colour.

        Raises:
            InvalidError: The number is a formula; a column's id stands in it, and a value may be
                what a formula cannot name.
        """
        if not isinstance(parse_formula(measure.show), Aggregation):
            raise InvalidError(f"each takes a plain number, not the formula {measure.show!r}")
        found = {}
        for value, colour in colours.values.items():
            column = f"{start}-{value}"
            named = measure.model_copy(update={"label": colours.labels.get(value, value)})
            self.number(column, named, f'{colours.field}: "{value}"')
            found[column] = colour
        if colours.rest is not None:
            known = " or ".join(f'"{value}"' for value in colours.values)
            column = f"{start}-rest"
            named = measure.model_copy(update={"label": "other"})
            others = f"{colours.field}: * and not {colours.field}: ({known})"
            self.number(column, named, others)
            found[column] = colours.rest
        return found

    def _add(self, column: str, body: Json) -> None:
        self.made[column] = body
        self.order.append(column)

    def _terms(self, bucket: Bucket, name: str, number: str) -> Json:
        by: Json = {"type": "alphabetical", "fallback": True}
        if bucket.order != "name":
            by = {"type": "column", "columnId": number}
        direction = "desc" if bucket.order == "number" else "asc"
        return _bucketed(
            "terms",
            kind_of(self._type(name)),
            "ordinal",
            {
                "size": bucket.size,
                "orderBy": by,
                "orderDirection": direction,
                "otherBucket": False,
                "missingBucket": False,
                "parentFormat": {"id": "terms"},
                "include": [],
                "exclude": [],
                "includeIsRegex": False,
                "excludeIsRegex": False,
            },
        ) | {"sourceField": name}

    def _time(self, bucket: Bucket, name: str) -> Json:
        self._type(name)
        params = {"interval": bucket.every, "includeEmptyRows": True, "dropPartials": False}
        return _bucketed("date_histogram", "date", "interval", params) | {"sourceField": name}

    def _metric(self, one: Aggregation, where: str) -> Json:
        name = one.field or RECORDS
        kind = kind_of(self._type(name)) if one.field else "number"
        if one.operation not in {"min", "max", "last_value"}:
            kind = "number"
        params: Json = {}
        if one.operation in _NULLABLE:
            params["emptyAsNull"] = not self.gaps_as_zero
        if one.operation == "last_value":
            params |= {"sortField": "@timestamp", "showArrayValues": False}
        if one.percentile is not None:
            params["percentile"] = one.percentile
        body = _number(one.operation, params) | {"sourceField": name, "dataType": kind}
        kql = both(where, one.kql)
        return body | ({"filter": {"query": kql, "language": "kuery"}} if kql else {})

    def _part(self, one: Aggregation, where: str) -> Json:
        """A number within a formula: none is a 0 there, as Lens itself has it."""
        body = self._metric(one, where)
        if "emptyAsNull" in body["params"]:
            body["params"]["emptyAsNull"] = False
        return body

    def _type(self, name: str) -> str:
        if name not in self.types:
            raise InvalidError(f"there is no field {name}")
        return self.types[name]

    def check_order(self) -> None:
        """Refuses terms that are ordered by what Lens cannot order by.

        Raises:
            InvalidError: There are such.
        """
        for body in self.made.values():
            by = body.get("params", {}).get("orderBy", {}).get("columnId")
            if by and self.made[by]["operationType"] in _UNSORTABLE:
                raise InvalidError(
                    f"terms of {body['sourceField']} cannot be ordered by a "
                    f"{self.made[by]['operationType']}; write order: name"
                )


def both(*queries: str) -> str:
    """KQL that holds where all hold; empty ones hold everywhere."""
    wanted = list(dict.fromkeys(one for one in queries if one))
    return wanted[0] if len(wanted) == 1 else " and ".join(f"({one})" for one in wanted)


def _bucketed(operation: str, kind: str, scale: str, params: Json) -> Json:
    return {
        "dataType": kind,
        "operationType": operation,
        "isBucketed": True,
        "scale": scale,
        "params": params,
    }


def _number(operation: str, params: Json) -> Json:
    return {
        "dataType": "number",
        "operationType": operation,
        "isBucketed": False,
        "scale": "ratio",
        "params": params,
    }


def _formula(text: str, where: str, last: str) -> Json:
    found = _number("formula", {"formula": text, "isFormulaBroken": False})
    filter_: Json = {"filter": {"query": where, "language": "kuery"}} if where else {}
    return found | {"references": [last]} | filter_


def _format(measure: Measure) -> Json:
    if measure.format == "date":
        return {}
    params: Json = {"decimals": measure.decimals}
    if measure.format != "number":
        params["suffix"] = " %" if measure.format == "percent" else " s"
    return {"id": "number", "params": params}
