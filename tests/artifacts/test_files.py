from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from safetensors.numpy import load_file, save_file

from recommendations.artifacts import (
    ArtifactDamagedError,
    ArtifactError,
    ArtifactMissingError,
    ArtifactTooNewError,
    load,
)
from recommendations.artifacts.tensors import checksum, read, write

from .conftest import scorers


@pytest.fixture
def folder(make_model, tmp_path) -> Path:
    return make_model().save(
        tmp_path / "made" / "artifact", manifest_extra={"metrics": {"ndcg": 0.5}, "later": [1]}
    )


def restate(folder: Path, **changes: object) -> None:
    manifest = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))
    (folder / "manifest.json").write_text(json.dumps(manifest | changes), encoding="utf-8")


@pytest.mark.parametrize("name", sorted(scorers()))
def test_every_scorer_answers_the_same_after_loading(name, make_model, tmp_path):
    model = make_model(name)

    loaded = load(str(model.save(tmp_path)))

    assert loaded.scorer.meta() == model.scorer.meta()
    for tensor, array in model.scorer.tensors().items():
        assert np.array_equal(loaded.scorer.tensors()[tensor], array)
    assert repr(loaded.recommend(["ü1", "ü2", "x"], k=5)) == repr(model.recommend(["ü1", "ü2", "x"], k=5))
    assert repr(loaded.fold_in([("i01", 2.0)], k=5)) == repr(model.fold_in([("i01", 2.0)], k=5))


def test_the_manifest_says_what_is_inside_and_keeps_what_was_added(folder):
    manifest = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))

    assert manifest["format"] == 1
    assert (manifest["scorer"], manifest["algorithm"]) == ("factors", "factors")
    assert manifest["roles"] == ["personal"]
    assert manifest["shapes"]["item_factors"] == [30, 4]
    assert manifest["sha256"] == checksum(folder / "model.safetensors")
    assert manifest["metrics"] == {"ndcg": 0.5}
    assert manifest["created_at"].endswith("+00:00")
    assert sorted(path.name for path in folder.iterdir()) == ["manifest.json", "model.safetensors"]
    assert load(folder).manifest == manifest


def test_what_is_added_to_the_manifest_cannot_replace_what_must_be_true(make_model, tmp_path):
    make_model().save(tmp_path, manifest_extra={"format": 9, "sha256": "x", "scorer": "static"})

    assert load(tmp_path).scorer.name == "factors"


def test_unknown_keys_of_a_manifest_are_ignored(folder):
    restate(folder, colour="green", format=1)

    assert load(folder).recommend(["ü1"], k=1)[0][0]


def test_the_arrays_are_views_into_one_read_only_mapping(folder):
    model = load(folder)
    arrays = [*model.scorer.tensors().values(), model.items.bytes, model.seen.indices]

    bases = set()
    for array in arrays:
        assert not array.flags.writeable and not array.flags.owndata
        base = array
        while not isinstance(base, np.memmap):
            base = base.base
        bases.add(base.filename)
        assert array.flags.aligned
    assert bases == {str(folder / "model.safetensors")} or bases == {folder / "model.safetensors"}


def test_the_file_is_what_the_safetensors_package_reads_and_writes(folder, tmp_path):
    ours, metadata = read(folder / "model.safetensors")
    theirs = load_file(folder / "model.safetensors")

    assert ours.keys() == theirs.keys() and set(metadata) == {"concierge"}
    assert all(np.array_equal(ours[name], theirs[name]) for name in ours)
    save_file(
        {"a": np.arange(6, dtype=np.int32).reshape(2, 3), "b": np.zeros((0, 4), np.float32)}, tmp_path / "x"
    )
    back, _ = read(tmp_path / "x")
    assert back["a"].tolist() == [[0, 1, 2], [3, 4, 5]] and back["b"].shape == (0, 4)


@pytest.mark.parametrize("share", [0, 4, 0.01, 0.3, 0.9, -1])
def test_a_truncated_file_is_refused_with_a_clear_message(folder, share):
    path = folder / "model.safetensors"
    content = path.read_bytes()
    path.write_bytes(content[: share if isinstance(share, int) else int(len(content) * share)])

    with pytest.raises(ArtifactDamagedError, match="truncated or altered") as caught:
        load(folder)
    assert str(path) in str(caught.value) and "train again" in str(caught.value)
    with pytest.raises(ArtifactDamagedError, match="truncated"):
        read(path)


