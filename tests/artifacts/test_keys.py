from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from recommendations.artifacts import ArtifactDamagedError, KeyTable

TEXT = st.text(st.characters(exclude_categories=("Cs",)), max_size=8)


@given(st.sets(TEXT, max_size=40), st.lists(TEXT, max_size=10))
def test_every_key_is_found_where_it_stands_and_no_other_is(keys, others):
    ordered = sorted(keys, key=str.encode)

    table = KeyTable.from_keys(ordered)

    assert len(table) == len(ordered)
    assert table.keys(range(len(table))) == ordered
    assert table.index(ordered).tolist() == list(range(len(ordered)))
    for key in others:
        assert (key in table) == (key in keys)
        assert table.index([key])[0] == (ordered.index(key) if key in keys else -1)


def test_odd_keys_are_keys_and_odd_questions_are_unknown():
    keys = sorted(["", "a\x00b", "naïve", "🛒", "\u202eabc", "x" * 10_000], key=str.encode)
    table = KeyTable.from_keys(keys)

    assert table.index(keys).tolist() == list(range(6))
    assert table.index(["a", "\ud800", "x"]).tolist() == [-1, -1, -1]
    assert 5 not in table and None not in table


@pytest.mark.parametrize("keys", [["b", "a"], ["a", "a"]])
def test_keys_out_of_order_or_given_twice_are_refused(keys):
    with pytest.raises(ValueError, match="different and sorted"):
        KeyTable.from_keys(keys)


def test_a_single_text_instead_of_a_list_is_refused():
    with pytest.raises(TypeError, match=r"write \['abc'\]"):
        KeyTable.from_keys(["a"]).index("abc")


def test_offsets_that_do_not_fit_the_bytes_are_refused():
    with pytest.raises(ArtifactDamagedError, match="inconsistent"):
        KeyTable(np.zeros(3, np.uint8), np.array([0, 2, 9]))
