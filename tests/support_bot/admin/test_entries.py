"""The FAQ in the admin: the list with its warnings, the form, trying a question, import and export."""

from __future__ import annotations

import json
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import pytest
from django.contrib.auth import get_user_model
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client, override_settings

from support_bot import answers
from support_bot.models import Conversation, Entry, Feedback, Message, Phrasing
from support_bot.nlu import Candidate, Ranking

from .conftest import page, text_of

Faq = dict[Any, Entry]
Talk = Callable[..., Conversation]

MARKDOWN = """\
# gifts: Gifts

## Do you sell gift cards?
slug: gift-cards
phrasing: can I buy a voucher

Yes, **from $10**.
"""


def entry_form(**fields: Any) -> dict[str, Any]:
    """What the form of a new entry sends."""
    texts = fields.pop("phrasings", [])
    sent = {
        "question": "Do you sell gift cards?",
        "slug": "gift-cards",
        "language": "en",
        "answer": "Yes.",
        "audience": "everyone",
        "is_published": "on",
        "position": "0",
        "phrasings-TOTAL_FORMS": str(len(texts)),
        "phrasings-INITIAL_FORMS": "0",
    }
    sent |= {f"phrasings-{number}-text": text for number, text in enumerate(texts)}
    return sent | fields


def upload(text: str, name: str = "en.md") -> SimpleUploadedFile:
    return SimpleUploadedFile(name, text.encode())


def test_the_list_shows_traffic_of_real_customers_votes_and_who_an_entry_is_for(
    manager: Client, faq: Faq, talk: Talk
) -> None:
    for helpful in (True, False):
        conversation = talk(("money?", "answer", "refund-time"), ("parcel?", "action", "order_status"))
        reply = conversation.messages.get(topic="refund-time")
        Feedback.objects.create(message=reply, helpful=helpful)
    talk(("money?", "answer", "refund-time"), is_simulated=True)

    shown = manager.get(page("entry_changelist")).context["cl"].result_list

    seen = {(entry.slug, entry.language): entry.traffic for entry in shown}
    assert (seen["refund-time", "en"].asked, seen["refund-time", "en"].helpful) == (2, 1)
    assert seen["refund-time", "en"].votes == 2
    assert seen["where-is-my-order", "en"].asked == 2  # by its skill
    assert seen["refund-time", "zh-hans"].asked == 0
    assert "country=US" in text_of(manager.get(page("entry_changelist")))


def test_entries_asked_for_in_the_same_words_and_entries_nobody_asks_for_are_marked(
    manager: Client, faq: Faq, talk: Talk
) -> None:
    Phrasing.objects.create(entry=faq["refund-time"], text="Track my parcel!")
    Entry.objects.update(created_at="2020-01-01T00:00Z")
    talk(("money?", "answer", "refund-time"))

    shown = manager.get(page("entry_changelist")).context["cl"].result_list
    quiet = manager.get(page("entry_changelist") + "?traffic=none").context["cl"].result_list

    marked = {entry.slug: entry for entry in shown if entry.language == "en"}
    assert marked["refund-time"].collides_with == "Where is my order?"
    assert marked["where-is-my-order"].collides_with == "When do I get my money back?"
    assert marked["start-return"].collides_with == ""
    assert marked["start-return"].is_quiet
    assert "start-return" in {entry.slug for entry in quiet}


def test_the_list_takes_the_same_queries_for_few_entries_and_for_many(
    manager: Client, sample_faq: Faq, django_assert_max_num_queries: Any
) -> None:
    with django_assert_max_num_queries(16):
        manager.get(page("entry_changelist"))


def test_an_entry_is_saved_with_its_phrasings(manager: Client, db: None) -> None:
    response = manager.post(page("entry_add"), entry_form(phrasings=["can I buy a voucher", ""]))

    entry = Entry.objects.get()
    assert response["Location"] == page("entry_changelist")
    assert [phrasing.text for phrasing in entry.phrasings.all()] == ["can I buy a voucher"]
    assert entry.phrasings.get().source == Phrasing.Source.WRITTEN


@pytest.mark.parametrize(
    ("fields", "told"),
    [
        ({"answer": "Hello {customer.password}"}, "Unknown variable"),
        ({"answer": "{% load admin %}"}, "templates are not evaluated"),
        ({"language": "xx"}, "Select a valid choice"),
        ({"skill": "fly"}, "Select a valid choice"),
        ({"audience": "condition", "condition": "height=2"}, "Unknown condition"),
        ({"question": ""}, "This field is required"),
    ],
)
def test_what_the_bot_could_not_answer_with_is_refused_and_what_exists_is_listed(
    manager: Client, db: None, fields: dict[str, str], told: str
) -> None:
    response = manager.post(page("entry_add"), entry_form(**fields))

    assert told in text_of(response)
    assert "{shop.name}" in text_of(response)
    assert not Entry.objects.exists()


