"""Matrix factorization of ratings that also learns from which items were rated at all (Koren 2008, SVD++)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import torch
from torch import Tensor
from torch.nn.functional import embedding_bag

from recommendations.artifacts.scorers import RatedFactors
from recommendations.interactions import Interactions

from .base import Algorithm, DivergedError, Fit, Learned
from .device import default_device
from .stopping import EarlyStopping

_SMALLEST_BATCH = 64
_BATCHES = 30


class SVDpp(Algorithm):
    """Predicts mu + b_u + b_i + q_i' (p_u + |N(u)|^-1/2 sum over j in N(u) of y_j) (Koren 2008, eq. 15).

    N(u) are the items that u rated and mu is the mean rating. Minimizes the squared error plus, over users
    and items of n ratings each, sqrt(n) (l (|p|^2 + |q|^2) + l_implicit |y|^2 + l_bias b^2): the pull of the
    paper's stochastic steps grows with n and holds frequent items too tightly, a constant one rare items too
    loosely. Learned with Adam on batches of whole users. At last p_u and b_u are solved for exactly, so that
    a stranger's fold-in is what training gives. With a validation part the best epoch on it is kept. Several
    ratings of an item by a user count as their mean. Scores are predicted ratings.
    """

    def learn(self, data: Interactions, fit: Fit) -> Learned:
        matrix = data.matrix("count")
        net = _Net(matrix, self.parameters, fit.seed, default_device())
        later = None if fit.validation is None else fit.validation.matrix("count").tocoo()
        optimizer = torch.optim.Adam(net.tables, lr=self.parameters["learning_rate"])
        stopping = EarlyStopping(net.tables, patience=self.parameters["patience"])
        epochs = self.parameters["epochs"]
        for epoch in range(1, epochs + 1):
            metrics = {"loss": 0.0}
            for users, n_ratings in net.batches():
                optimizer.zero_grad()
                objective = net.objective(users)
                torch.autograd.backward(objective / n_ratings)
                optimizer.step()
                metrics["loss"] += float(objective.detach())
            if later is not None and later.nnz:
                metrics["rmse"] = net.rmse(later)
            fit.report("fit", epoch, epochs, **metrics)
            if stopping.update(epoch, -metrics.get("rmse", float("nan"))):
                break
        stopping.restore()
        return Learned(self._scorer(net, matrix), matrix)

    def _scorer(self, net: _Net, matrix: Any) -> RatedFactors:
        """Items [q_i, 1, b_i + mu] and, solved for these, users [x_u, b_u, 1]; see ``RatedFactors``."""
        q, y, b_item = (table.detach().cpu().numpy() for table in (net.q, net.y, net.b_item))
        rated = (np.bincount(matrix.indices, minlength=len(q)) > 0)[:, None].astype(np.float32)
        items = np.hstack((q * rated, np.ones_like(b_item), b_item * rated + np.float32(net.mean)))
        if not (np.isfinite(items).all() and np.isfinite(y).all()):
            raise DivergedError("svdpp ended in numbers that are not finite. Lower learning_rate.")
        d = q.shape[1]
        pull = np.array([self.parameters["regularization"]] * d + [self.parameters["bias_regularization"]])
        users = np.zeros((matrix.shape[0], d + 2), np.float32)
        scorer = RatedFactors(users, items, np.diag(pull), implicit=y * rated, power=0.5)
        for user in np.flatnonzero(np.diff(matrix.indptr)).tolist():
            span = slice(matrix.indptr[user], matrix.indptr[user + 1])
            users[user] = scorer.vector(matrix.indices[span], matrix.data[span])
        return scorer


class _Net:
    """The parameters p, q, y, b_u, b_i, and the ratings by user on the same device."""

    def __init__(self, matrix: Any, parameters: dict[str, Any], seed: int, device: torch.device) -> None:
        self._generator = torch.Generator().manual_seed(seed)
        self._device = device
        n_users, n_items = matrix.shape
        factors = parameters["factors"]
        self.mean = float(matrix.data.mean(dtype=np.float64))
        self.p, self.q, self.y = (self._table(rows, factors) for rows in (n_users, n_items, n_items))
        self.b_user, self.b_item = self._table(n_users), self._table(n_items)
        self.tables = [self.p, self.q, self.y, self.b_user, self.b_item]
        self._pull, self._implicit_pull, self._bias_pull = (
            parameters[name] for name in ("regularization", "implicit_regularization", "bias_regularization")
        )
        self._starts, self._item, self._rating = (
            torch.from_numpy(part).to(device)
            for part in (matrix.indptr.astype(np.int64), matrix.indices.astype(np.int64), matrix.data)
        )
        self._count = self._starts.diff()
        rated = torch.bincount(self._item, minlength=n_items).clamp(min=1).float()
        self._per_rating = rated.rsqrt()[:, None]  # sqrt(n) once an item is n^-1/2 at each of n ratings

    def batches(self) -> Iterator[tuple[Tensor, int]]:
        """All users who rated, shuffled, in parts of about as many ratings, and that number."""
        count = self._count.cpu()
        users = torch.randperm(len(count), generator=self._generator)
        users = users[count[users] > 0]
        size = max(_SMALLEST_BATCH, -(-len(self._rating) // _BATCHES))
        part = count[users].cumsum(0).sub(1).div(size, rounding_mode="floor")
        for batch in users.split(torch.unique_consecutive(part, return_counts=True)[1].tolist()):
            yield batch.to(self._device), int(count[batch].sum())

    def objective(self, users: Tensor) -> Tensor:
        """The part of the objective that the ratings of these users make."""
        count = self._count[users]
        owner = torch.repeat_interleave(torch.arange(len(users), device=self._device), count)
        firsts = count.cumsum(0) - count
        rows = torch.arange(len(owner), device=self._device) + (self._starts[users] - firsts)[owner]
        item = self._item[rows]
        p, b_user = self.p[users], self.b_user[users]
        q, y, b_item, scale = self.q[item], self.y[item], self.b_item[item], self._per_rating[item]
        damped = count.rsqrt()[:, None]
        x = p + torch.zeros_like(p).index_add(0, owner, y) * damped
        predicted = self.mean + b_user[owner, 0] + b_item[:, 0] + (x[owner] * q).sum(1)
        vectors = (p.square() / damped).sum() + (q.square() * scale).sum()
        biases = (b_user.square() / damped).sum() + (b_item.square() * scale).sum()
        error = (self._rating[rows] - predicted).square().sum()
        return (
            error
            + self._pull * vectors
            + self._implicit_pull * (y.square() * scale).sum()
            + self._bias_pull * biases
        )

    @torch.no_grad()
    def rmse(self, ratings: Any) -> float:
        """The error on a COO matrix of other ratings by the same users."""
        damped = self._count.clamp(min=1).rsqrt()[:, None]
        x = self.p + damped * embedding_bag(
            self._item, self.y, self._starts, mode="sum", include_last_offset=True
        )
        user, item = (
            torch.from_numpy(place.astype(np.int64)).to(self._device) for place in (ratings.row, ratings.col)
        )
        predicted = self.mean + self.b_user[user, 0] + self.b_item[item, 0] + (x[user] * self.q[item]).sum(1)
        given = torch.from_numpy(ratings.data).to(self._device)
        return float((given - predicted).square().mean().sqrt())

    def _table(self, rows: int, columns: int = 0) -> Tensor:
        """Small random vectors, or biases of 0, (rows, max(columns, 1))."""
        scale = 0.1 / columns**0.5 if columns else 0.0
        start = torch.randn((rows, max(columns, 1)), generator=self._generator) * scale
        return start.to(self._device).requires_grad_()