@pytest.mark.parametrize("place", [3, 40, 2000, -5])
def test_an_altered_byte_is_noticed(folder, place):
    path = folder / "model.safetensors"
    content = bytearray(path.read_bytes())
    content[place] ^= 1
    path.write_bytes(content)

    with pytest.raises(ArtifactDamagedError, match="SHA-256"):
        load(folder)


@pytest.mark.parametrize(
    "header",
    [
        b"not json",
        b"[]",
        b'{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,4]}}',
        b'{"a":{"dtype":"F99","shape":[1],"data_offsets":[0,4]}}',
        b'{"a":{"dtype":"F32","shape":[-1],"data_offsets":[0,-4]}}',
        b'{"a":{"dtype":"F32","shape":[9],"data_offsets":[0,36]}}',
        b'{"a":{"dtype":"F32","shape":[1],"data_offsets":[4,8]}}',
        b'{"a":{"dtype":"F32","shape":[1]}}',
        b'{"a":7}',
        b"{}",
    ],
)
def test_a_header_that_lies_is_refused(header, tmp_path):
    path = tmp_path / "x"
    path.write_bytes(len(header).to_bytes(8, "little") + header + b"\0" * 8)

    with pytest.raises(ArtifactDamagedError):
        read(path)


def test_a_header_longer_than_the_file_is_refused(tmp_path):
    path = tmp_path / "x"
    path.write_bytes((2**63).to_bytes(8, "little") + b"{}")

    with pytest.raises(ArtifactDamagedError, match="ends beyond the file"):
        read(path)


def test_another_checksum_than_the_callers_is_refused(folder):
    good = checksum(folder / "model.safetensors")

    assert load(folder, checksum=good).algorithm == "factors"
    with pytest.raises(ArtifactDamagedError, match=f"it must be {'0' * 64}"):
        load(folder, checksum="0" * 64)


def test_a_manifest_without_checksum_is_refused(folder):
    restate(folder, sha256=None)

    with pytest.raises(ArtifactDamagedError, match="SHA-256"):
        load(folder)


def test_a_later_format_is_refused_with_the_two_ways_out(folder):
    restate(folder, format=2)

    with pytest.raises(
        ArtifactTooNewError, match=r"format 2, this version reads up to 1\. Upgrade .* or train"
    ):
        load(folder)


@pytest.mark.parametrize("text", ["", "{", "[]", "null", '{"scorer": "static"}', '{"format": "one"}', "\xff"])
def test_a_manifest_that_is_none_is_refused(folder, text):
    (folder / "manifest.json").write_bytes(text.encode("latin-1"))

    with pytest.raises(ArtifactDamagedError, match="not the manifest of a model"):
        load(folder)


def test_a_missing_folder_or_file_is_said_to_be_missing(folder, tmp_path):
    with pytest.raises(ArtifactMissingError, match="There is no"):
        load(tmp_path / "nowhere")
    (folder / "model.safetensors").unlink()
    with pytest.raises(ArtifactMissingError, match=r"model\.safetensors"):
        load(folder)
    assert issubclass(ArtifactMissingError, ArtifactError)


@pytest.mark.parametrize("core", ["{}", "[1]", '{"format": 1, "scorer": "pickle"}', '{"format": 7}'])
def test_an_intact_file_that_holds_no_model_is_refused(folder, core):
    path = folder / "model.safetensors"
    tensors, _ = read(path)
    copies = {name: array.copy() for name, array in tensors.items()}
    del tensors
    write(path, copies, {"concierge": core})
    restate(folder, sha256=checksum(path))

    with pytest.raises(ArtifactError):
        load(folder)


def test_saving_again_replaces_the_artifact_and_leaves_a_loaded_one_alone(make_model, tmp_path):
    make_model("factors").save(tmp_path)
    old = load(tmp_path)
    before = repr(old.recommend(["ü1"]))

    make_model("static").save(tmp_path)

    assert load(tmp_path).scorer.name == "static"
    assert repr(old.recommend(["ü1"])) == before


def test_an_artifact_moves_as_a_folder(folder, tmp_path):
    moved = shutil.copytree(folder, tmp_path / "elsewhere")

    assert repr(load(moved).recommend(["ü1"])) == repr(load(folder).recommend(["ü1"]))


def test_a_web_process_reads_models_with_numpy_alone(folder):
    code = (
        "import sys; from recommendations.artifacts import load;"
        f"load({str(folder)!r}).recommend(['ü1']);"
        "print([n for n in ('torch', 'scipy', 'safetensors', 'django') if n in sys.modules])"
    )

    answer = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)

    assert answer.stdout.strip() == "[]"
