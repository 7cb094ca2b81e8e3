"""Metaphases: the picture itself, and what it is used for."""

from typing import Any

from apiflask import APIBlueprint, Schema
from apiflask.fields import Boolean, Integer, String
from apiflask.validators import Length, OneOf, Range
from flask import Response, request, send_file

from karyogram.files import encode_picture, read_picture
from karyogram.web.bench import bench
from karyogram.web.db import cases as store
from karyogram.web.db import reading, writing
from karyogram.web.db.tables import USES, Metaphase
from karyogram.web.people import person
from karyogram.web.refusals import Missing

metaphases = APIBlueprint("metaphases", __name__, tag="metaphases")

#: What browsers show as it is.
SHOWN = (".png", ".jpg")


class Shown(Schema):
    """How a picture is wanted."""

    dark = Boolean(load_default=False)


class Use(Schema):
    """What a metaphase is used for; ``version`` is its case's."""

    use = String(required=True, validate=OneOf(USES))
    version = Integer(required=True)
    counted_number = Integer(load_default=None, allow_none=True, validate=Range(min=1, max=400))
    note = String(load_default=None, allow_none=True, validate=Length(max=2000))


@metaphases.get("/metaphases/<int:metaphase_id>/picture")
@metaphases.input(Shown, location="query", arg_name="shown")
@metaphases.doc(summary="The picture: as it came, or (dark=1) as it is read, dark on white")
def picture(metaphase_id: int, shown: dict[str, Any]) -> Response:
    """Return a picture that a browser can show; it never changes, so it may be kept."""
    here = bench()
    with reading(here.engine) as session:
        metaphase = session.get(Metaphase, metaphase_id)
    if metaphase is None:
        raise Missing(f"there is no metaphase {metaphase_id}")
    etag = f"{metaphase.sha256[:32]}-{'dark' if shown['dark'] else 'own'}"
    if request.if_none_match.contains(etag):
        response = Response(status=304)
    elif not shown["dark"] and here.path(metaphase).suffix in SHOWN:
        response = send_file(here.path(metaphase).resolve(), etag=False, conditional=False)
    else:
        pixels = here.picture(metaphase).pixels if shown["dark"] else read_picture(here.path(metaphase)).pixels
        response = Response(encode_picture(pixels), mimetype="image/png")
    response.set_etag(etag)
    response.headers["Cache-Control"] = "private, max-age=31536000, immutable"
    return response


@metaphases.post("/metaphases/<int:metaphase_id>/use")
@metaphases.input(Use, arg_name="said")
@metaphases.doc(summary="Use a metaphase for a karyogram, count it only, or leave it out", responses=[409, 423])
def use(metaphase_id: int, said: dict[str, Any]) -> dict[str, Any]:
    """Say it, and return the metaphase with its case's new version."""
    with writing(bench().engine) as session:
        metaphase = store.set_use(
            session,
            metaphase_id,
            said["version"],
            person().name,
            use=said["use"],
            number=said["counted_number"],
            note=said["note"],
        )
        names = ("id", "use", "counted_number", "note")
        return {**{name: getattr(metaphase, name) for name in names}, "version": metaphase.case.version}
