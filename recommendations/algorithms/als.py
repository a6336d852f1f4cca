"""Implicit-feedback matrix factorization by alternating least squares (Hu, Koren and Volinsky 2008)."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from recommendations.artifacts.scorers import Factors, FoldIn
from recommendations.interactions import Interactions

from .base import Algorithm, DivergedError, Fit, Learned
from .catalogue import info
from .device import default_device
from .least_squares import Solver, SparseRows, batch_loss
from .validation import Validation, hold_one_out

FALLBACK = 1.0
"""The regularization of "auto" where there is nothing to pick it on: nobody with three items."""

_TRIAL_ITERATIONS = 8


class ALS(Algorithm):
    """Confidence 1 + alpha x weight for a purchase, 1 for every other pair; see ``least_squares`` for the
    solves.

    Items and users are solved for in turn, ``iterations`` times, and at last the users once more, so that a
    known user's vector is what fold-in of the same history gives.
    """

    def learn(self, data: Interactions, fit: Fit) -> Learned:
        matrix = self.matrix(data)
        solver = Solver(default_device())
        try:
            problem = _Problem(matrix, self.parameters["alpha"], self.parameters["factors"], solver)
            return self._learn(data, fit, problem)
        finally:
            solver.close()

    def _learn(self, data: Interactions, fit: Fit, problem: _Problem) -> Learned:
        validation = None
        if fit.validation is not None:
            validation = Validation(problem.matrix, fit.validation.matrix("binary"), seed=fit.seed)
        items = self._start(data, problem, fit)
        regularization = self.parameters["regularization"]
        if regularization is None:
            regularization = self._pick(fit, problem, validation, items)
        total = self.parameters["iterations"]
        for done in range(1, total + 1):
            users, items = problem.iterate(items, regularization)
            metrics = {}
            if fit.on_progress is not None:
                metrics["loss"] = problem.loss(users, items, regularization)
                if validation is not None and len(validation.users):
                    metrics["ndcg"] = validation.ndcg(users[validation.users], items)
            fit.report("fit", done, total, **metrics)
        users = problem.users(items, regularization, tolerance=1e-5)
        if not (users.isfinite().all() and items.isfinite().all()):
            raise DivergedError(
                "als ended in numbers that are not finite. Raise regularization or lower alpha."
            )
        found = _numpy(items)
        gram = found.T.astype(np.float64) @ found + regularization * np.eye(found.shape[1])
        scorer = Factors(
            _numpy(users),
            found,
            gram,
            fold_in=FoldIn("implicit", self.parameters["alpha"]),
            weight=self.parameters["weight"],
            latent=found.shape[1],
        )
        return Learned(scorer, problem.matrix, {"regularization": regularization})

    def _pick(self, fit: Fit, problem: _Problem, validation: Validation | None, start: Tensor) -> float:
        """The regularization with the best NDCG@20 on the validation part after a few iterations.

        Without such a part, one item of everybody who has three or more is held out for it.
        """
        if validation is None:
            train, later = hold_one_out(problem.matrix, fit.seed)
            validation = Validation(train, later, seed=fit.seed)
            problem = problem.on(train)
        if not len(validation.users):
            return FALLBACK
        values = info(self.name).parameter("regularization").search
        iterations = min(_TRIAL_ITERATIONS, self.parameters["iterations"])
        scores: dict[float, float] = {}
        for place, value in enumerate(float(value) for value in values if value is not None):
            items = start
            for done in range(iterations):
                fit.report("tune", place * iterations + done, len(values) * iterations)
                _, items = problem.iterate(items, value)
            scores[value] = validation.ndcg(problem.users(items, value)[validation.users], items)
        return max(scores, key=lambda value: scores[value])

    def _start(self, data: Interactions, problem: _Problem, fit: Fit) -> Tensor:
        """Item vectors to begin with: those of the earlier model, small random ones for other items."""
        shape = (data.n_items, self.parameters["factors"])
        items = torch.randn(shape, generator=torch.Generator().manual_seed(fit.seed)) * 0.01
        earlier = fit.warm_start
        if earlier is not None and isinstance(earlier.scorer, Factors):
            vectors = earlier.scorer.item_factors
            places = earlier.items.index(data.items.keys)
            if vectors.shape[1] == shape[1]:
                items[torch.from_numpy(places >= 0)] = torch.from_numpy(vectors[places[places >= 0]])
        return items.to(problem.device)


class _Problem:
    """The purchases as least squares on one device: users given items, items given users."""

    def __init__(self, matrix: Any, alpha: float, factors: int, solver: Solver) -> None:
        self.matrix = matrix
        self.device = solver.device
        self._options = alpha, factors
        self._solver = solver
        self._rows = SparseRows(matrix, alpha, factors, solver.device)
        self._columns = SparseRows(matrix.T.tocsr(), alpha, factors, solver.device)

    def on(self, matrix: Any) -> _Problem:
        """The same problem for another matrix."""
        return _Problem(matrix, *self._options, self._solver)

    def users(self, items: Tensor, regularization: float, *, tolerance: float = 1e-3) -> Tensor:
        return self._solver(self._rows, items, regularization, tolerance=tolerance)

    def iterate(self, items: Tensor, regularization: float) -> tuple[Tensor, Tensor]:
        """Users for these items, then items for those users."""
        users = self.users(items, regularization)
        return users, self._solver(self._columns, users, regularization)

    def loss(self, users: Tensor, items: Tensor, regularization: float) -> float:
        """The objective (eq. 3 of the paper) over all pairs, the unobserved ones by way of X'X and Y'Y."""
        everywhere = ((users.T @ users) * (items.T @ items)).sum() + regularization * (
            users.square().sum() + items.square().sum()
        )
        observed = sum(batch_loss(batch, users, items) for batch in self._rows.batches)
        return float(everywhere) + observed


def _numpy(factors: Tensor) -> NDArray[np.float32]:
    found: NDArray[np.float32] = factors.cpu().numpy()
    return found
