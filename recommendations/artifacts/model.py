"""A trained model: it answers by the same code after ``fit`` and after ``load``."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .errors import ArtifactDamagedError, Unsupported
from .files import fetch, store
from .history import History
from .keys import KeyTable
from .ranking import top
from .scorers import SCORERS, Scorer
from .tensors import RESTORE

Float32s = NDArray[np.float32]
Int64s = NDArray[np.int64]
Mask = NDArray[np.bool_]
Filter = Iterable[str] | Mask
Pairs = Iterable[tuple[str, float]]

_CELLS = 4_000_000


class Model:
    """What ``fit`` and ``load`` return.

    ``supports`` is a subset of {recommend, similar, fold_in, explain}; another question raises
    ``Unsupported``. ``allow`` (None is everything) and ``deny`` are item keys or bool masks over ``items``,
    applied before the top k. Answers are keys, best first, and their float32 scores; equal scores are
    ordered by key; a list may be shorter than ``k``, and unknown keys are ignored. A model is immutable and
    safe to use from several threads.
    """

    def __init__(
        self,
        *,
        algorithm: str,
        parameters: Mapping[str, Any],
        supports: Iterable[str],
        scorer: Scorer,
        items: KeyTable,
        users: KeyTable,
        seen: History,
        manifest: Mapping[str, Any] | None = None,
    ) -> None:
        if scorer.n_items != len(items) or len(seen.indptr) != len(users) + 1:
            raise ValueError(
                f"Scorer, history and keys differ: {scorer.n_items} items scored, {len(items)} item keys, "
                f"{len(seen.indptr) - 1} histories, {len(users)} user keys."
            )
        self.algorithm = algorithm
        self.parameters = dict(parameters)
        self.supports = frozenset(supports)
        self.scorer = scorer
        self.items = items
        self.users = users
        self.seen = seen
        self.manifest = dict(manifest or {})

    def __repr__(self) -> str:
        return f"<Model {self.algorithm}: {len(self.users)} users, {len(self.items)} items>"

    def recommend(
        self,
        users: Iterable[str],
        *,
        k: int = 20,
        exclude_seen: bool = True,
        allow: Filter | None = None,
        deny: Filter = (),
    ) -> tuple[list[list[str]], list[Float32s]]:
        """Suggestions for known users, one list a user; an unknown user gets an empty one."""
        self._require("recommend")
        positions = self.users.index(users)
        blocked = self._blocked(allow, deny)
        answers = [self._nothing() for _ in positions]
        known = np.flatnonzero(positions >= 0)
        for batch in self._batches(known):
            rows = self.scorer.score_users(positions[batch], self.seen)
            for place, scores in zip(batch.tolist(), rows, strict=True):
                own = self.seen.row(positions[place])[0] if exclude_seen else ()
                answers[place] = self._best(scores, k, blocked, own)
        return [keys for keys, _ in answers], [scores for _, scores in answers]

    def similar(
        self, items: Iterable[str], *, k: int = 20, allow: Filter | None = None, deny: Filter = ()
    ) -> tuple[list[list[str]], list[Float32s]]:
        """Items that go with each of these, never the item itself; an unknown item gets an empty list."""
        self._require("similar")
        positions = self.items.index(items)
        blocked = self._blocked(allow, deny)
        answers = [self._nothing() for _ in positions]
        known = np.flatnonzero(positions >= 0)
        for batch in self._batches(known):
            rows = self.scorer.score_items(positions[batch])
            for place, scores in zip(batch.tolist(), rows, strict=True):
                answers[place] = self._best(scores, k, blocked, (positions[place],))
        return [keys for keys, _ in answers], [scores for _, scores in answers]

    def fold_in(
        self,
        pairs: Pairs,
        *,
        k: int = 20,
        exclude_seen: bool = True,
        allow: Filter | None = None,
        deny: Filter = (),
    ) -> tuple[list[str], Float32s]:
        """Suggestions for anybody from a history of (item key, weight).

        A weight is a number of purchases (decayed by age if the caller likes) or a rating; purchases of
        weight 0 or less do not count, non-finite weights raise ValueError. ``exclude_seen`` leaves the
        history's items out. Without a known item the list is empty, unless the algorithm shows everyone the
        same.
        """
        self._require("fold_in")
        items, weights = self._history(pairs)
        own = items if exclude_seen else ()
        if not len(items) and self.scorer.needs_history:
            return self._nothing()
        return self._best(self.scorer.score_history(items, weights), k, self._blocked(allow, deny), own)

    def explain(self, history: str | Pairs, item: str, *, top: int | None = 3) -> list[tuple[str, float]]:
        """Which items of a history (a user's key, or pairs as in ``fold_in``) the score of ``item`` is owed
        to.

        Keys with their share of the score, the greatest first; all shares together (``top=None``) sum to 1.
        Empty when the item or the user is unknown, or nothing speaks for the item.
        """
        self._require("explain")
        target = self.items.position(item)
        items, weights = self._user_history(history) if isinstance(history, str) else self._history(history)
        if target < 0 or not len(items):
            return []
        parts = self.scorer.contributions(items, weights, target)
        total = parts.sum()
        if not total > 0:
            return []
        best = np.argsort(-parts, kind="stable")[:top]
        best = best[parts[best] != 0]
        return [(self.items.key(items[place]), float(parts[place] / total)) for place in best.tolist()]

    def score_users(self, users: Int64s) -> Float32s:
        """Scores (m, n_items) of the users at these positions of ``users``; nothing is left out.

        -inf marks items that are no candidates for the user.
        """
        return self.scorer.score_users(np.asarray(users, dtype=np.int64), self.seen)

    def mask(self, chosen: Filter) -> Mask:
        """Item keys as a bool mask over ``items``; a mask is checked and returned as it is."""
        if isinstance(chosen, np.ndarray) and chosen.dtype == np.bool_:
            if chosen.shape != (len(self.items),):
                raise ValueError(
                    f"A mask has one value an item, ({len(self.items)},); got shape {chosen.shape}."
                )
            return chosen
        positions = self.items.index(chosen)
        mask = np.zeros(len(self.items), dtype=np.bool_)
        mask[positions[positions >= 0]] = True
        return mask

    def save(self, folder: Path | str, *, manifest_extra: Mapping[str, Any] | None = None) -> Path:
        """Write the model to ``folder`` (made if need be) and return that; ``load`` gives the same answers.

        ``manifest_extra`` is JSON-able and stands in the manifest beside what every manifest holds.
        """
        folder = Path(folder)
        tensors = self.scorer.tensors() | {
            "item_keys.bytes": self.items.bytes,
            "item_keys.offsets": self.items.offsets,
            "user_keys.bytes": self.users.bytes,
            "user_keys.offsets": self.users.offsets,
            "seen.indptr": self.seen.indptr,
            "seen.indices": self.seen.indices,
            "seen.weights": self.seen.weights,
        }
        core = {
            "scorer": self.scorer.name,
            "algorithm": self.algorithm,
            "parameters": self.parameters,
            "supports": sorted(self.supports),
            "meta": self.scorer.meta(),
        }
        store(folder, tensors, core, self.manifest | dict(manifest_extra or {}))
        return folder

    def _require(self, question: str) -> None:
        if question not in self.supports:
            known = ", ".join(sorted(self.supports))
            raise Unsupported(f"{self.algorithm} does not support {question}; it supports {known}.")

    def _blocked(self, allow: Filter | None, deny: Filter) -> Mask | None:
        denied = self.mask(deny) if isinstance(deny, np.ndarray) or deny else None
        if allow is None:
            return denied
        unlisted = ~self.mask(allow)
        return unlisted if denied is None else unlisted | denied

    def _best(
        self, scores: Float32s, k: int, blocked: Mask | None, own: NDArray[Any] | tuple[Any, ...]
    ) -> tuple[list[str], Float32s]:
        if k < 0:
            raise ValueError(f"k must be 0 or more, got {k}.")
        if len(own):
            scores[np.asarray(own)] = -np.inf
        best = top(scores, k, blocked)
        return self.items.keys(best), scores[best]

    def _history(self, pairs: Pairs) -> tuple[Int64s, Float32s]:
        keys: list[str] = []
        weights: list[float] = []
        for key, weight in pairs:
            if not math.isfinite(weight):
                raise ValueError(
                    f"The weight of a history's item is a finite number, got {weight!r} for {key!r}."
                )
            keys.append(key)
            weights.append(weight)
        positions = self.items.index(keys)
        known = positions >= 0
        return self.scorer.weigh(positions[known], np.asarray(weights, dtype=np.float64)[known])

    def _user_history(self, user: str) -> tuple[Any, Float32s]:
        position = self.users.position(user)
        if position < 0:
            return np.empty(0, dtype=np.int64), np.empty(0, dtype=np.float32)
        return self.seen.row(position)

    def _batches(self, places: Int64s) -> Iterator[Int64s]:
        step = max(1, _CELLS // max(1, len(self.items)))
        for start in range(0, len(places), step):
            yield places[start : start + step]

    @staticmethod
    def _nothing() -> tuple[list[str], Float32s]:
        return [], np.empty(0, dtype=np.float32)


def load(folder: Path | str, *, checksum: str | None = None) -> Model:
    """The model in ``folder``, its arrays mapped from disk and shared by the processes of a host.

    ``checksum`` is the SHA-256 that its ``model.safetensors`` must have, if the caller knows it; the one in
    the manifest is checked always. Raises ArtifactMissingError, ArtifactDamagedError (truncated or altered)
    or ArtifactTooNewError (a later format).
    """
    folder = Path(folder)
    tensors, core, manifest = fetch(folder, checksum)
    try:
        return Model(
            algorithm=core["algorithm"],
            parameters=core["parameters"],
            supports=core["supports"],
            scorer=SCORERS[core["scorer"]].from_tensors(tensors, core["meta"]),
            items=KeyTable(tensors["item_keys.bytes"], tensors["item_keys.offsets"]),
            users=KeyTable(tensors["user_keys.bytes"], tensors["user_keys.offsets"]),
            seen=History(tensors["seen.indptr"], tensors["seen.indices"], tensors["seen.weights"]),
            manifest=manifest,
        )
    except (KeyError, TypeError, ValueError) as error:
        raise ArtifactDamagedError(f"{folder} holds no model of this format: {error!r}. {RESTORE}") from error
