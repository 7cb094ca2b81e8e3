"""Exports: one analysis in any format, a case as a report or its data, who did what, and training data."""

import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
from apiflask import APIBlueprint, Schema
from apiflask.fields import String
from apiflask.validators import Length, OneOf
from flask import Response
from sqlalchemy import select
from sqlalchemy.orm import Session

from karyogram.cases import write_case
from karyogram.draw.karyogram import Style
from karyogram.files import write_bytes, write_text
from karyogram.karyotype.case import make_case
from karyogram.output import CUTOUTS, FORMATS, parse_formats
from karyogram.records import Case as Record
from karyogram.report.blocks import Block
from karyogram.report.content import Cell, report_blocks
from karyogram.report.html import to_html
from karyogram.web.api.pictures import KaryogramIn
from karyogram.web.archive import send_bytes, send_folder, send_zip, table
from karyogram.web.bench import bench
from karyogram.web.corrections import LAYOUTS, Corrected
from karyogram.web.db import reading
from karyogram.web.db.analyses import latest
from karyogram.web.db.cases import entries_of, find_case
from karyogram.web.db.edits import load_analysis
from karyogram.web.db.tables import Action, Analysis, Case, Edit, Metaphase, iso
from karyogram.web.refusals import Conflict, Invalid, Missing
from karyogram.web.signed import case_blocks, cell_blocks, people_table
from karyogram.web.states import state_of

exports = APIBlueprint("exports", __name__, tag="exports")

#: Formats that are a report, with what people did at its head.
REPORTS = ("pdf", "html")
#: Which states of a case count as signed, at least.
SIGNED = {"approved": ("approved", "locked"), "reviewed": ("reviewed", "approved", "locked")}
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
    state = String(load_default="approved", validate=OneOf(tuple(SIGNED)))


@exports.get("/analyses/<int:analysis>/export")
@exports.input(FormatsIn, location="query")
@exports.doc(summary="An analysis as it is now, in one format or several (then a zip)", responses=[409, 422])
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
    with tempfile.TemporaryDirectory() as scratch:
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
@exports.doc(summary="A case: report (pdf, html), case.json, cells.csv, or all of it (zip)", responses=[409, 422])
def export_case(case: int, query_data: dict[str, Any]) -> Response:
    """Return a case in one format; a report shows the proposed karyograms, or all."""
    form, style = query_data["format"], _style(query_data)
    with reading(bench().engine) as session:
        row = find_case(session, case)
        record = make_case(row.name, entries_of(session, row), row.kind)
        if form == "json":
            return send_bytes(record.to_json().encode(), f"{row.name}.json")
        actions = list(session.scalars(select(Action).where(Action.case_id == case).order_by(Action.id)))
        people = people_table([load_analysis(session, number) for number in _newest(session, row)])
        trail = _audit(session, case)
        pictures = {cell.filename: bench().picture(cell).pixels for cell in row.metaphases if cell.use == "karyogram"}
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        if form in ("csv", "zip"):
            write_case(folder, record, pictures)
        if form == "csv":
            return send_bytes((folder / "cells.csv").read_bytes(), f"{row.name}.csv")
        cells = _shown(record, pictures, query_data["cells"] == "all")
        lead = [*case_blocks(row, record, actions), *people]
        blocks = report_blocks(cells, style, f"Case {row.name}", lead)
        if form in REPORTS:
            return send_bytes(_report(blocks, form), f"{row.name}.{form}")
        write_bytes(folder / "report.pdf", _report(blocks, "pdf"))
        write_text(folder / "audit.csv", trail)
        for number, karyotype in enumerate(record.karyotypes, 1):
            write_text(folder / "cells" / f"{number:02d}-{Path(karyotype.image).stem}" / "karyotype.json", karyotype.to_json())
        return send_folder(folder, sorted(path.name for path in folder.iterdir()), row.name)


def _shown(record: Record, pictures: dict[str, np.ndarray], everything: bool) -> list[Cell]:
    """Return the cells of a report: all, or those proposed, or else the best. Raises Conflict if none has been read."""
    karyotypes = {karyotype.image: karyotype for karyotype in record.karyotypes}
    ranked = [cell for cell in record.cells if cell.image in karyotypes and cell.use == "karyogram"]
    if not ranked:
        raise Conflict("no cell of this case has been read yet")
    chosen = ranked if everything else [cell for cell in ranked if cell.proposed] or ranked[:SHOWN]
    return [Cell(pictures[cell.image], karyotypes[cell.image]) for cell in chosen]


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
@exports.doc(summary="Signed cells as training data for karyogram train (voc, classes), or as COCO", responses=[404])
def training(query_data: dict[str, Any]) -> Response:
    """Return a zip; names in it are numbers, no case's name or file's name leaves the bench."""
    states = SIGNED[query_data["state"]]
    with reading(bench().engine) as session:
        chosen = select(Analysis.id).join(Metaphase).join(Case).where(Case.state.in_(states), Metaphase.use == "karyogram")
        ids = list(session.scalars(chosen.where(Analysis.id.in_(latest()), Analysis.state == "done").order_by(Analysis.id)))
    if not ids:
        raise Missing(f"no cell of a case that is {' or '.join(states)}")
    return send_zip(LAYOUTS[query_data["layout"]](_corrected(ids)), f"training-{query_data['layout']}.zip")


def _corrected(ids: list[int]) -> Iterator[Corrected]:
    """Yield analyses one after the other, so that no more than one is in memory."""
    for number in ids:
        with reading(bench().engine) as session:
            loaded = load_analysis(session, number)
        picture = bench().picture(loaded.metaphase).pixels
        yield Corrected(loaded.case.id, loaded.metaphase.id, picture, state_of(loaded).karyotype)
