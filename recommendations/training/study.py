"""What to try next: one algorithm's trials as an Optuna study, made anew from the stored ones each time.

A suggestion depends on the trials so far and the run's seed, on nothing else: a search that was killed and
resumed suggests what an unbroken one would have. The sampler is the tree-structured Parzen estimator of
Bergstra et al. (2011), Optuna's multivariate form (Falkner, Klein and Hutter 2018, BOHB); pruning is Optuna's
median rule (Golovin et al. 2017, Google Vizier); importance is PED-ANOVA (Watanabe, Bansal and Hutter 2023).
"""

from __future__ import annotations

import math
import warnings
from collections.abc import Callable, Mapping, Sequence
from itertools import product
from typing import TYPE_CHECKING, Any, Final

from ..algorithms import catalogue
from ..algorithms.catalogue import AlgorithmInfo, Parameter
from ..models import Trial

if TYPE_CHECKING:
    from optuna.distributions import BaseDistribution
    from optuna.study import Study as OptunaStudy

STARTUP: Final = 6  # trials at random before the estimator is asked
FULL_GRID: Final = 2_000  # a space of so many points is searched to its end when the sampler repeats itself
IMPORTANCE_FROM: Final = 8  # complete trials; fewer say nothing


class Study:
    """The trials of ``info`` so far, in the order in which they ended; ``fixed`` holds what is not searched.

    ``fixed`` are the ordered parameters: what has neither ``search`` nor ``between`` stays at these values.
    """

    def __init__(
        self, info: AlgorithmInfo, fixed: Mapping[str, Any], trials: Sequence[Trial], *, seed: int = 0
    ) -> None:
        self.info = info
        self.fixed = dict(fixed)
        self.seed = seed
        self.trials = [trial for trial in trials if trial.state in (_COMPLETE, _PRUNED)]
        self._parameters = [one for one in info.parameters if one.search or one.between]

    def suggest(self) -> dict[str, Any] | None:
        """Parameters that were not tried yet; None when all have been."""
        tried = {_identity(trial.parameters) for trial in self.trials}
        if not self._parameters:
            return None
        for attempt in range(5):
            study = self._optuna(len(self.trials), attempt)
            asked = study.ask(self._distributions())
            found = self._typed({one.name: self._decode(one, asked.params) for one in self._parameters})
            if _identity(found) not in tried:
                return found
        return next((point for point in self._grid() if _identity(point) not in tried), None)

    def watch(self) -> Callable[[int, float], bool]:
        """A judge of one fit: told a step and its NDCG it answers whether the fit is behind the others.

        Behind is worse than the median of the complete trials at that step.
        """
        trial = self._optuna(len(self.trials), 0).ask()

        def is_behind(step: int, value: float) -> bool:
            trial.report(value, step)
            return bool(trial.should_prune())

        return is_behind

    def importance(self) -> dict[str, float]:
        """Parameter -> its share of what made trials good or bad; {} while there are too few trials."""
        import optuna

        complete = [trial for trial in self.trials if trial.state == _COMPLETE]
        if len(complete) < IMPORTANCE_FROM or len(self._parameters) < 2:
            return {}
        study = self._optuna(0, 0)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", optuna.exceptions.ExperimentalWarning)
            evaluator = optuna.importance.PedAnovaImportanceEvaluator()
            found = optuna.importance.get_param_importances(study, evaluator=evaluator)
        return {name: round(float(share), 4) for name, share in found.items() if math.isfinite(share)}

    def _optuna(self, position: int, attempt: int) -> OptunaStudy:
        """An in-memory study that holds the stored trials; the sampler's seed is the place in the search."""
        import optuna  # half a second, and a training process alone needs it

        optuna.logging.set_verbosity(optuna.logging.WARNING)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", optuna.exceptions.ExperimentalWarning)
            sampler = optuna.samplers.TPESampler(
                seed=(self.seed * 1_000_003 + position * 101 + attempt) % 2**32,
                multivariate=True,
                n_startup_trials=STARTUP,
            )
        pruner = optuna.pruners.MedianPruner(n_startup_trials=4, n_warmup_steps=2, n_min_trials=3)
        study = optuna.create_study(direction="maximize", sampler=sampler, pruner=pruner)
        distributions = self._distributions()
        for trial in self.trials:
            coded = self._encode({**trial.parameters, **_chosen(trial)})
            if coded is None:
                continue  # the catalogue has changed since
            pruned = trial.state == _PRUNED
            curve = curve_of(trial.history)
            if pruned and not curve:
                continue  # it took too long: its parameters need not be bad
            study.add_trial(
                optuna.trial.create_trial(
                    state=optuna.trial.TrialState.PRUNED if pruned else optuna.trial.TrialState.COMPLETE,
                    params=coded,
                    distributions=distributions,
                    value=None if pruned else trial.value,
                    intermediate_values=dict(curve),
                )
            )
        return study

    def _distributions(self) -> dict[str, BaseDistribution]:
        from optuna import distributions as of

        found: dict[str, BaseDistribution] = {}
        for one in self._parameters:
            if one.between is not None:
                low, high, log = one.between.low, one.between.high, one.between.log
                if one.kind == "int":
                    found[one.name] = of.IntDistribution(int(low), int(high), log=log)
                else:
                    found[one.name] = of.FloatDistribution(low, high, log=log)
            elif one.kind in ("int", "float"):
                found[one.name] = of.IntDistribution(0, len(self._values(one)) - 1)  # they have an order
            else:
                found[one.name] = of.CategoricalDistribution(self._values(one))
        return found

    def _values(self, one: Parameter) -> list[Any]:
        """The listed values and the ordered one; numbers ascending, None ("without") after the largest."""
        ordered = self.fixed.get(one.name)
        values = list(one.search)
        if ordered not in values and not (ordered is None and one.empty == "auto"):
            values.append(ordered)
        if one.kind in ("int", "float"):
            values.sort(key=lambda value: math.inf if value is None else value)
        return values

    def _decode(self, one: Parameter, asked: Mapping[str, Any]) -> Any:
        value = asked[one.name]
        if one.between is None and one.kind in ("int", "float"):
            return self._values(one)[value]
        return value

    def _encode(self, parameters: Mapping[str, Any]) -> dict[str, Any] | None:
        """The parameters as the distributions have them; None where one of them lies outside."""
        coded: dict[str, Any] = {}
        for one in self._parameters:
            value = parameters.get(one.name)
            if one.between is not None:
                if value is None or not one.between.low <= value <= one.between.high:
                    return None
                coded[one.name] = value
                continue
            values = self._values(one)
            if value not in values:
                return None
            coded[one.name] = values.index(value) if one.kind in ("int", "float") else value
        return coded

    def _grid(self) -> list[dict[str, Any]]:
        """All points of a small finite space, in a fixed order; none of a large one."""
        if any(one.between for one in self._parameters):
            return []
        columns = [self._values(one) for one in self._parameters]
        if math.prod(len(column) for column in columns) > FULL_GRID:
            return []
        names = [one.name for one in self._parameters]
        return [self._typed(dict(zip(names, point, strict=True))) for point in product(*columns)]

    def _typed(self, searched: Mapping[str, Any]) -> dict[str, Any]:
        """All parameters as the catalogue types them: 1 of a list of floats is 1.0."""
        return dict(catalogue.validate(self.info.name, {**self.fixed, **searched}))


_COMPLETE: Final = Trial.State.COMPLETE
_PRUNED: Final = Trial.State.PRUNED


def curve_of(history: object) -> list[tuple[int, float]]:
    """(step, validation NDCG) of a stored learning curve."""
    points = history if isinstance(history, list) else []
    return [
        (int(point["epoch"]), float(point["validation_ndcg"]))
        for point in points
        if isinstance(point, dict) and point.get("validation_ndcg") is not None and "epoch" in point
    ]


def _chosen(trial: Trial) -> dict[str, Any]:
    """What the fit chose itself, for parameters that were left on "auto"."""
    return {
        name: trial.chosen_parameters.get(name)
        for name, value in trial.parameters.items()
        if value is None and trial.chosen_parameters.get(name) is not None
    }


def _identity(parameters: Mapping[str, Any]) -> tuple[tuple[str, str], ...]:
    return tuple(sorted((name, repr(value)) for name, value in parameters.items()))
