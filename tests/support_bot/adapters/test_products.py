"""Finding the product that somebody means."""

from __future__ import annotations

import pytest

from support_bot.adapters import products
from support_bot.adapters.products import TitleSearch, words

TITLES = {
    "milk": "Whole milk, 1 gal",
    "soy": "Silk soy milk, 64 fl oz",
    "straw": "Strawberries, 1 lb",
    "bread": "Sourdough bread",
    "broccoli": "Broccoli crowns",
    "sauce": "Pasta sauce, tomato basil",
    "cheese": "Jalapeño cheese",
    "chocolate": "巧克力牛奶 250 毫升",
    "soya": "有机豆浆",
}


@pytest.fixture
def search() -> TitleSearch:
    return TitleSearch(TITLES.items)


@pytest.mark.parametrize(
    ("question", "meant"),
    [
        ("do you have whole milk?", "milk"),
        ("strawberry", "straw"),
        ("How much are the STRAWBERRIES", "straw"),
        ("any strawbery left", "straw"),
        ("brocolli price", "broccoli"),
        ("is the sour dough in stock", "bread"),
        ("sourdogh", "bread"),
        ("pasta sauces", "sauce"),
        ("jalapeno chese", "cheese"),
        ("what about the soy one", "soy"),
        ("请问有豆浆吗", "soya"),
        ("巧克力牛奶多少钱", "chocolate"),
        ("还有没有巧克力的", "chocolate"),
    ],
)
def test_typing_errors_plurals_parts_and_the_words_around_a_name_are_forgiven(
    search, question, meant
) -> None:
    assert search.find(question, 1) == [meant]


@pytest.mark.parametrize(
    "question",
    ["", "   ", "do you have it in stock?", "purple unicorns", "多少钱", "\x00", "🍞" * 500, "%%%", "'"],
)
def test_what_names_nothing_finds_nothing(search, question) -> None:
    assert search.find(question, 5) == []


def test_a_swap_of_letters_is_one_error() -> None:
    search = TitleSearch(lambda: [("silk", "Silk drink"), ("milk", "Milk drink"), ("oil", "Oil")])

    assert search.find("mlik", 3) == ["milk"]
    assert search.find("mlk", 3) == []
    assert search.find("silkk", 3) == ["silk"]


def test_in_a_short_word_a_letter_put_for_another_makes_another_word() -> None:
    search = TitleSearch(lambda: [("1", "Cold relief"), ("2", "Pork chops"), ("3", "Milk")])

    assert search.find("cola", 3) == search.find("port", 3) == search.find("silk", 3) == []


def test_a_word_written_in_one_or_in_two_is_the_same() -> None:
    search = TitleSearch(lambda: [("1", "Ice cream"), ("2", "Sourdough loaf"), ("3", "Cream")])

    assert search.find("icecream", 1) == ["1"]
    assert search.find("sour dough", 1) == ["2"]


def test_of_two_words_the_last_one_is_what_is_wanted() -> None:
    search = TitleSearch(lambda: [("1", "Whole chicken"), ("2", "Milk"), ("3", "Milk, 1 pt"), ("4", "Tea")])

    assert search.find("whole milk", 1) == ["2"]


def test_a_title_that_covers_more_of_the_question_comes_first(search) -> None:
    assert search.find("soy milk", 3) == ["soy", "milk"]


def test_a_word_that_no_title_has_is_missed(search) -> None:
    """Of "helicopter fuel and milk" milk alone says too little."""
    assert search.find("helicopter kerosene turbine spares for milk", 3) == []


def test_a_key_with_two_names_is_found_by_both_and_comes_once() -> None:
    search = TitleSearch(lambda: [("1", "Aubergine"), ("1", "Eggplant"), ("2", "Egg noodles")])

    assert search.find("eggplants", 3) == ["1"]
    assert search.find("aubergine eggplant", 3) == ["1"]


def test_of_equally_good_titles_the_one_listed_first_wins() -> None:
    search = TitleSearch(lambda: [("b", "Oat milk"), ("a", "Oat milk"), ("c", "Oat milk drink")])

    assert search.find("oat milk", 3) == ["b", "a", "c"]


def test_titles_are_read_once_a_minute(monkeypatch) -> None:
    reads: list[int] = []
    clock = [100.0]
    monkeypatch.setattr(products, "monotonic", lambda: clock[0])

    def read():
        reads.append(1)
        return [("1", "Tea")]

    search = TitleSearch(read)
    search.find("tea", 1)
    clock[0] += 59
    search.find("tea", 1)
    assert len(reads) == 1

    clock[0] += 2
    search.find("tea", 1)
    assert len(reads) == 2


def test_a_read_that_fails_leaves_no_lock_behind() -> None:
    answers = iter([RuntimeError("the database is gone"), [("1", "Tea")]])

    def read():
        answer = next(answers)
        if isinstance(answer, Exception):
            raise answer
        return answer

    search = TitleSearch(read)
    with pytest.raises(RuntimeError):
        search.find("tea", 1)

    assert search.find("tea", 1) == ["1"]


def test_words_are_compared_without_case_accents_and_endings() -> None:
    assert words("Crème Brûlées, TOMATOES") == words("creme brulee tomato")
    assert words("berries") == words("berry")
    assert words("豆腐") == ["豆腐"]
    assert words("老豆腐") == ["老豆", "豆腐"]
