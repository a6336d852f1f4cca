"""The table of the encoder ``use``, read from a file that processes share instead of held in each."""

from __future__ import annotations

import logging
from pathlib import Path

import numpy as np
import pytest
from django.test import override_settings

from support_bot.conf import settings
from support_bot.nlu.encoders import load_encoders, use

TABLE = np.arange(12, dtype=np.uint8).reshape(4, 3)


def test_rows_from_the_file_are_those_of_the_table(tmp_path):
    rows = use.rows_in_file(TABLE, tmp_path / "new" / "table.bin")

    asked = np.array([3, 0, 3, 2])
    assert rows[asked].tolist() == TABLE[asked].tolist()
    assert rows[asked].dtype == np.uint8
    assert rows[asked[:0]].shape == (0, 3)


def test_a_file_that_holds_the_table_is_taken_as_it_is(tmp_path):
    use.rows_in_file(TABLE, tmp_path / "table.bin")
    written = (tmp_path / "table.bin").stat()

    use.rows_in_file(TABLE, tmp_path / "table.bin")

    assert (tmp_path / "table.bin").stat().st_ino == written.st_ino
    assert [path.name for path in tmp_path.iterdir()] == ["table.bin"]


@pytest.mark.parametrize("found", [b"", b"\0" * 12, TABLE.tobytes()[:-1], TABLE.tobytes() + b"\0"])
def test_a_file_that_holds_anything_else_is_replaced(tmp_path, found):
    (tmp_path / "table.bin").write_bytes(found)

    rows = use.rows_in_file(TABLE, tmp_path / "table.bin")

    assert rows[np.array([1])].tolist() == [[3, 4, 5]]
    assert (tmp_path / "table.bin").read_bytes() == TABLE.tobytes()


def test_whoever_reads_an_earlier_file_goes_on_with_that(tmp_path):
    earlier = use.rows_in_file(TABLE, tmp_path / "table.bin")

    use.rows_in_file(TABLE + 1, tmp_path / "table.bin")

    assert earlier[np.array([0])].tolist() == [[0, 1, 2]]


def test_a_file_that_was_cut_short_gives_an_error_and_no_wrong_vector(tmp_path):
    rows = use.rows_in_file(TABLE, tmp_path / "table.bin")
    with (tmp_path / "table.bin").open("r+b") as file:
        file.truncate(7)

    assert rows[np.array([1])].tolist() == [[3, 4, 5]]
    with pytest.raises(OSError, match="cut short"):
        rows[np.array([1, 2])]


def test_the_encoder_gives_the_same_vectors_from_the_file(encoders, tmp_path):
    texts = ["Where is my order?", "怎么退货？", "", "🙂" * 300, "a b c " * 500]
    in_memory, in_file = use.load({}), use.load({"cache": tmp_path})

    assert isinstance(in_file._model.table, use.RowsInFile)
    assert np.array_equal(in_file.encode(texts), in_memory.encode(texts))


def test_a_folder_that_cannot_be_written_leaves_the_table_in_memory(encoders, tmp_path, caplog):
    (tmp_path / "file").write_text("no folder")

    with caplog.at_level(logging.WARNING, "support_bot.nlu.encoders.use"):
        encoder = use.load({"cache": tmp_path / "file"})

    assert encoder.encode(["Where is my order?"]).shape == (1, 512)
    assert "65 MB in memory" in caplog.text


def test_another_folder_makes_no_second_encoder_in_a_process(encoders, tmp_path):
    again = load_encoders(["use"], {"use": {"cache": str(tmp_path)}})

    assert again._encoders[0] is encoders._encoders[0]


def test_the_file_lies_beside_the_copies_of_artifacts_unless_the_host_says_otherwise(tmp_path):
    folders = {"ARTIFACT_DIR": tmp_path / "artifacts", "CACHE_DIR": tmp_path / "cache"}
    with override_settings(RECOMMENDATIONS=folders, SUPPORT_BOT={"ENCODER_OPTIONS": {"use": {"threads": 2}}}):
        chosen = dict(settings.ENCODER_OPTIONS["use"])
    with override_settings(SUPPORT_BOT={"ENCODER_OPTIONS": {"use": {"cache": None}}}):
        in_memory = dict(settings.ENCODER_OPTIONS["use"])

    assert Path(chosen["cache"]).parent == tmp_path / "cache"
    assert chosen["threads"] == 2
    assert in_memory == {"cache": None}
