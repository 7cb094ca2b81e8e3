"""Pascal VOC annotations: boxes with class names, one XML file a picture."""

from dataclasses import dataclass
from pathlib import Path
from xml.etree.ElementTree import Element, ParseError, SubElement, indent, tostring

from karyogram.errors import AnnotationError
from karyogram.files import write_text
from karyogram.labels import parse_label, voc_name

_CORNERS = ("xmin", "ymin", "xmax", "ymax")


@dataclass(frozen=True)
class Box:
    """One annotated chromosome: class (None where the file's name is no class) and (xmin, ymin, xmax, ymax)."""

    label: str | None
    bbox: tuple[float, float, float, float]


@dataclass(frozen=True)
class Annotation:
    """One VOC file: the picture it names, its size in pixels, its boxes (clipped to the picture)."""

    filename: str
    width: int
    height: int
    boxes: tuple[Box, ...]


def read_voc(path: str | Path) -> Annotation:
    """Read one VOC file. Boxes are clipped to the picture; those left without area are dropped.

    Raises AnnotationError, naming file and reason, for anything that is no VOC annotation, entity bombs included.
    """
    from defusedxml import DefusedXmlException
    from defusedxml.ElementTree import parse

    path = Path(path)
    try:
        root = parse(path).getroot()
        width, height = (int(float(root.findtext(f"size/{side}", "0"))) for side in ("width", "height"))
        boxes = tuple(_box(element, width, height) for element in root.iter("object"))
    except OSError as error:
        raise AnnotationError(f"{path}: cannot be read: {error.strerror or error}") from error
    except (ParseError, DefusedXmlException, ValueError, LookupError, OverflowError) as error:
        raise AnnotationError(f"{path}: not a VOC annotation: {error!r}") from error
    if root.tag != "annotation":
        raise AnnotationError(f"{path}: not a VOC annotation: the root element is <{root.tag}>")
    filename = root.findtext("filename") or path.stem
    kept = tuple(b for b in boxes if b.bbox[2] > b.bbox[0] and b.bbox[3] > b.bbox[1])
    return Annotation(filename, width, height, kept)


def _box(element, width: int, height: int) -> Box:  # type: ignore[no-untyped-def]
    text = [element.findtext(f"bndbox/{side}") for side in _CORNERS]
    if None in text:
        raise ValueError("an object has no complete bndbox")
    xmin, ymin, xmax, ymax = (float(value) for value in text)
    if not abs(xmin) + abs(ymin) + abs(xmax) + abs(ymax) < 1e9:
        raise ValueError("a box has no finite corners")
    if width > 0 and height > 0:
        xmin, xmax = (min(max(x, 0.0), float(width)) for x in (xmin, xmax))
        ymin, ymax = (min(max(y, 0.0), float(height)) for y in (ymin, ymax))
    return Box(parse_label(element.findtext("name") or ""), (xmin, ymin, xmax, ymax))


def write_voc(path: str | Path, annotation: Annotation) -> Path:
    """Write one VOC file, classes named as Tseng et al. name them; :func:`read_voc` reads the same annotation back.

    A box without class is named ``unknown``.
    """
    root = Element("annotation")
    _add(root, filename=annotation.filename)
    _add(SubElement(root, "size"), width=annotation.width, height=annotation.height, depth=1)
    for box in annotation.boxes:
        element = SubElement(root, "object")
        _add(element, name=voc_name(box.label) if box.label else "unknown")
        _add(SubElement(element, "bndbox"), **dict(zip(_CORNERS, box.bbox, strict=True)))
    indent(root)
    return write_text(path, tostring(root, "unicode") + "\n")


def _add(parent: Element, **texts: object) -> None:
    for tag, text in texts.items():
        SubElement(parent, tag).text = str(text)
