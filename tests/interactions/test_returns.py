import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from recommendations.interactions.returns import match_returns

LINES = st.lists(
    st.tuples(st.integers(0, 2), st.integers(0, 2), st.integers(-4, 4), st.integers(0, 6)), max_size=40
)


def matched(lines, returned=None):
    user, item, quantity, time = (np.array(column) for column in zip(*lines, strict=True))
    returned = None if returned is None else np.array(returned)
    return match_returns(
        user.astype(np.int32), item.astype(np.int32), quantity.astype(float), time.astype(float), returned
    )


def by_stacks(lines):
    """The same by plain stacks: each return takes from the newest purchases that are left."""
    kept = [float(max(quantity, 0)) for _, _, quantity, _ in lines]
    found = [False] * len(lines)
    stacks = {}
    for row in sorted(range(len(lines)), key=lambda row: (lines[row][3], row)):
        user, item, quantity, _ = lines[row]
        stack = stacks.setdefault((user, item), [])
        if quantity > 0:
            stack.append(row)
        owed = -quantity
        while owed > 0 and stack:
            taken = min(owed, kept[stack[-1]])
            kept[stack[-1]] -= taken
            owed -= taken
            found[row] = True
            if not kept[stack[-1]]:
                stack.pop()
    return kept, found


@given(LINES.filter(bool))
def test_negative_quantities_are_taken_off_the_latest_earlier_purchases(lines):
    kept, found = by_stacks(lines)

    result = matched(lines)

    assert result.kept.tolist() == kept
    assert result.matched.tolist() == found
    assert result.unmatched.tolist() == [
        line[2] < 0 and not hit for line, hit in zip(lines, found, strict=True)
    ]


def test_a_return_before_the_purchase_or_of_another_user_or_item_matches_nothing():
    lines = [(0, 0, -1, 1), (0, 0, 1, 2), (1, 0, -1, 3), (0, 1, -1, 3)]

    result = matched(lines)

    assert result.kept.tolist() == [0, 1, 0, 0]
    assert result.unmatched.tolist() == [True, False, True, True]


def test_fractions_of_a_kilo_leave_no_crumbs():
    result = matched([(0, 0, 0.1, 1), (0, 0, 0.2, 2), (0, 0, -0.3, 3)])

    assert result.kept.tolist() == [0, 0, 0]


def test_a_declared_return_is_taken_off_the_line_that_it_names_whatever_its_sign():
    lines = [(0, 0, 5, 1), (0, 0, 5, 2), (0, 0, 2, 3), (0, 0, -1, 4)]

    result = matched(lines, [-1, -1, 0, 0])

    assert result.kept.tolist() == [2, 5, 0, 0]
    assert result.matched.tolist() == [False, False, True, True]
    assert result.reduced.tolist() == [True, False, False, False]


def test_what_exceeds_the_purchase_is_not_taken_off_another():
    result = matched([(0, 0, 5, 1), (0, 0, 5, 2), (0, 0, 9, 3)], [-1, -1, 0])

    assert result.kept.tolist() == [0, 5, 0]


def test_a_declared_return_of_somebody_elses_line_or_of_a_return_takes_nothing():
    lines = [(0, 0, 5, 1), (1, 0, 5, 2), (0, 0, 1, 3), (0, 0, 1, 4)]

    result = matched(lines, [-1, 0, 0, 2])

    assert result.kept.tolist() == [4, 0, 0, 0]
    assert result.unmatched.tolist() == [False, True, False, True]


def test_a_negative_quantity_whose_line_was_not_read_still_finds_an_earlier_purchase():
    result = matched([(0, 0, 5, 1), (0, 0, -2, 2), (0, 0, 2, 3)], [-1, -2, -2])

    assert result.kept.tolist() == [3, 0, 0]
    assert result.matched.tolist() == [False, True, False]
    assert result.unmatched.tolist() == [False, False, True]
