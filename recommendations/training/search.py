"""The search of a run: algorithms tried on the validation part, the promising ones tuned, the best one named.

Each algorithm gets a first go with its defaults, cheap ones first. What is left of the time goes to rounds
of successive halving (Karnin, Koren and Somekh 2013; Jamieson and Talwalkar 2016): in each the better half
shares an equal part of the time, within which :mod:`.study` suggests parameters. The test part is never
looked at.

All that decides what comes next stands in the trials' rows, times included: a search that was killed and
resumed goes on as if it had never been interrupted.
"""

from __future__ import annotations

import gc
import logging
import math
import statistics
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from typing import Any, Final

from django.utils.translation import gettext as _

from ..adapters import ReadingCancelled
from ..algorithms import catalogue, create
from ..algorithms.base import Cancelled
from ..algorithms.catalogue import AlgorithmInfo
from ..models import ModelRun, Trial
from .bench import Bench
from .pulse import Lost, Pulse, persist
from .study import Study

SEARCH_SHARE: Final = 0.85  # of the minutes; the rest is for the proof and for learning from all rows
FIRST_SHARE: Final = 0.4  # of that at most goes into the first goes of several algorithms
LEAST_SECONDS: Final = 5.0  # that any algorithm may take for its first go
MOST_TRIALS: Final = 100  # of one algorithm
FAILURES: Final = 3  # of one algorithm until it is given up; of its first go, one
DEATHS: Final = 2  # of the whole process during trials of one algorithm until that is given up

State = Trial.State
logger = logging.getLogger(__name__)


class NothingFound(Exception):
    """Not one trial gave a score; the text says what went wrong with each algorithm."""


