"""Many pictures: what a run of them costs in time and memory, and what grows with their number alone.

    python benchmarks/scale.py run --pictures 80     # real ones, from start to end: pictures a minute, memory as it goes
    python benchmarks/scale.py leak --rounds 40      # the same two over and over in one process: what does not come back
    python benchmarks/scale.py many --number 10000   # results that are there: listed, skipped, summed up, killed, resumed

All write to benchmarks/results/scale.json. ``run`` and ``leak`` take pictures evenly from the part "val" of
benchmarks/splits/tseng2023.csv, in KARYOGRAM_DATA (default ../shared/data). ``many`` needs no data: the pictures are tiny, and
each has the result folder of a drawn metaphase (links to its files, a karyotype.json of its own). Memory is what a process
shares with no other, and its part of what it shares (PSS, of Linux).
"""

import argparse
import csv
import gc
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np

from karyogram.batch import analyze_many
from karyogram.datasets.splits import read_split
from karyogram.datasets.synth.metaphase import synth_metaphase
from karyogram.files import find_pictures, write_picture, write_text

HERE = Path(__file__).parent
DATA = Path(os.environ.get("KARYOGRAM_DATA", HERE.parent.parent / "shared" / "data"))
RESULTS = HERE / "results" / "scale.json"


def analyze(*words: object) -> subprocess.Popen:
    """Start ``karyogram analyze`` in a process group of its own."""
    command = [sys.executable, "-m", "karyogram.cli", "analyze", *map(str, words)]
    return subprocess.Popen(command, start_new_session=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


def megabytes(pid: int) -> int:
    """Return the memory of a process."""
    return int(Path(f"/proc/{pid}/smaps_rollup").read_text().partition("\nPss:")[2].split()[0]) // 1024


def memory(leader: int) -> list[int]:
    """Return the megabytes of each process of a group, the leader's first, the others' from the largest to the smallest."""
    found = {}
    for pid in (int(folder.name) for folder in Path("/proc").iterdir() if folder.name.isdigit()):
        try:
            if os.getpgid(pid) == leader:
                found[pid] = megabytes(pid)
        except OSError:  # it has ended meanwhile
            continue
    first = found.pop(leader, 0)
    return [first, *sorted(found.values(), reverse=True)]


def rows(out: Path) -> list[dict[str, str]]:
    """Return the rows of a summary."""
    with (out / "summary.csv").open() as file:
        return list(csv.DictReader(file))


def real(number: int) -> list[Path]:
    """Return so many pictures, evenly from the part "val"."""
    names = [name for name, entry in sorted(read_split(HERE / "splits" / "tseng2023.csv").items()) if entry.part == "val"]
    return [DATA / "tseng2023" / "images" / f"{names[i * len(names) // number]}.jpg" for i in range(number)]


def leak(rounds: int, folder: Path) -> dict[str, object]:
    """Analyse two pictures again and again in this process, as a worker does; return what it holds after each eighth."""
    work, held = [(path, folder / path.stem) for path in real(2)], []
    formats = frozenset({"json", "png"})
    for number in range(1, rounds + 1):
        failed = [row for row in analyze_many(work, model="gband", segmenter="auto", formats=formats, force=True) if row.error]
        assert not failed
        if number % 8 == 0:
            gc.collect()
            held.append({"analysed": 2 * number, "mb": megabytes(os.getpid()), "objects": len(gc.get_objects())})
    return {"rounds": rounds, "held": held}


def run(pictures: int, jobs: int, folder: Path) -> dict[str, object]:
    """Analyse real pictures, and look at memory every two seconds."""
    out, begun, marks = folder / "out", time.perf_counter(), []
    started = analyze(*real(pictures), "-o", out, "--jobs", jobs)
    while started.poll() is None:
        done = sum(1 for _ in out.glob("*/karyotype.json"))
        marks.append((time.perf_counter() - begun, done, memory(started.pid)))
        time.sleep(2)
    taken = time.perf_counter() - begun
    told = []
    for share in (0.1, 0.25, 0.5, 0.75, 0.95):
        _, done, sizes = next(mark for mark in marks if mark[1] >= share * pictures)
        told.append({"done": done, "mb": sizes[: jobs + 1]})
    return {
        "pictures": pictures,
        "jobs": jobs,
        "failed": sum(row["status"] == "failed" for row in rows(out)),
        "seconds": round(taken, 1),
        "pictures_a_minute": round(60 * pictures / taken, 1),
        "seconds_a_picture_in_its_worker": round(float(np.median([float(row["seconds"]) for row in rows(out)])), 2),
        "mb_of_parent_and_workers": told,
        "mb_at_most": max(sum(sizes) for _, _, sizes in marks),
    }


def fill(folder: Path, out: Path, number: int) -> None:
    """Make tiny pictures, and for each the results of a drawn metaphase as if they were its own."""
    drawn = write_picture(folder.parent / "drawn.png", synth_metaphase(1)[0])
    analyze(drawn, "-o", folder.parent / "one").wait()
    whole = folder.parent / "one" / "drawn"
    record = json.loads((whole / "karyotype.json").read_text())
    files = [path.relative_to(whole) for path in whole.rglob("*.png")]
    tiny = write_picture(folder.parent / "tiny.png", np.full((24, 24), 240, np.uint8))
    folder.mkdir()
    for i in range(number):
        picture, result = folder / f"{i:05d}.png", out / f"{i:05d}"
        picture.hardlink_to(tiny)
        (result / "chromosomes").mkdir(parents=True)
        for file in files:
            (result / file).hardlink_to(whole / file)
        (result / "karyotype.json").write_text(json.dumps(record | {"image": str(picture)}))


def timed(started: subprocess.Popen) -> tuple[float, int]:
    """Wait for a run; return its seconds and the most megabytes of the parent."""
    begun, most = time.perf_counter(), 0
    while started.poll() is None:
        most = max(most, memory(started.pid)[0])
        time.sleep(0.5)
    return round(time.perf_counter() - begun, 1), most


def many(number: int, fresh: int, jobs: int, folder: Path) -> dict[str, object]:
    """List, skip and sum up results that are there; then analyse some more, kill it in the middle, and go on."""
    pictures = folder / "pictures"
    out = pictures / "results"  # inside the folder that is read, where listing costs most
    fill(pictures, out, number)
    begun = time.perf_counter()
    listed = len(find_pictures([pictures], out))
    listing = time.perf_counter() - begun
    skipping, parent = timed(analyze(pictures, "-o", out, "--jobs", jobs))
    skipped = sum(row["status"] == "skipped" for row in rows(out))
    for i in range(fresh):
        (pictures / f"fresh{i:03d}.png").hardlink_to(folder / "tiny.png")
    killed = analyze(pictures, "-o", out, "--jobs", jobs)
    while sum(1 for _ in out.glob("fresh*/karyotype.json")) < fresh // 2:
        time.sleep(0.2)
    os.killpg(killed.pid, signal.SIGKILL)
    killed.wait()
    there = sum(1 for _ in out.glob("*/karyotype.json"))
    resuming, _ = timed(analyze(pictures, "-o", out, "--jobs", jobs))
    states = [row["status"] for row in rows(out)]
    return {
        "results": number,
        "listed": listed,
        "seconds_to_list": round(listing, 2),
        "skipped": skipped,
        "seconds_to_skip_and_sum_up": skipping,
        "mb_of_parent_at_most": parent,
        "fresh": fresh,
        "there_when_killed": there,
        "resumed": {state: states.count(state) for state in sorted(set(states))},
        "seconds_to_resume": resuming,
    }


def main() -> None:
    """Measure one of them, print it, and put it beside the others."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("what", choices=("run", "leak", "many"))
    parser.add_argument("--pictures", type=int, default=80)
    parser.add_argument("--rounds", type=int, default=40)
    parser.add_argument("--number", type=int, default=10_000)
    parser.add_argument("--fresh", type=int, default=200)
    parser.add_argument("--jobs", type=int, default=2)
    args = parser.parse_args()
    with TemporaryDirectory() as temporary:
        folder = Path(temporary)
        if args.what == "run":
            found = run(args.pictures, args.jobs, folder)
        elif args.what == "leak":
            found = leak(args.rounds, folder)
        else:
            found = many(args.number, args.fresh, args.jobs, folder)
    print(json.dumps(found, indent=1))
    before = json.loads(RESULTS.read_text()) if RESULTS.exists() else {}
    write_text(RESULTS, json.dumps(before | {args.what: found}, indent=1, sort_keys=True) + "\n")


if __name__ == "__main__":
    main()
