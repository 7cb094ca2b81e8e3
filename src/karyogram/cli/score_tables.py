"""What `karyogram evaluate` prints."""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from rich.table import Table

    from karyogram.metrics.metaphases import Scores, Share

#: Score -> what the table calls it. Shares have an interval, the rest are plain numbers.
SHARES = {
    "found": ("Found", "boxes"),
    "found_and_right": ("Found and right", "boxes"),
    "pictures_wholly_right": ("Pictures wholly right", "pictures"),
    "pictures_count_right": ("Pictures, count right", "pictures"),
    "pictures_class_counts_right": ("Pictures, class counts right", "pictures"),
}
PRECISIONS = {
    "ap50": "AP50, any class",
    "ap50_by_class": "AP50, mean of classes",
    "map_50_95": "mAP 0.5:0.95, any class",
    "map_50_95_by_class": "mAP 0.5:0.95, mean of classes",
    "ap50_of_all": "AP50, any class, candidates counted in",
    "ap50_of_all_by_class": "AP50, mean of classes, candidates counted in",
}


def print_metaphases(scores: "Scores", iou: float) -> None:
    """Print the scores of metaphases, whole and by class; ``iou`` is what finds a box."""
    whole = _table("Score", "Value", "95 % interval", "Out of")
    for name, (title, unit) in SHARES.items():
        share: Share = getattr(scores, name)
        title += f" (IoU >= {iou:g})" if name == "found" else ""
        whole.add_row(title, _show(share.share), _interval(share.low, share.high), f"{share.total} {unit}")
    whole.add_row("Spurious boxes", str(scores.spurious), "", f"{scores.predicted} predicted")
    for name, title in PRECISIONS.items():
        whole.add_row(title, _show(getattr(scores, name)))

    classes = _table("Class", "Boxes", "AP50", "Found", "Right")
    for row in scores.classes:
        classes.add_row(row.label, str(row.boxes), _show(row.ap50), _show(row.found), _show(row.right))
    _print(f"{scores.pictures} pictures, {scores.boxes} boxes", whole, classes)


def print_singles(scores: dict[str, Any]) -> None:
    """Print the scores of single chromosomes, see :func:`karyogram.metrics.classification.score_answers`."""
    whole = _table("Score", "Value", "95 % interval", "Out of")
    interval = _interval(scores["low"], scores["high"])
    whole.add_row("Accuracy", _show(scores["accuracy"]), interval, f"{scores['pictures']} pictures")
    whole.add_row("Macro F1", _show(scores["macro_f1"]))
    whole.add_row("Calibration error", _show(scores["ece"]))

    classes = _table("Class", "Pictures", "Right")
    for label, (right, number) in scores["classes"].items():
        classes.add_row(label, str(number), _show(right / number))
    _print(f"{scores['pictures']} pictures of single chromosomes", whole, classes)


def _table(first: str, *others: str) -> "Table":
    from rich import box
    from rich.table import Table

    table = Table(first, box=box.SIMPLE)
    for heading in others:
        table.add_column(heading, justify="right")
    return table


def _print(*parts: "str | Table") -> None:
    from rich.console import Console

    console = Console(highlight=False)
    for part in parts:
        console.print(part)


def _show(value: float) -> str:
    return "-" if value != value else f"{value:.4f}"


def _interval(low: float, high: float) -> str:
    return f"{_show(low)} to {_show(high)}"
