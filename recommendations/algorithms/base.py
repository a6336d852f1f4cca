"""What every algorithm looks like from outside: ``fit(data) -> Model``, with progress, cancel and a seed."""

from __future__ import annotations

import hashlib
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from recommendations.artifacts import History, KeyTable, Model
from recommendations.artifacts.scorers import Scorer
from recommendations.interactions import Interactions

from .catalogue import info
from .checkpoints import Checkpoint, State

OnProgress = Callable[[str, int, int, Mapping[str, float]], bool | None]


class Cancelled(Exception):
    """``on_progress`` returned False; nothing was trained."""


class NotEnoughDataError(ValueError):
    """The data hold nothing that this algorithm could learn from; the message says what it needs."""


class DivergedError(ArithmeticError):
    """Training ended in numbers that are not finite; the message says which parameter to change."""


@dataclass(frozen=True, slots=True)
class Fit:
    """What one call of ``fit`` was given beside the data. ``validation`` shares the data's vocabularies."""

    seed: int = 0
    validation: Interactions | None = None
    warm_start: Model | None = None
    on_progress: OnProgress | None = None
    checkpoint: Checkpoint | None = None

    def resume(self) -> tuple[int, State]:
        """How many steps an earlier, killed call of this fit had done, and its state; (0, {}) if none."""
        found = None if self.checkpoint is None else self.checkpoint.load()
        return found or (0, {})

    def keep(self, done: int, state: Callable[[], State]) -> None:
        """Keep the state (numpy arrays by name) for ``resume``; it is asked for only when one is due."""
        if self.checkpoint is not None:
            self.checkpoint.save(done, state)

    def report(self, stage: str, done: int, total: int, **metrics: float) -> None:
        """Tell the caller how far we are; Cancelled when it answers False."""
        if self.on_progress is not None and self.on_progress(stage, done, total, metrics) is False:
            raise Cancelled(f"Cancelled in stage {stage} at {done} of {total}.")


@dataclass(frozen=True, slots=True)
class Learned:
    """What an algorithm found: a scorer, and the users x items CSR matrix (float32, sorted) it was fitted on.

    ``chosen`` holds the parameters that were picked on the way, for those whose value was "auto".
    """

    scorer: Scorer
    matrix: Any
    chosen: Mapping[str, Any] = field(default_factory=dict)


class Algorithm(ABC):
    """Built by ``create(name, **parameters)``. A subclass learns a scorer; fit makes a model of it.

    ``parameters`` has been validated and holds every parameter of the catalogue's entry ``name``.
    """

    def __init__(self, name: str, parameters: Mapping[str, Any]) -> None:
        self.name = name
        self.parameters = dict(parameters)

    def __repr__(self) -> str:
        return f"{self.name}({', '.join(f'{name}={value!r}' for name, value in self.parameters.items())})"

    def fit(
        self,
        data: Interactions,
        *,
        seed: int = 0,
        validation: Interactions | None = None,
        warm_start: Model | None = None,
        on_progress: OnProgress | None = None,
        checkpoint: Checkpoint | None = None,
    ) -> Model:
        """A model of ``data``; the same seed gives the same model on the same machine.

        ``validation`` (over the same vocabularies) is what parameters left on "auto" are picked on and what
        quality is reported on while training. ``warm_start`` is an earlier model whose vectors are a start,
        where the algorithm has vectors. ``on_progress(stage, done, total, metrics)`` may return False to
        cancel. With a ``checkpoint`` a fit that was killed goes on when it is called again with the same
        arguments.

        Raises NotEnoughDataError, DivergedError or Cancelled.
        """
        self._require(data, validation)
        fingerprint = data.fingerprint()
        fit = Fit(seed, validation, warm_start, on_progress, checkpoint)
        fit.report("prepare", 0, 1)
        if checkpoint is not None:
            checkpoint.begin(
                algorithm=self.name,
                parameters=self.parameters,
                seed=seed,
                data=fingerprint,
                validation=validation.fingerprint() if validation is not None else None,
                warm_start=_identity(warm_start) if warm_start is not None else None,
            )
        learned = self.learn(data, fit)
        if checkpoint is not None:
            checkpoint.end()
        fit.report("finish", 1, 1)
        matrix = learned.matrix
        algorithm = info(self.name)
        known = data.n_customers  # no guest asks a model for a list of their own
        entries = int(matrix.indptr[known])
        return Model(
            algorithm=self.name,
            parameters={**self.parameters, **learned.chosen},
            supports=algorithm.supports,
            scorer=learned.scorer,
            items=KeyTable.from_keys(data.items.keys),
            users=KeyTable.from_keys(data.users.keys[:known]),
            seen=History(
                matrix.indptr[: known + 1].astype(np.int64),
                matrix.indices[:entries].astype(np.int32),
                matrix.data[:entries].astype(np.float32),
            ),
            manifest={
                "roles": list(algorithm.roles),
                "seed": seed,
                "rows": len(data),
                "users": data.n_users,
                "items": data.n_items,
                "fingerprint": fingerprint,
            },
        )

    @abstractmethod
    def learn(self, data: Interactions, fit: Fit) -> Learned:
        """Learn from one row or more of the right kind; call ``fit.report`` often: there a cancel acts."""

    def matrix(self, data: Interactions) -> Any:
        """Users x items by the parameters ``weight`` and (where times are known) ``half_life``."""
        half_life = self.parameters.get("half_life")
        return data.matrix(
            self.parameters.get("weight", "count"), half_life=None if data.time is None else half_life
        )

    def _require(self, data: Interactions, validation: Interactions | None) -> None:
        needs = info(self.name).needs
        found = len(data) if data.kind == needs else 0
        if not found:
            other = f" (the {len(data)} rows are {data.kind})" if len(data) else ""
            raise NotEnoughDataError(f"{self.name} needs {needs}, found 0{other}.")
        if validation is not None and (validation.users != data.users or validation.items != data.items):
            raise ValueError(
                "validation must be over the vocabularies of the data; take both from one split."
            )


def _identity(model: Model) -> str:
    """SHA-256 (hex) of what a model answers from."""
    digest = hashlib.sha256()
    for name, array in sorted(model.scorer.tensors().items()):
        digest.update(name.encode() + np.ascontiguousarray(array).tobytes())
    return digest.hexdigest()
