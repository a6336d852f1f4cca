"""Learning to join the opinions: weights, calibration and threshold, from questions kept back."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import torch
from numpy.typing import NDArray

from ..joining import Join, logit
from ..measures import coverage_curve

Floats = NDArray[np.float64]
Int64s = NDArray[np.int64]
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


def fit_join(inside: Opinions, outside: Opinions, *, base: Join | None = None) -> Join:
    """The join learned from questions in scope and from others, of labels kept back whole."""
    join = fit_weights(inside, base or Join(semantic=5.0, intent=0.5))
    join = fit_confidence(inside, outside, join)
    return replace(join, threshold=fit_threshold(inside, outside, join))


def fit_weights(inside: Opinions, start: Join) -> Join:
    """Weights of the three opinions that maximise the probability of the label meant (conditional logit,
    McFadden 1974), kept at 0 or more."""
    rows = np.arange(len(inside.targets))
    parts = torch.tensor(np.stack([inside.lexical, inside.semantic, inside.intent]))
    targets = torch.tensor(inside.targets)
    raw = (
        torch.tensor([start.lexical, start.semantic, start.intent], dtype=torch.float64).clamp(min=0.1).log()
    )
    raw.requires_grad_(True)
    optimizer = torch.optim.LBFGS([raw], max_iter=100, line_search_fn="strong_wolfe")

    def loss() -> torch.Tensor:
        optimizer.zero_grad()
        scores = torch.einsum("p,pml->ml", raw.exp(), parts)
        value = torch.nn.functional.cross_entropy(scores, targets) + 1e-4 * raw.square().sum()
        value.backward()  # type: ignore[no-untyped-call]
        return value

    if len(rows):
        optimizer.step(loss)  # type: ignore[no-untyped-call]
    lexical, semantic, intent = raw.detach().exp().tolist()
    return replace(start, lexical=lexical, semantic=semantic, intent=intent, unseen=_unseen(inside))


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
    """The best column of each question, and its (m, 3): logit p, lexical, semantic."""
    p = join.probabilities(opinions.lexical, opinions.semantic, opinions.intent)
    top = p.argmax(axis=1)
    rows = np.arange(len(top))
    return top, np.stack(
        [logit(p[rows, top]), opinions.lexical[rows, top], opinions.semantic[rows, top]], axis=1
    )


def confidences(opinions: Opinions, join: Join) -> tuple[Floats, NDArray[np.bool_]]:
    """Confidence of the best answer to each question, and whether it is the one meant."""
    top, seen = best(opinions, join)
    p = 1 / (1 + np.exp(-seen[:, 0]))
    return join.confidence(p, seen[:, 1], seen[:, 2]), top == opinions.targets


def fit_confidence(inside: Opinions, outside: Opinions, join: Join) -> Join:
    """Platt scaling with three inputs; questions out of scope weigh ``PRIOR`` of all and are always wrong."""
    top, seen = best(inside, join)
    _, strange = best(outside, join)
    x = torch.tensor(np.vstack([seen, strange]))
    y = torch.tensor(np.concatenate([top == inside.targets, np.zeros(len(strange))]).astype(float))
    weight = torch.ones(len(y), dtype=torch.float64)
    if len(strange):
        weight[len(seen) :] = PRIOR / (1 - PRIOR) * len(seen) / len(strange)
    mean, spread = x.mean(dim=0), x.std(dim=0).clamp(min=1e-3)
    z = (x - mean) / spread
    beta = torch.zeros(4, dtype=torch.float64, requires_grad=True)
    optimizer = torch.optim.LBFGS([beta], max_iter=100, line_search_fn="strong_wolfe")

    def loss() -> torch.Tensor:
        optimizer.zero_grad()
        score = beta[0] + z @ beta[1:]
        each = torch.nn.functional.binary_cross_entropy_with_logits(score, y, reduction="none")
        value = (weight * each).sum() / weight.sum() + 1e-3 * beta[1:].square().sum()
        value.backward()  # type: ignore[no-untyped-call]
        return value

    optimizer.step(loss)  # type: ignore[no-untyped-call]
    slopes = (beta[1:] / spread).detach()
    constant = float(beta[0].detach() - (slopes * mean).sum())
    return replace(join, platt=(constant, *slopes.tolist()))


def fit_threshold(inside: Opinions, outside: Opinions, join: Join) -> float:
    """The confidence to answer from that makes the most questions end well, ``PRIOR`` of them out of scope:
    a right answer in scope, none outside."""
    sure, right = confidences(inside, join)
    others, _ = confidences(outside, join)
    steps = np.unique(np.concatenate([sure, others, [0.0]]))[:: max(1, (len(sure) + len(others)) // 400)]
    good = [(1 - PRIOR) * (right & (sure >= step)).mean() + PRIOR * (others < step).mean() for step in steps]
    return float(np.clip(steps[int(np.argmax(good))], 0.05, 0.95)) if len(others) else 0.5


def curve(inside: Opinions, outside: Opinions, join: Join) -> list[dict[str, float | None]]:
    """Precision and coverage of each threshold, with ``PRIOR`` of the questions out of scope."""
    sure, right = confidences(inside, join)
    others, _ = confidences(outside, join)
    return coverage_curve(sure, right, others, prior=PRIOR)
