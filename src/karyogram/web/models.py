"""The models a request may name: those that karyogram knows by name, and the files in the data folder's ``models``."""

from typing import Any

from karyogram.errors import ModelError
from karyogram.segment.segmenters import SEGMENTERS
from karyogram.web.config import Config
from karyogram.web.refusals import Invalid
from karyogram.weights.catalogue import DEFAULT, known_names, load_model, read_card

#: The folder, in the data folder, of models that a laboratory adds: NAME.onnx.
FOLDER = "models"


def own_models(config: Config) -> list[str]:
    """Return the names of the models in the data folder."""
    return sorted(file.stem for file in (config.data / FOLDER).glob("*.onnx"))


def locate(config: Config, name: str) -> str:
    """Return what :func:`karyogram.pipeline.make_reader` takes for a name: the file of a model of one's own, or the name."""
    return str(config.data / FOLDER / f"{name}.onnx") if name in own_models(config) else name


def check_model(config: Config, name: str, field: str = "model") -> str:
    """Return what :func:`load_model` takes for a classifier's name. Raises Invalid for a name that there is none of.

    A name is never used as a path, so that a request cannot make the server open files.
    """
    if name not in (*known_names(), *own_models(config)):
        known = ", ".join((*known_names(), *own_models(config)))
        raise Invalid(f"no model named {name!r}; there are {known}", field=field)
    located = locate(config, name)
    try:
        load_model(located, "classifier", 1)
    except ModelError as error:
        raise Invalid(str(error), field=field) from error
    return located


def check_segmenter(config: Config, name: str) -> None:
    """Raise Invalid for a segmenter that there is none of."""
    networks = [known for known in known_names() if read_card(known)["kind"] == "segmenter"]
    if name not in (known := (*SEGMENTERS, *networks, *own_models(config))):
        raise Invalid(f"no segmenter named {name!r}; there are {', '.join(known)}", field="segmenter")


def cards(config: Config) -> list[dict[str, Any]]:
    """Return what is known of each model, the default first."""
    known = [read_card(name) | {"default": name == DEFAULT} for name in known_names()]
    return known + [{"name": name, "summary": "added by the laboratory", "default": False} for name in own_models(config)]
