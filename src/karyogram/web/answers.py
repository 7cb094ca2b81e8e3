"""What each view of the API answers, as JSON Schema and media types. ``description.py`` puts it into the OpenAPI description.

The test of the API holds every answer against this, so that what clients are told stays true.
"""

import json
from collections.abc import Mapping
from importlib import resources
from mimetypes import guess_type
from typing import Any

from karyogram.labels import LABELS
from karyogram.output import FORMATS
from karyogram.web.db.tables import ADDED_UP, CASE_STATES, GONE, KINDS, ROLES, STATES, USES

Schema = dict[str, Any]

TEXT: Schema = {"type": "string"}
NUMBER: Schema = {"type": "number"}
WHOLE: Schema = {"type": "integer"}
TRUTH: Schema = {"type": "boolean"}
ANYTHING: Schema = {}
MOMENT: Schema = {"type": "string", "format": "date-time"}


def ref(name: str) -> Schema:
    """Return the schema that stands in for one of :func:`shapes`."""
    return {"$ref": f"#/components/schemas/{name}"}


def _one_of(values: tuple[str, ...]) -> Schema:
    return {"type": "string", "enum": list(values)}


def _or_null(schema: Schema) -> Schema:
    return {"anyOf": [schema, {"type": "null"}]}


def _list_of(schema: Schema) -> Schema:
    return {"type": "array", "items": schema}


def _map_of(schema: Schema) -> Schema:
    return {"type": "object", "additionalProperties": schema}


def _object(sometimes: Mapping[str, Schema] | None = None, **fields: Schema) -> Schema:
    """Return the schema of an object that has these fields always, and others ``sometimes``; it may grow more."""
    return {"type": "object", "properties": {**fields, **(sometimes or {})}, "required": list(fields)}


STATE_LINE: dict[str, Schema] = {
    "id": WHOLE,
    "state": _one_of(STATES),
    "progress": NUMBER,
    "error": TEXT,
    "version": WHOLE,
    "model": TEXT,
    "segmenter": TEXT,
    "attempts": WHOLE,
    "seconds": _or_null(NUMBER),
    "created": MOMENT,
    "finished": _or_null(MOMENT),
}

CASE_LINE: dict[str, Schema] = {
    "id": WHOLE,
    "name": TEXT,
    "kind": _one_of(KINDS),
    "state": _one_of(CASE_STATES),
    "archived": TRUTH,
    "version": WHOLE,
    "metaphases": WHOLE,
    **dict.fromkeys(STATES, WHOLE),
    "to_review": WHOLE,
    "iscn": TEXT,
    "created": MOMENT,
    "updated": MOMENT,
}

USED: dict[str, Schema] = {"id": WHOLE, "use": _one_of(USES), "counted_number": _or_null(WHOLE), "note": TEXT}

#: What an analysis is after its edits, beside its version and karyotype.
STAND: dict[str, Schema] = {"deleted": _list_of(ref("chromosome")), "can_undo": TRUTH, "can_redo": TRUTH}
#: What only one that is read can tell.
TOLD: dict[str, Schema] = {"confirmed": _list_of(WHOLE), "checked": TRUTH, "structural": _or_null(_list_of(TEXT))}

#: How far the packing of training data is.
PACKING = _object(
    id=WHOLE,
    state=_one_of((*STATES, GONE)),
    layout=TEXT,
    signed=TEXT,
    cells=WHOLE,
    packed=WHOLE,
    error=TEXT,
    created=MOMENT,
    finished=_or_null(MOMENT),
    progress=NUMBER,
    file=_or_null(TEXT),
)

REJECTED = _list_of(_object(filename=TEXT, reason=TEXT))

SUMMARY = {
    "count": _or_null(WHOLE),
    "iscn": TEXT,
    "findings": _or_null(_list_of(ANYTHING)),
    "review": _or_null(WHOLE),
    "quality": _or_null(NUMBER),
    "bands": _or_null(WHOLE),
}


def shapes() -> dict[str, Schema]:
    """Return what answers are made of, by name. Karyotypes and cases are as the shipped schemas of their files say."""
    karyotype, case = (_shipped(f"{name}.schema.json") for name in ("karyotype", "case"))
    return {
        **karyotype.pop("$defs"),
        **case.pop("$defs"),
        "Karyotype": karyotype,
        "Error": _object(error=_object({"field": TEXT}, code=TEXT, reason=TEXT)),
        "Person": _object(name=TEXT, role=_one_of(ROLES), csrf=TEXT, open=TRUTH),
        "Token": _object(id=WHOLE, name=TEXT, created=MOMENT),
        "Reading": _object(**STATE_LINE),
        "Stand": _object(version=WHOLE, karyotype=ref("Karyotype"), **STAND, **TOLD),
        "Analysis": _object(
            TOLD,
            **STATE_LINE,
            metaphase=WHOLE,
            filename=TEXT,
            use=_one_of(USES),
            case=WHOLE,
            case_name=TEXT,
            case_state=_one_of(CASE_STATES),
            case_version=WHOLE,
            karyotype=_or_null(ref("Karyotype")),
            machine=_or_null(_object(iscn=TEXT)),
            **STAND,
        ),
        "CaseLine": _object(**CASE_LINE),
        "Metaphase": _object(
            **USED,
            filename=TEXT,
            width=WHOLE,
            height=WHOLE,
            sha256=TEXT,
            analysis=_or_null(_object(**STATE_LINE, **SUMMARY)),
        ),
        "Action": _object(id=WHOLE, user=TEXT, at=MOMENT, kind=TEXT, what=_map_of(ANYTHING), before=_map_of(ANYTHING)),
        "Case": _object(**CASE_LINE)
        | {
            "properties": CASE_LINE
            | {
                "metaphases": _list_of(ref("Metaphase")),
                "actions": _list_of(ref("Action")),
                "result": _object(**{name: case["properties"][name] for name in ADDED_UP}),
            },
            "required": [*CASE_LINE, "actions", "result"],
        },
    }


