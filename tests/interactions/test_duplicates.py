import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from recommendations.interactions.duplicates import repeated

NUMBERS = st.sampled_from([0.0, -0.0, 1.0, np.nan, -1.0, 2.5])


@given(st.lists(st.tuples(NUMBERS, NUMBERS, st.integers(-1, 2)), min_size=1))
def test_a_row_is_repeated_when_an_earlier_one_equals_it(rows):
    seen, expected = set(), []
    for row in rows:
        same = tuple("none" if value != value else value + 0.0 for value in row)
        expected.append(same in seen)
        seen.add(same)

    assert repeated([np.array(column) for column in zip(*rows, strict=True)]).tolist() == expected


def test_rows_whose_hashes_meet_are_still_compared(monkeypatch):
    monkeypatch.setattr("recommendations.interactions.duplicates._MULTIPLIER", np.uint64(0))

    assert repeated([np.array([3, 1, 3, 2, 1])]).tolist() == [False, False, True, False, True]
