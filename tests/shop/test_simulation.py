"""Simulated customers: what the generator's description says of them."""

from __future__ import annotations

from shop.simulation import Customer

PHRASINGS = {
    slug: [f"{slug} question number {n} of the customer" for n in range(3)] for slug in ("a", "b", "c", "d")
}


def test_the_same_seed_asks_the_same_questions() -> None:
    asked = [
        list(Customer(seed, PHRASINGS, language="en", persistence=0.5).questions(9)) for seed in (1, 1, 2)
    ]

    assert asked[0] == asked[1] != asked[2]


def test_somebody_wholly_persistent_asks_about_their_habits_alone() -> None:
    customer = Customer(3, PHRASINGS, language="en", persistence=1.0)

    assert {question.topic for question in customer.questions(50)} <= set(customer.habits)


def test_questions_are_phrasings_cut_misspelt_and_dressed_but_of_their_topic() -> None:
    asked = list(Customer(3, PHRASINGS, language="en", persistence=0.0).questions(300))

    assert {question.topic for question in asked} == set(PHRASINGS)
    plain = [text for question in asked if (text := question.text) in PHRASINGS[question.topic]]
    assert 0 < len(plain) < len(asked)
    assert all(f" {question.topic} " in f" {question.text} " for question in asked)


def test_a_chinese_phrasing_is_cut_by_characters_and_never_misspelt() -> None:
    customer = Customer(5, {"x": ["我的订单什么时候能送到家里呢"]}, language="zh-hans", persistence=0.0)

    asked = {question.text for question in customer.questions(200)}
    assert "我的订单什么时" in {text[-7:] for text in asked}
    assert all("我的订单什么时" in text for text in asked)
