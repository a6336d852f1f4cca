import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from recommendations.interactions import Vocabulary
from recommendations.interactions.vocabulary import code_keys

KEYS = st.text(st.characters(exclude_categories=["Cs"]))


@given(st.lists(KEYS))
def test_keys_are_sorted_by_their_utf8_bytes(keys):
    vocabulary = Vocabulary(keys)

    assert vocabulary.keys == sorted(set(keys), key=str.encode)


@given(st.lists(KEYS), KEYS)
def test_a_code_leads_back_to_its_key_and_an_unknown_key_is_minus_one(keys, other):
    vocabulary, codes = code_keys(keys)

    assert vocabulary.take(codes) == keys
    assert (vocabulary.index([other])[0] == -1) == (other not in keys)


def test_keys_that_differ_only_in_a_trailing_nul_stay_two_keys():
    vocabulary = Vocabulary(["a", "a\0", "a\0\0"])

    assert vocabulary.index(["a", "a\0", "a\0\0"]).tolist() == [0, 1, 2]


@pytest.mark.parametrize("keys", [[1, 2], ["a", None], [b"a"]])
def test_a_key_that_is_no_string_is_refused_with_its_type(keys):
    with pytest.raises(TypeError, match=r"Keys are strings; got .* \((int|NoneType|bytes)\)"):
        Vocabulary(keys)


def test_a_lone_surrogate_is_refused_because_no_file_could_hold_it():
    with pytest.raises(ValueError, match="valid Unicode"):
        Vocabulary(["fine", "\ud800"])


def test_equal_keys_make_equal_vocabularies_whatever_their_order():
    assert Vocabulary(["b", "a"]) == Vocabulary(np.array(["a", "b", "a"]).tolist())
    assert Vocabulary(["a"]) != Vocabulary(["b"])
