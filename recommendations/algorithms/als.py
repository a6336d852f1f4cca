"""Implicit-feedback matrix factorization by alternating least squares (Hu, Koren and Volinsky 2008).

With the unobserved weight and the frequency-scaled regularization of Rendle et al. (2021), "Revisiting the
performance of iALS on item recommendation benchmarks".
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from recommendations.artifacts import Model
from recommendations.artifacts.scorers import Factors, FoldIn
from recommendations.interactions import Interactions

from .base import Algorithm, DivergedError, Fit, Learned
from .catalogue import info
from .checkpoints import State
from .device import default_device
from .least_squares import NOT_FINITE, Solver, SparseRows, batch_loss
from .validation import Validation, hold_one_out

FALLBACK = 1.0
"""The regularization of "auto" where there is nothing to pick it on: nobody with three items."""

WARM_SHARE = 0.2
"""Of ``iterations``, what a fit with a warm start does."""

SCALE = ("alpha", "unobserved_weight", "frequency_scaling", "weight")
"""Parameters on which the size of a good regularization depends."""

SIDES = ("users", "items")
_TRIAL_ITERATIONS = 8


class ALS(Algorithm):
    """Minimizes over all pairs of user u and item i, s_ui = x_u' y_i and w_ui the purchases' weight,

        sum over purchases (a0 + alpha w_ui)(1 - s_ui)^2 + a0 sum over the other pairs s_ui^2
            + sum over u of l_u |x_u|^2 + sum over i of l_i |y_i|^2

    where a0 is ``unobserved_weight`` and l ``regularization`` times the sum of all confidences of that user
    (item) to the power ``frequency_scaling``: 0 is Hu et al.'s objective, 1 pulls each as strongly as there
    are data about it. For purchases of equal weight it is the objective of Rendle et al. (2021), who let the
    a0 term stand at purchases too, with alpha 1 and their regularization times 1 + a0.

    Items and users are solved for in turn, ``iterations`` times (see ``least_squares`` for the solves), and
    at last the users once more, to the end, so that a known user's vector is what fold-in of the same history
    gives.

    A warm start takes users and items of the earlier model where they are, its regularization where that was
    left to be picked, and does ``WARM_SHARE`` of the iterations.
    """

    def learn(self, data: Interactions, fit: Fit) -> Learned:
        matrix = self.matrix(data)
        solver = Solver(default_device())
        try:
            return self._learn(data, fit, _Problem(matrix, self.parameters, solver))
        finally:
            solver.close()

    def _learn(self, data: Interactions, fit: Fit, problem: _Problem) -> Learned:
        validation = None
        if fit.validation is not None:
            validation = Validation(problem.matrix, fit.validation.matrix("binary"), seed=fit.seed)
        earlier = self._earlier(fit)
        total = self.parameters["iterations"]
        factors = self._start(data, problem, fit)
        if earlier is not None:
            total = max(1, round(total * WARM_SHARE))
            factors = _continued(factors, earlier, data)
        done, state = fit.resume()
        regularization = self._regularization(fit, problem, validation, factors, state)
        if done:
            factors = _Pair(*(torch.from_numpy(state[side]).to(problem.device) for side in SIDES))
        for iteration in range(done + 1, total + 1):
            factors, metrics = problem.iterate(factors, regularization), {}
            if fit.on_progress is not None:
                metrics["loss"] = problem.loss(factors, regularization)
                if validation is not None and len(validation.users):
                    metrics["ndcg"] = validation.ndcg(factors.users[validation.users], factors.items)
            fit.keep(iteration, partial(_state, factors, regularization))
            fit.report("fit", iteration, total, **metrics)
        factors = problem.users(factors, regularization)
        if not (factors.users.isfinite().all() and factors.items.isfinite().all()):
            raise DivergedError(NOT_FINITE)
        scorer = problem.scorer(factors, regularization, self.parameters["weight"])
        return Learned(scorer, problem.matrix, {"regularization": regularization})

    def _earlier(self, fit: Fit) -> Model | None:
        """The model of the warm start, if its vectors are of the kind and length that are wanted now."""
        if fit.warm_start is None or fit.warm_start.algorithm != self.name:
            return None
        width = fit.warm_start.scorer.tensors()["user_factors"].shape[1]
        return fit.warm_start if width == self.parameters["factors"] else None

    def _start(self, data: Interactions, problem: _Problem, fit: Fit) -> _Pair:
        """Nothing about users, and small random vectors of items."""
        width = self.parameters["factors"]
        items = torch.randn((data.n_items, width), generator=torch.Generator().manual_seed(fit.seed)) * 0.01
        return _Pair(torch.zeros((data.n_users, width)), items).to(problem.device)

    def _regularization(
        self, fit: Fit, problem: _Problem, validation: Validation | None, start: _Pair, state: State
    ) -> float:
        """As given; else as an unbroken fit or the earlier model had it; else picked."""
        earlier = self._earlier(fit)
        known = [self.parameters["regularization"], state.get("regularization")]
        if earlier is not None and all(earlier.parameters.get(key) == self.parameters[key] for key in SCALE):
            known.append(earlier.parameters.get("regularization"))
        for value in known:
            if value is not None:
                return float(value)
        return self._pick(fit, problem, validation, start, state)

    def _pick(
        self, fit: Fit, problem: _Problem, validation: Validation | None, start: _Pair, state: State
    ) -> float:
        """The regularization with the best NDCG@20 on the validation part after a few iterations.

        Without such a part, one item of everybody who has three or more is held out for it. The values tried
        are average pulls: where frequency scales the pull, they are divided by the mean of what scales it.
        """
        if validation is None:
            train, later = hold_one_out(problem.matrix, fit.seed)
            validation = Validation(train, later, seed=fit.seed)
            problem = problem.on(train)
        scale = problem.mean_scale()
        if not len(validation.users):
            return FALLBACK / scale
        values = [float(value) for value in info(self.name).parameter("regularization").search if value]
        iterations = min(_TRIAL_ITERATIONS, self.parameters["iterations"])
        scores = list(state.get("scores", ()))
        for value in values[len(scores) :]:
            factors = start
            for done in range(iterations):
                fit.report("tune", len(scores) * iterations + done, len(values) * iterations)
                factors = problem.iterate(factors, value / scale)
            factors = problem.users(factors, value / scale)
            scores.append(validation.ndcg(factors.users[validation.users], factors.items))
            fit.keep(0, lambda: {"scores": np.array(scores)})
        return values[int(np.argmax(scores))] / scale


@dataclass(frozen=True, slots=True)
class _Pair:
    """Vectors of ``users`` (n_users, d) and of ``items`` (n_items, d), float32, in the same coordinates."""

    users: Tensor
    items: Tensor

    def to(self, device: torch.device) -> _Pair:
        return _Pair(self.users.to(device), self.items.to(device))

    def arrays(self) -> dict[str, NDArray[np.float32]]:
        return {side: getattr(self, side).cpu().numpy() for side in SIDES}


def _state(factors: _Pair, regularization: float) -> State:
    return {**factors.arrays(), "regularization": np.array(regularization)}


def _continued(start: _Pair, earlier: Model, data: Interactions) -> _Pair:
    """The earlier model's vectors where it has them."""
    tensors = earlier.scorer.tensors()
    for keys, table, name in ((data.users, earlier.users, "user"), (data.items, earlier.items, "item")):
        places = table.index(keys.keys)
        vectors = torch.from_numpy(tensors[f"{name}_factors"][places[places >= 0]])
        side: Tensor = getattr(start, f"{name}s")
        side[torch.from_numpy(places >= 0).to(side.device)] = vectors.to(side.device)
    return start