def test_saving_what_another_entry_is_asked_in_says_so(manager: Client, faq: Faq) -> None:
    sent = entry_form(phrasings=["Track my parcel!"])

    response = manager.post(page("entry_add"), sent, follow=True)

    assert "for “Where is my order?”" in text_of(response)
    assert Entry.objects.filter(slug="gift-cards").exists()


@pytest.mark.parametrize(
    ("own", "other", "told"), [(0.6, 0.57, True), (0.6, 0.3, False), (None, 0.7, True), (None, 0.3, False)]
)
def test_saving_what_the_bot_cannot_tell_from_another_entry_says_so(
    manager: Client, faq: Faq, monkeypatch: pytest.MonkeyPatch, own: float | None, other: float, told: bool
) -> None:
    ranked = [Candidate("payment-cards", other, "", 0, 0, 0)]
    ranked += [] if own is None else [Candidate("gift-cards", own, "", 0, 0, 0)]
    ranking = Ranking("en", tuple(ranked), 0.5)
    engine = SimpleNamespace(rank=lambda *_args, **_kwargs: ranking)
    state = SimpleNamespace(engine=engine, threshold=lambda _language: 0.5)
    monkeypatch.setattr(answers, "active", lambda: state)

    response = manager.post(page("entry_add"), entry_form(), follow=True)

    assert ("for “Which cards do you take?”" in text_of(response)) is told


def test_trying_a_question_shows_outcome_reason_ranking_and_the_rendered_answer(
    manager: Client, faq: Faq
) -> None:
    text = text_of(manager.get(page("entry_try"), {"q": "How do I return an item?"}))

    for shown in ("answers", "reaches the threshold", "How do I return an item?", "Nearest phrasing"):
        assert shown in text, shown
    assert "<strong>30 days</strong>" in text


def test_a_question_that_nothing_resembles_is_said_to_have_no_answer(manager: Client, faq: Faq) -> None:
    text = text_of(manager.get(page("entry_try"), {"q": "zzzz qqqq <script>alert(1)</script>"}))

    assert "says that it does not know" in text
    assert "<script>alert" not in text


def test_asking_as_a_customer_needs_the_right_to_see_customers(
    manager: Client, staff: Callable[..., Client], faq: Faq
) -> None:
    carla = get_user_model().objects.create_user("carla")
    asked = {"q": "close my account for good", "customer": "carla"}

    visitor = text_of(manager.get(page("entry_try"), {"q": asked["q"]}))
    customer = text_of(manager.get(page("entry_try"), asked))
    by_key = text_of(manager.get(page("entry_try"), {**asked, "customer": str(carla.pk)}))
    nobody = text_of(manager.get(page("entry_try"), {**asked, "customer": "no such person"}))
    editor = text_of(staff("view_entry").get(page("entry_try"), asked))

    assert "only for customers who are logged in" in visitor
    assert "only for customers who are logged in" not in customer
    assert "only for customers who are logged in" not in by_key
    assert "No customer has the name or key" in nobody
    assert "As customer" not in editor
    assert "only for customers who are logged in" in editor


def test_the_preview_renders_what_is_not_saved_yet_and_cleans_it(manager: Client, faq: Faq) -> None:
    answer = "**Bold** [x](javascript:alert(1)) <img src=x onerror=alert(1)> {shop.name} {what.ever}"

    text = text_of(manager.post(page("entry_preview"), {"answer": answer, "question": "Q?"}))

    assert "<strong>Bold</strong>" in text
    assert 'href="javascript' not in text
    assert "<img" not in text
    assert "{what.ever}" in text


def test_collisions_are_listed_and_near_ones_when_asked_for(manager: Client, faq: Faq) -> None:
    Phrasing.objects.create(entry=faq["refund-time"], text="Track my parcel!")

    same = text_of(manager.get(page("entry_collisions"), {"language": "en"}))
    near = text_of(manager.get(page("entry_collisions"), {"language": "en", "near": "1"}))
    other = text_of(manager.get(page("entry_collisions"), {"language": "zh-hans"}))

    assert "the same words" in same
    assert "the same words" in near
    assert "No two entries collide" in other


