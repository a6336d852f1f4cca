"""Learning to join the opinions: weights, calibration and threshold, from questions kept back."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import torch
from numpy.typing import NDArray

from ..joining import Join
from ..measures import coverage_curve

Floats = NDArray[np.float64]
Int64s = NDArray[np.int64]
LEXICAL = 0.1  # of the weight of meaning, the least that words and letters have
SLIPS = 0.25  # the share of questions that are known phrasings, badly typed
PRIOR = 0.2  # the share of questions that no entry answers
NEAR = 0.1  # those of them that are as near to the entries as a label kept back; the rest has little evidence
LEAST = 0.5  # an answer must be likelier right than wrong
WITH_ENCODER = (0.5, 1.0, 1.0)  # evidence of words and letters, meaning, intent
WITHOUT = (1.0, 0.0, 1.0)


@dataclass(frozen=True, eq=False)
class Opinions:
    """What each part said of questions it had not seen: float64 (m, labels) each; ``targets`` (m,) is the
    column meant, -1 for a question whose label was kept back; ``rows`` (m,) are their places in the index."""

    lexical: Floats
    semantic: Floats
    intent: Floats
    targets: Int64s
    rows: Int64s

    @classmethod
    def none(cls, labels: int) -> Opinions:
        """Opinions on no question."""
        nothing, nowhere = np.zeros((0, labels)), np.zeros(0, dtype=np.int64)
        return cls(nothing, nothing, nothing, nowhere, nowhere)

    def known(self) -> Opinions:
        """Without questions whose label was kept back: a label's only phrasing cannot be tested."""
        kept = self.targets >= 0
        parts = self.lexical[kept], self.semantic[kept], self.intent[kept]
        return Opinions(*parts, self.targets[kept], self.rows[kept])

    @classmethod
    def join(cls, several: Sequence[Opinions]) -> Opinions:
        """All of them, one after another."""
        names = ("lexical", "semantic", "intent", "targets", "rows")
        return cls(*(np.concatenate([getattr(one, name) for one in several]) for name in names))


def fit_join(inside: Opinions, outside: Opinions, slipped: Opinions) -> Join:
    """The join learned from questions in scope, from others (of labels kept back whole) and from known
    phrasings with typing errors."""
    join = fit_confidence(inside, fit_weights(inside, slipped))
    return replace(join, threshold=fit_threshold(inside, outside, join))


def fit_weights(inside: Opinions, slipped: Opinions) -> Join:
    """Weights of the three opinions that maximise the probability of the label meant (conditional logit,
    McFadden 1974), kept at 0 or more; ``slipped`` counts as ``SLIPS`` of the questions."""
    inside, slipped = inside.known(), slipped.known()
    both = Opinions.join([inside, slipped])
    if not len(both.targets):
        return Join()
    parts = torch.tensor(np.stack([both.lexical, both.semantic, both.intent]))
    targets = torch.tensor(both.targets)
    share = torch.ones(len(targets), dtype=torch.float64)
    if len(inside.targets) and len(slipped.targets):
        share[: len(inside.targets)] = (1 - SLIPS) / len(inside.targets)
        share[len(inside.targets) :] = SLIPS / len(slipped.targets)
    share /= share.sum()
    raw = torch.tensor([5.0, 5.0, 0.5], dtype=torch.float64).log().requires_grad_(True)
    optimizer = torch.optim.LBFGS([raw], max_iter=100, line_search_fn="strong_wolfe")

    def loss() -> torch.Tensor:
        optimizer.zero_grad()
        scores = torch.einsum("p,pml->ml", raw.exp(), parts)
        each = torch.nn.functional.cross_entropy(scores, targets, reduction="none")
        value = (share * each).sum() + 1e-4 * raw.square().sum()
        value.backward()  # type: ignore[no-untyped-call]
        return value

    optimizer.step(loss)  # type: ignore[no-untyped-call]
    lexical, semantic, intent = raw.detach().exp().tolist()
    lexical = max(lexical, LEXICAL * semantic)
    evidence = WITH_ENCODER if both.semantic.max() > 0 else WITHOUT
    return Join(lexical, semantic, intent, _unseen(both), evidence)


