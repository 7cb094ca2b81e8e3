"""One chromosome, one answer: the API's, and the one of the founders' page."""

from typing import Any

from apiflask import APIBlueprint, Schema
from apiflask.fields import File, String
from apiflask.validators import Length
from werkzeug.datastructures import FileStorage

from karyogram.classify.predict import predict
from karyogram.errors import KaryogramError
from karyogram.labels import LABELS
from karyogram.segment.single import find_single
from karyogram.singles import decide_alone
from karyogram.web import models, pictures
from karyogram.web.bench import bench
from karyogram.web.people import changes_nothing
from karyogram.web.refusals import NotAPicture
from karyogram.web.turns import CLASSIFYING
from karyogram.weights.catalogue import load_model

classify = APIBlueprint("classify", __name__, tag="classify")


class One(Schema):
    """A picture of one chromosome."""

    image = File(required=True)


class Read(One):
    """A picture of one chromosome, and what is to read it."""

    model = String(load_default=models.DEFAULT, validate=Length(max=100))


@classify.post("/api/v1/classify")
@classify.input(Read, location="form_and_files", arg_name="given")
@classify.doc(summary="The class of one chromosome", responses=[200, 413, 415, 422, 503])
@changes_nothing
def classify_one(given: dict[str, Any]) -> dict[str, Any]:
    """Return class, probability and runner-up; nothing is kept."""
    return _answer(given["image"], given["model"])


@classify.post("/getChromosome/")
@classify.input(One, location="files", arg_name="files")
@classify.doc(summary="The class of one chromosome, as the founders' page answered it", responses=[200, 413, 415, 422, 503])
@changes_nothing
def get_chromosome(files: dict[str, Any]) -> dict[str, str]:
    """Return the class alone."""
    return {"predictions": _answer(files["image"], models.DEFAULT)["label"]}


@classify.get("/api/v1/models")
@classify.doc(summary="The models there are, with their cards")
def list_models() -> list[dict[str, Any]]:
    """Return the cards."""
    return models.cards(bench().config)


def _answer(file: FileStorage, name: str) -> dict[str, Any]:
    located = models.check_model(bench().config, name)
    _, _, pixels = pictures.open_upload(file.stream)
    try:
        with CLASSIFYING.take():
            flat, chromosome = find_single(pixels)
            model = load_model(located, "classifier", 1)
            (opinion,) = decide_alone(predict(model, flat, [chromosome]))
    except KaryogramError as error:
        raise NotAPicture(f"{pictures.shown_name(file.filename)}: {error}", field="image") from error
    row = opinion.probabilities
    return {
        "label": LABELS[opinion.label],
        "probability": round(float(row[opinion.label]), 4),
        "second_label": LABELS[opinion.second],
        "second_probability": round(float(row[opinion.second]), 4),
        "probabilities": {label: round(float(p), 4) for label, p in zip(LABELS, row, strict=True)},
        "flipped": opinion.flipped,
        "review": list(opinion.review),
        "model": model.identity(),
    }
