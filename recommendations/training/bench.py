"""The bench: candidates, baselines and the serving model measured on one split of the shop's own rows."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any, Final, Literal

import numpy as np
from django.utils.translation import gettext as _
from numpy.typing import NDArray

from ..adapters import ReadingCancelled
from ..algorithms import catalogue, create
from ..algorithms.base import Cancelled
from ..algorithms.checkpoints import Checkpoint
from ..artifacts import KeyTable, Model
from ..evaluation import evaluate, evaluate_ratings
from ..interactions import Interactions, Split, Vocabulary, leave_last_order_split, temporal_split
from ..models import ActiveModel
from .baskets import Answers, Baskets
from .gate import FEWEST_USERS, Rival
from .pulse import Lost, Pulse
from .scores import TOLD, Score, recall, remember, remembered
from .source import Rows

TEST_SHARE: Final = 0.2
VALIDATION_SHARE: Final = 0.1

Report = Callable[[str, int, int, Mapping[str, Any]], bool | None]

logger = logging.getLogger(__name__)


class NoTest(Exception):
    """The rows leave nobody to test on; the text says why."""


@dataclass(frozen=True, eq=False, slots=True)
class Cases:
    """What a model is shown and what it must find. With ``baskets`` each case is an order, not a customer."""

    known: Interactions
    hidden: Interactions
    baskets: Baskets | None = None

    @classmethod
    def of(cls, role: str, known: Interactions, hidden: Interactions | None) -> Cases:
        """For the role "bought_together" the orders of ``hidden``. Raises ``NoTest`` where there are none."""
        if hidden is None or not len(known) or not len(hidden):
            raise NoTest(_("nobody has ordered twice."))
        if role != "bought_together":
            return cls(known, hidden)
        baskets = Baskets.draw(hidden, seed=0)
        if baskets is None:
            raise NoTest(_("no order of the test part holds two items."))
        return cls(baskets.known, baskets.hidden, baskets)


class Bench:
    """Measures algorithms for one ``role`` on ``rows``, all of them on the same split.

    The split is by date, the newest 20 % of the orders as the test. Where the rows carry no times, or fewer
    than 50 customers have orders on both sides of that date, it is the last order of each customer if that
    tests more of them. Parameters are chosen on the newest tenth of the training part. With a ``checkpoint``
    a fit that was killed goes on from there in the next bench on the same rows.
    """

    def __init__(
        self,
        role: catalogue.Role,
        rows: Rows,
        pulse: Pulse,
        *,
        seed: int = 0,
        checkpoint: Checkpoint | None = None,
    ) -> None:
        self.role = role
        self.rows = rows
        self.pulse = pulse
        self.seed = seed
        self.checkpoint = checkpoint
        self.split, self.summary = split_of(rows.data)

    def describe(self) -> dict[str, Any]:
        """The split as the run's row keeps it: JSON-able."""
        return {"name": self.split.name, "note": self.summary, **self.split.as_dict()}

    def choose(self, algorithm: str, parameters: Mapping[str, Any]) -> dict[str, Any]:
        """All parameters, "auto" replaced by what the validation part chose."""
        _ = self._test
        return chosen(
            algorithm,
            parameters,
            self.split,
            seed=self.seed,
            on_progress=self.pulse.learn,
            checkpoint=self.checkpoint,
        )

    def validate(
        self, algorithm: str, parameters: Mapping[str, Any], on_progress: Report
    ) -> tuple[Score, Model]:
        """Fitted on the training part, scored on the validation part; the test part plays no role.

        Raises ``NoTest`` where nobody can be validated on.
        """
        started = time.monotonic()
        cases, known = self._validation, self.split.before_test
        train, later = (fit_for(algorithm, part) for part in (known.train, cases.hidden))
        validation = None if cases.baskets else later
        model = create(algorithm, **parameters).fit(
            train, seed=self.seed, validation=validation, on_progress=on_progress
        )
        return self._measure(algorithm, parameters, model, started, cases, on_progress), model

    @property
    def can_validate(self) -> bool:
        """Whether there is anybody to choose parameters on."""
        try:
            return bool(self._validation)
        except NoTest:
            return False

    def remembered(self, algorithm: str, parameters: Mapping[str, Any]) -> Score | None:
        """The candidate's score, if this host has measured it before on the same rows."""
        return recall(self._identity(algorithm, parameters, self.seed))

    def fit(self, algorithm: str, parameters: Mapping[str, Any]) -> Model:
        """The candidate, fitted on everything before the test.

        Its learning curve goes into the run, unless there is one of the fit that parameters were chosen by.
        """
        follow = self.pulse.report if self.pulse.history else self.pulse.learn
        known = fit_for(algorithm, self.split.before_test.development)
        return create(algorithm, **parameters).fit(
            known, seed=self.seed, on_progress=follow, checkpoint=self.checkpoint
        )

    def measure(self, algorithm: str, parameters: Mapping[str, Any], model: Model) -> Score:
        """The candidate's score, remembered for the day when it is the active model of a comparison."""
        started = time.monotonic()
        score = self._measure(algorithm, parameters, model, started, self._test, self.pulse.report)
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
                checkpoint=self.checkpoint,
            )
            return self._measure(algorithm, parameters, fitted, started, self._test, self.pulse.report)

        return remembered(self._identity(algorithm, parameters, seed), make)

    def _measure(
        self,
        algorithm: str,
        parameters: Mapping[str, Any],
        model: Model,
        started: float,
        cases: Cases,
        report: Report,
    ) -> Score:
        known, hidden = cases.known, cases.hidden
        asked = Answers(model, known) if cases.baskets else model
        name, _at, k = self.role.metric.partition("@")
        other: Literal["new", "all"] = "all" if self.role.scope == "new" else "new"
        for_test = cases is self._test
        total = (1 if cases.baskets or not for_test else 2) * len(np.unique(hidden.user))
        watched = Watched(asked, self.pulse, report, total=total)
        customers = customers_of(known)
        own = evaluate(watched, known, hidden, k=int(k), scope=self.role.scope, users=customers)
        means = dict(own.metrics)
        if for_test and not cases.baskets:  # no hidden item is among those shown: both scopes are one
            metrics = evaluate(watched, known, hidden, k=int(k), scope=other, users=customers).metrics
            means |= {f"{metric}_{other}": metrics[metric] for metric in dict.fromkeys((name, "recall"))}
        if for_test and hidden.kind == "ratings":
            means |= evaluate_ratings(model, known, hidden).metrics
        seconds = round(time.monotonic() - started, 3)
        told = {metric: own.per_user[metric] for metric in TOLD}
        return Score(algorithm, dict(parameters), own.per_user[name], means, seconds, told)

    def _identity(self, algorithm: str, parameters: Mapping[str, Any], seed: int) -> dict[str, Any]:
        return {
            "data": self.rows.fingerprint,
            "split": self.split.as_dict(),
            "cases": "baskets" if self._test.baskets else "customers",
            "metric": self.role.metric,
            "scope": self.role.scope,
            "algorithm": algorithm,
            "parameters": dict(parameters),
            "seed": seed,
        }

    @cached_property
    def _test(self) -> Cases:
        """Raises ``NoTest`` where there is nobody to test on."""
        return Cases.of(self.role.name, self.split.development, self.split.test)

    @cached_property
    def _validation(self) -> Cases:
        known = self.split.before_test
        return Cases.of(self.role.name, known.train, known.validation)


class Watched:
    """A model that tells how far its evaluation is, and stops it when the run is to stop."""

    def __init__(self, model: Model | Answers, pulse: Pulse, report: Report, *, total: int) -> None:
        self._model = model
        self._pulse = pulse
        self._report = report
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
        if self._report("score", min(self._done, self._total), self._total, {}) is False:
            self._pulse.check()
            raise Cancelled
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
    on_progress: Report | None = None,
    checkpoint: Checkpoint | None = None,
) -> dict[str, Any]:
    """All parameters of ``algorithm``, "auto" replaced by what the split's validation part chose."""
    values = dict(catalogue.validate(algorithm, parameters))
    automatic = {setting.name for setting in catalogue.info(algorithm).parameters if setting.empty == "auto"}
    wanted = any(values[name] is None for name in automatic)
    known = split.before_test
    if known.validation is None or not len(known.train) or not wanted:
        return values
    train, validation = (fit_for(algorithm, part) for part in (known.train, known.validation))
    tuned = create(algorithm, **values).fit(
        train, seed=seed, validation=validation, on_progress=on_progress, checkpoint=checkpoint
    )
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