class Search:
    """Looks for the best of ``arms`` with ``bench`` within the run's minutes.

    ``fixed`` are ordered parameters and go with one algorithm only: its first trial takes them instead of the
    defaults.
    """

    def __init__(
        self,
        run: ModelRun,
        arms: Sequence[AlgorithmInfo],
        bench: Bench,
        pulse: Pulse,
        *,
        fixed: Mapping[str, Any] | None = None,
    ) -> None:
        self.run = run
        self.arms = list(arms)
        self.bench = bench
        self.pulse = pulse
        self.budget = 60 * float(run.search["minutes"]) * SEARCH_SHARE
        self._start = {info.name: catalogue.validate(info.name, fixed or {}) for info in arms}
        self.trials = list(run.trials.order_by("number"))
        self._mark = time.monotonic()
        self._bury()

    def best(self) -> Trial:
        """The complete trial with the best score once the time is up. Raises ``NothingFound``."""
        self.pulse.enter("search", total=round(self.budget))
        self._mark = time.monotonic()
        self._first_goes()
        self._rounds()
        found = [trial for trial in self.trials if trial.state == State.COMPLETE]
        if not found:
            reasons = "; ".join(f"{trial.algorithm}: {trial.note}" for trial in self.trials)
            raise NothingFound(reasons[-2000:])
        return max(found, key=_merit)

    def importance(self, algorithm: str) -> dict[str, float]:
        """How much each parameter mattered; {} where that cannot be told."""
        info = next(info for info in self.arms if info.name == algorithm)
        try:
            return self._study(info).importance()
        except Exception as error:
            logger.exception("The importance of the parameters of %s could not be computed", algorithm)
            self.pulse.say(f"The importance of the parameters could not be computed: {error}")
            return {}

    @property
    def spent(self) -> float:
        """Seconds that the trials have taken, this one's included."""
        return sum(trial.seconds for trial in self.trials) + time.monotonic() - self._mark

    def _bury(self) -> None:
        """Trials during which the process died: they are tried again, once."""
        for trial in self.trials:
            if trial.state == State.RUNNING:
                trial.state, trial.note = State.INTERRUPTED, _("The training process ended during it.")
                trial.save(update_fields=["state", "note"])

    def _first_goes(self) -> None:
        for place, info in enumerate(self.arms):
            tried = [trial for trial in self._of(info) if trial.state != State.INTERRUPTED]
            if tried or self._is_out(info):
                continue
            if self.spent >= self.budget and self._of_all(State.COMPLETE):
                self.pulse.say(f"{info.name}: no time left to try it")
                continue
            limit = None
            if len(self.arms) > 1:
                share = FIRST_SHARE * self.budget - self.spent
                limit = max(LEAST_SECONDS, 2 * share / (len(self.arms) - place))
            self._attempt(info, self._start[info.name], round_number=0, limit=limit)

    def _rounds(self) -> None:
        arms = self._ranked(self.arms, before=1)
        if not arms:
            return
        first = sum(trial.seconds for trial in self.trials if trial.round == 0)
        rounds = max(1, math.ceil(math.log2(len(arms))))
        entrants, until = len(arms), first
        for number in range(1, rounds + 1):
            arms = self._ranked(arms, before=number)[: math.ceil(entrants / 2**number)]
            for info in arms:
                until += max(0.0, self.budget - first) / rounds / len(arms)
                self._tune(info, number, until)

    def _tune(self, info: AlgorithmInfo, number: int, until: float) -> None:
        """Trials of one algorithm while the search has not come to ``until`` seconds."""
        usual = statistics.median(t.seconds for t in self._of(info) if t.state == State.COMPLETE)
        while self.spent < until and self.spent + usual <= self.budget and not self._is_out(info):
            if len(self._of(info)) >= MOST_TRIALS:
                return
            study = self._study(info)
            parameters = study.suggest()
            if parameters is None:
                return
            limit = max(LEAST_SECONDS, self.budget - self.spent)
            self._attempt(info, parameters, round_number=number, limit=limit, is_behind=study.watch())

    def _attempt(
        self,
        info: AlgorithmInfo,
        parameters: Mapping[str, Any],
        *,
        round_number: int,
        limit: float | None,
        is_behind: Callable[[int, float], bool] = lambda _step, _value: False,
    ) -> None:
        """One trial, from its row to its score. A failure is the trial's own, not the run's."""
        trial = Trial(
            run=self.run,
            number=len(self.trials) + 1,
            round=round_number,
            algorithm=info.name,
            parameters=dict(parameters),
        )
        persist(trial.save)
        before = time.monotonic()
        with suppress(Exception):  # the trial itself will tell
            create(info.name, **parameters)  # imports what it needs: no time of the trial's
        self._mark += time.monotonic() - before
        watcher = Watcher(self, trial, limit, is_behind)
        try:
            score, model = self.bench.validate(info.name, parameters, watcher)
            trial.state, trial.value = State.COMPLETE, score.value
            trial.interval = list(score.interval)
            trial.chosen_parameters = plain(model.parameters)
        except (Cancelled, ReadingCancelled):
            if not watcher.verdict:
                _forget(trial)
                self.pulse.check()
                raise
            trial.state, trial.note = State.PRUNED, watcher.verdict
        except Lost:
            raise
        except Exception as error:  # whatever goes wrong in one algorithm, the others go on
            words = _("Out of memory") if isinstance(error, MemoryError) else " ".join(str(error).split())
            trial.state, trial.note = (
                State.FAILED,
                f"{type(error).__name__}: {words}"[:500].replace("\x00", " "),
            )
            logger.warning("Run %s: a trial of %s failed", self.run.pk, info.name, exc_info=error)
        except BaseException:  # told to stop: nothing is known about the trial
            _forget(trial)
            raise
        gc.collect()
        trial.history = watcher.history
        now = time.monotonic()
        trial.seconds, self._mark = round(now - self._mark, 3), now
        self.trials.append(trial)
        persist(trial.save)
        self._say(trial)

    def _say(self, trial: Trial) -> None:
        result = f"{trial.value:.4f}" if trial.value is not None else f"{trial.state}, {trial.note}"
        self.pulse.say(f"Trial {trial.number}: {trial.algorithm} {result}, {trial.seconds:.1f} s")

    def _study(self, info: AlgorithmInfo) -> Study:
        return Study(info, self._start[info.name], self._of(info), seed=self.run.seed)

    def _of(self, info: AlgorithmInfo) -> list[Trial]:
        return [trial for trial in self.trials if trial.algorithm == info.name]

    def _of_all(self, state: str) -> list[Trial]:
        return [trial for trial in self.trials if trial.state == state]

    def _ranked(self, arms: Sequence[AlgorithmInfo], *, before: int) -> list[AlgorithmInfo]:
        """Those with a score from earlier rounds, the best one first."""
        merit: dict[str, tuple[float, float]] = {}
        for trial in self._of_all(State.COMPLETE):
            if trial.round < before:
                merit[trial.algorithm] = max(merit.get(trial.algorithm, (-math.inf, 0.0)), _merit(trial))
        scored = [info for info in arms if info.name in merit]
        return sorted(scored, key=lambda info: merit[info.name], reverse=True)

    def _is_out(self, info: AlgorithmInfo) -> bool:
        """Given up: it failed too often, or the process has died of it."""
        states = [trial.state for trial in self._of(info)]
        return states.count(State.FAILED) >= FAILURES or states.count(State.INTERRUPTED) >= DEATHS


