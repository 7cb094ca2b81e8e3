"""The OpenAPI description, completed: what is answered, why it may be refused, what an edit is, how large an id may be."""

from collections.abc import Iterator, Mapping
from typing import Any

from apiflask import APIFlask
from werkzeug.routing import IntegerConverter

from karyogram.labels import LABELS
from karyogram.web.answers import ANSWERS, Schema, ref, shapes
from karyogram.web.edits import KINDS

#: The largest id: nine digits, so that every database can hold it.
LAST_ID = 10**9 - 1

#: Why a request may be refused, by status.
REFUSALS: Mapping[str, str] = {
    "400": "Not JSON, not HTTP",
    "401": "Nobody has logged in",
    "403": "The role does not suffice, or another site asks",
    "404": "There is no such thing",
    "409": "Somebody was faster, or the thing is in another state",
    "413": "Too many bytes, pixels or pictures",
    "415": "Not a picture; neither JSON nor a form",
    "422": "Understood, and makes no sense",
    "423": "The case is approved or locked",
    "429": "Too many logins",
    "501": "The weights are not fetched",
    "503": "Too much to do, or the database is away",
}
#: What every request may be answered, and what those with a body may be, too.
ALWAYS, WITH_BODY = ("401", "403", "503"), ("400", "413", "415", "422")

REAL: Schema = {"type": "number", "exclusiveMinimum": -1e6, "exclusiveMaximum": 1e6}
POINT: Schema = {"type": "array", "items": REAL, "minItems": 2, "maxItems": 2}
LINE: Schema = {"type": "array", "items": POINT, "minItems": 2}
ID: Schema = {"type": "integer", "minimum": 1, "maximum": LAST_ID}
CLASS: Schema = {"type": "string", "enum": list(LABELS)}

#: Form of a field of an edit (:data:`karyogram.web.edits.check.FORMS`) -> what has it.
FORMS: Mapping[str, Schema] = {
    "id": ID,
    "ids": {"type": "array", "items": ID, "minItems": 1},
    "label": {"enum": [*LABELS, None]},
    "number": {"type": "integer"},
    "degrees": REAL,
    "texts": {"type": "array", "items": {"type": "string", "maxLength": 200}},
    "line": LINE,
    "polygon": LINE | {"minItems": 3},
    "lines": {"type": "array", "items": LINE | {"minItems": 1}, "minItems": 1},
}


class IdConverter(IntegerConverter):
    """An id in a path. There is nothing of a longer number, so that is answered with 404."""

    regex = r"\d{1,9}"


def describe(app: APIFlask) -> None:
    """Let the description that an application gives of itself be completed, and its ids have an end."""
    app.url_map.converters["int"] = IdConverter

    @app.spec_processor
    def complete(spec: Any) -> Any:
        schemas = spec["components"]["schemas"]
        for unused in ("HTTPError", "ValidationError"):
            schemas.pop(unused, None)
        schemas |= shapes()
        schemas["EditsIn"]["properties"]["edits"]["items"] = {"anyOf": list(_edits())}
        for path, operations in spec["paths"].items():
            for method, operation in operations.items():
                for parameter in operation.get("parameters", ()):
                    if parameter["in"] == "path" and parameter["schema"]["type"] == "integer":
                        parameter["schema"] = ID
                    elif parameter["in"] == "path" and parameter["name"] == "label":
                        parameter["schema"] = CLASS
                for content in operation.get("requestBody", {}).get("content", {}).values():
                    operation["requestBody"]["required"] = bool(_resolved(content["schema"], schemas).get("required"))
                operation["responses"] = _responses(operation, ANSWERS.get(f"{method} {path}", ()))
        return spec


def _resolved(schema: Schema, schemas: Mapping[str, Schema]) -> Schema:
    return schemas[schema["$ref"].rpartition("/")[2]] if "$ref" in schema else schema


def _edits() -> Iterator[Schema]:
    for name, kind in KINDS.items():
        fields = {field: FORMS[form] for field, form in {**kind.fields, **kind.optional}.items()}
        yield {
            "type": "object",
            "properties": {"kind": {"const": name}, **fields},
            "required": ["kind", *kind.fields],
            "additionalProperties": False,
        }


def _responses(operation: Mapping[str, Any], answer: Schema | tuple[str, ...]) -> dict[str, Any]:
    """Return what an operation may answer: the refusals that its view names, and those that its kind may meet."""
    named = {*operation["responses"], *ALWAYS}
    if any(parameter["in"] == "path" for parameter in operation.get("parameters", ())):
        named.add("404")
    if "requestBody" in operation:
        named.update(WITH_BODY)
    told = {status: _refusal(why) for status, why in REFUSALS.items() if status in named}
    if not answer:
        return told
    done = next((status for status in named if status.startswith("2")), "200")
    told[done] = _served(answer)
    if "304" in named or (isinstance(answer, tuple) and all(media.startswith("image/") for media in answer)):
        told["304"] = {"description": "What the client has is still good"}
    return dict(sorted(told.items()))


def _served(answer: Schema | tuple[str, ...]) -> dict[str, Any]:
    if isinstance(answer, tuple):
        return {"description": "The file", "content": {media: {"schema": {}} for media in answer}}
    return {"description": "Done", "content": {"application/json": {"schema": answer}}}


def _refusal(why: str) -> dict[str, Any]:
    return {"description": why, "content": {"application/json": {"schema": ref("Error")}}}
