"""Matrix factorization of ratings that also learns from who rated what at all (Koren 2008, SVD++)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn.functional import embedding_bag

from recommendations.artifacts.scorers import RatedFactors
from recommendations.interactions import Interactions

from .base import Algorithm, DivergedError, Fit, Learned
from .descent import adam
from .device import default_device
from .stopping import EarlyStopping

_SMALLEST_BATCH = 64
_BATCHES = 30


class SVDpp(Algorithm):
    """Predicts mu + b_u + b_i + x_u'z_i, where (Koren 2008, eq. 15, here for items as well)

    x_u = p_u + |N(u)|^-1/2 sum over the items j that u rated of y_j,
    z_i = q_i + |R(i)|^-1/2 sum over the users v who rated i of w_v, and mu is the mean rating.

    The second sum is the "flipped" one of Rendle, Zhang and Koren (2019); once learned it is a part of the
    item's vector and costs nothing to serve. Minimizes the squared error plus, over users and items of n
    ratings each, sqrt(n) (l (|p|^2 + |q|^2) + l_implicit (|y|^2 + |w|^2) + l_bias b^2): the pull of the
    paper's stochastic steps grows with n and holds frequent items too tightly, a constant one rare items too
    loosely. Learned with Adam on batches of whole users. At last p_u and b_u are solved for exactly, so that
    a stranger's fold-in is what training gives. With a validation part the best epoch on it is kept. Several
    ratings of an item by a user count as their mean. Scores are predicted ratings.
    """

    def learn(self, data: Interactions, fit: Fit) -> Learned:
        matrix = data.matrix("count")
        net = _Net(matrix, self.parameters, fit.seed, default_device())
        later = None if fit.validation is None else fit.validation.matrix("count").tocoo()
        optimizer, moments = adam(net.tables, self.parameters["learning_rate"])
        stopping = EarlyStopping(list(net.tables.values()), patience=self.parameters["patience"])
        done = _restored(fit, net.tables | moments, stopping)
        epochs = self.parameters["epochs"]
        for epoch in range(done + 1, epochs + 1):
            if stopping.over:
                break
            metrics = {"loss": 0.0}
            for users, n_ratings in net.batches(fit.seed * 1_000_003 + epoch):
                optimizer.zero_grad()
                objective = net.objective(users)
                torch.autograd.backward(objective / n_ratings)
                optimizer.step()
                metrics["loss"] += float(objective.detach())
            if later is not None and later.nnz:
                metrics["rmse"] = net.rmse(later)
            fit.report("fit", epoch, epochs, **metrics)
            stopping.update(epoch, -metrics.get("rmse", float("nan")))
            fit.keep(epoch, lambda: {**_numpy(net.tables | moments), **stopping.state()})
        stopping.restore()
        return Learned(self._scorer(net, matrix), matrix)

    def _scorer(self, net: _Net, matrix: Any) -> RatedFactors:
        """Items [z_i, 1, b_i + mu] and, solved for these, users [x_u, b_u, 1]; see ``RatedFactors``."""
        q, y, b_item = _numpy({"z": net.items(), "y": net.y, "b": net.b_item}).values()
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
    """The parameters p, q, y, w, b_u, b_i, and the ratings by user and by item on the same device."""

    def __init__(self, matrix: Any, parameters: dict[str, Any], seed: int, device: torch.device) -> None:
        self._device = device
        generator = torch.Generator().manual_seed(seed)

        def table(rows: int, columns: int) -> Tensor:
            start: Tensor = torch.randn((rows, columns), generator=generator) * (0.1 / columns**0.5)
            return start.to(device).requires_grad_()

        n_users, n_items = matrix.shape
        factors = parameters["factors"]
        self.mean = float(matrix.data.mean(dtype=np.float64))
        sizes = (n_users, n_items, n_items, n_users)
        self.p, self.q, self.y, self.w = (table(rows, factors) for rows in sizes)
        self.b_user, self.b_item = (
            torch.zeros((rows, 1), device=device, requires_grad=True) for rows in (n_users, n_items)
        )
        names = ("p", "q", "y", "w", "b_user", "b_item")
        self.tables: dict[str, Tensor] = {name: getattr(self, name) for name in names}
        self._pull, self._implicit_pull, self._bias_pull = (
            parameters[name] for name in ("regularization", "implicit_regularization", "bias_regularization")
        )
        self._starts, self._item = _rows(matrix, device)
        self._item_starts, self._rater = _rows(matrix.T.tocsr(), device)
        self._rating = torch.from_numpy(matrix.data).to(device)
        self._count = self._starts.diff()
        # sqrt(n) once an item is n^-1/2 at each of its n ratings.
        self._damped_item = self._item_starts.diff().clamp(min=1).rsqrt()[:, None]
        self._damped_user = self._count.clamp(min=1).rsqrt()[:, None]

    def batches(self, seed: int) -> Iterator[tuple[Tensor, int]]:
        """All users who rated, shuffled, in parts of about as many ratings, and that number."""
        count = self._count.cpu()
        users = torch.randperm(len(count), generator=torch.Generator().manual_seed(seed))
        users = users[count[users] > 0]
        size = max(_SMALLEST_BATCH, -(-len(self._rating) // _BATCHES))
        part = count[users].cumsum(0).sub(1).div(size, rounding_mode="floor")
        for batch in torch.split(users, torch.unique_consecutive(part, return_counts=True)[1].tolist()):
            yield batch.to(self._device), int(count[batch].sum())

    def objective(self, users: Tensor) -> Tensor:
        """The part of the objective that the ratings of these users make."""
        count = self._count[users]
        owner = torch.repeat_interleave(torch.arange(len(users), device=self._device), count)
        firsts = count.cumsum(0) - count
        rows = torch.arange(len(owner), device=self._device) + (self._starts[users] - firsts)[owner]
        item = self._item[rows]
        p, b_user, damped = self.p[users], self.b_user[users], self._damped_user[users]
        q, y, b_item, scale = self.q[item], self.y[item], self.b_item[item], self._damped_item[item]
        x = p + torch.zeros_like(p).index_add(0, owner, y) * damped
        predicted = self.mean + b_user[owner, 0] + b_item[:, 0] + (x[owner] * self.items()[item]).sum(1)
        vectors = (p.square() / damped).sum() + (q.square() * scale).sum()
        implicit = (self.w[users].square() / damped).sum() + (y.square() * scale).sum()
        biases = (b_user.square() / damped).sum() + (b_item.square() * scale).sum()
        total: Tensor = (self._rating[rows] - predicted).square().sum() + self._pull * vectors
        total += self._implicit_pull * implicit + self._bias_pull * biases
        return total

    def items(self) -> Tensor:
        """The z_i, (n_items, factors)."""
        return self.q + self._damped_item * _sums(self.w, self._item_starts, self._rater)

    @torch.no_grad()
    def rmse(self, ratings: Any) -> float:
        """The error on a COO matrix of other ratings by the same users."""
        x = self.p + self._damped_user * _sums(self.y, self._starts, self._item)
        user, item = (
            torch.from_numpy(place.astype(np.int64)).to(self._device) for place in (ratings.row, ratings.col)
        )
        predicted = (
            self.mean + self.b_user[user, 0] + self.b_item[item, 0] + (x[user] * self.items()[item]).sum(1)
        )
        given = torch.from_numpy(ratings.data).to(self._device)
        return float((given - predicted).square().mean().sqrt())


@torch.no_grad()
def _restored(fit: Fit, tensors: Mapping[str, Tensor], stopping: EarlyStopping) -> int:
    """How many epochs a killed training had done; its tensors are put back."""
    done, state = fit.resume()
    if done:
        for name, tensor in tensors.items():
            tensor.copy_(torch.from_numpy(state[name]))
        stopping.load(state)
    return done


def _numpy(tensors: Mapping[str, Tensor]) -> dict[str, NDArray[Any]]:
    return {name: tensor.detach().cpu().numpy() for name, tensor in tensors.items()}


def _rows(matrix: Any, device: torch.device) -> tuple[Tensor, Tensor]:
    """Where each row of a CSR matrix begins, and its columns; int64."""
    parts = (torch.from_numpy(part.astype(np.int64)) for part in (matrix.indptr, matrix.indices))
    starts, columns = (part.to(device) for part in parts)
    return starts, columns


def _sums(table: Tensor, starts: Tensor, places: Tensor) -> Tensor:
    """For each row the sum of the table's vectors at its places."""
    found: Tensor = embedding_bag(places, table, starts, mode="sum", include_last_offset=True)
    return found
