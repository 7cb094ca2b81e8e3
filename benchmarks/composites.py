"""Masks of composite metaphases, every pixel known: `python benchmarks/composites.py LIBRARY.npz`.

The library holds cut-outs of held-out pictures; how to make it is told in benchmarks/reconstruction.md. Each composite is a
whole cell, 46,XX or 46,XY in turn, whose chromosomes come from one stretch of the library. Prints and writes, for each
segmenter, recall, precision and F1 at mask IoU 0.5, F1 at 0.75, the mean IoU of what matched (all pixels of a chromosome,
hidden ones included), the IoU of the pixels that two share, and seconds a picture.
"""

from collections.abc import Iterator
from pathlib import Path

from masks import Known, parser_of, score

from karyogram.datasets.compose import Scene, compose
from karyogram.datasets.cutouts import load_cutouts
from karyogram.metrics.masks import depth_map


def main() -> None:
    """Score each segmenter on the same composites."""
    parser = parser_of(__doc__)
    parser.add_argument("library", type=Path)
    parser.add_argument("--number", type=int, default=40, help="composites")
    options = parser.parse_args()
    cutouts = load_cutouts(options.library)
    scenes = [Scene(size=(700, 700), karyotype=sex, touching=0.3, crossing=0.3) for sex in ("46,XX", "46,XY")]

    def pictures() -> Iterator[Known]:
        for seed in range(options.number):
            made = compose(cutouts, seed, scenes[seed % 2])
            yield Known(made.picture, made.instances, depth_map(made.instances, made.picture.shape) >= 2)

    score(options, pictures)


if __name__ == "__main__":
    main()
