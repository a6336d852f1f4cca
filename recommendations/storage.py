"""Where artifacts live: ``publish`` hands a folder to the storage, ``localise`` gives a folder to map from.

The storage is the host's ``STORAGES`` entry of the given alias, else files under
``RECOMMENDATIONS["ARTIFACT_DIR"]``. A remote artifact is copied once a host, to
``CACHE_DIR/<alias>/<checksum>``: each app keeps and forgets the copies of its own.
"""

from __future__ import annotations

import hashlib
import re
import shutil
import tempfile
import time
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path, PurePosixPath
from typing import Final
from urllib.parse import quote
from uuid import uuid4

from django.core.files import File
from django.core.files.storage import FileSystemStorage, InvalidStorageError, Storage, storages

from .conf import settings

TENSORS: Final = "model.safetensors"
MANIFEST: Final = "manifest.json"
COPYING: Final = "copying-"
ABANDONED_AFTER: Final = 86_400.0  # seconds
_CHECKSUM: Final = re.compile(r"[0-9a-f]{64}")


class Missing(Exception):
    """The storage holds no artifact of that name."""


class Altered(Exception):
    """What the storage gave does not have the checksum that was recorded when it was published."""


def get(alias: str) -> Storage:
    """The storage behind ``alias``; files are readable by owner and group only: factors are personal data."""
    try:
        return storages[alias]
    except InvalidStorageError:
        return FileSystemStorage(
            location=settings.ARTIFACT_DIR, file_permissions_mode=0o640, directory_permissions_mode=0o750
        )


def publish(folder: Path, *, alias: str) -> str:
    """Store every file of ``folder`` and return the name that ``localise`` takes.

    The name is new each time. The manifest goes last, so that an artifact with a manifest is complete. Raises
    what the storage raises (``OSError`` for a full disk), after removing what was stored so far.
    """
    name = f"{folder.name}-{uuid4().hex[:12]}"
    store = get(alias)
    try:
        for path in sorted(folder.iterdir(), key=lambda path: (path.name == MANIFEST, path.name)):
            with path.open("rb") as stream:
                store.save(f"{name}/{path.name}", File(stream))
    except BaseException:
        delete(name, alias=alias)
        raise
    return name


def localise(name: str, *, alias: str, checksum: str = "") -> Path:
    """The folder of the artifact on this host, copied here first where the storage is remote.

    ``checksum`` is the SHA-256 (hex) of its ``model.safetensors``; it is verified once a copy. Files that lie
    on this host are mapped where they are, and whoever loads them verifies them. Raises ``Missing`` or
    ``Altered``.
    """
    store = get(alias)
    with suppress(NotImplementedError):
        if (Path(store.path(name)) / MANIFEST).is_file():
            return Path(store.path(name))
    return _copy(store, name, checksum, copies(alias))


def copies(alias: str) -> Path:
    """Where this host keeps its copies of what the storage behind ``alias`` holds."""
    return settings.CACHE_DIR / quote(alias, safe="").replace(".", "%2E")


def _copy(store: Storage, name: str, checksum: str, folder_of_copies: Path) -> Path:
    """Copy to a folder beside the place and rename: two processes at once do no harm to each other."""
    key = checksum if _CHECKSUM.fullmatch(checksum) else hashlib.sha256(name.encode()).hexdigest()
    place = folder_of_copies / key
    if (place / MANIFEST).is_file():
        return place
    folder_of_copies.mkdir(parents=True, exist_ok=True)
    folder = Path(tempfile.mkdtemp(prefix=COPYING, dir=folder_of_copies))
    try:
        for file in _files(store, name):
            with store.open(f"{name}/{file}") as source, (folder / file).open("wb") as target:
                shutil.copyfileobj(source, target, 1 << 20)
        _verify(folder, name, checksum)
        _rename(folder, place)
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    return place


def _files(store: Storage, name: str) -> list[str]:
    try:
        files = [PurePosixPath(file).name for file in store.listdir(name)[1]]
    except FileNotFoundError:
        files = []
    if MANIFEST not in files:
        raise Missing(
            f"The storage holds no artifact {name!r}: was it deleted, or is it another host's disk?"
        )
    return files


def _verify(folder: Path, name: str, checksum: str) -> None:
    if not checksum:
        return
    with (folder / TENSORS).open("rb") as stream:
        found = hashlib.file_digest(stream, "sha256").hexdigest()
    if found != checksum:
        raise Altered(f"{name}/{TENSORS} has checksum {found[:12]}…, expected {checksum[:12]}…; train again")


def _rename(folder: Path, place: Path) -> None:
    folder.chmod(0o750)
    try:
        folder.rename(place)
    except OSError:  # another process was faster, and its copy is as good
        if not (place / MANIFEST).is_file():
            raise


def delete(name: str, *, alias: str) -> None:
    """Remove an artifact; nothing happens when there is none."""
    store = get(alias)
    try:
        files = store.listdir(name)[1]
    except FileNotFoundError:
        return
    for file in files:
        store.delete(f"{name}/{file}")
    if isinstance(store, FileSystemStorage):
        store.delete(name)


def forget_copies(keep: Iterable[str], *, alias: str) -> None:
    """Remove this host's copies of what ``alias`` holds but those with a checksum in ``keep``.

    A copy that a process has mapped stays readable for that process until it lets go. What a process that was
    killed while copying has left goes after a day.
    """
    wanted = set(keep)
    place = copies(alias)
    if not place.is_dir():
        return
    for folder in place.iterdir():
        if folder.name.startswith(COPYING):
            with suppress(FileNotFoundError):
                if folder.stat().st_mtime < time.time() - ABANDONED_AFTER:
                    shutil.rmtree(folder, ignore_errors=True)
        elif _CHECKSUM.fullmatch(folder.name) and folder.name not in wanted:
            shutil.rmtree(folder, ignore_errors=True)
