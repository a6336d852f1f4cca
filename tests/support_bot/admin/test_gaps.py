"""Questions without an answer: grouped, and made an entry or a phrasing in a click or two."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from django.test import Client

from support_bot.insights import Period, clusters, groups, questions
from support_bot.insights.clusters import character_vectors
from support_bot.models import Conversation, Entry, Feedback, Message, Phrasing

from .conftest import page, text_of
from .test_analytics import lately
from .test_entries import entry_form

Faq = dict[Any, Entry]
Talk = Callable[..., Conversation]


@pytest.fixture
def gifts(talk: Talk) -> list[int]:
    """Three questions about gift cards, one of them twice."""
    for text in (
        "do you sell gift cards",
        "do you sell a gift card",
        "gift cards, do you sell them",
        "do you sell gift cards",
    ):
        talk((text, "hand_over", ""))
    asked = Message.objects.filter(author=Message.Author.CUSTOMER)
    return list(asked.values_list("pk", flat=True))


def test_groups_are_as_computed_by_hand_and_their_centre_has_the_heaviest_neighbourhood() -> None:
    # Four points on a circle at 0, 20, 40 and 90 degrees; neighbours lie within 30.
    angles = np.deg2rad([0, 20, 40, 90])
    vectors = np.stack([np.cos(angles), np.sin(angles)], axis=1).astype(np.float32)

    found = groups(vectors, [1, 1, 1, 5], near=float(np.cos(np.deg2rad(30))))

    assert [group.members for group in found] == [(3,), (1, 0, 2)]
    assert [group.weight for group in found] == [5, 3]


def test_every_text_is_in_one_group_and_the_order_of_equals_changes_nothing_in_them() -> None:
    texts = ["open on sunday", "gift card", "gift cards", "are you open on sundays", "bitcoin", ""]
    vectors = character_vectors(texts)

    found = groups(vectors, [1] * len(texts), near=0.32)
    again = groups(vectors, [1] * len(texts), near=0.32)

    assert sorted(place for group in found for place in group.members) == list(range(len(texts)))
    assert found == again
    assert {1, 2} in [set(group.members) for group in found]


def test_no_text_at_all_gives_no_group_and_a_missing_weight_is_refused() -> None:
    assert groups(character_vectors([]), [], near=0.5) == []
    with pytest.raises(ValueError, match="2 vectors, but 1 weights"):
        groups(character_vectors(["a", "b"]), [1], near=0.5)


def test_what_got_no_answer_or_an_unhelpful_one_is_listed_and_nothing_else(talk: Talk) -> None:
    talk(("no answer", "hand_over", ""), ("asked back", "clarify", ""), ("a person", "hand_over", "person"))
    talk(("fine", "answer", "refund-time"), ("  Bad   answer ", "answer", "refund-time"))
    talk(("simulated", "hand_over", ""), is_simulated=True)
    bad = Message.objects.get(text__contains="Bad", author=Message.Author.CUSTOMER)
    Feedback.objects.create(message=bad.reply, helpful=False)
    Message.objects.filter(text="asked back").update(is_handled=True)

    found = questions(lately())
    simulated = questions(Period(lately().start, lately().end, simulated=True))

    assert {question.text for question in found} == {"no answer", "Bad answer"}
    assert [question.text for question in simulated] == ["simulated"]


def test_questions_alike_stand_together_most_frequent_first(gifts: list[int], talk: Talk) -> None:
    talk(("你们招人吗", "hand_over", ""), language="zh-hans")

    found = clusters(questions(lately()))

    assert [(cluster.asked, cluster.language) for cluster in found] == [(4, "en"), (1, "zh-hans")]
    assert found[0].text == "do you sell gift cards"
    assert sorted(found[0].messages) == sorted(gifts)


def test_the_encoders_group_what_shares_no_word(encoders: Any, talk: Talk, settings: Any) -> None:
    settings.SUPPORT_BOT = {**settings.SUPPORT_BOT, "ENCODERS": {"*": ["use"]}}
    for text in ("are you hiring", "do you have any job openings", "can I pay with bitcoin"):
        talk((text, "hand_over", ""))

    found = clusters(questions(lately()))

    assert [cluster.asked for cluster in found] == [2, 1]
    assert found[1].text == "can I pay with bitcoin"


def test_a_missing_encoder_groups_by_letters(gifts: list[int], settings: Any) -> None:
    settings.SUPPORT_BOT = {**settings.SUPPORT_BOT, "ENCODERS": {"*": ["no_such_encoder"]}}

    assert [cluster.asked for cluster in clusters(questions(lately()))] == [4]


def test_the_form_of_a_new_entry_begins_with_the_questions_and_takes_them_off_the_list(
    manager: Client, faq: Faq, gifts: list[int]
) -> None:
    address = f"{page('entry_add')}?messages={','.join(map(str, gifts))}"

    form = text_of(manager.get(address))
    manager.post(address, entry_form(phrasings=["do you sell a gift card", "written by hand"]))

    assert 'value="do you sell gift cards"' in form
    assert 'value="do you sell a gift card"' in form
    sources = dict(Entry.objects.get(slug="gift-cards").phrasings.values_list("text", "source"))
    assert sources == {"do you sell a gift card": "conversation", "written by hand": "written"}
    assert questions(lately()) == []


def test_an_entry_that_is_not_saved_leaves_the_questions_on_the_list(
    manager: Client, gifts: list[int]
) -> None:
    address = f"{page('entry_add')}?messages={','.join(map(str, gifts))}"

    manager.post(address, entry_form(answer=""))

    assert len(questions(lately())) == 3


def test_who_writes_entries_but_may_not_read_conversations_is_shown_no_message(
    staff: Callable[..., Client], gifts: list[int]
) -> None:
    address = f"{page('entry_add')}?messages={','.join(map(str, gifts))}"
    writes = ("add_entry", "view_entry", "add_phrasing", "view_phrasing")

    blind, reader = staff(*writes), staff(*writes, "view_conversation")
    refused = blind.get(address)
    blind.post(address, entry_form())

    assert refused.status_code == 200
    assert "gift card" not in text_of(refused)
    assert len(questions(lately())) == 3
    assert "gift card" in text_of(reader.get(address))


def test_phrasings_are_added_to_the_entry_that_was_chosen_once(
    manager: Client, faq: Faq, gifts: list[int]
) -> None:
    Phrasing.objects.create(entry=faq["payment-cards"], text="Do you sell gift cards")
    address = f"{page('conversation_assign')}?messages={','.join(map(str, gifts))}"
    chosen = ["do you sell gift cards", "do you sell a gift card"]

    offered = text_of(manager.get(address))
    before = Entry.objects.get(pk=faq["payment-cards"].pk).updated_at
    response = manager.post(address, {"entry": faq["payment-cards"].pk, "phrasing": chosen}, follow=True)

    assert "Which cards do you take?" in offered
    assert "1 phrasing is added" in text_of(response)
    added = Phrasing.objects.filter(source=Phrasing.Source.CONVERSATION)
    assert [phrasing.text for phrasing in added] == ["do you sell a gift card"]
    assert Entry.objects.get(pk=faq["payment-cards"].pk).updated_at > before
    assert questions(lately()) == []


def test_neither_another_languages_entry_nor_a_text_that_nobody_asked_is_taken(
    manager: Client, faq: Faq, gifts: list[int]
) -> None:
    address = f"{page('conversation_assign')}?messages={','.join(map(str, gifts))}"
    before = Phrasing.objects.count()

    foreign = manager.post(
        address, {"entry": faq["payment-cards", "zh-hans"].pk, "phrasing": ["do you sell gift cards"]}
    )
    made_up = manager.post(address, {"entry": faq["payment-cards"].pk, "phrasing": ["made up"]})
    nothing = manager.post(address, {"entry": faq["payment-cards"].pk})

    for response in (foreign, made_up, nothing):
        assert "errorlist" in text_of(response)
    assert Phrasing.objects.count() == before


def test_a_group_is_dismissed_by_whoever_may_change_entries(
    staff: Callable[..., Client], gifts: list[int]
) -> None:
    sent = {"messages": ",".join(map(str, gifts))}

    looker = staff("view_conversation").post(page("conversation_unanswered"), sent)
    left = len(questions(lately()))
    editor = staff("view_conversation", "change_entry").post(page("conversation_unanswered"), sent)

    assert (looker.status_code, left) == (403, 3)
    assert editor.status_code == 302
    assert questions(lately()) == []


def test_links_to_what_is_gone_lead_back_to_the_list(manager: Client, db: None) -> None:
    for keys in ("", "1,2,3", "abc", "9" * 400):
        response = manager.get(page("conversation_assign"), {"messages": keys})

        assert response["Location"] == page("conversation_unanswered")