def test_a_file_is_tried_first_and_stores_nothing(manager: Client, db: None) -> None:
    response = manager.post(page("entry_import"), {"file": upload(MARKDOWN), "try": "1"})

    assert "The file is good" in text_of(response)
    assert "1 new, 0 changed" in text_of(response)
    assert not Entry.objects.exists()


def test_a_good_file_is_imported(manager: Client, db: None) -> None:
    response = manager.post(page("entry_import"), {"file": upload(MARKDOWN), "import": "1"}, follow=True)

    assert "Imported: 1 new" in text_of(response)
    assert Entry.objects.get().phrasings.get().source == Phrasing.Source.IMPORTED


def test_a_bad_file_is_refused_whole_and_each_error_has_its_line(manager: Client, db: None) -> None:
    bad = MARKDOWN + "\n## And this?\nslug: and this\n\n{no.such} <b>\n"

    response = manager.post(page("entry_import"), {"file": upload(bad), "import": "1"})

    text = text_of(response)
    assert "Nothing was imported" in text
    assert '<th scope="row">' in text
    assert "no.such" in text
    assert not Entry.objects.exists()


@pytest.mark.parametrize(
    "file",
    [
        SimpleUploadedFile("faq.exe", b"MZ\x00\x01"),
        SimpleUploadedFile("en.csv", b"\xff\xfe\x00"),
        SimpleUploadedFile("en.json", b"[1, 2"),
        SimpleUploadedFile("en.md", b""),
        None,
    ],
)
def test_what_is_no_faq_is_refused_with_a_reason(manager: Client, db: None, file: Any) -> None:
    sent = {"import": "1"} | ({"file": file} if file else {})

    response = manager.post(page("entry_import"), sent)

    assert any(word in text_of(response) for word in ("Nothing was imported", "errorlist"))


def test_importing_needs_the_right_to_add_and_change_and_replacing_that_to_delete(
    staff: Callable[..., Client], faq: Faq
) -> None:
    looker = staff("view_entry")
    editor = staff("view_entry", "add_entry", "change_entry")
    sent = {"import": "1", "replace": "on"}

    looked = looker.post(page("entry_import"), {"file": upload(MARKDOWN), **sent})
    replaced = editor.post(page("entry_import"), {"file": upload(MARKDOWN), **sent})

    assert (looked.status_code, replaced.status_code) == (403, 403)
    assert Entry.objects.filter(language="en").count() == 8


@pytest.mark.parametrize("kind", ["markdown", "csv", "json"])
def test_what_is_exported_goes_in_again_unchanged(manager: Client, faq: Faq, kind: str) -> None:
    response = manager.get(page("entry_export"), {"format": kind, "language": "en"})

    name = response["Content-Disposition"].split('"')[1]
    again = manager.post(
        page("entry_import"), {"file": SimpleUploadedFile(name, response.content), "try": "1"}
    )

    assert name.startswith("en.")
    assert "0 new, 0 changed, 8 unchanged" in text_of(again)


def test_an_export_of_an_unknown_format_is_markdown_of_everything(manager: Client, faq: Faq) -> None:
    response = manager.get(page("entry_export"), {"format": "../etc", "language": "<b>"})

    assert response["Content-Disposition"] == 'attachment; filename="faq.md"'
    assert "我的订单到哪里了" in response.content.decode()


def test_a_category_is_named_by_language(manager: Client, db: None) -> None:
    titles = json.dumps({"en": "Gifts", "zh-hans": "礼品"})

    manager.post(page("category_add"), {"slug": "gifts", "titles": titles, "position": "1"})

    assert "en: Gifts, zh-hans: 礼品" in text_of(manager.get(page("category_changelist")))


@override_settings(SUPPORT_BOT={"ADAPTER": "no.such.Adapter", "ENCODERS": {"*": ["lexical"]}})
def test_with_a_broken_adapter_the_pages_say_so_and_open(manager: Client, faq: Faq) -> None:
    assert "no.such.Adapter" in text_of(manager.get(page("entry_try"), {"q": "hello"}))
    assert text_of(manager.get(page("entry_change", faq["start-return"].pk)))
    assert text_of(manager.get(page("entry_changelist")))


def test_a_message_is_no_entry(manager: Client, faq: Faq, talk: Talk) -> None:
    answered = talk(("money?", "answer", "refund-time")).messages.get(author=Message.Author.BOT)

    form = text_of(manager.get(f"{page('entry_add')}?messages={answered.pk},abc,-1,{'9' * 40}"))

    assert "A reply to" not in form
