"""Learning to join the opinions: weights, calibration and threshold, from questions kept back."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import torch
from numpy.typing import NDArray

from ..joining import Join, logit
from ..measures import coverage_curve

Floats = NDArray[np.float64]
Int64s = NDArray[np.int64]
SLIPS = 0.25  # the share of questions that are known phrasings, badly typed
PRIOR = 0.2  # the share of questions that no entry answers


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
        parts = (self.lexical, self.semantic, self.intent, self.targets, self.rows)
        return Opinions(*(part[kept] for part in parts))

    @classmethod
    def join(cls, several: Sequence[Opinions]) -> Opinions:
        """All of them, one after another."""
        names = ("lexical", "semantic", "intent", "targets", "rows")
        return cls(*(np.concatenate([getattr(one, name) for one in several]) for name in names))


def fit_join(inside: Opinions, outside: Opinions, slipped: Opinions) -> Join:
    """The join learned from questions in scope, from others (of labels kept back whole) and from known
    phrasings with typing errors."""
    join = fit_weights(inside, slipped)
    join = fit_confidence(inside, outside, join)
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
    return Join(lexical=lexical, semantic=semantic, intent=intent, unseen=_unseen(both))


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


def best(opinions: Opinions, join: Join) -> tuple[Int64s, Floats]:
    """The best column of each question, and its (m, 4): logit p, lexical, semantic, intent."""
    p = join.probabilities(opinions.lexical, opinions.semantic, opinions.intent)
    top = p.argmax(axis=1)
    rows = np.arange(len(top))
    parts = (opinions.lexical, opinions.semantic, opinions.intent)
    return top, np.stack([logit(p[rows, top]), *(part[rows, top] for part in parts)], axis=1)


def confidences(opinions: Opinions, join: Join) -> tuple[Floats, NDArray[np.bool_]]:
    """Confidence of the best answer to each question, and whether it is the one meant."""
    top, seen = best(opinions, join)
    p = 1 / (1 + np.exp(-seen[:, 0]))
    return join.confidence(p, *seen[:, 1:].T), top == opinions.targets


def fit_confidence(inside: Opinions, outside: Opinions, join: Join) -> Join:
    """Platt scaling in two steps, each input of which can only raise the confidence.

    First the direction, with questions out of scope as wrong answers that are ``PRIOR`` of all; then scale
    and constant on questions in scope alone, so that among those a confidence of .8 is right 8 times in 10.
    """
    top, seen = best(inside, join)
    _, strange = best(outside, join)
    right = (top == inside.targets).astype(float)
    if not len(right):
        return join
    weight = np.ones(len(seen) + len(strange))
    if len(strange):
        weight[len(seen) :] = PRIOR / (1 - PRIOR) * len(seen) / len(strange)
    target = np.concatenate([right, np.zeros(len(strange))])
    constant, slopes = _logistic(np.vstack([seen, strange]), target, weight)
    shift, scale = _logistic((constant + seen @ slopes)[:, None], right, np.ones(len(seen)))
    platt = (shift + float(scale[0]) * constant, *(float(scale[0]) * slopes).tolist())
    return replace(join, platt=platt)


def _logistic(inputs: Floats, target: Floats, weight: Floats) -> tuple[float, Floats]:
    """Constant and slopes, none negative, of a weighted logistic regression."""
    spread = np.maximum(inputs.std(axis=0), 1e-3)
    x, y, share = (torch.tensor(one) for one in (inputs / spread, target, weight / weight.sum()))
    raw = torch.tensor([0.0] + [-1.0] * x.shape[1], dtype=torch.float64, requires_grad=True)
    optimizer = torch.optim.LBFGS([raw], max_iter=100, line_search_fn="strong_wolfe")

    def loss() -> torch.Tensor:
        optimizer.zero_grad()
        score = raw[0] + x @ raw[1:].exp()
        each = torch.nn.functional.binary_cross_entropy_with_logits(score, y, reduction="none")
        value = (share * each).sum() + 1e-4 * raw[1:].square().sum()
        value.backward()  # type: ignore[no-untyped-call]
        return value

    optimizer.step(loss)  # type: ignore[no-untyped-call]
    found = raw.detach().numpy()
    return float(found[0]), np.exp(found[1:]) / spread


def fit_threshold(inside: Opinions, outside: Opinions, join: Join) -> float:
    """The confidence to answer from that makes the most questions end well, ``PRIOR`` of them out of scope:
    a right answer in scope, none outside."""
    sure, right = confidences(inside, join)
    others, _ = confidences(outside, join)
    if not len(sure) or not len(others):
        return 0.5
    steps = np.unique(np.concatenate([sure, others, [0.0]]))[:: max(1, (len(sure) + len(others)) // 400)]
    good = [(1 - PRIOR) * (right & (sure >= step)).mean() + PRIOR * (others < step).mean() for step in steps]
    return float(np.clip(steps[int(np.argmax(good))], 0.05, 0.95))


def curve(inside: Opinions, outside: Opinions, join: Join) -> list[dict[str, float | None]]:
    """Precision and coverage of each threshold, with ``PRIOR`` of the questions out of scope."""
    sure, right = confidences(inside, join)
    others, _ = confidences(outside, join)
    return coverage_curve(sure, right, others, prior=PRIOR)
