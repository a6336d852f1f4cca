"""Publishing and localising artifacts, on this host's disk and on a storage that has no paths."""

from __future__ import annotations

import hashlib
import os
import time
from pathlib import Path
from typing import Any

import pytest
from django.core.files.storage import storages

from recommendations import storage
from recommendations.conf import settings as concierge

MODEL = b"tensors"
CHECKSUM = hashlib.sha256(MODEL).hexdigest()


@pytest.fixture(autouse=True)
def folders(settings: Any, tmp_path: Path) -> None:
    places = {"ARTIFACT_DIR": tmp_path / "artifacts", "CACHE_DIR": tmp_path / "cache"}
    settings.RECOMMENDATIONS = {**settings.RECOMMENDATIONS, **places}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    made = tmp_path / "als-7"
    made.mkdir()
    (made / storage.TENSORS).write_bytes(MODEL)
    (made / storage.MANIFEST).write_text('{"format": 1}')
    return made


@pytest.fixture
def remote(settings: Any) -> str:
    """An alias whose storage gives no paths, as a bucket does."""
    backend = {"BACKEND": "django.core.files.storage.InMemoryStorage"}
    settings.STORAGES = {**settings.STORAGES, "recommendations": backend}
    return "recommendations"


def test_without_a_storage_of_its_own_artifacts_lie_in_the_artifact_folder(folder: Path) -> None:
    name = storage.publish(folder, alias="recommendations")

    found = storage.localise(name, alias="recommendations", checksum=CHECKSUM)

    assert found == concierge.ARTIFACT_DIR / name
    assert (found / storage.TENSORS).read_bytes() == MODEL
    assert name.startswith("als-7-")


def test_files_are_not_for_everybody(folder: Path) -> None:
    name = storage.publish(folder, alias="recommendations")

    found = concierge.ARTIFACT_DIR / name
    assert oct((found / storage.TENSORS).stat().st_mode & 0o777) == "0o640"
    assert oct(found.stat().st_mode & 0o777) == "0o750"


def test_the_same_folder_published_twice_gets_two_names(folder: Path) -> None:
    assert storage.publish(folder, alias="x") != storage.publish(folder, alias="x")


def test_a_remote_artifact_is_copied_once_a_host(
    folder: Path, remote: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    name = storage.publish(folder, alias=remote)
    first = storage.localise(name, alias=remote, checksum=CHECKSUM)
    monkeypatch.setattr(storages[remote], "open", lambda *_args: pytest.fail("it was copied again"))

    again = storage.localise(name, alias=remote, checksum=CHECKSUM)

    assert first == again == concierge.CACHE_DIR / remote / CHECKSUM
    assert (first / storage.TENSORS).read_bytes() == MODEL
    assert [path.name for path in storage.copies(remote).iterdir()] == [CHECKSUM]


def test_an_altered_remote_artifact_is_refused_and_leaves_no_copy(folder: Path, remote: str) -> None:
    name = storage.publish(folder, alias=remote)

    with pytest.raises(storage.Altered, match="checksum"):
        storage.localise(name, alias=remote, checksum="0" * 64)

    assert not list(storage.copies(remote).iterdir())


@pytest.mark.parametrize("where", ["local", "remote"])
def test_an_artifact_that_is_gone_is_missing(
    folder: Path, request: pytest.FixtureRequest, where: str
) -> None:
    alias = request.getfixturevalue("remote") if where == "remote" else "recommendations"
    name = storage.publish(folder, alias=alias)
    storage.delete(name, alias=alias)

    with pytest.raises(storage.Missing):
        storage.localise(name, alias=alias, checksum=CHECKSUM)
    storage.delete(name, alias=alias)  # once more does no harm


def test_a_half_stored_artifact_is_taken_away(
    folder: Path, remote: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = storages[remote]
    save = store.save

    def fail_at_the_manifest(name: str, content: Any, **options: Any) -> str:
        if name.endswith(storage.MANIFEST):
            raise OSError("No space left on device")
        return save(name, content, **options)

    monkeypatch.setattr(store, "save", fail_at_the_manifest)
    with pytest.raises(OSError, match="No space left"):
        storage.publish(folder, alias=remote)

    folders = store.listdir("")[0]
    assert all(store.listdir(name)[1] == [] for name in folders)


def test_a_copy_that_was_cut_short_is_not_taken_for_one(
    folder: Path, remote: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    name = storage.publish(folder, alias=remote)
    monkeypatch.setattr(storage, "_verify", lambda *_args: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        storage.localise(name, alias=remote, checksum=CHECKSUM)
    monkeypatch.undo()

    found = storage.localise(name, alias=remote, checksum=CHECKSUM)

    assert (found / storage.TENSORS).read_bytes() == MODEL


def test_copies_nobody_needs_are_forgotten_and_nothing_else() -> None:
    place = storage.copies("x")
    for name in (CHECKSUM, "f" * 64, "scores", "copying-abc"):
        (place / name).mkdir(parents=True)

    storage.forget_copies([CHECKSUM], alias="x")

    assert sorted(path.name for path in place.iterdir()) == sorted([CHECKSUM, "copying-abc", "scores"])


def test_an_app_that_forgets_its_copies_leaves_those_of_another(folder: Path, settings: Any) -> None:
    backend = {"BACKEND": "django.core.files.storage.InMemoryStorage"}
    settings.STORAGES = {**settings.STORAGES, "recommendations": backend, "support_bot": backend}
    ours, theirs = (
        storage.localise(storage.publish(folder, alias=alias), alias=alias, checksum=CHECKSUM)
        for alias in ("recommendations", "support_bot")
    )
    assert ours != theirs

    storage.forget_copies([], alias="support_bot")

    assert (ours / storage.TENSORS).read_bytes() == MODEL
    assert not theirs.exists()


@pytest.mark.parametrize("alias", ["..", "../up", "a/b", "."])
def test_no_alias_leads_out_of_the_cache_folder(alias: str) -> None:
    assert storage.copies(alias).parent == concierge.CACHE_DIR
    assert storage.copies(alias).name not in ("", ".", "..")


def test_what_a_killed_copy_has_left_goes_after_a_day() -> None:
    abandoned, under_way = (storage.copies("x") / name for name in ("copying-old", "copying-now"))
    for place in (abandoned, under_way):
        place.mkdir(parents=True)
    os.utime(abandoned, (time.time() - 90_000,) * 2)

    storage.forget_copies([], alias="x")

    assert list(storage.copies("x").iterdir()) == [under_way]