def _unseen(inside: Opinions) -> tuple[float, float, float]:
    """The classifier's opinion by the likenesses, least squares over each question's nearest labels."""
    width = min(5, inside.lexical.shape[1])
    near = np.argsort(-(inside.lexical + inside.semantic), axis=1)[:, :width]
    x = (
        np.take_along_axis(inside.lexical, near, 1).ravel(),
        np.take_along_axis(inside.semantic, near, 1).ravel(),
    )
    y = np.take_along_axis(inside.intent, near, 1).ravel()
    if not len(y):
        return 0.0, 0.0, 0.0
    design = np.stack([np.ones(len(y)), *x], axis=1)
    ridge = np.diag([1e-6, 1e-2, 1e-2]) * len(y)
    constant, lexical, semantic = np.linalg.solve(design.T @ design + ridge, design.T @ y).tolist()
    return constant, lexical, semantic


def confidences(opinions: Opinions, join: Join) -> tuple[Floats, NDArray[np.bool_]]:
    """Confidence of the best answer to each question, and whether it is the one meant."""
    best, parts = _best(opinions, join)
    return join.confidence(*parts), best == opinions.targets


def _best(opinions: Opinions, join: Join) -> tuple[Int64s, tuple[Floats, Floats, Floats]]:
    """The best column of each question, and the three opinions on it."""
    lexical, semantic, intent = opinions.lexical, opinions.semantic, opinions.intent
    best = join.probabilities(lexical, semantic, intent).argmax(axis=1)
    rows = np.arange(len(best))
    return best, (lexical[rows, best], semantic[rows, best], intent[rows, best])


def fit_confidence(inside: Opinions, join: Join) -> Join:
    """Platt scaling (Platt 1999) on questions in scope: of the answers to those with a confidence of .8,
    eight in ten are right."""
    if not len(inside.targets):
        return join
    best, parts = _best(inside, join)
    x = torch.tensor(join.proof(*parts))
    y = torch.tensor((best == inside.targets).astype(float))
    raw = torch.tensor([-3.0, 1.0], dtype=torch.float64, requires_grad=True)
    optimizer = torch.optim.LBFGS([raw], max_iter=100, line_search_fn="strong_wolfe")

    def loss() -> torch.Tensor:
        optimizer.zero_grad()
        score = raw[0] + x * raw[1].exp()
        value = torch.nn.functional.binary_cross_entropy_with_logits(score, y) + 1e-3 * raw[1].square()
        value.backward()  # type: ignore[no-untyped-call]
        return value

    optimizer.step(loss)  # type: ignore[no-untyped-call]
    constant, slope = raw.detach().tolist()
    return replace(join, platt=(constant, float(np.exp(slope))))


def fit_threshold(inside: Opinions, outside: Opinions, join: Join) -> float:
    """The confidence to answer from that makes the most questions end well: a right answer in scope, none to
    one whose label was kept back.

    Never below ``LEAST``; the default where nothing could be kept back.
    """
    sure, right = confidences(inside, join)
    others, _ = confidences(outside, join)
    if not len(sure) or not len(others):
        return Join().threshold
    steps = np.unique(np.concatenate([sure, others]))[:: max(1, (len(sure) + len(others)) // 500)]
    good = [(1 - NEAR) * (right & (sure >= step)).mean() + NEAR * (others < step).mean() for step in steps]
    return float(np.clip(steps[int(np.argmax(good))], LEAST, 0.95))


def curve(inside: Opinions, outside: Opinions, join: Join) -> list[dict[str, float | None]]:
    """Precision and coverage of each threshold, with ``PRIOR`` of the questions out of scope."""
    sure, right = confidences(inside, join)
    others, _ = confidences(outside, join)
    return coverage_curve(sure, right, others, prior=PRIOR)
