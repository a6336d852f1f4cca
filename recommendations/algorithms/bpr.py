"""Matrix factorization that ranks: Bayesian personalized ranking (Rendle et al. 2009)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import torch
from torch import Tensor
from torch.nn.functional import embedding_bag, softplus

from recommendations.artifacts.scorers import Factors, FoldIn
from recommendations.interactions import Interactions

from .base import Algorithm, Fit, Learned
from .descent import descend
from .device import default_device
from .sampling import Bought, Positives, Sampler, sampler

_MOST = 100
_BATCH, _STEPS = 8192, 20
_RIDGE = 1e-4


class BPR(Algorithm):
    """Scores x_ui = p_u'q_i + b_i; what a user bought is to rank above what she did not (BPR-Opt).

    Minimized by Adagrad (Duchi et al. 2011, one step size a row) over triples (u, i, j), i every purchase of
    u once an epoch and j drawn anew, with w_ui from the matrix at mean 1 and regularization l:

        w_ui -ln sigma(x_ui - x_uj) + l / 2 (|p_u|^2 + |q_i|^2 + |q_j|^2 + b_i^2 + b_j^2)

    ``in_batch`` takes for j what another triple of the batch has for i and corrects both scores by -ln q, the
    item's share of all purchases (Yi et al. 2019); the others are in :mod:`sampling`.

    At last everybody gets the vector that a stranger with the same history gets: M'z_u, where z_u is the mean
    of the q_i by weight and M = (Z'Z + ridge)^-1 Z'P the ridge regression of the learned p_u on it. So
    fold-in of a history is what ``recommend`` gives its owner, and each purchase adds its own part to a
    score, its share of b_i included. On MovieLens-1M that ranks better than p_u itself.
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
    """p, [q, b] and for each of their rows the sum of squared gradients."""

    def __init__(self, matrix: Any, parameters: dict[str, Any], seed: int, device: torch.device) -> None:
        self._bought = Bought(matrix)
        positives = Positives(self._bought.matrix, device)
        random = torch.Generator().manual_seed(seed)
        factors, scale = parameters["factors"], parameters["factors"] ** -0.5

        def table(rows: int, columns: int) -> Tensor:
            values: Tensor = torch.randn((rows, columns), generator=random) * scale
            return values.to(device)

        users, items = table(matrix.shape[0], factors), table(positives.n_items, factors)
        self.weights = {
            "users": users,
            "items": items,
            "bias": torch.zeros(positives.n_items, 1, device=device),
        }
        self.moments = {
            name: torch.zeros(len(tensor), device=device) for name, tensor in self.weights.items()
        }
        self._positives = positives
        self._weight = positives.weight / positives.weight.mean()
        total = torch.zeros(matrix.shape[0], device=device).index_add_(0, positives.user, positives.weight)
        self._share = positives.weight / total[positives.user]
        self._rate, self._pull = parameters["learning_rate"], parameters["regularization"]
        self._negatives = parameters["negatives"]
        self._with_choice = (~positives.complete[positives.user]).nonzero()[:, 0]
        shares = positives.frequency / max(1, len(positives))
        self._log_q = shares.clamp(min=1e-12).log().float()
        self._size = max(16, min(_BATCH, -(-len(positives) // _STEPS)))

    def epoch(self, generator: torch.Generator, beat: Callable[[], None]) -> float:
        count = len(self._with_choice)
        draws = None
        if self._negatives != "in_batch":
            draws = sampler(self._negatives, self._positives, generator, score=self._score)
        order = self._with_choice[torch.randperm(count, generator=generator).to(self._with_choice.device)]
        loss = torch.zeros((), dtype=torch.double, device=order.device)
        for batch in torch.split(order, self._size):
            beat()
            loss += self._step(batch.sort().values, draws)  # by user: neighbours in memory
        return float(loss) / max(1, count)

    def _step(self, batch: Tensor, draws: Sampler | None) -> Tensor:
        own = self._positives
        user, item, weight = (one.index_select(0, batch) for one in (own.user, own.item, self._weight))
        if draws is not None:
            return self.triples(user, item, draws.draw(user)[:, 0], weight)
        other = item.roll(len(item) // 2)
        fair = ~own.contains(user, other)
        user, item, other = user[fair], item[fair], other[fair]
        return self.triples(user, item, other, weight[fair], self._log_q[other] - self._log_q[item])

    def triples(
        self, user: Tensor, item: Tensor, other: Tensor, weight: Tensor, offset: Tensor | float = 0.0
    ) -> Tensor:
        """One step on these triples, int64 (b,) each; the sum of their losses before it, without the pull.

        ``offset`` is added to x_ui - x_uj.
        """
        p, q, b = self.weights["users"], self.weights["items"], self.weights["bias"]
        both = torch.cat((item, other))
        of_user, of_both, bias = p.index_select(0, user), q.index_select(0, both), b.index_select(0, both)
        apart = of_both[: len(item)] - of_both[len(item) :]
        margin = (of_user * apart).sum(1) + (bias[: len(item)] - bias[len(item) :])[:, 0] + offset
        slope = (weight * torch.sigmoid(-margin))[:, None]
        raised = of_user * slope
        pull = self._pull
        self._move("users", user, apart.mul_(slope).sub_(of_user, alpha=pull))
        self._move("items", both, torch.cat((raised, -raised)).sub_(of_both, alpha=pull))
        self._move("bias", both, torch.cat((slope, -slope)).sub_(bias, alpha=pull))
        return (weight * softplus(-margin)).sum()

    def _move(self, name: str, rows: Tensor, uphill: Tensor) -> None:
        """Adagrad with one sum a row; rows may repeat."""
        seen = self.moments[name].index_add_(0, rows, uphill.square().mean(1))
        pace = self._rate / (seen.index_select(0, rows).sqrt_() + 1e-8)
        self.weights[name].index_add_(0, rows, uphill.mul_(pace[:, None]))

    def _score(self, users: Tensor, items: Tensor) -> Tensor:
        found = torch.bmm(self.weights["items"][items], self.weights["users"][users][..., None])
        return (found + self.weights["bias"][items])[..., 0]

    def vectors(self, users: Tensor) -> tuple[Tensor, Tensor]:
        served, items, _ = self._served()
        return served[users.to(served.device)], items

    def _served(self) -> tuple[Tensor, Tensor, Tensor]:
        """[x_u, 1], [q_i, b_i] and [M'q_i, 1], zeros for items that nobody has."""
        users, items = self.weights["users"], self.weights["items"]
        own = self._positives
        mean = embedding_bag(
            own.item, items, own.indptr, mode="sum", per_sample_weights=self._share, include_last_offset=True
        )
        gram = (mean.T @ mean).double()
        gram.diagonal().add_(_RIDGE * float(gram.trace()) + 1e-12)
        towards = torch.linalg.solve(gram, (mean.T @ users).double()).float()
        ones = torch.ones_like
        known = torch.cat((mean @ towards, ones(users[:, :1])), 1)
        history = torch.cat((items @ towards, ones(items[:, :1])), 1)
        vectors = torch.cat((items, self.weights["bias"]), 1)
        return known, self._bought.spread(vectors), self._bought.spread(history)

    def scorer(self, weight: str) -> Factors:
        users, items, history = (tensor.cpu().numpy() for tensor in self._served())
        latent = items.shape[1] - 1
        return Factors(
            users,
            items,
            np.eye(latent + 1),
            fold_in=FoldIn("mean"),
            weight=weight,
            latent=latent,
            history_factors=history,
        )
