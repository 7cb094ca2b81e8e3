"""Masks of DAPI metaphases, bright on black: `python benchmarks/mfish.py FOLDER` (pictures NAME_dapi.png, NAME_labels.png).

Chromosomes are the class components of the labels, joined through the pixels that two share; homologues that touch, one
object there, are left out. Prints and writes, for each segmenter, recall, precision and F1 at mask IoU 0.5, F1 at 0.75, the
mean IoU of what matched, the IoU of the shared pixels, and seconds a picture. No picture of this set was used in training.
"""

from collections.abc import Iterator
from pathlib import Path

from masks import Known, parser_of, score

from karyogram.datasets.mfish import metaphase_names, read_metaphase
from karyogram.pipeline import open_metaphase


def main() -> None:
    """Score each segmenter on every ``--every``-th picture."""
    parser = parser_of(__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--every", type=int, default=1, help="take every so many-th picture")
    options = parser.parse_args()
    names = metaphase_names(options.folder)[:: options.every]

    def pictures() -> Iterator[Known]:
        for name in names:
            truth = read_metaphase(options.folder, name)
            picture = open_metaphase(options.folder / f"{name}_dapi.png").pixels
            yield Known(picture, truth.instances, truth.overlap, truth.sure)

    score(options, pictures)


if __name__ == "__main__":
    main()
