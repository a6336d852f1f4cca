"""Moods, with the sentence encoder and by words alone; benchmarks/emotion.py measures unseen messages."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from support_bot.nlu.emotion import LABELS, Emotions
from support_bot.nlu.encoders import load_encoders
from support_bot.nlu.moods import PROTOTYPES, WORDS

PLAIN = [
    ("Can I pay with amex", "en"),
    ("CJ-123456789", "en"),
    ("the first one please", "en"),
    ("Where is my order?", "en"),
    ("How do I use a coupon code", "en"),
    ("我有多少积分", "zh-hans"),
    ("榆树街店周日开门吗", "zh-hans"),
    ("优惠码怎么用", "zh-hans"),
]
SAID_OUTRIGHT = [
    ("This is outrageous, I am furious", "en", "anger"),
    ("I'm worried that it was stolen", "en", "worry"),
    ("thank you, great job", "en", "thanks"),
    ("Urgent! I need it today, hurry", "en", "urgency"),
    ("太过分了，骗子！", "zh-hans", "anger"),
    ("我很担心，有点不安", "zh-hans", "worry"),
    ("太好了，谢谢", "zh-hans", "thanks"),
    ("很急，请马上处理", "zh-hans", "urgency"),
]
WITHOUT_THE_WORDS = [
    ("Third time you forget my milk. Do you even read the orders?", "en", "anger"),
    ("please tell me my order hasn't vanished somewhere", "en", "worry"),
    ("wow, everything arrived early and fresh", "en", "thanks"),
    ("guests are at the door in half an hour and it is not here", "en", "urgency"),
    ("等了一整天连个人影都没有", "zh-hans", "anger"),
    ("包裹好几天没动，是不是丢了", "zh-hans", "worry"),
    ("没想到这么快就送到了", "zh-hans", "thanks"),
    ("客人一个小时后就到了，货还没来", "zh-hans", "urgency"),
]


@pytest.fixture(scope="module")
def by_words() -> Emotions:
    return Emotions(load_encoders(["lexical"], {}))


@pytest.fixture(scope="module")
def by_meaning(encoders) -> Emotions:
    return Emotions(load_encoders(["use"], {}))


@pytest.mark.parametrize(("text", "language", "mood"), SAID_OUTRIGHT)
def test_a_mood_that_is_said_outright_needs_no_encoder(by_words, text, language, mood):
    assert by_words.classify(text, language)[0] == mood


@pytest.mark.parametrize(("text", "language", "mood"), SAID_OUTRIGHT)
def test_nor_does_an_encoder_miss_it(by_meaning, text, language, mood):
    assert by_meaning.classify(text, language)[0] == mood


@pytest.mark.parametrize(("text", "language"), PLAIN)
def test_a_plain_question_is_neutral_either_way(by_words, by_meaning, text, language):
    assert by_words.classify(text, language)[0] == "neutral"
    assert by_meaning.classify(text, language)[0] == "neutral"


def test_an_encoder_hears_most_of_what_no_word_tells(by_words, by_meaning):
    heard = [by_meaning.classify(text, language)[0] == mood for text, language, mood in WITHOUT_THE_WORDS]
    told = [by_words.classify(text, language)[0] == mood for text, language, mood in WITHOUT_THE_WORDS]

    assert sum(heard) >= 5
    assert sum(told) <= 2


def test_more_signs_are_surer(by_words):
    _, one = by_words.classify("this is ridiculous", "en")
    _, two = by_words.classify("this is ridiculous, I am furious", "en")

    assert 0 < one < two <= 1


def test_a_language_without_prototypes_is_compared_with_the_english_ones(by_meaning):
    assert by_meaning.classify("Vielen Dank für Ihre Hilfe!", "de")[0] == "thanks"


@pytest.mark.parametrize("text", ["", "  ", "\x00", "\u202e", "???"])
def test_nothing_is_neutral(by_words, text):
    assert by_words.classify(text, "en")[0] == "neutral"


@given(st.text(max_size=200))
def test_any_text_has_a_mood(text):
    mood, sure = Emotions(load_encoders([], {})).classify(text, "xx")

    assert mood in LABELS
    assert 0 < sure <= 1


def test_each_language_has_about_two_dozen_prototypes_of_every_mood():
    for moods in PROTOTYPES.values():
        assert set(moods) == set(LABELS)
        assert 24 <= sum(map(len, moods.values())) <= 36
    assert set(WORDS) == set(LABELS) - {"neutral"}
