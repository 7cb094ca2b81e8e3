"""Many settings, fitted once each, by one process or by many that share a storage; killed ones are taken up again.

Every setting has a key. A trial that finds its key with an earlier trial ends at once, so no setting is fitted twice. A process
shows that it lives by a number that it raises in the storage; where the number stands still, another takes the setting over and
goes on from the checkpoint.
"""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import optuna
from optuna.storages import BaseStorage, JournalStorage, RDBStorage
from optuna.storages.journal import JournalFileBackend
from optuna.trial import FrozenTrial, Trial, TrialState

from karyogram.errors import DataError

#: Seconds between two signs of life, and without one until a trial counts as abandoned.
BEAT, LEASE = 10.0, 60.0
#: Seconds between two looks at trials that others fit.
POLL = 2.0
#: URLs that name PostgreSQL mean the driver that ``karyogram[train]`` installs.
POSTGRES = ("postgres://", "postgresql://")
#: Attributes of a trial: its key, its sign of life, and that an earlier trial has its key.
KEY, LIFE, TWIN = "key", "life", "twin"


def open_storage(url: str | None, out: Path) -> BaseStorage:
    """Open a database by its URL (``sqlite:///FILE``, ``postgresql://HOST/NAME``), or the journal file in ``out``.

    Raises DataError, naming the URL without its password, if it cannot be opened.
    """
    if url is None:
        out.mkdir(parents=True, exist_ok=True)
        return JournalStorage(JournalFileBackend(str(out / "study.journal")))
    for scheme in POSTGRES:
        if url.startswith(scheme):
            url = f"postgresql+psycopg://{url.removeprefix(scheme)}"
    try:
        return RDBStorage(url, engine_kwargs={"pool_pre_ping": True})
    except ModuleNotFoundError:
        raise
    except Exception as error:  # whatever the database driver raises
        place = url.rpartition("@")[2] or url
        raise DataError(f"{place}: no storage for studies: {str(error).splitlines()[0]}") from error


class Watch:
    """Which running trials show no life. It looks at whether numbers change, never at clocks of other machines."""

    def __init__(self) -> None:
        self.seen: dict[int, tuple[int, float]] = {}

    def is_gone(self, trial: FrozenTrial) -> bool:
        """Return whether a running trial's sign of life has stood still for ``LEASE`` seconds of looking at it."""
        beat, now = trial.user_attrs.get(LIFE, 0), time.monotonic()
        known, since = self.seen.setdefault(trial.number, (beat, now))
        if known != beat:
            self.seen[trial.number] = (beat, now)
        return known == beat and now - since > LEASE


def work(study: optuna.Study, storage: BaseStorage, total: int, objective: Callable[[Trial], float]) -> list[str]:
    """Fit settings until ``total`` are settled, whoever fits them, and return the keys of those that failed.

    ``objective`` must call :func:`claim` once it knows its setting. Settings that failed earlier are tried once more. An
    exception in the objective marks its setting as failed and the others go on.
    """
    watch = Watch()
    _renew(study, storage, lambda trial: trial.state == TrialState.FAIL)
    while True:
        _renew(study, storage, lambda trial: trial.state == TrialState.RUNNING and watch.is_gone(trial))
        trials = study.get_trials(deepcopy=False)
        states = {trial.state for trial in trials}
        if TrialState.WAITING in states or len({t.user_attrs[KEY] for t in trials if KEY in t.user_attrs}) < total:
            study.optimize(objective, n_trials=1, catch=(Exception,))
        elif TrialState.RUNNING in states:
            time.sleep(POLL)
        else:
            done = {t.user_attrs.get(KEY) for t in trials if _holds(t)}
            return sorted({t.user_attrs[KEY] for t in trials if KEY in t.user_attrs} - done)


@contextmanager
def claim(trial: Trial, key: str) -> Iterator[None]:
    """Hold a setting: show life while it is fitted. Raises TrialPruned if an earlier trial has the same key."""
    trial.set_user_attr(KEY, key)
    watch = Watch()
    while True:
        earlier = [t for t in trial.study.get_trials(deepcopy=False) if t.number < trial.number and _holds(t)]
        if any(t.user_attrs.get(KEY) == key for t in earlier):
            trial.set_user_attr(TWIN, True)
            raise optuna.TrialPruned(f"{key} is fitted elsewhere")
        if all(KEY in t.user_attrs or t.state != TrialState.RUNNING or watch.is_gone(t) for t in earlier):
            break
        time.sleep(BEAT / 100)  # another process is about to say what it fits
    over = threading.Event()

    def live() -> None:
        beat = 1
        while not over.wait(BEAT):
            with suppress(Exception):  # a storage that stumbles once must not end the fit
                trial.set_user_attr(LIFE, beat)
            beat += 1

    sign = threading.Thread(target=live, daemon=True)
    sign.start()
    try:
        yield
    finally:
        over.set()
        sign.join()


def _holds(trial: FrozenTrial) -> bool:
    """Return whether a trial's setting is its own: to be fitted, being fitted, fitted or pruned."""
    return trial.state != TrialState.FAIL and TWIN not in trial.user_attrs


def _renew(study: optuna.Study, storage: BaseStorage, given_up: Callable[[FrozenTrial], bool]) -> None:
    """Queue the settings of trials that were given up, unless another trial has them already."""
    # GridSampler would try to stop a run of the study when it hears of a trial's end here; another sampler does not care.
    ledger = optuna.load_study(study_name=study.study_name, storage=storage, sampler=optuna.samplers.RandomSampler())
    for trial in study.get_trials(deepcopy=False):
        if not given_up(trial):
            continue
        with suppress(optuna.exceptions.UpdateFinishedTrialError):  # another process was faster
            ledger.tell(trial.number, state=TrialState.FAIL, skip_if_finished=True)
        key, system = trial.user_attrs.get(KEY), trial.system_attrs
        if key is not None and key not in {t.user_attrs.get(KEY) for t in study.get_trials(deepcopy=False) if _holds(t)}:
            names: dict[str, Any] = {"user_attrs": {KEY: key}, "system_attrs": {**system, "fixed_params": trial.params}}
        elif key is None and "grid_id" in system:  # it ended before it could say what it was to fit
            names = {"system_attrs": system}
        else:
            continue
        ledger.add_trial(optuna.trial.create_trial(state=TrialState.WAITING, **names))
