"""Checkpoints: a training that was killed goes on from where it was, and ends as if nothing had happened."""

from __future__ import annotations

import hashlib
import json
import logging
import os
import shutil
import tempfile
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Final
from zipfile import BadZipFile

import numpy as np
from numpy.typing import NDArray

State = Mapping[str, NDArray[Any]]

logger = logging.getLogger(__name__)

_FORMAT: Final = 1
_SHARE: Final = 0.05  # of the training's time at most goes into writing


class Checkpoint:
    """Keeps the state of unfinished fits as ``.npz`` files in ``folder``, which it makes and owns.

    A file belongs to one fit: its name is a hash of the algorithm, its parameters, the seed, the rows, the
    validation part and the earlier model of a warm start; where anything differs nothing is found. A file
    that is damaged is none. Files are written beside their place and renamed, at most every ``seconds`` and
    never for more than a twentieth of the time; that the disk is full is logged and stops no training.
    Nothing in them is code. They hold factors, which are personal data: only their owner may read them.

    Whoever starts a fit hands it over, ``create("als").fit(data, checkpoint=Checkpoint(folder))``; a fit that
    has ended removes its file. A run that fits several times (to choose, to score, to serve) shares one
    ``Checkpoint(folder_of_the_run, keep=True)``: the last state of a fit that has ended stays too, so that
    the run, killed in a later fit and started again, gets past the earlier ones at once; ``clear`` at its
    end.

    An algorithm reads and writes through its ``Fit``; its state is everything that the rest of the training
    depends on, random generators included::

        done, state = fit.resume()
        items = torch.from_numpy(state["items"]) if done else start
        for epoch in range(done + 1, total + 1):
            random = np.random.default_rng([fit.seed, epoch])  # needs no state
            ...
            fit.keep(epoch, lambda: {"items": items.numpy(), "generator": generator.get_state().numpy()})
    """

    def __init__(self, folder: Path | str, *, seconds: float = 30.0, keep: bool = False) -> None:
        self._folder = Path(folder)
        self._seconds = seconds
        self._keep = keep
        self._path: Path | None = None
        self._last: tuple[int, Callable[[], State]] | None = None
        self._next = 0.0

    def begin(self, **identity: object) -> None:
        """From here on ``load`` and ``save`` are about the fit of this identity, JSON-able values."""
        text = json.dumps({"format": _FORMAT, **identity}, sort_keys=True, default=str)
        self._path = self._folder / f"{hashlib.sha256(text.encode()).hexdigest()}.npz"
        self._last = None
        self._next = time.monotonic() + self._seconds

    def load(self) -> tuple[int, State] | None:
        """How far that fit was, and its state then; None when there is nothing to go on from."""
        if self._path is None or not self._path.is_file():
            return None
        try:
            with self._path.open("rb") as stream, np.load(stream, allow_pickle=False) as file:
                state = {name: file[name] for name in file.files}
            return int(state.pop("done")), state
        except (OSError, ValueError, KeyError, EOFError, BadZipFile) as error:
            logger.warning("The checkpoint %s is damaged, the training starts anew: %s", self._path, error)
            return None

    def save(self, done: int, state: Callable[[], State]) -> None:
        """Write the state when the last one was written long enough ago; otherwise ``state`` is not called.

        ``done`` is what ``load`` shall answer. The state is asked for at once or by ``end``, never later.
        """
        self._last = done, state
        if time.monotonic() >= self._next:
            self._write()

    def end(self) -> None:
        """The fit has ended: its file goes, or holds the last state where ends are kept."""
        if self._keep and self._last is not None:
            self._write()
        elif self._path is not None and not self._keep:
            self._path.unlink(missing_ok=True)
        self._last = None

    def clear(self) -> None:
        """Remove the folder with all it holds; nothing happens when there is none."""
        shutil.rmtree(self._folder, ignore_errors=True)

    def _write(self) -> None:
        if self._path is None or self._last is None:
            raise RuntimeError("Checkpoint.begin comes before save; fit(..., checkpoint=...) calls it.")
        started = time.monotonic()
        done, state = self._last
        try:
            self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            handle, name = tempfile.mkstemp(prefix="writing-", dir=self._folder)
            try:
                with os.fdopen(handle, "wb") as file:
                    np.savez(file, **{**state(), "done": np.array(done)})  # type: ignore[arg-type, unused-ignore]
                Path(name).replace(self._path)
            except BaseException:
                Path(name).unlink(missing_ok=True)
                raise
        except OSError as error:
            logger.warning("No checkpoint at %s, the training goes on without: %s", self._path, error)
        now = time.monotonic()
        self._next = now + max(self._seconds, (now - started) / _SHARE)
