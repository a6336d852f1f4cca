"""Early stopping: training ends when the validation part has not gained for a while; the best is kept."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor


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

    def update(self, epoch: int, figure: float) -> bool:
        """Note the figure measured after ``epoch``; True when training should end."""
        if figure != figure:
            return False
        if self.best_epoch and figure <= self.best:
            self._since += 1
            return self._since >= self._patience
        self.best, self.best_epoch, self._since = figure, epoch, 0
        self._keep()
        return False

    @torch.no_grad()
    def restore(self) -> None:
        """Put the best weights back in place; nothing changes where no figure was ever given."""
        for tensor, kept in zip(self._watch, self._kept, strict=bool(self._kept)):
            tensor.copy_(kept)

    @torch.no_grad()
    def _keep(self) -> None:
        if not self._kept:
            self._kept = [torch.empty_like(tensor) for tensor in self._watch]
        for kept, tensor in zip(self._kept, self._watch, strict=True):
            kept.copy_(tensor)
