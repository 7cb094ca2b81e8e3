"""The API's documentation as a page: made from the OpenAPI description, without scripts, so it works without internet."""

from typing import Any

from apiflask import APIBlueprint
from flask import current_app, render_template

from karyogram.web.people import anyone

reference = APIBlueprint(
    "reference",
    __name__,
    enable_openapi=False,
    template_folder="../reference",
    static_folder="../reference",
    static_url_path="/docs-assets",
)

METHODS = ("get", "post", "patch", "delete")


@reference.get("/docs")
@anyone
def docs() -> str:
    """Show every path with what it takes and answers."""
    spec: dict[str, Any] = current_app.spec  # type: ignore[attr-defined]
    return render_template("reference.html", info=spec["info"], groups=_groups(spec))


def _groups(spec: dict[str, Any]) -> dict[str, list[dict[str, Any]]]:
    """Return the operations by tag, each with method, path, summary, parameters, fields of its body, and statuses."""
    groups: dict[str, list[dict[str, Any]]] = {}
    for path, operations in sorted(spec["paths"].items()):
        for method in METHODS:
            if method in operations:
                groups.setdefault(operations[method]["tags"][0], []).append(_operation(spec, method, path, operations[method]))
    return dict(sorted(groups.items()))


def _operation(spec: dict[str, Any], method: str, path: str, said: dict[str, Any]) -> dict[str, Any]:
    parameters = [_field(p["name"], p["schema"], p["in"], p.get("required", False)) for p in said.get("parameters", ())]
    for kind, content in said.get("requestBody", {}).get("content", {}).items():
        schema = content["schema"]
        if "$ref" in schema:
            schema = spec["components"]["schemas"][schema["$ref"].rsplit("/", 1)[1]]
        needed = schema.get("required", ())
        parameters += [_field(name, field, kind, name in needed) for name, field in schema.get("properties", {}).items()]
    return {
        "method": method.upper(),
        "path": path,
        "summary": said.get("summary", ""),
        "description": said.get("description", ""),
        "parameters": parameters,
        "statuses": sorted(said["responses"]),
    }


def _field(name: str, schema: dict[str, Any], place: str, needed: bool) -> dict[str, Any]:
    kind = schema.get("type", "")
    return {
        "name": name,
        "place": place,
        "kind": " or ".join(kind) if isinstance(kind, list) else kind,
        "needed": needed,
        "values": ", ".join(str(value) for value in schema.get("enum", ()) if value != "") or schema.get("description", ""),
        "default": schema.get("default"),
    }
