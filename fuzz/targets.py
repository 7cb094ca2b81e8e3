"""What is fuzzed: for each target a reader of one file, and small whole files to begin with."""

import io
import json
import tarfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType

import numpy as np

Read = Callable[[Path], object]


@dataclass(frozen=True)
class Target:
    """``file`` is the name that the reader is shown, ``load`` imports and returns the reader, ``seeds`` makes whole files."""

    file: str
    load: Callable[[], Read]
    seeds: Callable[[], list[bytes]]


def _picture() -> Read:
    from karyogram.files import read_picture

    return lambda path: read_picture(path, limit=1_000_000)


def _pictures() -> list[bytes]:
    from PIL import Image

    grey = np.random.default_rng(0).integers(0, 256, (9, 7), dtype=np.uint8)
    arrays = [grey, np.dstack([grey] * 3), np.dstack([grey] * 4), grey.astype(np.uint16) * 257, grey.astype(np.float32) / 255]
    found = []
    for array in arrays:
        for form in ("PNG", "TIFF", "JPEG", "BMP"):
            buffer = io.BytesIO()
            try:
                Image.fromarray(array).save(buffer, form)
            except OSError:  # not every format holds every kind of number
                continue
            found.append(buffer.getvalue())
    return found


def _voc() -> Read:
    from karyogram.datasets.voc import read_voc

    return read_voc


def _voc_files() -> list[bytes]:
    box = "<bndbox><xmin>1</xmin><ymin>2</ymin><xmax>30.5</xmax><ymax>40</ymax></bndbox>"
    size = "<size><width>100</width><height>80</height></size>"
    text = f"<annotation><filename>a.jpg</filename>{size}<object><name>G21</name>{box}</object></annotation>"
    return [text.encode(), f'<!DOCTYPE a [<!ENTITY x "y">]>{text}'.encode(), text.encode("utf-16")]


def _karyotype() -> Read:
    from karyogram.datasets.results import read_karyotype
    from karyogram.exchange.coco import to_coco

    return lambda path: json.dumps(to_coco(read_karyotype(path)))


def _karyotypes() -> list[bytes]:
    from karyogram.records import Chromosome, Finding, Karyotype

    one = Chromosome(1, "21", 0.9, (0.5,) * 24, 0.8, (3, 4, 20, 30), ((3, 4), (20, 4), (20, 30)), 12.5, False, 25.0, None)
    return [Karyotype("a", 70, 69, (one,), {"21": 1}, (Finding("21", -1, 0.7),), "45,XX,-21", 0.9).to_json().encode()]


def _coco() -> Read:
    from karyogram.datasets.sources import find_coco

    def read(path: Path) -> object:
        found = find_coco(path)
        return found and [told.boxed() for told in found.pictures.values()]

    return read


def _cocos() -> list[bytes]:
    from karyogram.exchange.coco import to_coco
    from karyogram.records import Karyotype

    told = to_coco(Karyotype.from_json(_karyotypes()[0].decode()))
    packed = {"size": [69, 70], "counts": "Q11S20000"}
    for segmentation in ([[3, 4, 20, 4, 20, 30]], packed):
        told["annotations"].append(told["annotations"][0] | {"id": 2, "segmentation": segmentation})
    return [json.dumps(told).encode()]


def _case() -> Read:
    from karyogram.errors import AnnotationError
    from karyogram.records import Case

    def read(path: Path) -> object:
        try:
            return Case.from_json(path.read_text("utf-8", "replace")).to_json()
        except AnnotationError:
            return None

    return read


def _cases() -> list[bytes]:
    from karyogram.records import Case, Cell, Clone

    return [Case("1", "constitutional", (Cell("a"),), (), 46, (Clone("46,XX", (), ("a",)),), "46,XX").to_json().encode()]


def _predictions() -> Read:
    from karyogram.datasets.predictions import read_predictions

    return read_predictions


def _library() -> Read:
    from karyogram.datasets.cutouts import load_cutouts

    return load_cutouts


def _libraries() -> list[bytes]:
    buffer = io.BytesIO()
    np.savez(buffer, shapes=np.array([[2, 3], [1, 4]]), pixels=np.arange(10, dtype=np.uint8), labels=np.array([0, 23]))
    return [buffer.getvalue()]


def _split() -> Read:
    from karyogram.datasets.splits import read_split

    return read_split


def _manifest() -> Read:
    from karyogram.cases import find_sources

    return lambda path: find_sources(path, path.parent / "out")


def _package() -> Read:
    from karyogram.weights.package import read_package

    return lambda path: read_package(path, ["a.onnx"])


def _packages() -> list[bytes]:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w:gz") as tar:
        for name in ("a.onnx", "../b.onnx"):
            entry = tarfile.TarInfo(name)
            entry.size = 5
            tar.addfile(entry, io.BytesIO(b"12345"))
    return [buffer.getvalue()]


def _model() -> Read:
    from karyogram.weights.catalogue import load_model

    def read(path: Path) -> object:
        load_model.cache_clear()
        return load_model(str(path), threads=1)

    return read


def _models() -> list[bytes]:
    """An ONNX graph of one node, by hand: ir_version 8, opset 17, y = Identity(x)."""
    node = b"\x0a\x01x\x12\x01y\x22\x08Identity"
    ends = [b"\x0a\x01" + name + b"\x12\x08\x0a\x06\x08\x01\x12\x02\x0a\x00" for name in (b"x", b"y")]
    graph = b"\x0a" + bytes([len(node)]) + node + b"\x12\x01g"
    graph += b"\x5a" + bytes([len(ends[0])]) + ends[0] + b"\x62" + bytes([len(ends[1])]) + ends[1]
    return [b"\x08\x08\x3a" + bytes([len(graph)]) + graph + b"\x42\x02\x10\x11"]


TARGETS: Mapping[str, Target] = MappingProxyType(
    {
        "picture": Target("a.png", _picture, _pictures),
        "voc": Target("a.xml", _voc, _voc_files),
        "karyotype": Target("karyotype.json", _karyotype, _karyotypes),
        "coco": Target("coco.json", _coco, _cocos),
        "case": Target("case.json", _case, _cases),
        "predictions": Target("a.csv", _predictions, lambda: [b"path,label,probability\n1/a.png,1,0.5\nb.png,X,1\n"]),
        "library": Target("library.npz", _library, _libraries),
        "split": Target("split.csv", _split, lambda: [b"name,case,part\na1,a,train\nb1,b,test\n"]),
        "manifest": Target(
            "manifest.csv", _manifest, lambda: [b"path,use,number,iscn,note\nx,counted,46,,\ny,excluded,,,smeared\n"]
        ),
        "package": Target("a.tgz", _package, _packages),
        "model": Target("a.onnx", _model, _models),
    }
)
