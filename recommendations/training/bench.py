"""The bench: candidates, baselines and the serving model measured on one split of the shop's own rows."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import cached_property
from typing import Any, Final, Literal

import numpy as np
from django.utils.translation import gettext as _
from numpy.typing import NDArray

from ..adapters import ReadingCancelled
from ..algorithms import catalogue, create
from ..algorithms.base import Cancelled
from ..artifacts import KeyTable, Model
from ..evaluation import evaluate, evaluate_ratings
from ..interactions import Interactions, Split, Vocabulary, leave_last_order_split, temporal_split
from ..models import ActiveModel
from .baskets import Answers, Baskets
from .gate import FEWEST_USERS, Rival
from .pulse import Lost, Pulse
from .scores import Score, remember, remembered
from .source import Rows

TEST_SHARE: Final = 0.2
VALIDATION_SHARE: Final = 0.1

logger = logging.getLogger(__name__)


class NoTest(Exception):
    """The rows leave nobody to test on; the text says why."""


class Bench:
    """Measures algorithms for one ``role`` on ``rows``, all of them on the same split.

    The split is by date, the newest 20 % of the orders as the test. Where the rows carry no times, or fewer
    than 50 customers have orders on both sides of that date, it is the last order of each customer if that
    tests more of them. Parameters are chosen on the newest tenth of the training part.
    """

    def __init__(self, role: catalogue.Role, rows: Rows, pulse: Pulse, *, seed: int = 0) -> None:
        self.role = role
        self.rows = rows
        self.pulse = pulse
        self.seed = seed
        self.split, self.summary = split_of(rows.data)

    def describe(self) -> dict[str, Any]:
        """The split as the run's row keeps it: JSON-able."""
        return {"name": self.split.name, "note": self.summary, **self.split.as_dict()}

    def choose(self, algorithm: str, parameters: Mapping[str, Any]) -> dict[str, Any]:
        """All parameters, "auto" replaced by what the validation part chose."""
        self._testable()
        return chosen(algorithm, parameters, self.split, seed=self.seed, on_progress=self.pulse.learn)

    def fit(self, algorithm: str, parameters: Mapping[str, Any]) -> Model:
        """The candidate, fitted on everything before the test.

        Its learning curve goes into the run, unless there is one of the fit that parameters were chosen by.
        """
        follow = self.pulse.report if self.pulse.history else self.pulse.learn
        known = self.split.before_test.development
        return create(algorithm, **parameters).fit(known, seed=self.seed, on_progress=follow)

    def measure(self, algorithm: str, parameters: Mapping[str, Any], model: Model) -> Score:
        """The candidate's score, remembered for the day when it is the active model of a comparison."""
        started = time.monotonic()
        score = self._measure(algorithm, parameters, model, started)
        remember(self._identity(algorithm, parameters, self.seed), score)
        return score

    def baseline(self) -> Rival:
        """The role's baseline with its default parameters."""
        return Rival(self._score(self.role.baseline, catalogue.info(self.role.baseline).defaults, self.seed))

    def active(self) -> Rival | None:
        """The algorithm and parameters that serve now, fitted on this training part.

        None where no model serves, and where the one that does cannot be fitted on these rows: that must not
        keep a better one back. The log says why.
        """
        row = ActiveModel.objects.select_related("run").filter(role=self.role.name).first()
        if row is None:
            return None
        run = row.run
        try:
            info = catalogue.info(run.algorithm)
            if info.needs != self.rows.data.kind:
                self.pulse.say(f"Not compared with the active {run.algorithm}: it learns from {info.needs}")
                return None
            values = catalogue.validate(run.algorithm, run.chosen_parameters or run.parameters)
            return Rival(self._score(run.algorithm, values, run.seed), run.pk)
        except (Cancelled, ReadingCancelled, Lost):
            raise
        except Exception as error:
            logger.exception("The active %s of run %s could not be compared with", run.algorithm, run.pk)
            self.pulse.say(f"Not compared with the active {run.algorithm} of run {run.pk}: {error}")
            return None

    def _score(self, algorithm: str, parameters: Mapping[str, Any], seed: int) -> Score:
        def make() -> Score:
            started = time.monotonic()
            fitted = create(algorithm, **parameters).fit(
                fit_for(algorithm, self.split.before_test.development),
                seed=seed,
                on_progress=self.pulse.report,
            )
            return self._measure(algorithm, parameters, fitted, started)

        return remembered(self._identity(algorithm, parameters, seed), make)

    def _measure(self, algorithm: str, parameters: Mapping[str, Any], model: Model, started: float) -> Score:
        known, hidden = self._testable()
        asked = Answers(model, known) if self._baskets else model
        name, _at, k = self.role.metric.partition("@")
        other: Literal["new", "all"] = "all" if self.role.scope == "new" else "new"
        watched = Watched(asked, self.pulse, total=2 * len(np.unique(hidden.user)))
        customers = customers_of(known)
        own = evaluate(watched, known, hidden, k=int(k), scope=self.role.scope, users=customers)
        means = dict(own.metrics)
        if not self._baskets:  # no hidden item is among those shown: both scopes are one
            metrics = evaluate(watched, known, hidden, k=int(k), scope=other, users=customers).metrics
            means |= {f"{metric}_{other}": metrics[metric] for metric in (name, "recall")}
        if hidden.kind == "ratings":
            means |= evaluate_ratings(model, known, hidden).metrics
        seconds = round(time.monotonic() - started, 3)
        return Score(algorithm, dict(parameters), own.per_user[name], means, seconds)

    def _identity(self, algorithm: str, parameters: Mapping[str, Any], seed: int) -> dict[str, Any]:
        return {
            "data": self.rows.fingerprint,
            "split": self.split.as_dict(),
            "cases": "baskets" if self._baskets else "customers",
            "metric": self.role.metric,
            "scope": self.role.scope,
            "algorithm": algorithm,
            "parameters": dict(parameters),
            "seed": seed,
        }

    @cached_property
    def _baskets(self) -> Baskets | None:
        """For the role "bought together" the orders of the test part, otherwise None."""
        return Baskets.draw(self.split, seed=0) if self.role.name == "bought_together" else None

    def _testable(self) -> tuple[Interactions, Interactions]:
        """What a model is shown and what it must find. Raises ``NoTest`` where that is nothing."""
        if self.role.name == "bought_together":
            if self._baskets is None:
                raise NoTest(_("no order of the test part holds two items."))
            return self._baskets.known, self._baskets.hidden
        if not len(self.split.development) or not len(self.split.test):
            raise NoTest(_("nobody has ordered twice."))
        return self.split.development, self.split.test