def _shipped(name: str) -> Schema:
    """Return a schema that ships with karyogram, its references pointing into an OpenAPI description."""
    text = (resources.files("karyogram") / "data" / name).read_text("utf-8")
    schema: Schema = json.loads(text.replace("karyotype.schema.json#", "#").replace("#/$defs/", "#/components/schemas/"))
    return {key: value for key, value in schema.items() if key not in ("$schema", "$id")}


EXPORTED = tuple(sorted({guess_type(name)[0] or "application/octet-stream" for f in FORMATS.values() for name in f.files}))

#: Method and path -> the JSON that is answered, or the media types of files.
ANSWERS: Mapping[str, Schema | tuple[str, ...]] = {
    "get /healthz": _object(status=TEXT),
    "get /readyz": _object(status=TEXT),
    "get /metrics": ("text/plain",),
    "post /getChromosome/": _object(predictions=_one_of(LABELS)),
    "post /api/v1/classify": _object(
        label=_one_of(LABELS),
        probability=NUMBER,
        second_label=_one_of(LABELS),
        second_probability=NUMBER,
        probabilities=_map_of(NUMBER),
        flipped=TRUTH,
        review=_list_of(TEXT),
        model=_map_of(TEXT),
    ),
    "get /api/v1/models": _list_of(_object(name=TEXT, summary=TEXT, default=TRUTH)),
    "get /api/v1/me": ref("Person"),
    "post /api/v1/login": ref("Person"),
    "post /api/v1/logout": _object(),
    "get /api/v1/tokens": _object(items=_list_of(ref("Token"))),
    "post /api/v1/tokens": {"allOf": [ref("Token"), _object(token=TEXT)]},
    "delete /api/v1/tokens/{token_id}": _object(),
    "get /api/v1/cases": _object(items=_list_of(ref("CaseLine")), total=WHOLE, page=WHOLE, per_page=WHOLE),
    "post /api/v1/cases": ref("CaseLine"),
    "get /api/v1/cases/{case_id}": ref("Case"),
    "patch /api/v1/cases/{case_id}": ref("Case"),
    "delete /api/v1/cases/{case_id}": (),
    "post /api/v1/cases/{case_id}/actions": ref("Case"),
    "get /api/v1/cases/{case_id}/versions": _object(
        version=WHOLE,
        state=_one_of(CASE_STATES),
        analyses=_map_of(_object(version=WHOLE, state=_one_of(STATES), by=_or_null(TEXT), at=_or_null(MOMENT))),
    ),
    "get /api/v1/cases/{case_id}/events": ("text/event-stream",),
    "get /api/v1/cases/{case}/audit.csv": ("text/csv",),
    "get /api/v1/cases/{case}/export": ("application/json", "application/pdf", "application/zip", "text/csv", "text/html"),
    "post /api/v1/analyses": _object(
        case=WHOLE,
        analyses=_list_of(_object(id=WHOLE, metaphase=WHOLE, state=_one_of(STATES), filename=TEXT)),
        rejected=REJECTED,
    ),
    "get /api/v1/analyses/{analysis_id}": ref("Analysis"),
    "get /api/v1/analyses/{analysis_id}/events": ("text/event-stream",),
    "post /api/v1/analyses/{analysis_id}/again": ref("Reading"),
    "post /api/v1/analyses/{analysis}/edits": ref("Stand"),
    "post /api/v1/analyses/{analysis}/undo": ref("Stand"),
    "post /api/v1/analyses/{analysis}/redo": ref("Stand"),
    "get /api/v1/analyses/{analysis}/edits": _object(
        version=WHOLE,
        items=_list_of(
            _object(
                number=WHOLE,
                user=TEXT,
                at=MOMENT,
                kind=TEXT,
                body=_map_of(ANYTHING),
                before=ANYTHING,
                after=ANYTHING,
                undone=TRUTH,
            )
        ),
    ),
    "get /api/v1/analyses/{analysis}/segment": _object(polygon=_list_of(_list_of(NUMBER)), score=NUMBER),
    "get /api/v1/analyses/{analysis}/export": EXPORTED,
    "get /api/v1/analyses/{analysis}/chromosomes/{chromosome}.png": ("image/png",),
    "get /api/v1/analyses/{analysis}/karyogram.png": ("image/png",),
    "get /api/v1/analyses/{analysis}/overlay.png": ("image/png",),
    "get /api/v1/metaphases/{metaphase_id}/picture": ("image/jpeg", "image/png"),
    "post /api/v1/metaphases/{metaphase_id}/use": _object(**USED, version=WHOLE),
    "get /api/v1/bands/{label}.svg": ("image/svg+xml",),
    "get /api/v1/bands/{label}.png": ("image/png",),
    "get /api/v1/templates/{label}.png": ("image/png",),
    "get /api/v1/export/training": ("application/zip",),
    "post /api/v1/export/training": PACKING,
    "get /api/v1/export/training/{number}": PACKING,
    "get /api/v1/export/training/{number}/file": ("application/zip",),
}
