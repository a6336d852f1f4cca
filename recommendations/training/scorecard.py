"""Several algorithms side by side on the shop's own orders, one split for all."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any, Final, Literal

import numpy as np
from numpy.typing import NDArray

from ..algorithms import catalogue, create
from ..artifacts import KeyTable, Model
from ..evaluation import Evaluation, ScorecardEntry, evaluate, scorecard
from ..interactions import Interactions, Split, Vocabulary, leave_last_order_split, temporal_split
from ..models import ActiveModel
from . import leaks
from .bench import TEST_SHARE, VALIDATION_SHARE, chosen, customers_of, fit_for
from .source import Source
from .stages import Rejected

SplitName = Literal["temporal", "leave-last"]
SCOPES: tuple[Literal["new", "all"], ...] = ("new", "all")
ROLE: Final = "personal"

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Contender:
    """What one row of each scope is about; ``active`` is the run whose model serves, if this is its."""

    algorithm: str
    parameters: Mapping[str, Any] = field(default_factory=dict)
    active: int | None = None


def evaluate_algorithms(
    names: Sequence[str] = (),
    *,
    parameters: Mapping[str, Mapping[str, Any]] | None = None,
    k: int = 20,
    split: SplitName = "temporal",
    seed: int = 0,
    check_leaks: bool = False,
    on_progress: Callable[[str, int, int], None] | None = None,
) -> dict[str, Any]:
    """The scorecard of ``names`` (all that learn from orders by default), beside popularity and what serves.

    JSON-able, as :func:`scorecard <recommendations.evaluation.scorecard>` says: one row an algorithm and
    scope. Every algorithm has its default parameters but for those in ``parameters`` (algorithm -> name ->
    value), "auto" replaced by what the validation part of the same split chooses, and is fitted on
    everything before the test. What serves in the role "personal" is among them with its own parameters. A
    host's own algorithms are checked for leaks, with ``check_leaks`` all; what is found out is refused.
    ``on_progress`` is told the algorithm, how many are done and how many there are.

    Raises ``Rejected`` where the shop's rows leave nothing to test on, ``UnknownAlgorithm`` and
    ``InvalidParameters``.
    """
    given = {name: catalogue.validate(name, values) for name, values in (parameters or {}).items()}
    listed = list(dict.fromkeys([*(names or _usual()), *given]))
    infos = [catalogue.info(name) for name in listed]
    baseline = catalogue.info("popularity")
    kinds = {info.needs for info in infos if info is not baseline} or {baseline.needs}
    if len(kinds) > 1:
        raise Rejected("Algorithms that learn from ratings and from orders have no split in common")
    kind = kinds.pop()
    parts = _split(Source().read(kind).of_customers().data, split)
    contenders = _contenders(dict.fromkeys([baseline.name, *listed]), given, parts, kind, seed)
    entries: list[ScorecardEntry] = []
    for done, contender in enumerate(contenders):
        if on_progress:
            on_progress(contender.algorithm, done, len(contenders))
        checked = check_leaks or not catalogue.is_built_in(contender.algorithm)
        try:
            entries += _entries(contender, parts, k, seed, checked=checked)
        except Exception as error:
            if contender.active is None or contender.algorithm in listed:
                raise
            logger.exception("The active run %s could not be compared with: %s", contender.active, error)
    return scorecard(entries, parts, k=k, seed=seed)


def _usual() -> list[str]:
    return [name for name, info in catalogue.ALGORITHMS.items() if info.needs == "orders"]


def _split(data: Interactions, name: SplitName) -> Split:
    if not len(data):
        raise Rejected(f"Nothing to test on: no {'ratings' if data.kind == 'ratings' else 'order lines'}")
    if name == "leave-last":
        parts = leave_last_order_split(data, validation=True)
    elif data.time is None:
        raise Rejected("The rows carry no times; take --split leave-last")
    else:
        parts = temporal_split(data, test_share=TEST_SHARE, validation_share=VALIDATION_SHARE)
    if not len(parts.development) or not len(parts.test):
        raise Rejected(f"Nothing to test on: {len(data)} rows, {len(parts.test)} of them in the test part")
    return parts


def _contenders(
    names: Mapping[str, None],
    given: Mapping[str, Mapping[str, Any]],
    parts: Split,
    kind: str,
    seed: int,
) -> list[Contender]:
    """Those asked for, their parameters chosen, and what serves, which may be one of them."""
    found = [Contender(name, chosen(name, given.get(name, {}), parts, seed=seed)) for name in names]
    serving = _serving(kind)
    if serving is None:
        return found
    same = [place for place, one in enumerate(found) if _alike(one, serving)]
    if not same:
        return [*found, serving]
    found[same[0]] = serving
    return found


def _alike(one: Contender, other: Contender) -> bool:
    return one.algorithm == other.algorithm and dict(one.parameters) == dict(other.parameters)


def _serving(kind: str) -> Contender | None:
    """What serves in the role "personal"; None where nothing does, or it learns from other rows."""
    row = ActiveModel.objects.select_related("run").filter(role=ROLE).first()
    if row is None:
        return None
    run = row.run
    try:
        if catalogue.info(run.algorithm).needs != kind:
            return None
        values = catalogue.validate(run.algorithm, run.chosen_parameters or run.parameters)
    except (catalogue.UnknownAlgorithm, catalogue.InvalidParameters) as error:
        logger.warning("The active run %s is not compared with: %s", run.pk, error)
        return None
    return Contender(run.algorithm, values, run.pk)


def _entries(contender: Contender, parts: Split, k: int, seed: int, *, checked: bool) -> list[ScorecardEntry]:
    name, values = contender.algorithm, contender.parameters
    started = time.monotonic()
    model = create(name, **values).fit(fit_for(name, parts.before_test.development), seed=seed)
    fitted = time.monotonic() - started
    found = leaks.check(name, values, parts, k=k, seed=seed, model=model) if checked else None
    about = None if found is None else {**asdict(found), "fall": found.fall, "found": found.found}
    refused = "" if found is None else leaks.refusal(found)
    customers = customers_of(parts.development)
    entries = []
    for scope in SCOPES:
        began = time.monotonic()
        measured = evaluate(model, parts.development, parts.test, k=k, scope=scope, users=customers)
        seconds = fitted + time.monotonic() - began
        cold = _cold(model, parts, k, scope)
        entries.append(
            ScorecardEntry(name, scope, values, seconds, measured, cold, contender.active, about, refused)
        )
    return entries


def _cold(model: Model, parts: Split, k: int, scope: Literal["new", "all"]) -> Evaluation:
    """How it does by customers whose first order lies in the test: it answers them as strangers."""
    known = parts.before_test.development.users
    newcomers = [key for key in parts.test.compact().users if key not in known]
    strangers = Strangers(model, Vocabulary(newcomers))
    return evaluate(strangers, parts.development, parts.test, k=k, scope=scope, users=newcomers)


class Strangers:
    """A model asked by people of whom nothing is known: the same answer for all, or none."""

    def __init__(self, model: Model, users: Vocabulary) -> None:
        self.items: KeyTable = model.items
        self.users = users
        self._scores = np.full(len(model.items), -np.inf, np.float32)
        if "fold_in" in model.supports:
            keys, scores = model.fold_in([], k=len(model.items))
            self._scores[model.items.index(keys)] = scores

    def score_users(self, users: NDArray[np.int64], /) -> NDArray[np.float32]:
        return np.tile(self._scores, (len(users), 1))
