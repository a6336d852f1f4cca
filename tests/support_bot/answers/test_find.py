"""One look-up: who may be told what, in which language, and what is done about it."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from support_bot import answers
from support_bot.answers import decide, topics
from support_bot.answers.found import prefer_known
from support_bot.models import Entry, Phrasing
from support_bot.nlu import Candidate
from support_bot.types import Profile, Subject

from .conftest import Ask

ANN = Subject(user_key="1")
AMERICAN = Profile(conditions={"country": "US"})


def labels(found: answers.Found) -> list[str]:
    return [match.label for match in found.matches]


def candidates(*confidences: float, **named: float) -> list[Candidate]:
    pairs = [(f"e{place}", sure) for place, sure in enumerate(confidences)]
    pairs += [(name.replace("_", ":"), sure) for name, sure in named.items()]
    return [Candidate(label, sure, f"a phrasing of {label}", 0.0, 0.0, 0.0) for label, sure in pairs]


def outcome(found: list[Candidate], threshold: float = 0.5, **options: Any) -> tuple[str, list[str]]:
    what, told = decide(found, threshold, **options)
    return what, [one.label for one in told]


@pytest.mark.parametrize(
    ("confidences", "expected"),
    [
        ((), ("none", [])),
        ((0.8, 0.1), ("answer", ["e0", "e1"])),
        ((0.5,), ("answer", ["e0"])),
        ((0.5, 0.44), ("answer", ["e0", "e1"])),
        ((0.5, 0.46), ("clarify", ["e0", "e1"])),
        ((0.5, 0.46, 0.455, 0.452), ("clarify", ["e0", "e1", "e2"])),
        ((0.49,), ("none", ["e0"])),
        ((0.3, 0.15, 0.06, 0.01), ("clarify", ["e0", "e1", "e2"])),
        ((0.3, 0.1, 0.05, 0.05), ("none", ["e0", "e1", "e2", "e3"])),
        ((0.3, 0.21), ("clarify", ["e0", "e1"])),
    ],
)
def test_the_outcome_follows_three_rules(confidences: Any, expected: tuple[str, list[str]]) -> None:
    assert outcome(candidates(*confidences)) == expected


def test_labels_that_know_the_very_same_phrasing_are_as_good_as_each_other() -> None:
    found = [
        Candidate("parking", 0.9, "Where can I park?", 0.0, 0.0, 0.0),
        Candidate("opening", 0.05, "when", 0.0, 0.0, 0.0),
        Candidate("access", 0.04, "where can I park?", 0.0, 0.0, 0.0),
    ]

    assert outcome(found) == ("clarify", ["parking", "access"])


def test_small_talk_is_never_asked_back() -> None:
    assert outcome(candidates(talk_hello=0.5, e1=0.48))[0] == "answer"
    assert outcome(candidates(0.5, talk_hello=0.48))[0] == "answer"
    assert outcome(candidates(talk_hello=0.4, e1=0.3, e2=0.2))[0] == "none"
    assert outcome(candidates(0.3, talk_hello=0.25))[0] == "none"


def test_what_a_customer_asked_before_breaks_a_tie_and_nothing_else() -> None:
    near = candidates(0.5, 0.48, 0.1)

    ordered, tie_broken = prefer_known(near, {"e1": 2.0, "e2": 9.0})
    assert [one.label for one in ordered] == ["e1", "e0", "e2"]
    assert tie_broken
    assert outcome(ordered, 0.4, preferred=tie_broken)[0] == "answer"
    assert prefer_known(near, {"e0": 1.0, "e1": 1.0}) == (near, False)
    assert prefer_known(near, {"e2": 9.0}) == (near, False)
    assert prefer_known(near, {}) == (near, False)


def test_a_preference_breaks_a_tie_of_real_entries(db: None, ask: Ask) -> None:
    for slug in ("eggs", "milk"):
        entry = Entry.objects.create(
            slug=slug, language="en", question=f"Are the {slug} organic?", answer="x"
        )
        Phrasing.objects.create(entry=entry, text="is it organic")

    tied = ask("is it organic")
    preferred = ask("is it organic", prefer={"milk": 1.0})

    assert tied.outcome == "clarify"
    assert sorted(labels(tied)) == ["eggs", "milk"]
    assert (preferred.outcome, preferred.best.label) == ("answer", "milk")


def test_two_entries_that_are_as_likely_are_asked_back_with_their_entries(db: None, ask: Ask) -> None:
    for slug in ("a", "b"):
        entry = Entry.objects.create(slug=slug, language="en", question=f"Question {slug}?", answer="x")
        Phrasing.objects.create(entry=entry, text="where can I park my bicycle")

    found = ask("where can I park my bicycle")

    assert found.outcome == "clarify"
    assert {match.entry.slug for match in found.matches} == {"a", "b"}


@pytest.mark.parametrize(
    ("question", "slug", "subject", "profile", "told"),
    [
        ("close my account for good", "delete-account", Subject(), Profile(), False),
        ("close my account for good", "delete-account", ANN, Profile(), True),
        ("delivery to Anchorage in Alaska", "delivery-alaska", ANN, Profile(), False),
        ("delivery to Anchorage in Alaska", "delivery-alaska", ANN, AMERICAN, True),
        ("delivery to Anchorage in Alaska", "delivery-alaska", Subject(), AMERICAN, True),
        (
            "delivery to Anchorage in Alaska",
            "delivery-alaska",
            ANN,
            Profile(conditions={"country": "CA"}),
            False,
        ),
    ],
)
def test_an_entry_is_told_to_its_audience_alone(
    faq: Any, ask: Ask, question: str, slug: str, subject: Subject, profile: Profile, told: bool
) -> None:
    found = ask(question, subject=subject, profile=profile)

    assert (slug in labels(found)) is told


def test_conditions_do_not_mind_case_and_a_missing_fact_is_not_met() -> None:
    meets = topics.meets

    assert meets(" country = us ", AMERICAN)
    assert not meets("country=US", Profile())
    assert not meets("country", AMERICAN)
    assert not meets("", AMERICAN)
    assert not meets("orders=1", AMERICAN)


def test_an_entry_bound_to_a_skill_is_the_skills_label_and_knows_its_examples(faq: Any, ask: Ask) -> None:
    found = ask("has my order been shipped yet")

    assert (found.best.label, found.best.skill, found.best.entry) == (
        "where-is-my-order",
        "order_status",
        faq["where-is-my-order"],
    )
    examples_of_skill = [one.text for one in answers.examples() if one.label == "where-is-my-order"]
    assert len(examples_of_skill) > 6  # three of the FAQ in each language, and the skill's own


def test_a_skill_without_an_entry_answers_by_its_own_examples(faq: Any, ask: Ask) -> None:
    from support_bot import skills

    text = skills.all()["coupons"].examples["en"][0]

    found = ask(text)

    assert (found.best.label, found.best.skill, found.best.entry) == ("skill:coupons", "coupons", None)


def test_a_skill_stays_reachable_when_its_entry_is_not_for_this_person(faq: Any, ask: Ask) -> None:
    Entry.objects.filter(slug="where-is-my-order").update(audience="logged_in")
    answers.reset()

    found = ask("track my parcel")

    assert (found.best.label, found.best.skill, found.best.entry) == (
        "where-is-my-order",
        "order_status",
        None,
    )
    assert ask("track my parcel", subject=ANN).best.entry == faq["where-is-my-order"]


def test_a_skill_that_this_shop_cannot_do_is_not_offered(faq: Any, ask: Ask, settings: Any) -> None:
    from support_bot import skills

    text = skills.all()["coupons"].examples["en"][0]
    settings.SUPPORT_BOT = {**settings.SUPPORT_BOT, "ADAPTER": "support_bot.adapters.SupportAdapter"}

    assert "skill:coupons" not in labels(ask(text))


def test_two_entries_bound_to_one_skill_share_nothing(db: None) -> None:
    for slug in ("first", "second"):
        Entry.objects.create(slug=slug, language="en", question=slug, answer="x", skill="order_status")

    shelf = topics.read().shelf("en")

    assert shelf.bound == {"first": "order_status"}


@pytest.mark.parametrize(
    ("text", "options", "language"),
    [
        ("how do I return an item", {}, "en"),
        ("怎么退货", {}, "zh-hans"),
        ("怎么退货", {"subject": Subject(language="en")}, "zh-hans"),
        ("123456", {"subject": Subject(language="zh-cn")}, "zh-hans"),
        ("123456", {"profile": Profile(language="zh-hans")}, "zh-hans"),
        ("123456", {"subject": Subject(language="de")}, "en"),
        ("how do I return an item", {"language": "zh-hans"}, "zh-hans"),
        ("how do I return an item", {"language": "en-gb"}, "en"),
        ("how do I return an item", {"language": "tlh"}, "tlh"),
    ],
)
def test_the_language_is_the_questions_then_the_customers(
    faq: Any, ask: Ask, text: str, options: Any, language: str
) -> None:
    assert ask(text, **options).language == language


def test_an_unknown_language_has_no_answer(faq: Any, ask: Ask) -> None:
    found = ask("how do I return an item", language="tlh")

    assert (found.outcome, found.matches) == ("none", ())


def test_the_same_question_in_two_languages_gives_the_entry_of_each(faq: Any, ask: Ask) -> None:
    assert ask("how do I return an item").best.entry == faq["start-return"]
    assert ask("怎么退货").best.entry == faq["start-return", "zh-hans"]


@pytest.mark.parametrize(
    "text",
    [
        "",
        " ",
        "\x00",
        "?!",
        "\u202e",
        "\ud800",
        "{{ 7*7 }}",
        "a" * 200_000,
        "😀" * 50,
        "' OR 1=1 --",
        "%s %(x)s",
    ],
    ids=range(11),
)
def test_no_text_raises(faq: Any, ask: Ask, text: str) -> None:
    found = ask(text)

    assert found.outcome in ("answer", "clarify", "none")


def test_as_many_matches_as_were_asked_for(faq: Any, ask: Ask) -> None:
    assert len(ask("something else altogether about items", limit=3).matches) <= 3


def test_a_match_says_why(faq: Any, ask: Ask) -> None:
    best = ask("I want to send something back").best

    assert best.candidate.phrasing == "I want to send something back"
    assert best.candidate.lexical > 0.5
    assert 0 < best.confidence <= 1


def test_explain_shows_hidden_entries_and_the_rule_that_decided(faq: Any) -> None:
    why = answers.explain("close my account for good", subject=Subject(), profile=Profile())

    hidden = next(one for one in why.ranking if one.label == "delete-account")
    assert "logged in" in hidden.why_not
    assert hidden.title == "How do I delete my account?"
    assert "delete-account" not in labels(why.found)
    assert why.milliseconds > 0

    told = answers.explain("close my account for good", subject=ANN, profile=Profile())
    assert told.found.best.label == "delete-account"
    assert next(one for one in told.ranking if one.label == "delete-account").why_not == ""
    assert "reaches the threshold" in told.reason


def test_explain_has_a_sentence_for_every_outcome(faq: Any) -> None:
    def reason(text: str) -> str:
        return answers.explain(text, subject=Subject(), profile=Profile()).reason

    assert "Nothing resembles" in reason("?!")
    assert "below the threshold" in reason("quantum chromodynamics lecture")
    Phrasing.objects.create(entry=faq["payment-cards"], text="may my dog come in")
    Phrasing.objects.create(entry=faq["opening-hours"], text="may my dog come in")
    assert "Asked back" in reason("may my dog come in")


def test_a_host_object_as_subject_is_enough(faq: Any) -> None:
    """Only what the room needs of a subject is asked for: an adapter may have a class of its own."""
    subject = SimpleNamespace(user_key="1", language="en")

    assert answers.find("close my account for good", subject=subject, profile=Profile()).best.entry
