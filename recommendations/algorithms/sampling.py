"""Negative sampling: items that a user has not taken, drawn for many users at once without a Python loop.

Every sampler draws for a batch of users ``(b,)`` and returns items ``(b, count)``, both int64. None ever
returns a positive of the same user. Pairs are kept as sorted codes ``user x n_items + item``, so that a batch
is checked by one binary search. A user who has everything has no negative: leave such users out beforehand
(``Positives.complete``).

- ``Uniform``: every other item alike (Rendle et al. 2009), exactly and without rejection.
- ``Popular``: in proportion to popularity ** power (Mikolov et al. 2013 use .75).
- ``InBatch``: the other rows' items serve as negatives; logQ corrects for popular ones being there more often
  (Yi et al. 2019, Sampling-bias-corrected neural modeling, eq. 3).
- ``Hard``: the best-scored of several candidates (Zhang et al. 2013, dynamic negative sampling).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Literal, Protocol

import numpy as np
import torch
from torch import Tensor

Kind = Literal["uniform", "popularity", "in_batch", "hard"]
Score = Callable[[Tensor, Tensor], Tensor]
"""``score(users (b,), items (b, c)) -> (b, c)``: how well the model as it is now rates these items."""

_ROUNDS = 20


class Sampler(Protocol):
    """Draws negatives: ``users`` int64 (b,) to items int64 (b, count)."""

    def draw(self, users: Tensor, count: int = 1) -> Tensor: ...


class Positives:
    """The (user, item) pairs of a users x items CSR matrix, with what a batch asks of them.

    ``user`` and ``item``: int64 (n,), sorted by user, then item. ``weight``: float32 (n,), the matrix's
    values. ``frequency``: float64 (n_items,), each item's number of users.
    """

    def __init__(self, matrix: Any, device: torch.device | None = None) -> None:
        n_users, self.n_items = matrix.shape
        lengths = np.diff(matrix.indptr)
        user = np.repeat(np.arange(n_users), lengths)
        item = matrix.indices.astype(np.int64)
        place = np.arange(len(item)) - np.repeat(matrix.indptr[:-1], lengths)
        self.user, self.item, self.weight, self.indptr, self.lengths, self.frequency, self._skipped = (
            torch.from_numpy(np.ascontiguousarray(array)).to(device)
            for array in (
                user,
                item,
                matrix.data.astype(np.float32),
                matrix.indptr.astype(np.int64),
                lengths.astype(np.int64),
                np.bincount(item, minlength=self.n_items).astype(np.float64),
                user * (self.n_items + 1) + item - place,
            )
        )
        self.codes = self.user * self.n_items + self.item

    def __len__(self) -> int:
        return len(self.codes)

    @property
    def complete(self) -> Tensor:
        """bool (n_users,): who has every item, so that there is no negative."""
        done: Tensor = self.lengths >= self.n_items
        return done

    def contains(self, users: Tensor, items: Tensor) -> Tensor:
        """Which of these pairs are positives; the two broadcast."""
        wanted = users * self.n_items + items
        if not len(self.codes):
            return torch.zeros_like(wanted, dtype=torch.bool)
        at = torch.searchsorted(self.codes, wanted).clamp_(max=len(self.codes) - 1)
        found: Tensor = self.codes[at] == wanted
        return found

    def missing(self, users: Tensor, rank: Tensor) -> Tensor:
        """The item at ``rank`` (from 0) among those that the user does not have, ascending.

        Before a user's n-th item p_n lie p_n - n items that are missing: a binary search over these finds how
        many of the user's own items to skip.
        """
        own = torch.searchsorted(self._skipped, users * (self.n_items + 1) + rank, right=True)
        return rank + own - self.indptr[:-1].take(users)

    def rows(self, users: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """All positives of these users: row in the batch, item, and place among the positives, (n,) each."""
        lengths = self.lengths[users]
        row = torch.repeat_interleave(torch.arange(len(users), device=users.device), lengths)
        ends = lengths.cumsum(0)
        within = torch.arange(len(row), device=users.device) - (ends - lengths)[row]
        place = self.indptr[users][row] + within
        return row, self.item[place], place


class Bought:
    """The columns of a users x items CSR matrix that have an entry: all that learning needs vectors of.

    ``matrix`` holds these alone, so that memory follows what was bought, whatever the catalogue's size.
    """

    def __init__(self, matrix: Any) -> None:
        self._n_items = int(matrix.shape[1])
        self._places, columns = np.unique(matrix.indices, return_inverse=True)
        shape = (matrix.shape[0], len(self._places))
        self.matrix = type(matrix)((matrix.data, columns.astype(np.int32), matrix.indptr), shape=shape)

    def spread(self, vectors: Tensor) -> Tensor:
        """A vector (d,) for each item of the catalogue, zeros where nobody bought it."""
        spread = torch.zeros((self._n_items, vectors.shape[1]), device=vectors.device)
        spread[torch.from_numpy(self._places.astype(np.int64)).to(vectors.device)] = vectors
        return spread


class Uniform:
    """Every item that the user does not have with the same probability."""

    def __init__(self, positives: Positives, generator: torch.Generator) -> None:
        self._positives = positives
        self._generator = generator

    def draw(self, users: Tensor, count: int = 1) -> Tensor:
        left = (self._positives.n_items - self._positives.lengths[users])[:, None]
        rank = (_random((len(users), count), self._generator, users.device) * left).long()
        return self._positives.missing(users[:, None], torch.minimum(rank, left - 1))


class Popular:
    """In proportion to frequency ** ``power`` among the items that the user does not have.

    What is refused is drawn again, a few times; the few that are refused every time are drawn uniformly.
    """

    def __init__(self, positives: Positives, generator: torch.Generator, *, power: float = 0.75) -> None:
        self._positives = positives
        self._generator = generator
        self._uniform = Uniform(positives, generator)
        shares = positives.frequency**power
        self._upto = (shares / shares.sum()).cumsum(0)

    def draw(self, users: Tensor, count: int = 1) -> Tensor:
        owner = users[:, None].expand(-1, count).reshape(-1)
        found = self._any(len(owner), users.device)
        refused = self._positives.contains(owner, found).nonzero()[:, 0]
        for _ in range(_ROUNDS):
            if not len(refused):
                break
            again = self._any(len(refused), users.device)
            found[refused] = again
            refused = refused[self._positives.contains(owner[refused], again)]
        if len(refused):
            found[refused] = self._uniform.draw(owner[refused])[:, 0]
        return found.view(len(users), count)

    def _any(self, count: int, device: torch.device) -> Tensor:
        at = torch.searchsorted(self._upto, _random((count,), self._generator, device))
        return at.clamp_(max=self._positives.n_items - 1)


class Hard:
    """For each negative the best-scored of ``pool`` candidates that ``base`` draws."""

    def __init__(self, base: Sampler, score: Score, *, pool: int = 4) -> None:
        self._base = base
        self._score = score
        self._pool = pool

    def draw(self, users: Tensor, count: int = 1) -> Tensor:
        candidates = self._base.draw(users, count * self._pool)
        scores = self._score(users, candidates).view(-1, count, self._pool)
        best = scores.argmax(2, keepdim=True)
        return candidates.view(-1, count, self._pool).gather(2, best)[..., 0]


class Shared:
    """The same negatives for a whole batch of users, each distinct: scores of all are one matrix product.

    ``power`` is that of the frequency, 0 for uniform. What is a positive of one of the users is to be left
    out for that user alone, see ``hits``.
    """

    def __init__(self, positives: Positives, generator: torch.Generator, *, power: float = 0.0) -> None:
        self._generator = generator
        self._column = torch.full_like(positives.frequency, -1, dtype=torch.int64)
        self._drawn = self._column[:0]
        shares = positives.frequency**power if power else torch.ones_like(positives.frequency)
        self._shares = shares / shares.sum()
        self._even = not power

    def draw(self, count: int) -> tuple[Tensor, Tensor | None]:
        """At most ``count`` distinct items int64 (c,), and log(n_items q) of each; None where that is 0."""
        n_items, device = len(self._column), self._column.device
        self._column[self._drawn] = -1
        if count >= n_items:
            self._drawn = torch.arange(n_items, device=device)
        elif self._even:
            order = torch.randperm(n_items, generator=self._generator, device=self._generator.device)
            self._drawn = order[:count].to(device)
        else:
            keys = _random((n_items,), self._generator, device).log_().neg_() / self._shares
            self._drawn = keys.topk(count, largest=False).indices  # Efraimidis and Spirakis 2006
            self._drawn = self._drawn[self._shares[self._drawn] > 0]
        self._column[self._drawn] = torch.arange(len(self._drawn), device=device)
        if self._even or count >= n_items:
            return self._drawn, None
        return self._drawn, (self._shares[self._drawn] * n_items).log().float()

    def hits(self, row: Tensor, item: Tensor) -> tuple[Tensor, Tensor]:
        """Where positives (a user's row in the batch, her item) are among the last draw: row and column."""
        column = self._column[item]
        found = column >= 0
        return row[found], column[found]


class InBatch:
    """Each row's negatives are the items of the other rows, whose scores ``corrected`` makes comparable."""

    def __init__(self, positives: Positives) -> None:
        self._positives = positives
        shares = positives.frequency / max(1.0, float(positives.frequency.sum()))
        self.log_q = shares.clamp(min=1e-12).log().float()

    def corrected(self, scores: Tensor, users: Tensor, items: Tensor) -> Tensor:
        """``scores`` (b, b) of users by items, less log q of the item; -inf where a column is a positive.

        The diagonal, each row's own positive, is corrected too and kept. ``users``, ``items``: int64 (b,).
        """
        refused = self._positives.contains(users[:, None], items[None, :])
        refused.fill_diagonal_(False)
        return (scores - self.log_q[items]).masked_fill(refused, -torch.inf)


def sampler(
    kind: Kind, positives: Positives, generator: torch.Generator, *, score: Score | None = None
) -> Sampler:
    """The sampler of that kind; "hard" draws candidates uniformly and needs ``score``.

    "in_batch" has no draws of its own, see ``InBatch``; ValueError for it and for any other name.
    """
    if kind == "uniform":
        return Uniform(positives, generator)
    if kind == "popularity":
        return Popular(positives, generator)
    if kind == "hard" and score is not None:
        return Hard(Uniform(positives, generator), score)
    raise ValueError(f'A sampler is "uniform", "popularity" or (with score) "hard"; got {kind!r}.')


def _random(shape: tuple[int, ...], generator: torch.Generator, device: torch.device) -> Tensor:
    """Uniform in [0, 1), float64, drawn where the generator lives, so that a seed counts on every device."""
    return torch.rand(shape, generator=generator, dtype=torch.float64, device=generator.device).to(device)
