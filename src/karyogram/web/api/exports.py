"""Exports: one analysis in any format, a case as a report or its data, who did what, and training data."""

import tempfile
from pathlib import Path
from typing import Any

from apiflask import APIBlueprint, Schema
from apiflask.fields import String
from apiflask.validators import Length, OneOf
from flask import Response, send_file
from sqlalchemy import select
from sqlalchemy.orm import Session

from karyogram.cases import cells_table, write_case
from karyogram.draw.karyogram import Style
from karyogram.files import write_bytes, write_text
from karyogram.karyotype.case import make_case
from karyogram.output import CUTOUTS, FORMATS, parse_formats
from karyogram.records import Case as Record
from karyogram.records import Karyotype
from karyogram.report.blocks import Block
from karyogram.report.content import Cell, report_blocks
from karyogram.report.html import to_html
from karyogram.web.api.pictures import KaryogramIn
from karyogram.web.archive import send_bytes, send_folder, send_zip, table
from karyogram.web.bench import bench, open_kept
from karyogram.web.corrections import LAYOUTS
from karyogram.web.db import exports as store
from karyogram.web.db import reading
from karyogram.web.db.analyses import latest
from karyogram.web.db.cases import entries_of, find_case
from karyogram.web.db.edits import load_analysis
from karyogram.web.db.tables import Action, Analysis, Case, Edit, Metaphase, iso
from karyogram.web.packing import corrected
from karyogram.web.people import person
from karyogram.web.refusals import Conflict, Invalid, TooLarge
from karyogram.web.repeats import once
from karyogram.web.signed import case_blocks, cell_blocks, people_table
from karyogram.web.states import state_of
from karyogram.web.turns import DRAWING

exports = APIBlueprint("exports", __name__, tag="exports")

#: Formats that are a report, with what people did at its head.
REPORTS = ("pdf", "html")
#: So many signed cells are packed while the client waits.
AT_ONCE = 50
#: So many karyograms stand in the report of a case for which none are proposed.
SHOWN = 3
AUDIT = ("at", "user", "what", "metaphase", "analysis", "number", "body", "before", "after")


class FormatsIn(KaryogramIn):
    """One format, or several parted by commas, and how karyograms are drawn."""

    format = String(load_default="json", validate=Length(max=200))


class CaseFormatIn(KaryogramIn):
    """The format of a case, how karyograms are drawn, and which cells a report shows."""

    format = String(load_default="pdf", validate=OneOf(("pdf", "html", "json", "csv", "zip")))
    cells = String(load_default="proposed", validate=OneOf(("proposed", "all")))


class TrainingIn(Schema):
    """How training data are laid out, and how far the cases must have come that they are taken from."""

    layout = String(load_default="voc", validate=OneOf(tuple(LAYOUTS)))
    state = String(load_default="approved", validate=OneOf(tuple(store.SIGNED)))


@exports.get("/analyses/<int:analysis>/export")
@exports.input(FormatsIn, location="query")
@exports.doc(summary="An analysis as it is now, in one format or several (then a zip)", responses=[409, 422, 503])
def export_analysis(analysis: int, query_data: dict[str, Any]) -> Response:
    """Return the files of these formats: the keys of :data:`karyogram.output.FORMATS`."""
    try:
        wanted = parse_formats(query_data["format"])
    except ValueError as error:
        raise Invalid(str(error), field="format") from error
    if not wanted:
        raise Invalid(f"no format; there are {', '.join(FORMATS)}", field="format")
    with reading(bench().engine) as session:
        loaded = load_analysis(session, analysis)
    state, picture, style = state_of(loaded), bench().picture(loaded.metaphase).pixels, _style(query_data)
    with DRAWING.take(), tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        for name in sorted(wanted):
            if name in REPORTS:
                blocks = report_blocks([Cell(picture, state.karyotype)], style, lead=cell_blocks(loaded, state))
                write_bytes(folder / FORMATS[name].files[0], _report(blocks, name))
            else:
                FORMATS[name].write(folder, picture, state.karyotype, style)
        files = [file for name in FORMATS if name in wanted for file in FORMATS[name].files]
        files += [CUTOUTS] if "png" in wanted else []
        return send_folder(folder, files, Path(loaded.metaphase.filename).stem)


def _style(query: dict[str, Any]) -> Style:
    return Style(query["dpi"], query["ideograms"], query["measures"])


def _report(blocks: list[Block], name: str) -> bytes:
    if name == "html":
        return to_html(blocks).encode()
    from karyogram.report.pdf import to_pdf  # reportlab takes its time

    return to_pdf(blocks)


