"""What an entry may be; and its ``updated_at``, which tells the bot that it has something to learn."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from django.core.exceptions import ValidationError
from django.forms import modelform_factory
from django.utils import timezone

from support_bot.models import Category, Entry, Phrasing
from support_bot.models.knowledge import MAX_ANSWER

pytestmark = pytest.mark.django_db


def an_entry(**changes: object) -> Entry:
    fields = {"slug": "returns", "language": "en", "question": "How do I return it?", "answer": "Like this."}
    return Entry(**{**fields, **changes})


def errors(**changes: object) -> dict[str, list[str]]:
    try:
        an_entry(**changes).full_clean()
    except ValidationError as failure:
        return failure.message_dict
    return {}


def test_a_plain_entry_is_fine():
    assert errors() == {}


@pytest.mark.parametrize(
    ("changes", "field", "words"),
    [
        ({"answer": "   \r\n "}, "answer", "blank"),
        ({"question": " \u3000 "}, "question", "blank"),
        ({"question": "a" * 301}, "question", "300"),
        ({"answer": "a" * (MAX_ANSWER + 1)}, "answer", str(MAX_ANSWER)),
        ({"answer": "a\x00b"}, "answer", "U+0000"),
        ({"question": "why \u202e evil"}, "question", "U+202E"),
        ({"answer": "\x1b[31m red"}, "answer", "U+001B"),
        ({"answer": "text\n\n## Own question?\n\nmore"}, "answer", "## Own question?"),
        ({"answer": "Hi {customer.nme}"}, "answer", "customer."),
        ({"language": "zh-cn"}, "language", "zh-hans"),
        ({"language": "xx"}, "language", "en"),
        ({"skill": "order_stats"}, "skill", "order_status"),
        ({"slug": "Not a slug"}, "slug", "slug"),
        ({"audience": "condition"}, "condition", "name=value"),
        ({"audience": "condition", "condition": "country"}, "condition", "name=value"),
        ({"audience": "condition", "condition": "=US"}, "condition", "name=value"),
        ({"audience": "condition", "condition": "contry=US"}, "condition", "'country'"),
        ({"audience": "everyone", "condition": "country=US"}, "condition", "clear the condition"),
        (
            {
                "active_from": datetime(2026, 3, 2, tzinfo=UTC),
                "active_until": datetime(2026, 3, 1, tzinfo=UTC),
            },
            "active_until",
            "later",
        ),
    ],
)
def test_what_is_wrong_is_named_with_what_is_allowed(changes, field, words):
    found = errors(**changes)

    assert list(found) == [field]
    assert words in " ".join(found[field])


@pytest.mark.parametrize(
    "changes",
    [
        {"question": "  " + "a" * 300 + " \n"},
        {"audience": "condition", "condition": " country = US "},
        {"answer": "### A heading of its own\n\n```\n# a comment\n```\n"},
        {"language": "zh-hans", "question": "怎么退货？"},
        {"skill": "order_status"},
    ],
)
def test_what_is_right_passes(changes):
    assert errors(**changes) == {}


def test_texts_are_trimmed_and_composed():
    entry = an_entry(question="  Cafe\u0301 \n open? ", answer="\r\n\r\n  code\r\nnext  \r\n\r\n")

    entry.full_clean()

    assert entry.question == "Café open?"
    assert entry.answer == "  code\nnext"


def test_a_slug_is_taken_once_a_language():
    an_entry().save()

    assert "already" in " ".join(errors()["__all__"])
    assert errors(language="zh-hans") == {}


def test_a_form_with_some_of_the_fields_reports_on_those_alone():
    form_class = modelform_factory(Entry, fields=["question", "answer"])

    form = form_class(
        {"question": "x", "answer": "{nonsense}"}, instance=an_entry(condition="x=y", language="xx")
    )

    assert list(form.errors) == ["answer"]


@pytest.mark.parametrize("text", ["", "  ", "a" * 301, "a\x00b", "\u2066x"])
def test_a_phrasing_is_checked_too(faq, text):
    with pytest.raises(ValidationError):
        Phrasing(entry=faq["start-return"], text=text).full_clean()


def test_an_entry_has_a_phrasing_once(faq):
    with pytest.raises(ValidationError, match="already"):
        Phrasing(entry=faq["start-return"], text=" this is  not what I wanted").full_clean()


def aged(entry: Entry) -> Entry:
    Entry.objects.filter(pk=entry.pk).update(updated_at=timezone.now() - timedelta(days=1))
    entry.refresh_from_db()
    return entry


def moved(entry: Entry) -> bool:
    before = entry.updated_at
    entry.refresh_from_db()
    return entry.updated_at > before


def test_an_entry_changes_when_its_phrasings_do(faq):
    entry = aged(faq["start-return"])
    phrasing = Phrasing.objects.create(entry=entry, text="take it back")
    assert moved(entry)

    aged(entry)
    phrasing.text = "take it back, please"
    phrasing.save()
    assert moved(entry)

    aged(entry)
    phrasing.delete()
    assert moved(entry)

    aged(entry)
    entry.phrasings.all().delete()
    assert moved(entry)

    other = aged(faq["refund-time"])
    entry.delete()
    assert not moved(other)


def test_a_category_is_called_by_its_language_then_by_any_then_by_its_slug():
    assert (
        Category(slug="gift-cards", titles={"en": "Gift cards", "zh-hans": "礼品卡"}).title("zh-hans")
        == "礼品卡"
    )
    assert Category(slug="gift-cards", titles={"zh-hans": "礼品卡"}).title("en") == "礼品卡"
    assert Category(slug="gift-cards", titles=["broken"]).title() == "Gift cards"
