"""Verbs that turn each picture into pictures of its own: what they read, how they run, what they report."""

import sys
from collections.abc import Callable, Iterable
from pathlib import Path

import click


def find_inputs(pictures: tuple[Path, ...], out: Path, endings: tuple[str, ...]) -> list[tuple[Path, Path]]:
    """Return (path, target) of each picture among files and folders; results are ``target`` plus one of the ``endings``.

    ``out`` may lie inside an input folder; what is in it is not read. Raises click.UsageError if there is nothing to read,
    or if a result would fall on an input or on another result.
    """
    from collections import Counter

    from karyogram.files import find_pictures

    if any(path.resolve() == out.resolve() for path in pictures):
        raise click.UsageError(f"{out} is an input: give the results a folder of their own")
    found = [(path, out / name) for path, name in find_pictures(list(pictures), out)]
    if not found:
        raise click.UsageError(f"no pictures in {', '.join(map(str, pictures))}")
    results = [Path(f"{target}{end}") for _, target in found for end in endings]
    spare_inputs([path for path, _ in found], results, "folder")
    if twice := next((path for path, times in Counter(results).items() if times > 1), None):
        raise click.UsageError(f"{twice} would be the result of two inputs: rename one, or leave it out")
    return found


def spare_inputs(inputs: Iterable[Path], results: Iterable[Path], what: str) -> None:
    """Raise click.UsageError if a result would fall on an input; ``what`` is to be chosen otherwise, file or folder."""
    given = {path.resolve() for path in inputs}
    if clash := next((result for result in results if result.resolve() in given), None):
        raise click.UsageError(f"{clash} is an input and would be overwritten: choose another {what}")


def run_each(work: Callable[[Path, Path], None], found: list[tuple[Path, Path]], out: Path, label: str, jobs: int) -> None:
    """Call ``work(path, target)`` for each picture, name what failed on standard error, and end with status 0 or 1."""
    from joblib import Parallel, delayed

    from karyogram.cli.progress import track

    results = Parallel(n_jobs=jobs or 1, return_as="generator")(delayed(_try)(work, path, target) for path, target in found)
    errors = [error for error in track(results, label, total=len(found)) if error]
    for error in errors:
        click.echo(error, err=True)
    click.echo(f"{len(found) - len(errors)} of {len(found)} pictures done, see {click.format_filename(out)}")
    sys.exit(1 if errors else 0)


def _try(work: Callable[[Path, Path], None], path: Path, target: Path) -> str:
    """Return what went wrong, or nothing: no bad picture takes others with it."""
    from karyogram.errors import explain

    try:
        work(path, target)
    except Exception as error:  # whatever a strange picture makes a library stumble over
        return explain(path, error)
    return ""
