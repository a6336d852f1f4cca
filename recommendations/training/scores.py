"""Scores: an algorithm fitted on the training part and measured on the test part, remembered on this host."""

from __future__ import annotations

import hashlib
import json
import logging
import os
import tempfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from ..conf import settings
from ..evaluation import Difference, bootstrap_interval, paired_difference

KEEP: Final = 60
DRAWS: Final = 1_000
TOLD: Final = ("recall", "hit_rate", "ndcg")  # what is told in words, with intervals

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Score:
    """The key metric of each test customer, and the means of all metrics.

    ``per_user`` is float64, one value a test customer in the order of their codes, 0 for one without a
    prediction: two scores of the same split are comparable place by place. ``all`` maps metrics to means over
    the role's scope; those over the other scope carry its name (``ndcg_all``). ``told``: the metrics of
    ``TOLD`` by customer, like ``per_user``.
    """

    algorithm: str
    parameters: Mapping[str, Any]
    per_user: NDArray[np.float64]
    all: Mapping[str, float] = field(default_factory=dict)
    seconds: float = 0.0
    told: Mapping[str, NDArray[np.float64]] = field(default_factory=dict)

    @property
    def value(self) -> float:
        return float(self.per_user.mean()) if len(self.per_user) else 0.0

    @property
    def n_users(self) -> int:
        return len(self.per_user)

    @property
    def interval(self) -> tuple[float, float]:
        """The 95 % bootstrap interval of ``value``."""
        return bootstrap_interval(self.per_user) if self.n_users else (0.0, 0.0)

    def minus(self, other: Score) -> Difference:
        """The paired difference to another score of the same split."""
        return paired_difference(self.per_user, other.per_user)

    def relative_to(self, other: Score) -> dict[str, dict[str, Any]]:
        """Each told metric beside the other's: ``{recall: {ours, theirs, gain, low, high}}``.

        ``gain`` is how much higher ours is, as a share of theirs, ``low`` to ``high`` its 95 % interval; None
        where theirs is 0.
        """
        return {
            metric: _relative(values, other.told[metric])
            for metric, values in self.told.items()
            if metric in other.told and len(values) == len(other.told[metric]) > 0
        }


def _relative(ours: NDArray[np.float64], theirs: NDArray[np.float64]) -> dict[str, Any]:
    """The paired bootstrap of a ratio of means (Efron and Tibshirani 1993, chapter 13) over customers."""
    found: dict[str, Any] = {"ours": float(ours.mean()), "theirs": float(theirs.mean())}
    if found["theirs"] <= 0:
        return found | {"gain": None, "low": None, "high": None}
    random = np.random.default_rng(0)
    ratios = np.empty(DRAWS)
    for draw in range(DRAWS):
        drawn = random.integers(0, len(ours), len(ours))
        base = theirs[drawn].mean()
        ratios[draw] = ours[drawn].mean() / base if base > 0 else np.inf
    low, high = (float(end) for end in np.quantile(ratios, [0.025, 0.975], method="nearest"))
    ends = {name: end - 1 if np.isfinite(end) else None for name, end in (("low", low), ("high", high))}
    return found | {"gain": found["ours"] / found["theirs"] - 1, **ends}


def recall(identity: Mapping[str, Any]) -> Score | None:
    """The score of ``identity`` if this host remembers one."""
    return _read(_path(identity))


def remembered(identity: Mapping[str, Any], make: Callable[[], Score]) -> Score:
    """The score of ``identity`` (JSON-able: data, split, algorithm, parameters, seed), made once a host."""
    found = _read(_path(identity))
    if found is None:
        found = make()
        remember(identity, found)
    return found


def remember(identity: Mapping[str, Any], score: Score) -> None:
    """Keep a score for :func:`remembered`. A full disk costs speed later, not the run."""
    path = _path(identity)
    about = {
        "algorithm": score.algorithm,
        "parameters": dict(score.parameters),
        "all": dict(score.all),
        "seconds": score.seconds,
    }
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, partial = tempfile.mkstemp(dir=path.parent, suffix=".partial")
        with os.fdopen(handle, "wb") as stream:
            arrays: dict[str, Any] = {f"told_{metric}": values for metric, values in score.told.items()}
            np.savez(stream, per_user=score.per_user, about=np.array(json.dumps(about)), **arrays)
        Path(partial).replace(path)
        _forget(path.parent)
    except OSError as error:
        logger.warning("A score could not be remembered: %s", error)


def _path(identity: Mapping[str, Any]) -> Path:
    text = json.dumps({**identity, "code": _code()}, sort_keys=True, default=str)
    return settings.CACHE_DIR / "scores" / f"{hashlib.sha256(text.encode()).hexdigest()}.npz"


@cache
def _code() -> str:
    """A digest of the code that makes a score: after an upgrade every score is made anew."""
    digest = hashlib.sha256()
    for room in ("interactions", "artifacts", "algorithms", "evaluation", "training"):
        for path in sorted(Path(__file__).parents[1].joinpath(room).rglob("*.py")):
            digest.update(path.read_bytes())
    return digest.hexdigest()


def _read(path: Path) -> Score | None:
    try:
        with path.open("rb") as stream, np.load(stream, allow_pickle=False) as stored:
            about = json.loads(str(stored["about"]))
            told = {
                name.removeprefix("told_"): stored[name].astype(np.float64)
                for name in stored.files
                if name.startswith("told_")
            }
            return Score(per_user=stored["per_user"].astype(np.float64), told=told, **about)
    except FileNotFoundError:
        return None
    except Exception as error:  # noqa: BLE001  a damaged file costs one more fit, not the run
        logger.warning("A remembered score is unreadable and is made again: %s: %s", path, error)
        return None


def _forget(folder: Path) -> None:
    paths = sorted(folder.glob("*.npz"), key=lambda path: path.stat().st_mtime, reverse=True)
    for path in paths[KEEP:]:
        path.unlink(missing_ok=True)
