"""Training by gradients: passes over the data until the validation part ends it, resumable after a kill."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Protocol, TypeVar

import numpy as np
import torch
from torch import Tensor

from .base import DivergedError, Fit
from .checkpoints import State
from .stopping import EarlyStopping
from .validation import Validation, hold_one_out

FALLBACK = 20
"""The epochs of "auto" where there is nobody to judge by: no customer with three items."""


class Learner(Protocol):
    """What learns: ``weights`` are trained in place, ``moments`` are what its optimizer remembers.

    Both together are all that the rest of a training depends on.
    """

    @property
    def weights(self) -> Mapping[str, Tensor]: ...
    @property
    def moments(self) -> Mapping[str, Tensor]: ...

    def epoch(self, generator: torch.Generator, beat: Callable[[], None]) -> float:
        """One pass over the data, random by ``generator`` alone; the mean loss. Call ``beat`` often."""

    def vectors(self, users: Tensor) -> tuple[Tensor, Tensor]:
        """Vectors (b, d) of these users and of all items (n_items, d), whose products are the scores."""


L = TypeVar("L", bound=Learner)


def adam(weights: Mapping[str, Tensor], rate: float) -> tuple[torch.optim.Adam, dict[str, Tensor]]:
    """Adam (Kingma and Ba 2015) over all weights, and its moments by name; both begin at zero."""
    optimizer = torch.optim.Adam(list(weights.values()), lr=rate, fused=True)
    moments: dict[str, Tensor] = {}
    for name, tensor in weights.items():
        state = {
            "step": torch.zeros((), device=tensor.device),
            "exp_avg": torch.zeros_like(tensor),
            "exp_avg_sq": torch.zeros_like(tensor),
        }
        optimizer.state[tensor] = state
        moments |= {f"{name}.{moment}": value for moment, value in state.items()}
    return optimizer, moments


def descend(
    fit: Fit, matrix: Any, build: Callable[[Any], L], *, epochs: int | None, most: int, patience: int
) -> tuple[L, int]:
    """``build(matrix)`` trained on the users x items CSR matrix; and the number of epochs that took.

    With a validation part training ends ``patience`` epochs after the last best NDCG@20 there, the best
    weights are kept, and ``epochs`` (``most`` for None) is a limit. Without one the matrix is trained on for
    ``epochs``; for None one item of everybody who has three or more is held out first, to see how many are
    best. Each epoch reports ``loss`` and, where it is measured, ``ndcg``. Raises DivergedError.
    """
    done, state = fit.resume()
    begin = _Begin(done, state)
    if fit.validation is not None:
        judge = Validation(matrix, fit.validation.matrix("binary"), seed=fit.seed)
        return _train(fit, build(matrix), judge, epochs or most, patience, begin)
    if epochs is None:
        epochs = int(state.get("then", 0))
    if not epochs:
        part, later = hold_one_out(matrix, fit.seed)
        judge = Validation(part, later, seed=fit.seed)
        epochs = FALLBACK
        if len(judge.users):
            epochs = _train(fit, build(part), judge, most, patience, begin, stage="tune")[1]
    return _train(fit, build(matrix), None, epochs, patience, begin, then=epochs)


def _train(
    fit: Fit,
    learner: L,
    judge: Validation | None,
    epochs: int,
    patience: int,
    begin: _Begin,
    *,
    stage: str = "fit",
    then: int = 0,
) -> tuple[L, int]:
    stopping = EarlyStopping(list(learner.weights.values()), patience=patience)
    done = begin(learner, stopping)
    users = None if judge is None or not len(judge.users) else torch.from_numpy(judge.users)
    for epoch in range(done + 1, epochs + 1):
        if stopping.over:
            break
        generator = torch.Generator().manual_seed(fit.seed * 1_000_003 + epoch)
        loss = learner.epoch(generator, lambda before=epoch - 1: fit.report(stage, before, epochs))  # type: ignore[misc]
        metrics = {"loss": loss}
        if judge is not None and users is not None:
            metrics["ndcg"] = judge.ndcg(*learner.vectors(users))
        if not all(bool(weights.isfinite().all()) for weights in learner.weights.values()):
            raise DivergedError("Training ended in numbers that are not finite. Lower learning_rate.")
        fit.report(stage, epoch, epochs, **metrics)
        stopping.update(epoch, metrics.get("ndcg", float("nan")))
        fit.keep(epoch, lambda: _kept(learner, stopping, then))
    stopping.restore()
    return learner, stopping.best_epoch or epochs


def _tensors(learner: Learner) -> dict[str, Tensor]:
    weights = {f"weights.{name}": tensor for name, tensor in learner.weights.items()}
    return weights | {f"moments.{name}": tensor for name, tensor in learner.moments.items()}


def _kept(learner: Learner, stopping: EarlyStopping, then: int) -> State:
    """The state of a training; ``then``, the epochs of the last fit once they are known, 0 before."""
    tensors = {name: tensor.detach().cpu().numpy() for name, tensor in _tensors(learner).items()}
    return {**tensors, **stopping.state(), "then": np.array(then)}


class _Begin:
    """Puts back what a checkpoint held into the first training that asks; later ones begin at 0."""

    def __init__(self, done: int, state: State) -> None:
        self._done, self._state = done, state

    @torch.no_grad()
    def __call__(self, learner: Learner, stopping: EarlyStopping) -> int:
        done, self._done = self._done, 0
        if done:
            for name, tensor in _tensors(learner).items():
                tensor.copy_(torch.from_numpy(self._state[name]))
            stopping.load(self._state)
        return done