@exports.get("/cases/<int:case>/export")
@exports.input(CaseFormatIn, location="query")
@exports.doc(summary="A case: report (pdf, html), case.json, cells.csv, or all of it (zip)", responses=[409, 422, 503])
def export_case(case: int, query_data: dict[str, Any]) -> Response:
    """Return a case in one format; a report shows the proposed karyograms, or all."""
    form, style = query_data["format"], _style(query_data)
    with reading(bench().engine) as session:
        row = find_case(session, case)
        record = make_case(row.name, entries_of(session, row), row.kind)
        if form == "json":
            return send_bytes(record.to_json().encode(), f"{row.name}.json")
        if form == "csv":
            return send_bytes(cells_table(record.cells).encode(), f"{row.name}.csv")
        actions = list(session.scalars(select(Action).where(Action.case_id == case).order_by(Action.id)))
        people = people_table([load_analysis(session, number) for number in _newest(session, row)])
        trail = _audit(session, case)
        paths = {cell.filename: bench().path(cell) for cell in row.metaphases}
    chosen = _shown(record, query_data["cells"] == "all")
    lead = [*case_blocks(row, record, actions), *people]
    with DRAWING.take(), tempfile.TemporaryDirectory() as scratch:
        cells = [Cell(open_kept(paths[each.image]).pixels, each) for each in chosen]
        blocks = report_blocks(cells, style, f"Case {row.name}", lead)
        if form in REPORTS:
            return send_bytes(_report(blocks, form), f"{row.name}.{form}")
        folder = Path(scratch)
        write_case(folder, record, {each.image: open_kept(paths[each.image]).pixels for each in record.karyotypes})
        write_bytes(folder / "report.pdf", _report(blocks, "pdf"))
        write_text(folder / "audit.csv", trail)
        for number, karyotype in enumerate(record.karyotypes, 1):
            write_text(folder / "cells" / f"{number:02d}-{Path(karyotype.image).stem}" / "karyotype.json", karyotype.to_json())
        return send_folder(folder, sorted(path.name for path in folder.iterdir()), row.name)


def _shown(record: Record, everything: bool) -> list[Karyotype]:
    """Return the cells that a report shows: all, or those proposed, or else the best. Raises Conflict if none has been read."""
    karyotypes = {karyotype.image: karyotype for karyotype in record.karyotypes}
    ranked = [cell for cell in record.cells if cell.image in karyotypes and cell.use == "karyogram"]
    if not ranked:
        raise Conflict("no cell of this case has been read yet")
    chosen = ranked if everything else [cell for cell in ranked if cell.proposed] or ranked[:SHOWN]
    return [karyotypes[cell.image] for cell in chosen]


def _newest(session: Session, case: Case) -> list[int]:
    """Return the analyses that count of the cells that are read, in the order of the metaphases."""
    ids = [metaphase.id for metaphase in case.metaphases if metaphase.use == "karyogram"]
    done = select(Analysis.id).where(Analysis.id.in_(latest(ids)), Analysis.state == "done")
    return list(session.scalars(done.order_by(Analysis.metaphase_id)))


@exports.get("/cases/<int:case>/audit.csv")
@exports.doc(summary="Who did what and when in a case: every action and every edit")
def audit(case: int) -> Response:
    """Return all rows, oldest first; nothing is ever taken out of them."""
    with reading(bench().engine) as session:
        name = find_case(session, case).name
        return send_bytes(_audit(session, case).encode(), f"{name}-audit.csv")


def _audit(session: Session, case: int) -> str:
    actions = session.scalars(select(Action).where(Action.case_id == case))
    rows: list[tuple[Any, ...]] = [(iso(a.at), a.user, a.kind, "", None, None, a.what, a.before, None) for a in actions]
    made = select(Edit, Metaphase.filename).join(Analysis, Analysis.id == Edit.analysis_id).join(Metaphase)
    for edit, filename in session.execute(made.where(Metaphase.case_id == case).order_by(Edit.id)):
        told = (edit.analysis_id, edit.number, edit.body, edit.before, edit.after)
        rows.append((iso(edit.at), edit.user, edit.kind, filename, *told))
    return table(AUDIT, sorted(rows, key=lambda row: str(row[0])))


@exports.get("/export/training")
@exports.input(TrainingIn, location="query")
@exports.doc(summary="A few signed cells as training data: for karyogram train (voc, classes), or COCO", responses=[404, 413])
def training(query_data: dict[str, Any]) -> Response:
    """Return a zip; names in it are numbers, no case's name or file's name leaves the bench. 413 for more than a few cells."""
    with reading(bench().engine) as session:
        ids = store.cells_signed(session, query_data["state"])
    if len(ids) > AT_ONCE:
        raise TooLarge(f"{len(ids)} cells, more than the {AT_ONCE} of one answer: POST the same to have them packed")
    with DRAWING.take():
        return send_zip(LAYOUTS[query_data["layout"]](corrected(bench(), ids)), f"training-{query_data['layout']}.zip")


@exports.post("/export/training")
@exports.input(TrainingIn, arg_name="wanted")
@exports.doc(summary="Have signed cells packed as training data: progress, then a file", responses=[202, 404, 413, 422, 503])
def pack_training(wanted: dict[str, Any]) -> tuple[dict[str, Any], int]:
    """Queue it for a worker, and answer 202 with what to ask for."""

    def add(session: Session) -> tuple[dict[str, Any], int]:
        return store.export_line(store.add_export(session, person().name, wanted["layout"], wanted["state"])), 202

    answer, status = once(wanted, add)
    bench().enqueue_exports([answer["id"]])
    return answer, status


@exports.get("/export/training/<int:number>")
@exports.doc(summary="How far an export is, and where its file is once it is done", responses=[404])
def training_progress(number: int) -> dict[str, Any]:
    """Return an export."""
    with reading(bench().engine) as session:
        return store.export_line(store.find_export(session, number))


@exports.get("/export/training/<int:number>/file")
@exports.doc(summary="The zip of an export that is done; it is kept for a day", responses=[404, 409])
def training_file(number: int) -> Response:
    """Return the file; broken downloads may be taken up again (ranges)."""
    with reading(bench().engine) as session:
        export = store.find_export(session, number)
    path = bench().config.data / export.stored
    if export.state != "done" or not path.exists():
        raise Conflict(f"the export is {export.state}, there is no file", state=export.state)
    return send_file(path.resolve(), as_attachment=True, download_name=f"training-{export.layout}.zip", max_age=0)
