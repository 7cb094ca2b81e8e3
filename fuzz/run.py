"""Hand the readers broken files, millions of them, and see that each gives a result or one of our errors.

    python fuzz/run.py                         every target, 20 seconds each
    python fuzz/run.py voc picture --seconds 600

Inputs are made by atheris (libFuzzer for Python) from small whole files, guided by what code they reach. One that ends
otherwise stays in fuzz/crashes/, and the exit status is 1. Without atheris (``pip install 'karyogram[fuzz]'``) nothing runs.
"""

import argparse
import importlib.util
import subprocess
import sys
import tempfile
from pathlib import Path

from targets import TARGETS

HERE = Path(__file__).parent
#: More memory (MB) or seconds than this for one input is a failure too.
MEMORY, PATIENCE = 3000, 30


def fuzz(name: str, folder: Path) -> None:
    """Fuzz one target in this process; ``folder`` is for its files. Never returns: libFuzzer ends the process."""
    import atheris

    with atheris.instrument_imports(include=["karyogram", "defusedxml", "tarfile", "csv", "json"]):
        from karyogram.errors import KaryogramError

        read = TARGETS[name].load()
    path = folder / TARGETS[name].file

    def once(data: bytes) -> None:
        path.write_bytes(data)
        try:
            read(path)
        except KaryogramError as error:
            if "\n" in str(error):
                raise AssertionError(f"an error of more than one line: {error!r}") from error

    atheris.Setup(sys.argv[:1] + sys.argv[3:], once)
    atheris.Fuzz()


def run(name: str, seconds: int) -> bool:
    """Fuzz one target in a process of its own; tell whether all went well."""
    (HERE / "crashes").mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory() as folder:
        corpus = Path(folder, "corpus")
        corpus.mkdir()
        for number, seed in enumerate(TARGETS[name].seeds()):
            (corpus / str(number)).write_bytes(seed)
        limits = [f"-max_total_time={seconds}", f"-rss_limit_mb={MEMORY}", f"-timeout={PATIENCE}", "-max_len=20000"]
        options = [*limits, f"-artifact_prefix={HERE / 'crashes' / name}-", str(corpus)]
        done = subprocess.run(
            [sys.executable, __file__, "--one", f"{name}:{folder}", *options], capture_output=True, text=True, check=False
        )
    tries = [line for line in done.stderr.splitlines() if line.startswith(("Done", "INFO: exiting"))]
    print(f"{name}: {tries[0] if tries and not done.returncode else done.stdout + done.stderr}", flush=True)
    return done.returncode == 0


def main() -> None:
    """Fuzz the targets that were named, or all."""
    if sys.argv[1:2] == ["--one"]:
        name, _, folder = sys.argv[2].partition(":")
        fuzz(name, Path(folder))
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("targets", nargs="*", metavar="TARGET", help=f"{', '.join(TARGETS)}; all, if none is named")
    parser.add_argument("--seconds", type=int, default=20, help="how long to try each (default: 20)")
    options = parser.parse_args()
    if unknown := sorted(set(options.targets) - set(TARGETS)):
        parser.error(f"no target {', '.join(unknown)}; there are {', '.join(TARGETS)}")
    if importlib.util.find_spec("atheris") is None:
        print("atheris is not installed: NOTHING WAS FUZZED (pip install 'karyogram[fuzz]')")
        return
    went = [run(name, options.seconds) for name in options.targets or TARGETS]
    sys.exit(0 if all(went) else 1)


if __name__ == "__main__":
    main()
