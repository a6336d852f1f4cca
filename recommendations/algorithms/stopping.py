"""Early stopping: training ends when the validation part has not gained for a while; the best is kept."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor

from .checkpoints import State


class EarlyStopping:
    """Watches a figure that should rise (NDCG@20 on the validation part) and keeps the weights of its peak.

    ``watch`` are the tensors being trained, of any shape and device; each new best copies them once, in
    place. ``patience`` is how many measurements without a new best end the training; at least 1. A figure
    that is NaN (nobody to judge by) never stops and keeps nothing. Criterion UP of Prechelt (1998), Early
    stopping - but when?

        stopping = EarlyStopping([users, items], patience=5)
        for epoch in range(1, most + 1):
            ...
            if stopping.update(epoch, validation.ndcg(...)):
                break
        stopping.restore()

    ``state`` and ``load`` are for a checkpoint.
    """

    def __init__(self, watch: Sequence[Tensor], *, patience: int) -> None:
        if patience < 1:
            raise ValueError(f"patience is at least 1 measurement, got {patience}.")
        self.best = float("nan")
        self.best_epoch = 0
        self._watch = list(watch)
        self._patience = patience
        self._since = 0
        self._kept: list[Tensor] = []

    @property
    def over(self) -> bool:
        """Whether training should end."""
        return self._since >= self._patience

    def update(self, epoch: int, figure: float) -> bool:
        """Note the figure measured after ``epoch``; True when training should end."""
        if figure != figure:
            return False
        if self.best_epoch and figure <= self.best:
            self._since += 1
            return self.over
        self.best, self.best_epoch, self._since = figure, epoch, 0
        self._keep(self._watch)
        return False

    @torch.no_grad()
    def restore(self) -> None:
        """Put the best weights back in place; nothing changes where no figure was ever given."""
        for tensor, kept in zip(self._watch, self._kept, strict=bool(self._kept)):
            tensor.copy_(kept)

    def state(self) -> State:
        """All that ``load`` needs to go on, as numpy arrays."""
        kept = {f"best.{place}": tensor.cpu().numpy() for place, tensor in enumerate(self._kept)}
        return kept | {"stopping": np.array([self.best, self.best_epoch, self._since])}

    def load(self, state: State) -> None:
        """Go on from what ``state`` gave."""
        best, epoch, since = state["stopping"].tolist()
        self.best, self.best_epoch, self._since = best, int(epoch), int(since)
        if self.best_epoch:
            self._keep([torch.from_numpy(state[f"best.{place}"]) for place in range(len(self._watch))])

    @torch.no_grad()
    def _keep(self, tensors: Sequence[Tensor]) -> None:
        if not self._kept:
            self._kept = [torch.empty_like(tensor) for tensor in self._watch]
        for kept, tensor in zip(self._kept, tensors, strict=True):
            kept.copy_(tensor)