class Watcher:
    """``on_progress`` of one trial: shows where the search is, and stops what is too slow or behind.

    ``verdict`` says why the trial was stopped; empty when it was not, or when the run itself is to stop.
    """

    def __init__(
        self,
        search: Search,
        trial: Trial,
        limit: float | None,
        is_behind: Callable[[int, float], bool],
    ) -> None:
        self.verdict = ""
        self.history: list[dict[str, Any]] = []
        self._search = search
        self._limit = limit
        self._is_behind = is_behind
        self._started = time.monotonic()
        found = [one for one in search.trials if one.state == State.COMPLETE]
        best = max(found, key=_merit) if found else None
        now = {"trial": trial.number, "algorithm": trial.algorithm}
        if best is not None:
            now |= {"best": best.algorithm, "value": best.value}
        search.pulse.note(study={**search.run.study, "now": now})

    def __call__(self, stage: str, done: int, total: int, metrics: Mapping[str, Any] | None = None) -> bool:
        search, elapsed = self._search, time.monotonic() - self._started
        spent = min(search.spent, search.budget)
        go_on = search.pulse.report("search", round(spent), round(search.budget))
        search.pulse.note(seconds_left=round(search.budget - spent))
        if not go_on:
            return False
        if stage == "fit" and done:
            self._note(done, elapsed, metrics or {})
        if self._limit is not None:
            share = done / total if stage == "fit" and total and elapsed > 0.2 * self._limit else 1.0
            if elapsed > self._limit or (share and elapsed / share > 3 * self._limit):
                self.verdict = _("It takes too long for the time given: stopped after %(seconds)d s.") % {
                    "seconds": elapsed
                }
        return not self.verdict

    def _note(self, done: int, elapsed: float, metrics: Mapping[str, Any]) -> None:
        """Keep a point of the learning curve, and compare it with the other trials'."""
        point = {
            "validation_ndcg" if name == "ndcg" else name: float(value)
            for name, value in metrics.items()
            if math.isfinite(value)
        }
        if not point:
            return
        self.history.append({"epoch": done, **point, "seconds": round(elapsed, 2)})
        ndcg = point.get("validation_ndcg")
        if ndcg is not None and self._is_behind(done, ndcg):
            self.verdict = _("Behind the others after %(steps)d steps.") % {"steps": done}


def settled(trial: Trial) -> dict[str, Any]:
    """The trial's parameters as they were fitted: what was left open is what its validation part chose."""
    return {
        **trial.parameters,
        **{name: trial.chosen_parameters.get(name, value) for name, value in trial.parameters.items()},
    }


def plain(parameters: Mapping[str, Any]) -> dict[str, Any]:
    """JSON-able: numpy's numbers become Python's."""
    return {name: value.item() if hasattr(value, "item") else value for name, value in parameters.items()}


def _merit(trial: Trial) -> tuple[float, float]:
    """The higher score; of equal ones the quicker."""
    return (trial.value if trial.value is not None else -math.inf, -trial.seconds)


def _forget(trial: Trial) -> None:
    """Nothing was learned from a trial that ended with its run; the process may be about to end."""
    try:
        trial.delete()
    except Exception:
        logger.exception("Trial %s could not be removed", trial)