class _Problem:
    """The purchases as least squares on one device, divided by a0: users given items, items given users."""

    def __init__(self, matrix: Any, parameters: Mapping[str, Any], solver: Solver) -> None:
        self.matrix = matrix
        self.device = solver.device
        self._parameters, self._solver = parameters, solver
        self._unobserved = float(parameters["unobserved_weight"])
        self._scaling = float(parameters["frequency_scaling"])
        self._alpha = parameters["alpha"] / self._unobserved
        self._rows, self._columns = (
            SparseRows(side, self._alpha, parameters["factors"], solver.device)
            for side in (matrix, matrix.T.tocsr())
        )

    def on(self, matrix: Any) -> _Problem:
        """The same problem for another matrix."""
        return _Problem(matrix, self._parameters, self._solver)

    def users(self, factors: _Pair, regularization: float) -> _Pair:
        """Users for these items, to the end."""
        pull = self._pull(self._rows, regularization)
        start = factors.items, factors.users
        return _Pair(*self._solver(self._rows, *start, pull, tolerance=1e-5, exact=True))

    def iterate(self, factors: _Pair, regularization: float) -> _Pair:
        """Users for these items, then items for those users."""
        block = self._parameters["block"]
        pull = self._pull(self._rows, regularization)
        users, items = self._solver(self._rows, factors.items, factors.users, pull, block=block)
        pull = self._pull(self._columns, regularization)
        items, users = self._solver(self._columns, users, items, pull, block=block)
        return _Pair(users, items)

    def loss(self, factors: _Pair, regularization: float) -> float:
        """The objective over all pairs, the unobserved ones by way of X'X and Y'Y."""
        users, items = factors.users, factors.items
        loss = ((users.T @ users).double() * (items.T @ items)).sum()
        for rows, vectors in ((self._rows, users), (self._columns, items)):
            loss += (self._pull(rows, regularization) * vectors.double().square().sum(1)).sum()
        observed = sum(batch_loss(batch, users, items) for batch in self._rows.batches)
        return (float(loss) + observed) * float(self._unobserved)

    def scorer(self, factors: _Pair, regularization: float, weight: str) -> Factors:
        """What answers from these vectors."""
        users, items = factors.arrays().values()
        pull = regularization * self._unobserved ** (self._scaling - 1)
        return Factors(
            users,
            items,
            items.T.astype(np.float64) @ items,
            fold_in=FoldIn("implicit", self._alpha, pull, self._scaling),
            weight=weight,
            latent=items.shape[1],
        )

    def mean_scale(self) -> float:
        """The mean over users and items of what the regularization is multiplied with."""
        pulls = [self._pull(rows, 1.0) * self._unobserved for rows in (self._rows, self._columns)]
        return float(torch.cat(pulls).mean())

    def _pull(self, rows: SparseRows, regularization: float) -> Tensor:
        scale = (self._unobserved * rows.confidence).pow(self._scaling)
        return scale * (regularization / self._unobserved)
