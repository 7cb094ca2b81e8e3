"""Analyses: pictures in, state out."""

from typing import Any

from apiflask import APIBlueprint, Schema
from apiflask.fields import File, Integer, List, String
from apiflask.validators import Length, Range
from sqlalchemy.orm import Session

from karyogram.web import models, pictures
from karyogram.web.api.events import stream
from karyogram.web.api.shapes import state_line, whole_analysis
from karyogram.web.bench import bench
from karyogram.web.db import intake, reading
from karyogram.web.db.tables import WAITING, Analysis
from karyogram.web.people import person
from karyogram.web.refusals import Conflict, Missing, NotAPicture, Refusal, TooLarge
from karyogram.web.repeats import once
from karyogram.web.uploads import open_files
from karyogram.web.webhooks import check_webhook

analyses = APIBlueprint("analyses", __name__, tag="analyses")


class Pictures(Schema):
    """Metaphases to be analysed, where they go, and what reads them."""

    image = List(File(), required=True)
    case = Integer(load_default=None, allow_none=True, validate=Range(0, 10**9))
    case_name = String(load_default="", validate=Length(max=200))
    model = String(load_default=models.DEFAULT, validate=Length(max=100))
    segmenter = String(load_default="auto", validate=Length(max=100))
    webhook = String(load_default="", validate=Length(max=500))


class Again(Schema):
    """What is to read a metaphase this time; what is left out stays."""

    model = String(load_default="", validate=Length(max=100))
    segmenter = String(load_default="", validate=Length(max=100))


@analyses.post("/analyses")
@analyses.input(Pictures, location="form_and_files", arg_name="choice")
@analyses.doc(summary="Pictures, or a zip of a folder, into a case, to be analysed", responses=[202, 404, 409, 423])
def add_analyses(choice: dict[str, Any]) -> tuple[dict[str, Any], int]:
    """Take the pictures and answer 202 with their analyses; files that are no pictures are named in ``rejected``."""
    config, uploads = bench().config, choice.pop("image")
    models.check_model(config, choice["model"])
    models.check_segmenter(config, choice["segmenter"])
    if choice["webhook"]:
        check_webhook(config, choice["webhook"])
    with reading(bench().engine) as session:
        intake.check_room(session, 1, config.queue_limit)
    taken, rejected = _take(uploads)
    asked = {**choice, "pictures": [stored.sha256 for _, stored in taken]}

    def add(session: Session) -> tuple[dict[str, Any], int]:
        intake.check_room(session, len(taken), config.queue_limit)
        first = taken[0][0].rpartition(".")[0] or taken[0][0]
        case = intake.case_for(session, person().name, choice["case"], choice["case_name"], first)
        added, refused = [], list(rejected)
        for filename, stored in taken:
            try:
                metaphase = intake.add_metaphase(session, case, stored, filename, person().name)
            except Conflict as conflict:
                refused.append({"filename": filename, "reason": conflict.reason})
                continue
            analysis = intake.add_analysis(session, metaphase, choice["model"], choice["segmenter"], choice["webhook"])
            added.append({"id": analysis.id, "metaphase": metaphase.id, "state": "queued", "filename": metaphase.filename})
        if not added:
            raise Conflict(f"{refused[0]['filename']}: {refused[0]['reason']}", rejected=refused)
        intake.note_additions(case)
        return {"case": case.id, "analyses": added, "rejected": refused}, 202

    answer, status = once(asked, add)
    bench().enqueue([added["id"] for added in answer["analyses"]])
    return answer, status


def _take(uploads: list[Any]) -> tuple[list[tuple[str, pictures.Stored]], list[dict[str, str]]]:
    """Keep the pictures of a request. Raises the refusal of the first file if there is none that can be used."""
    taken, rejected = [], []
    refusal: Refusal | None = None
    for filename, file in open_files(uploads, bench().config.max_pictures):
        try:
            taken.append((filename, pictures.take(bench().config.data, file)))
        except (NotAPicture, TooLarge) as refused:
            refusal = refusal or refused
            rejected.append({"filename": filename, "reason": refused.reason})
    if refusal is not None and not taken:
        raise type(refusal)(f"{rejected[0]['filename']}: {refusal.reason}", field="image", rejected=rejected)
    return taken, rejected


@analyses.get("/analyses/<int:analysis_id>")
@analyses.doc(summary="One analysis: its state, and its karyotype after all edits")
def read_analysis(analysis_id: int) -> dict[str, Any]:
    """Return an analysis."""
    with reading(bench().engine) as session:
        return whole_analysis(session, analysis_id)


@analyses.get("/analyses/<int:analysis_id>/events")
@analyses.doc(summary="Server-sent events: the state of an analysis, each time it changes")
def analysis_events(analysis_id: int) -> Any:
    """Stream until the analysis has ended."""

    def look(session: Session) -> tuple[dict[str, Any], bool]:
        analysis = session.get(Analysis, analysis_id)
        if analysis is None:
            raise Missing(f"there is no analysis {analysis_id}")
        return state_line(analysis), analysis.state not in WAITING

    return stream(look)


@analyses.post("/analyses/<int:analysis_id>/again")
@analyses.input(Again, arg_name="choice")
@analyses.doc(summary="Read a metaphase again, perhaps with another model; the old analysis stays", responses=[202, 409, 423])
def again(analysis_id: int, choice: dict[str, Any]) -> tuple[dict[str, Any], int]:
    """Queue a new analysis of the same metaphase."""
    config = bench().config
    if choice["model"]:
        models.check_model(config, choice["model"])
    if choice["segmenter"]:
        models.check_segmenter(config, choice["segmenter"])

    def add(session: Session) -> tuple[dict[str, Any], int]:
        intake.check_room(session, 1, config.queue_limit)
        return state_line(intake.analyse_again(session, analysis_id, person().name, choice["model"], choice["segmenter"])), 202

    answer, status = once(choice, add)
    bench().enqueue([answer["id"]])
    return answer, status
