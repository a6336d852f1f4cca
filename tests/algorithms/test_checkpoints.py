from __future__ import annotations

import logging
import stat

import numpy as np
import pytest

from recommendations.algorithms.checkpoints import Checkpoint

STATE = {"items": np.arange(6, dtype=np.float32).reshape(2, 3), "generator": np.arange(4, dtype=np.uint8)}


def begun(folder, *, seconds=0.0, seed=0, **options):
    checkpoint = Checkpoint(folder, seconds=seconds, **options)
    checkpoint.begin(algorithm="als", parameters={"factors": 3}, seed=seed)
    return checkpoint


def test_what_was_saved_is_found_by_a_later_process(tmp_path):
    begun(tmp_path / "run").save(7, lambda: STATE)

    done, state = begun(tmp_path / "run").load()

    assert done == 7
    assert set(state) == set(STATE)
    assert all(np.array_equal(state[name], array) for name, array in STATE.items())


def test_a_fit_of_anything_else_finds_nothing(tmp_path):
    begun(tmp_path).save(7, lambda: STATE)

    assert begun(tmp_path, seed=1).load() is None
    assert begun(tmp_path / "elsewhere").load() is None


def test_a_state_that_is_not_due_is_not_even_made(tmp_path):
    checkpoint = begun(tmp_path, seconds=3600.0)

    checkpoint.save(1, lambda: pytest.fail("nobody needs it yet"))

    assert checkpoint.load() is None


@pytest.mark.parametrize(
    "damage", [lambda raw: b"", lambda raw: raw[: len(raw) // 2], lambda raw: b"\x80junk"]
)
def test_a_damaged_file_is_no_checkpoint(tmp_path, damage, caplog):
    checkpoint = begun(tmp_path)
    checkpoint.save(7, lambda: STATE)
    (path,) = tmp_path.glob("*.npz")
    path.write_bytes(damage(path.read_bytes()))

    assert checkpoint.load() is None
    assert "starts anew" in caplog.text


def test_nothing_in_a_checkpoint_is_code(tmp_path, caplog):
    checkpoint = begun(tmp_path)
    checkpoint.save(7, lambda: STATE)
    (path,) = tmp_path.glob("*.npz")
    with path.open("wb") as file:
        np.savez(file, done=np.array(7), items=np.array([print], dtype=object))

    assert checkpoint.load() is None
    assert "allow_pickle" in caplog.text


def test_a_disk_that_takes_nothing_stops_no_training(tmp_path, caplog):
    (tmp_path / "file").touch()
    checkpoint = begun(tmp_path / "file" / "below")

    with caplog.at_level(logging.WARNING):
        checkpoint.save(1, lambda: STATE)

    assert "the training goes on without" in caplog.text


def test_a_state_that_cannot_be_made_leaves_no_half_written_file(tmp_path):
    checkpoint = begun(tmp_path)

    with pytest.raises(ZeroDivisionError):
        checkpoint.save(1, lambda: {"items": np.array(1 / 0)})

    assert list(tmp_path.iterdir()) == []


def test_only_the_owner_may_read_the_factors(tmp_path):
    begun(tmp_path / "run").save(1, lambda: STATE)

    (path,) = (tmp_path / "run").iterdir()
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE((tmp_path / "run").stat().st_mode) == 0o700


def test_the_file_goes_when_the_fit_has_ended(tmp_path):
    checkpoint = begun(tmp_path)
    checkpoint.save(7, lambda: STATE)

    checkpoint.end()

    assert list(tmp_path.iterdir()) == []


def test_the_end_of_a_fit_of_a_run_is_kept_until_the_run_clears_it(tmp_path):
    checkpoint = begun(tmp_path / "run", seconds=3600.0, keep=True)
    checkpoint.save(9, lambda: STATE)
    checkpoint.end()

    assert begun(tmp_path / "run").load()[0] == 9
    checkpoint.clear()
    assert not (tmp_path / "run").exists()
    checkpoint.clear()
