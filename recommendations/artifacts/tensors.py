"""Named arrays in one file, in the safetensors format, mapped from disk with numpy alone.

The file is a u64 header length, a JSON header (name -> dtype, shape, begin and end of the data) and the data
(https://huggingface.co/docs/safetensors). The safetensors package reads and writes the same files, but its
numpy reader copies; here each array is a view into one read-only mapping, which all processes of a host
share.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from hashlib import file_digest
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .errors import ArtifactDamagedError

Array = NDArray[Any]

_DTYPES = {"F64": "<f8", "I64": "<i8", "F32": "<f4", "I32": "<i4", "U8": "|u1", "BOOL": "|b1"}
_NAMES = {np.dtype(code): name for name, code in _DTYPES.items()}
_LONGEST_HEADER = 100_000_000


def checksum(path: Path) -> str:
    """The SHA-256 of a file, in hexadecimal."""
    with path.open("rb") as file:
        return file_digest(file, "sha256").hexdigest()


def write(path: Path, tensors: Mapping[str, Array], metadata: Mapping[str, str]) -> None:
    """Write the arrays (float64, int64, float32, int32, uint8 or bool) to ``path``.

    Wide types come first and the header is padded, so that every array is aligned in the mapping.
    """
    arrays = {name: np.ascontiguousarray(array) for name, array in tensors.items()}
    order = sorted(arrays, key=lambda name: (-arrays[name].itemsize, name))
    header: dict[str, Any] = {"__metadata__": dict(metadata)}
    end = 0
    for name in order:
        array = arrays[name]
        begin, end = end, end + array.nbytes
        header[name] = {
            "dtype": _NAMES[array.dtype],
            "shape": list(array.shape),
            "data_offsets": [begin, end],
        }
    text = json.dumps(header, separators=(",", ":")).encode()
    text += b" " * (-(len(text) + 8) % 64)
    with path.open("wb") as file:
        file.write(len(text).to_bytes(8, "little") + text)
        for name in order:
            file.write(arrays[name].data if arrays[name].size else b"")


def read(path: Path) -> tuple[dict[str, Array], dict[str, str]]:
    """The arrays of a file, mapped read-only, and its metadata; ArtifactDamagedError if it is not intact."""
    size = path.stat().st_size
    if size < 8:
        raise ArtifactDamagedError(f"{path} is truncated: {size} bytes cannot hold a header. {RESTORE}")
    mapping = np.memmap(path, dtype=np.uint8, mode="r")
    length = int.from_bytes(mapping[:8].tobytes(), "little")
    if length > min(size - 8, _LONGEST_HEADER):
        raise ArtifactDamagedError(
            f"{path} is truncated or altered: its header ends beyond the file. {RESTORE}"
        )
    try:
        header = json.loads(mapping[8 : 8 + length].tobytes())
        metadata = dict(header.pop("__metadata__", {}))
        entries = sorted(
            (int(entry["data_offsets"][0]), int(entry["data_offsets"][1]), name, entry)
            for name, entry in header.items()
        )
        arrays: dict[str, Array] = {}
        position = 0
        for begin, end, name, entry in entries:
            shape = tuple(int(n) for n in entry["shape"])
            dtype = np.dtype(_DTYPES[entry["dtype"]])
            if (
                begin != position
                or min(shape, default=0) < 0
                or end - begin != math.prod(shape) * dtype.itemsize
            ):
                raise ValueError(f"array {name!r} does not fit its place")
            position = end
            if 8 + length + end > size:
                raise ValueError(f"array {name!r} ends beyond the file")
            arrays[name] = np.ndarray(shape, dtype, buffer=mapping, offset=8 + length + begin)
        if 8 + length + position != size:
            raise ValueError(f"{size - 8 - length - position} bytes follow the last array")
    except (AttributeError, IndexError, KeyError, TypeError, ValueError) as error:
        raise ArtifactDamagedError(f"{path} is truncated or altered: {error}. {RESTORE}") from error
    return arrays, metadata


RESTORE = "Restore it from its storage or train again."
