"""One page of small multiples a network: accuracy and loss of each run, epoch by epoch."""

import io
import math
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from karyogram.files import write_bytes
from karyogram.labels import LABELS

if TYPE_CHECKING:
    from karyogram.training.report import Run

#: Panels side by side, and runs on a page.
COLUMNS, PANELS = 3, 9
#: The parts and their colours (Okabe and Ito), told apart by line style as well.
PARTS = {"train": ("#0072B2", "-"), "val": ("#D55E00", "-"), "test": ("#000000", ":")}
#: Losses above this are cut off; guessing has the loss ln 24.
HIGHEST_LOSS = 4.5


def write_curves(path: Path, title: str, runs: "Sequence[Run]", opened: bool) -> Path:
    """Draw up to ``PANELS`` runs, the best if there are more, as PNG; the test part only if it is ``opened``."""
    from matplotlib.figure import Figure

    kept = sorted(sorted(range(len(runs)), key=lambda i: -runs[i].accuracy)[:PANELS])
    rows = math.ceil(len(kept) / COLUMNS)
    figure = Figure(figsize=(8.3, 0.8 + 3.6 * rows), layout="constrained")
    figure.suptitle(title)
    grid = figure.subplots(2 * rows, COLUMNS, sharex=True, sharey="row", squeeze=False)
    for panel in range(rows * COLUMNS):
        pair = [grid[2 * (panel // COLUMNS) + below, panel % COLUMNS] for below in (0, 1)]
        if panel >= len(kept):
            for axes in pair:
                axes.set_visible(False)
            continue
        run = runs[kept[panel]]
        both = [
            {**seen, **(closed if opened else {})} for seen, closed in zip(run.outcome.curves, run.outcome.sealed, strict=True)
        ]
        for axes, score in zip(pair, ("accuracy", "loss"), strict=True):
            for part, (colour, style) in PARTS.items():
                values = [row.get(f"{part}_{score}", math.nan) for row in both]
                if not all(map(math.isnan, values)):
                    axes.plot(
                        range(1, len(values) + 1),
                        values,
                        style,
                        color=colour,
                        label=part,
                        marker=".",
                        linewidth=1.2,
                        markersize=3,
                    )
            axes.axvline(run.outcome.best() + 1, color="0.8", linewidth=0.8, zorder=0)
            axes.tick_params(labelsize=7)
            if panel % COLUMNS == 0:
                axes.set_ylabel(score, fontsize=8)
        pair[0].set_title(f"{run.optimizer}, rate {run.rate:.3g}: {run.accuracy:.3f}", fontsize=8)
        pair[0].set_ylim(0, 1)
        pair[1].set_ylim(0, HIGHEST_LOSS)
        pair[1].axhline(math.log(len(LABELS)), color="0.8", linewidth=0.8, zorder=0)
        pair[1].set_xlabel("epoch", fontsize=8)
    grid[0, 0].legend(fontsize=7, frameon=False)
    buffer = io.BytesIO()
    figure.savefig(buffer, format="png", dpi=130)
    return write_bytes(path, buffer.getvalue())
