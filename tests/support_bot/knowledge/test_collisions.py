"""Entries that the bot cannot tell apart, and entries that nobody asks for."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone

from support_bot.knowledge import collisions, quiet_entries
from support_bot.models import Conversation, Entry, Message, Phrasing

pytestmark = pytest.mark.django_db


def pairs(found):
    return [({one.entry.slug, one.other.slug}, one.kind) for one in found]


def test_a_plain_faq_has_none(faq):
    assert collisions("en") == collisions("zh-hans") == []


def test_the_same_words_in_two_entries_collide_whatever_their_case_and_marks(faq):
    Phrasing.objects.create(entry=faq["payment-cards"], text="Ｗaiting, for my REFUND!!")
    Phrasing.objects.create(entry=faq["payment-cards", "zh-hans"], text="怎么退货")

    (collision,) = collisions("en")

    assert pairs([collision]) == [({"payment-cards", "refund-time"}, "same")]
    assert {collision.text, collision.other_text} == {"Ｗaiting, for my REFUND!!", "waiting for my refund"}
    assert pairs(collisions("zh-hans")) == [({"payment-cards", "start-return"}, "same")]


def test_entries_that_are_not_published_collide_with_nothing(faq):
    Phrasing.objects.create(entry=faq["payment-cards"], text="waiting for my refund")
    Entry.objects.filter(slug="payment-cards").update(is_published=False)

    assert collisions("en") == []


def test_phrasings_almost_alike_are_near(faq):
    Phrasing.objects.create(entry=faq["payment-cards"], text="I am waiting for my refund")

    (collision,) = collisions("en", near=True)

    assert pairs([collision]) == [({"payment-cards", "refund-time"}, "near")]
    assert 0.7 <= collision.likeness < 1
    assert collisions("en") == []


def test_with_encoders_the_meaning_counts(faq, encoders, settings):
    settings.SUPPORT_BOT = {**settings.SUPPORT_BOT, "ENCODERS": {"*": ["use"]}}
    Phrasing.objects.create(entry=faq["payment-cards"], text="how long do refunds take?")

    assert pairs(collisions("en", near=True)) == [({"payment-cards", "refund-time"}, "near")]


def test_the_sample_shops_faq_has_none(sample_faq):
    assert collisions("en", near=True) == collisions("zh-hans", near=True) == []


def test_entries_without_traffic_are_those_that_answered_nothing_lately(faq):
    Entry.objects.update(created_at=timezone.now() - timedelta(days=60))
    Entry.objects.filter(slug="delivery-cost").update(created_at=timezone.now())
    conversation = Conversation.objects.create(token_hash="a")
    simulated = Conversation.objects.create(token_hash="b", is_simulated=True)
    old = timezone.now() - timedelta(days=40)
    for number, (topic, at, where) in enumerate(
        [
            ("start-return", timezone.now(), conversation),
            ("order_status", timezone.now(), conversation),
            ("payment-cards", old, conversation),
            ("delete-account", timezone.now(), simulated),
            ("", timezone.now(), conversation),
        ]
    ):
        Message.objects.create(
            conversation=where, sequence=number, author="bot", text="x", topic=topic, created_at=at
        )

    quiet = set(quiet_entries(30).filter(language="en").values_list("slug", flat=True))

    assert quiet == {"refund-time", "delivery-alaska", "payment-cards", "delete-account", "opening-hours"}
