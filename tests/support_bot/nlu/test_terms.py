"""Languages, one form for a text, words, letters, BM25 and TF-IDF."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from support_bot.nlu import detect_language
from support_bot.nlu.lexical import BM25, Rows, TfIdf, gram_terms, word_terms
from support_bot.nlu.normalize import LONGEST, clean, normalize
from support_bot.nlu.tokens import grams, hashed, words

SHOP = ("en", "zh-hans")


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("where is my order", "en"),
        ("我的订单到哪里了？", "zh-hans"),
        ("iPhone 的保修期是多久", "zh-hans"),
        ("what does 退货 mean on this page", "en"),
        ("取消 W-4F1A2B3C4D5E", "zh-hans"),
        ("12345 🙂", "en"),
        ("", "en"),
    ],
)
def test_a_question_is_in_the_language_of_its_script(text, language):
    assert detect_language(text, default="en", languages=SHOP) == language


def test_a_text_without_letters_is_in_the_default_language():
    assert detect_language("12345", default="zh-hans", languages=SHOP) == "zh-hans"
    assert detect_language("W-4F1A2B3C4D5E", default="zh-hans", languages=SHOP) == "zh-hans"
    assert detect_language("OK", default="zh-hans", languages=SHOP) == "zh-hans"
    assert detect_language("OK", default="en", languages=SHOP) == "en"


def test_of_two_languages_in_one_script_the_default_wins():
    assert detect_language("bonjour", default="fr", languages=("en", "fr")) == "fr"
    assert detect_language("привет", default="en", languages=("en", "ru")) == "ru"


def test_different_ways_to_type_the_same_are_one_text():
    full_width, marks = "Ｗｈｅｒｅ　is\u00a0my\n order", "\u202ewhere is\u200b my\x00 order\u202c"

    assert normalize(full_width) == normalize(marks) == "where is my order"


@given(st.text())
def test_any_text_has_a_form_without_controls_that_stays_as_it_is(text):
    form = clean(text)

    assert clean(form) == form
    assert len(form) <= LONGEST
    assert "\x00" not in form
    form.encode()


def test_writing_without_spaces_is_cut_into_pairs_of_characters():
    assert words("我要退货 today!") == ["我要", "要退", "退货", "today"]


def test_letters_are_taken_within_words_with_their_ends_marked():
    assert list(grams("ab")) == [" a", "ab", "b ", " ab", "ab ", " ab "]


def test_a_term_has_the_same_number_in_every_process():
    assert hashed(["123456789"]).tolist() == [0xCBF43926]  # the published check value of CRC-32


def test_bm25_is_what_the_formula_gives_by_hand():
    texts = ["cancel order", "where is order", "cancel cancel card"]
    question = "cancel my order"
    lengths, mean = [2, 3, 3], 8 / 3
    idf = {"cancel": math.log(1 + 1.5 / 2.5), "order": math.log(1 + 1.5 / 2.5), "my": math.log(1 + 3.5 / 0.5)}
    k1, b = 1.2, 0.5
    counts = [{"cancel": 1, "order": 1}, {"order": 1}, {"cancel": 2}]

    found = BM25(Rows.of(texts, word_terms), k1=k1, b=b).score(word_terms(question))

    by_hand = [
        sum(idf[word] * tf * (k1 + 1) / (tf + k1 * (1 - b + b * length / mean)) for word, tf in count.items())
        / sum(idf.values())
        for count, length in zip(counts, lengths, strict=True)
    ]
    assert found == pytest.approx(by_hand, rel=1e-5)


def test_tfidf_is_the_cosine_of_dense_vectors():
    texts, question = ["refund", "refunds please", "card"], "my refund"
    rows = [gram_terms(text) for text in texts]
    vocabulary = sorted({int(term) for terms, _ in rows for term in terms})
    df = {term: sum(term in terms for terms, _ in rows) for term in vocabulary}
    asked = gram_terms(question)
    everything = sorted(set(vocabulary) | set(asked[0].tolist()))

    def dense(terms, counts):
        vector = np.zeros(len(everything))
        for term, count in zip(terms.tolist(), counts.tolist(), strict=True):
            idf = math.log((1 + len(texts)) / (1 + df.get(term, 0))) + 1
            vector[everything.index(term)] = (1 + math.log(count)) * idf
        return vector / np.linalg.norm(vector)

    found = TfIdf(Rows.of(texts, gram_terms)).score(asked)

    assert found == pytest.approx([dense(*row) @ dense(*asked) for row in rows], abs=1e-6)


def test_a_word_that_no_text_has_makes_every_score_smaller():
    index = BM25(Rows.of(["cancel order", "card"], word_terms))

    assert index.score(word_terms("cancel zebra"))[0] < index.score(word_terms("cancel"))[0]
