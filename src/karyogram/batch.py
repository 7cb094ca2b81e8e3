"""Many pictures: each on its own, one row of summary each, a failure never stops the rest."""

import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures.process import BrokenProcessPool
from dataclasses import astuple, dataclass, fields
from functools import partial
from pathlib import Path

from karyogram.datasets.results import read_karyotype as read_result
from karyogram.draw.karyogram import PLAIN, Style
from karyogram.errors import AnnotationError, DataError, KaryogramError, explain
from karyogram.files import write_text
from karyogram.output import RESULT, has_formats, write_results
from karyogram.pipeline import make_reader, open_metaphase, read_karyotype
from karyogram.records import Karyotype
from karyogram.tables import to_csv


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
    *,
    model: str,
    segmenter: str,
    formats: frozenset[str],
    style: Style = PLAIN,
    jobs: int = 1,
    cluster: str | None = None,
    force: bool = False,
) -> Iterator[Row]:
    """Analyse (path, result folder) pairs; the rows come as they are done, in any order.

    ``jobs`` is how many processes of this machine share the work; ``cluster``, the address of a Dask scheduler, sends it to
    that scheduler's workers instead, which must see the same files under the same absolute paths.

    Unless ``force``, a picture is skipped whose folder holds its ``karyotype.json``, by the same models, and all files of
    ``formats``, in whatever style; a folder with the result of another picture is left as it is, and the row is a failed one.
    Raises ModelError at once if a model cannot be opened; the iterator raises KaryogramError if a worker process of this
    machine is killed, or if no scheduler answers. A picture whose worker on a cluster is killed is tried on others first.
    """
    from joblib import effective_n_jobs

    jobs = min(effective_n_jobs(jobs), max(len(pictures), 1))
    model, segmenter = _anywhere(model), _anywhere(segmenter)
    options = (model, segmenter, 0 if jobs == 1 and cluster is None else 1)
    make_reader(*options)
    work = partial(_analyze_one, options=options, formats=formats, style=style, force=force)
    return _on_cluster(work, pictures, cluster) if cluster else _on_cores(work, pictures, jobs)


#: Analyses a picture, given its path and its result folder.
Work = Callable[[Path, Path], Row]


def _anywhere(name: str) -> str:
    """Return a model's or segmenter's name, or two joined by +, with the whole path of each file: workers may be elsewhere."""
    parts = [name] if Path(name).is_file() else name.split("+")
    return "+".join(str(Path(part).absolute()) if part.endswith(".onnx") else part for part in parts)


def _on_cores(work: Work, pictures: Sequence[tuple[Path, Path]], jobs: int) -> Iterator[Row]:
    from joblib import Parallel, delayed

    try:
        tasks = (delayed(work)(path, folder) for path, folder in pictures)
        yield from Parallel(n_jobs=jobs, return_as="generator_unordered", batch_size=1)(tasks)
    except BrokenProcessPool as error:
        raise KaryogramError("a worker process was killed (out of memory?); run again with fewer --jobs") from error


def _on_cluster(work: Work, pictures: Sequence[tuple[Path, Path]], address: str) -> Iterator[Row]:
    """Yield the rows of pictures that a cluster's workers do; one lost with its workers, even alone, is a failed one."""
    try:
        from distributed import Client, as_completed

        client = Client(address)
    except ModuleNotFoundError as error:
        raise KaryogramError(f"work on a cluster needs {error.name}: pip install 'karyogram[cluster]'") from error
    except (OSError, ValueError) as error:
        raise KaryogramError(f"{address}: no Dask scheduler answers: {error}") from error
    with client:
        here = [(path.absolute(), folder.absolute()) for path, folder in pictures]
        sent = dict(zip(client.map(work, *zip(*here, strict=True), pure=False), here, strict=True)) if here else {}
        lost = []
        for future in as_completed(list(sent)):
            try:
                yield future.result()
            except Exception:  # mostly KilledWorker: the scheduler has tried it on several
                lost.append(sent[future])
        for path, folder in lost:  # one by one: a picture that was beside one that kills its worker is not blamed for it
            try:
                yield client.submit(work, path, folder, pure=False).result()
            except Exception as error:
                yield Row(str(path), "failed", error=f"{path}: lost with its worker: {type(error).__name__}: {error}")


def _analyze_one(
    path: Path, folder: Path, *, options: tuple[str, str, int], formats: frozenset[str], style: Style, force: bool
) -> Row:
    start = time.perf_counter()
    try:
        reader = make_reader(*options)
        stored = None if force else _find_result(path, folder)
        if stored and stored.model == reader.identity() and has_formats(folder, formats):
            return _row(path, "skipped", stored, 0.0)
        picture = open_metaphase(path)
        karyotype = read_karyotype(picture, str(path), reader)
        write_results(folder, picture.pixels, karyotype, formats, style)
    except Exception as error:  # one bad picture must not take the others with it
        return Row(str(path), "failed", error=explain(path, error))
    return _row(path, "done", karyotype, time.perf_counter() - start)


def _find_result(path: Path, folder: Path) -> Karyotype | None:
    """Return the picture's result, None if there is none or a damaged one. Raises DataError if it is another picture's."""
    try:
        stored = read_result(folder / RESULT)
    except AnnotationError:
        return None
    if Path(stored.image).resolve() != path.resolve():
        raise DataError(f"{path}: {folder} holds the result of {stored.image}; choose another folder, or --force")
    return stored


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
    """Write ``summary.csv``, one row a picture, in the order given."""
    write_text(path, to_csv([field.name for field in fields(Row)], map(astuple, rows)))
