"""Matrix factorization of ratings with biases (Koren, Bell and Volinsky 2009)."""

from __future__ import annotations

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from recommendations.artifacts.scorers import Factors, FoldIn
from recommendations.interactions import Interactions

from .base import Algorithm, DivergedError, Fit, Learned
from .device import default_device

_SMALLEST_BATCH = 64
_BATCHES = 50


class SVD(Algorithm):
    """Minimizes sum (r - mu - b_u - b_i - p_u' q_i)^2 + regularization (b_u^2 + b_i^2 + |p_u|^2 + |q_i|^2).

    The sum runs over all ratings, so that the pull grows with a user's or an item's number of them; mu is
    the mean rating. Learned with Adam on shuffled batches; with a validation part the best epoch on it is
    kept. Several ratings of an item by a user count as their mean. Scores are predicted ratings.
    """

    def learn(self, data: Interactions, fit: Fit) -> Learned:
        matrix = data.matrix("count")
        ratings = matrix.tocoo()
        device = default_device()
        net = _Net(
            data.n_users,
            data.n_items,
            self.parameters["factors"],
            float(ratings.data.mean()),
            fit.seed,
            device,
        )
        user, item, rating = _columns(ratings, device)
        later = None if fit.validation is None else _columns(fit.validation.matrix("count").tocoo(), device)
        shuffle = torch.Generator().manual_seed(fit.seed)
        optimizer = torch.optim.Adam(net.parameters, lr=self.parameters["learning_rate"])
        size = max(_SMALLEST_BATCH, -(-len(rating) // _BATCHES))
        best: tuple[float, list[Tensor]] | None = None
        epochs = self.parameters["epochs"]
        for epoch in range(1, epochs + 1):
            loss = 0.0
            for batch in torch.split(torch.randperm(len(rating), generator=shuffle).to(device), size):
                optimizer.zero_grad()
                objective = net.objective(
                    user[batch], item[batch], rating[batch], self.parameters["regularization"]
                )
                torch.autograd.backward(objective / len(batch))
                optimizer.step()
                loss += float(objective.detach())
            metrics = {"loss": loss}
            if later is not None and len(later[2]):
                metrics["rmse"] = net.rmse(*later)
                if best is None or metrics["rmse"] < best[0]:
                    best = metrics["rmse"], [parameter.detach().clone() for parameter in net.parameters]
            fit.report("fit", epoch, epochs, **metrics)
        if best is not None:
            net.parameters = best[1]
        return Learned(self._scorer(net, user, item), matrix)

    def _scorer(self, net: _Net, user: Tensor, item: Tensor) -> Factors:
        """[p_u, b_u, 1] and [q_i, 1, b_i + mu], so that a product is a predicted rating."""
        p, q, b_user, b_item = (parameter.detach() for parameter in net.parameters)
        rated, rating = _used(item, len(q)), _used(user, len(p))
        ones = torch.ones_like
        users = torch.cat((p * rating, b_user * rating, ones(b_user)), 1).cpu().numpy()
        items = torch.cat((q * rated, ones(b_item), b_item * rated + net.mean), 1).cpu().numpy()
        if not (np.isfinite(users).all() and np.isfinite(items).all()):
            raise DivergedError("svd ended in numbers that are not finite. Lower learning_rate.")
        latent = q.shape[1]
        gram = self.parameters["regularization"] * np.eye(latent + 1)
        return Factors(users, items, gram, fold_in=FoldIn("explicit"), weight="mean", latent=latent)


class _Net:
    def __init__(
        self, n_users: int, n_items: int, factors: int, mean: float, seed: int, device: torch.device
    ) -> None:
        generator = torch.Generator().manual_seed(seed)

        def table(rows: int, columns: int, scale: float) -> Tensor:
            start = torch.randn((rows, columns), generator=generator) * scale
            return start.to(device).requires_grad_()

        self.mean = mean
        scale = 0.1 / factors**0.5
        self.parameters = [
            table(n_users, factors, scale),
            table(n_items, factors, scale),
            table(n_users, 1, 0.0),
            table(n_items, 1, 0.0),
        ]

    def objective(self, user: Tensor, item: Tensor, rating: Tensor, regularization: float) -> Tensor:
        rows = [table[place] for table, place in zip(self.parameters, (user, item, user, item), strict=True)]
        error = rating - self._predict(rows)
        return error.square().sum() + regularization * sum(row.square().sum() for row in rows)

    @torch.no_grad()
    def rmse(self, user: Tensor, item: Tensor, rating: Tensor) -> float:
        rows = [table[place] for table, place in zip(self.parameters, (user, item, user, item), strict=True)]
        return float((rating - self._predict(rows)).square().mean().sqrt())

    def _predict(self, rows: list[Tensor]) -> Tensor:
        p, q, b_user, b_item = rows
        return (p * q).sum(1) + b_user[:, 0] + b_item[:, 0] + self.mean


def _columns(ratings: object, device: torch.device) -> tuple[Tensor, Tensor, Tensor]:
    """User and item positions (int64) and ratings (float32) of a COO matrix."""
    columns: list[NDArray[np.generic]] = [
        ratings.row.astype(np.int64),  # type: ignore[attr-defined]
        ratings.col.astype(np.int64),  # type: ignore[attr-defined]
        ratings.data,  # type: ignore[attr-defined]
    ]
    user, item, rating = (torch.from_numpy(column).to(device) for column in columns)
    return user, item, rating


def _used(places: Tensor, size: int) -> Tensor:
    """1 where a row has a rating and 0 where it has none, (size, 1)."""
    return (torch.bincount(places, minlength=size) > 0).float()[:, None]
