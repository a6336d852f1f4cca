"""An artifact on disk: a folder of ``model.safetensors`` and ``manifest.json``. Data only, never code."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from .errors import ArtifactDamagedError, ArtifactMissingError, ArtifactTooNewError
from .tensors import RESTORE, Array, checksum, read, write

FORMAT = 1
TENSORS = "model.safetensors"
MANIFEST = "manifest.json"


def store(
    folder: Path, tensors: Mapping[str, Array], core: Mapping[str, Any], manifest: Mapping[str, Any]
) -> None:
    """Write an artifact. ``core`` (JSON-able) is what answering needs and is covered by the checksum.

    ``manifest`` (JSON-able) cannot replace what is written here. Each file appears whole, the manifest last,
    so that a reader never takes half a model for a whole one; processes that have an older artifact mapped
    keep it.
    """
    folder.mkdir(parents=True, exist_ok=True)
    partial = folder / f"{TENSORS}.partial"
    write(partial, tensors, {"concierge": json.dumps({**core, "format": FORMAT}, allow_nan=False)})
    stated = {
        **manifest,
        **{name: value for name, value in core.items() if name != "meta"},
        "format": FORMAT,
        "shapes": {name: list(array.shape) for name, array in sorted(tensors.items())},
        "sha256": checksum(partial),
        "created_at": datetime.now(UTC).isoformat(timespec="seconds"),
    }
    text = json.dumps(stated, indent=1, ensure_ascii=False, allow_nan=False)
    partial.replace(folder / TENSORS)
    partial = folder / f"{MANIFEST}.partial"
    partial.write_text(text, encoding="utf-8")
    partial.replace(folder / MANIFEST)


def fetch(folder: Path, expected: str | None) -> tuple[dict[str, Array], dict[str, Any], dict[str, Any]]:
    """The tensors (mapped), the core and the manifest of the artifact in ``folder``.

    ``expected`` is the SHA-256 that ``model.safetensors`` must have, if the caller knows; the manifest's is
    checked always. Raises ArtifactMissingError, ArtifactDamagedError or ArtifactTooNewError.
    """
    manifest = _manifest(folder / MANIFEST)
    path = folder / TENSORS
    if not path.is_file():
        raise ArtifactMissingError(f"There is no {path}. {RESTORE}")
    found = checksum(path)
    for wanted in (manifest.get("sha256"), found if expected is None else expected):
        if wanted != found:
            raise ArtifactDamagedError(
                f"{path} is truncated or altered: its SHA-256 is {found}, it must be {wanted}. {RESTORE}"
            )
    tensors, metadata = read(path)
    try:
        core = dict(json.loads(metadata["concierge"]))
        _check_format(path, core["format"])
    except (KeyError, TypeError, ValueError) as error:
        raise ArtifactDamagedError(f"{path} holds no model: {error!r}. {RESTORE}") from error
    return tensors, core, manifest


def _manifest(path: Path) -> dict[str, Any]:
    try:
        manifest = dict(json.loads(path.read_bytes()))
        _check_format(path, manifest["format"])
    except FileNotFoundError as error:
        raise ArtifactMissingError(f"There is no {path}. {RESTORE}") from error
    except (KeyError, OSError, TypeError, ValueError) as error:
        raise ArtifactDamagedError(f"{path} is not the manifest of a model: {error!r}. {RESTORE}") from error
    return manifest


def _check_format(path: Path, found: int) -> None:
    if found > FORMAT:
        raise ArtifactTooNewError(
            f"{path} has format {found}, this version reads up to {FORMAT}. "
            "Upgrade django-concierge or train again."
        )
