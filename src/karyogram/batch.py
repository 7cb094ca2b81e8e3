"""Many pictures: each on its own, one row of summary each, a failure never stops the rest."""

import csv
import io
import time
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, fields
from pathlib import Path

from karyogram.errors import KaryogramError
from karyogram.files import write_text
from karyogram.output import RESULT, write_results
from karyogram.pipeline import make_reader, open_metaphase, read_karyotype
from karyogram.records import Karyotype


@dataclass(frozen=True)
class Row:
    """One line of ``summary.csv``; ``review`` is the number of chromosomes that need a person's eye."""

    path: str
    status: str
    count: int = 0
    iscn: str = ""
    findings: str = ""
    review: int = 0
    quality: float = 0.0
    seconds: float = 0.0
    error: str = ""


def analyze_many(
    pictures: Sequence[tuple[Path, Path]],
    out: Path,
    *,
    model: str,
    segmenter: str,
    formats: frozenset[str],
    jobs: int = 1,
    force: bool = False,
) -> Iterator[Row]:
    """Analyse (path, name) pairs into ``out/name`` and yield their rows as they are done, in any order.

    A picture whose ``karyotype.json`` is there already is not done again unless ``force``.
    """
    from joblib import Parallel, delayed, effective_n_jobs

    jobs = min(effective_n_jobs(jobs), max(len(pictures), 1))
    threads = 0 if jobs == 1 else 1
    make_reader(model, segmenter, threads)
    options = (model, segmenter, threads)
    tasks = (delayed(_analyze_one)(path, out / name, options, formats, force) for path, name in pictures)
    yield from Parallel(n_jobs=jobs, return_as="generator_unordered", batch_size=1)(tasks)


def _analyze_one(path: Path, folder: Path, options: tuple[str, str, int], formats: frozenset[str], force: bool) -> Row:
    start = time.perf_counter()
    try:
        if not force and (folder / RESULT).is_file():
            karyotype = Karyotype.from_json((folder / RESULT).read_text("utf-8"))
            return _row(path, "skipped", karyotype, 0.0)
        picture = open_metaphase(path)
        karyotype = read_karyotype(picture, str(path), make_reader(*options))
        write_results(folder, picture.pixels, karyotype, formats)
    except KaryogramError as error:
        return Row(str(path), "failed", error=str(error))
    except Exception as error:  # one bad picture must not take the others with it
        return Row(str(path), "failed", error=f"{path}: {type(error).__name__}: {error}")
    return _row(path, "done", karyotype, time.perf_counter() - start)


def _row(path: Path, status: str, karyotype: Karyotype, seconds: float) -> Row:
    return Row(
        path=str(path),
        status=status,
        count=sum(karyotype.counts.values()),
        iscn=karyotype.iscn,
        findings=" ".join(f"{f.change:+d}x{f.label}" for f in karyotype.findings),
        review=sum(bool(c.review) for c in karyotype.chromosomes),
        quality=karyotype.quality,
        seconds=round(seconds, 2),
    )


def write_summary(path: Path, rows: Sequence[Row]) -> None:
    """Write ``summary.csv``, one row a picture in path order."""
    buffer = io.StringIO()
    writer = csv.DictWriter(buffer, [f.name for f in fields(Row)], lineterminator="\n")
    writer.writeheader()
    writer.writerows(asdict(row) for row in sorted(rows, key=lambda r: r.path))
    write_text(path, buffer.getvalue())