class Watched:
    """A model that tells how far its evaluation is, and stops it when the run is to stop."""

    def __init__(self, model: Model | Answers, pulse: Pulse, *, total: int) -> None:
        self._model = model
        self._pulse = pulse
        self._done = 0
        self._total = total

    @property
    def items(self) -> KeyTable:
        return self._model.items

    @property
    def users(self) -> KeyTable | Vocabulary:
        return self._model.users

    def score_users(self, users: NDArray[np.int64], /) -> NDArray[np.float32]:
        self._done += len(users)
        if not self._pulse.report("score", min(self._done, self._total), self._total):
            self._pulse.check()
        return self._model.score_users(users)


def customers_of(known: Interactions) -> list[str]:
    """Keys of those who have rows before the test: newcomers have no history that a model could know."""
    return known.compact().users.keys


def chosen(
    algorithm: str,
    parameters: Mapping[str, Any],
    split: Split,
    *,
    seed: int,
    on_progress: Callable[[str, int, int, Mapping[str, Any]], bool | None] | None = None,
) -> dict[str, Any]:
    """All parameters of ``algorithm``, "auto" replaced by what the split's validation part chose."""
    values = dict(catalogue.validate(algorithm, parameters))
    automatic = {setting.name for setting in catalogue.info(algorithm).parameters if setting.empty == "auto"}
    wanted = any(values[name] is None for name in automatic)
    known = split.before_test
    if known.validation is None or not len(known.train) or not wanted:
        return values
    train, validation = (fit_for(algorithm, part) for part in (known.train, known.validation))
    tuned = create(algorithm, **values).fit(train, seed=seed, validation=validation, on_progress=on_progress)
    return {name: tuned.parameters.get(name, value) for name, value in values.items()}


def fit_for(algorithm: str, data: Interactions) -> Interactions:
    """The rows as ``algorithm`` takes them: without guests, unless it learns from them. To a baseline that
    needs orders each rating is a purchase.
    """
    info = catalogue.info(algorithm)
    rows = data if info.guests else data.customers()
    return replace(rows, kind="orders") if info.needs == "orders" else rows


def split_of(data: Interactions) -> tuple[Split, str]:
    """The split that tests customers best, and a sentence about it."""
    last = leave_last_order_split(data, validation=True)
    if data.time is None:
        return last, _("Tested on the last order of each customer: the rows carry no times.")
    temporal = temporal_split(data, test_share=TEST_SHARE, validation_share=VALIDATION_SHARE)
    tested = _tested(temporal)
    since = str(temporal.as_dict()["cutoff"])[:10]
    if tested >= FEWEST_USERS or tested >= _tested(last):
        text = _("Tested on the orders since %(since)s, the newest %(share)s: %(tested)d customers.")
        return temporal, text % {"since": since, "share": f"{TEST_SHARE:.0%}", "tested": tested}
    text = _(
        "Tested on the last order of each customer: only %(tested)d have orders before and after %(since)s."
    )
    return last, text % {"tested": tested, "since": since}


def _tested(split: Split) -> int:
    """Customers with rows in the test and before it."""
    return len(np.intersect1d(split.test.user, split.development.user))
