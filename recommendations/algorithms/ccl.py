"""Cosine contrastive learning from purchases (SimpleX, Mao et al. 2021; FISM, Kabbur et al. 2013)."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import torch
from torch import Tensor
from torch.nn.functional import embedding, normalize

from recommendations.artifacts.scorers import Factors, FoldIn
from recommendations.interactions import Interactions

from .base import Algorithm, Fit, Learned
from .descent import adam, descend
from .device import default_device
from .sampling import Bought, Positives, Shared

_MOST = 200
_USERS, _ENTRIES, _STEPS = 512, 65_536, 20


class CCL(Algorithm):
    """A user is the sum of the vectors of what she bought, an item is close to whom it suits, by cosine.

    With w_ui from the matrix, item vectors e_i and a matrix V (SimpleX, eq. 6, with g = 0):
    x_u = sum_i w_ui V'e_i, and x_u\\i without item i itself: an item must be found by the others, as in the
    zero diagonal of EASE. Each user meets |N| sampled items j that she did not buy, the same for all users of
    a batch, so that the many negatives are one matrix product. Minimized, w_ui at mean 1, by Adam:

    - ``margin`` (eq. 2): sum_ui w_ui [1 - cos(x_u\\i, e_i) + negative_weight / |N| sum_j (cos(x_u, e_j) -
      margin)+]
    - ``softmax`` (Wu et al. 2022, On the effectiveness of sampled softmax loss, eq. 4): sum_ui w_ui -log
      p_ui / (p_ui + n_items / |N| sum_j p_uj / (n_items q_j)), p = exp(cos / temperature), q the chance of j
      to be sampled.

    Fold-in is the same sum, so a stranger with a customer's history is served as that customer.
    """

    def learn(self, data: Interactions, fit: Fit) -> Learned:
        matrix = self.matrix(data)
        device = default_device()
        learner, epochs = descend(
            fit,
            matrix,
            lambda part: _Learner(part, self.parameters, fit.seed, device),
            epochs=self.parameters["epochs"],
            most=_MOST,
            patience=self.parameters["patience"],
        )
        return Learned(learner.scorer(self.parameters["weight"]), matrix, {"epochs": epochs})


class _Learner:
    """e and h, learned over batches of users with all that they bought."""

    def __init__(self, matrix: Any, parameters: dict[str, Any], seed: int, device: torch.device) -> None:
        self._bought = Bought(matrix)
        self.positives = Positives(self._bought.matrix, device)
        self._options = parameters
        self._weight = self.positives.weight / self.positives.weight.mean()
        shape = (self.positives.n_items, parameters["factors"])
        start = torch.randn(shape, generator=torch.Generator().manual_seed(seed)) * 0.1
        self.weights = {
            "items": start.to(device, copy=True).requires_grad_(),
            "history": start.to(device, copy=True).requires_grad_(),
        }
        self._optimizer, self.moments = adam(self.weights, parameters["learning_rate"])
        self._size = min(_USERS, max(16, -(-len(self.positives.lengths) // _STEPS)))

    def epoch(self, generator: torch.Generator, beat: Callable[[], None]) -> float:
        power = 0.75 if self._options["sampling"] == "popularity" else 0.0
        negatives = Shared(self.positives, generator, power=power)
        total = torch.zeros((), dtype=torch.double, device=self._weight.device)
        for users in self._batches(generator):
            beat()
            loss = self.loss(users, negatives, generator)
            self._optimizer.zero_grad(set_to_none=True)
            torch.autograd.backward(loss)
            self._optimizer.step()
            total += loss.detach() * self.positives.lengths[users].sum()
        return float(total) / len(self.positives)

    def loss(self, users: Tensor, negatives: Shared, generator: torch.Generator) -> Tensor:
        """The mean over these users' purchases of what the class says, and the pull of ``weight_decay``."""
        row, bought, place = self.positives.rows(users)
        weight = self._weight[place]
        drawn, log_q = negatives.draw(self._options["negatives"])
        raw = embedding(torch.cat((drawn, bought)), self.weights["items"])
        heard = embedding(bought, self.weights["history"])
        others, own = normalize(raw[: len(drawn)]), raw[len(drawn) :]
        part = heard * self._heard(weight, generator)[:, None]
        whole = torch.zeros((len(users), own.shape[1]), device=own.device).index_add(0, row, part)
        company = self.positives.lengths[users][row] > 1  # the only purchase has none to be found by
        near = (normalize(whole[row] - part) * normalize(own)).sum(1)[company]
        hits = negatives.hits(row, bought)
        shares = weight[company]
        if self._options["loss"] == "margin":
            far = _far(normalize(whole), others, *hits, self._options["margin"], None, None)
            pressed = torch.zeros(len(users), device=own.device).index_add(0, row[company], shares)
            found = (shares * (1 - near)).sum() + self._options["negative_weight"] / len(drawn) * (
                pressed * far
            ).sum()
        else:
            heat = self._options["temperature"]
            far = _far(normalize(whole), others, *hits, 0.0, heat, log_q)
            scale = self.positives.n_items / len(drawn)
            closeness = near / heat
            found = (shares * ((closeness.exp() + scale * far[row[company]]).log() - closeness)).sum()
        pull = self._options["weight_decay"] * (raw.square().sum() + heard.square().sum())
        objective: Tensor = (found + pull) / max(1, len(bought))
        return objective

    @torch.no_grad()
    def vectors(self, users: Tensor) -> tuple[Tensor, Tensor]:
        return self._tastes(users), self._bought.spread(normalize(self.weights["items"]))

    def _tastes(self, users: Tensor) -> Tensor:
        history = self.weights["history"]
        row, bought, place = self.positives.rows(users.to(history.device))
        part = history[bought] * self._weight[place, None]
        sums = torch.zeros((len(users), history.shape[1]), device=history.device)
        return normalize(sums.index_add_(0, row, part))

    @torch.no_grad()
    def scorer(self, weight: str) -> Factors:
        everybody = torch.arange(len(self.positives.lengths))
        users = torch.cat([self._tastes(some) for some in torch.split(everybody, _USERS)])
        items, history = (self._bought.spread(self.weights[name]) for name in ("items", "history"))
        found, vectors, own = (tensor.cpu().numpy() for tensor in (users, normalize(items), history))
        return Factors(
            found,
            vectors,
            np.eye(own.shape[1]),
            fold_in=FoldIn("direction"),
            weight=weight,
            latent=own.shape[1],
            history_factors=own,
        )

    def _batches(self, generator: torch.Generator) -> Iterator[Tensor]:
        """Everybody with a purchase once, in random order, at most so many users and purchases at a time."""
        order = torch.randperm(len(self.positives.lengths), generator=generator)
        order = order.to(self._weight.device)
        order = order[self.positives.lengths[order] > 0]
        upto = self.positives.lengths[order].cumsum(0).cpu()
        start = 0
        while start < len(order):
            before = int(upto[start - 1]) if start else 0
            end = int(torch.searchsorted(upto, before + _ENTRIES, right=True))
            end = max(start + 1, min(start + self._size, end))
            yield order[start:end]
            start = end

    def _heard(self, weight: Tensor, generator: torch.Generator) -> Tensor:
        """The weights in the history, some left out at random (``dropout``) and the others raised for it."""
        share = self._options["dropout"]
        if not share:
            return weight
        kept = torch.rand(len(weight), generator=generator).to(weight.device) >= share
        raised: Tensor = weight * kept / (1 - share)
        return raised


class _Far(torch.autograd.Function):
    """For each user the sum over the negatives of (cos - margin)+, or of exp(cos / heat - log q) with heat.

    One (b, |N|) array is made, and made again into what the gradient needs of it.
    """

    @staticmethod
    def forward(
        ctx: Any,
        users: Tensor,
        items: Tensor,
        row: Tensor,
        column: Tensor,
        margin: float,
        heat: float | None,
        log_q: Tensor | None,
    ) -> Tensor:
        scores = users @ items.T
        if heat is None:
            scores.sub_(margin).relu_()
        else:
            scores.div_(heat)
            scores = (scores if log_q is None else scores.sub_(log_q)).exp_()
        scores[row, column] = 0
        total = scores.sum(1)
        ctx.save_for_backward(scores.sign_() if heat is None else scores.div_(heat), users, items)
        return total

    @staticmethod
    def backward(ctx: Any, gradient: Tensor) -> tuple[Tensor | None, ...]:
        slopes, users, items = ctx.saved_tensors
        return (
            (slopes @ items).mul_(gradient[:, None]),
            slopes.T @ (users * gradient[:, None]),
            *(None,) * 5,
        )


_far: Callable[..., Tensor] = _Far.apply
