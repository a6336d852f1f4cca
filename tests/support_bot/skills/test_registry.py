"""Which skills there are, and running one of them safely."""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib.auth.models import User
from django.core.exceptions import ImproperlyConfigured
from django.test import override_settings
from django.utils import translation

from support_bot import skills
from support_bot.adapters import NotPossible, SupportAdapter
from support_bot.skills import Call, Outcome, Skill
from support_bot.types import Subject

NAMES = {
    "order_status", "delivery_date", "cancel_order", "start_return", "reorder", "availability",
    "coupons", "loyalty", "recommend", "goes_with", "change_address", "person",
}  # fmt: skip


class Refusing(Skill):
    """Changes something, and then the shop says no."""

    name, title, login = "refusing", "Refusing", False

    def run(self, call: Call) -> Outcome:
        User.objects.create_user("half-done")
        raise NotPossible("no", "The shop says no.")


class Breaking(Refusing):
    name = "breaking"

    def run(self, call: Call) -> Outcome:
        User.objects.create_user("half-done")
        raise RuntimeError("a bug")


class Nameless(Skill):
    name = ""


def call(**parts: Any) -> Call:
    return Call(**{"subject": Subject(), "adapter": SupportAdapter()} | parts)


def test_all_the_skills_are_there_by_name() -> None:
    assert set(skills.all()) == NAMES
    assert {name: skill.name for name, skill in skills.all().items()} == {name: name for name in NAMES}
    assert skills.get("person") is skills.all()["person"]
    assert skills.get("no_such_skill") is None


@pytest.mark.parametrize("name", sorted(NAMES))
def test_each_has_a_title_and_enough_examples_of_its_own_in_both_languages(name) -> None:
    skill = skills.all()[name]

    assert str(skill.title)
    for language in ("en", "zh-hans"):
        examples = skill.examples[language]
        assert 8 <= len(set(examples)) == len(examples) <= 12, language
        others = {
            text for other in skills.all().values() if other is not skill for text in other.examples[language]
        }
        assert not others.intersection(examples)
    assert not any(text.isascii() for text in skill.examples["zh-hans"])


def test_a_shop_without_orders_offers_what_needs_none() -> None:
    with override_settings(SUPPORT_BOT={}):
        offered = {name for name, skill in skills.all().items() if skill.available(SupportAdapter())}

    assert offered == {"person"}


def test_a_host_names_its_own_list() -> None:
    paths = ["support_bot.skills.person.Person", f"{__name__}.Refusing"]
    with override_settings(SUPPORT_BOT={"SKILLS": paths}):
        assert list(skills.all()) == ["person", "refusing"]
    with override_settings(SUPPORT_BOT={"SKILLS": ["*", f"{__name__}.Refusing"]}):
        assert set(skills.all()) == {*NAMES, "refusing"}
    assert set(skills.all()) == NAMES


@pytest.mark.parametrize(
    "paths",
    [
        ["no.such.Skill"],
        ["support_bot.skills.NoSuch"],
        ["decimal.Decimal"],
        [f"{__name__}.Nameless"],
        [f"{__name__}.Refusing", f"{__name__}.Refusing"],
        [None],
    ],
)
def test_a_list_that_makes_no_sense_says_so(paths) -> None:
    with (
        override_settings(SUPPORT_BOT={"SKILLS": paths}),
        pytest.raises(ImproperlyConfigured, match="SKILLS"),
    ):
        skills.all()


@pytest.mark.django_db
def test_what_the_shop_refuses_is_said_in_its_words_and_nothing_stays_half_done() -> None:
    reply = skills.perform(Refusing(), call(confirmed=True))

    assert reply.text == "The shop says no."
    assert not User.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_an_error_is_the_callers_and_nothing_stays_half_done() -> None:
    with pytest.raises(RuntimeError, match="a bug"):
        skills.perform(Breaking(), call(confirmed=True))

    assert not User.objects.exists()


def test_what_the_shop_has_not_is_said_and_a_person_offered() -> None:
    reply = skills.perform(skills.all()["cancel_order"], call())

    assert reply.text == "That I cannot do here."
    assert reply.suggestions


def test_a_skill_speaks_the_conversations_language_whatever_is_active() -> None:
    spoken: list[str | None] = []

    class Speaking(Skill):
        name, title, login = "speaking", "Speaking", False

        def run(self, call: Call) -> Outcome:
            spoken.append(translation.get_language())
            return self.reply("…")

    with translation.override("en"):
        skills.perform(Speaking(), call(language="zh-hans"))
        skills.perform(Speaking(), call())

    assert spoken == ["zh-hans", "en"]


def test_what_a_skill_says_is_text_and_never_markup() -> None:
    reply = Refusing().reply("<b>5 & more</b>\n\nnew", link=("<i>", 'https://example.com/"><script>'))

    assert "<b>" not in reply.html
    assert "<i>" not in reply.html
    assert "<script>" not in reply.html
    assert reply.text.startswith("<b>5 & more</b>")
