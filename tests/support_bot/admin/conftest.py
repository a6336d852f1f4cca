from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth import get_user_model
from django.contrib.auth.models import Permission
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from support_bot.models import Conversation, KnowledgeBuild, Message

REPORT = {
    "n": 420,
    "labels": 74,
    "accuracy": 0.912,
    "ece": 0.034,
    "ece_interval": [0.021, 0.049],
    "reliability": [
        {"confidence": 0.2, "accuracy": 0.25, "n": 42},
        {"confidence": 0.6, "accuracy": 0.55, "n": 42},
        {"confidence": 0.95, "accuracy": 0.97, "n": 336},
    ],
    "threshold": 0.41,
    "curve": [
        {"threshold": 0.1, "precision": 0.8, "coverage": 0.99, "out_of_scope_recall": 0.4},
        {"threshold": 0.41, "precision": 0.95, "coverage": 0.9, "out_of_scope_recall": 0.85},
        {"threshold": 0.8, "precision": 0.99, "coverage": 0.6, "out_of_scope_recall": 0.97},
    ],
    "out_of_scope_recall": 0.85,
    "encoders": ["use", "minilm"],
    "missing": {},
    "seconds": 12.5,
}


@pytest.fixture
def build_of(db: None) -> Callable[..., KnowledgeBuild]:
    """Makes a build: a finished, judged one unless told otherwise."""

    def make(**fields: Any) -> KnowledgeBuild:
        now = timezone.now()
        usual = {
            "status": KnowledgeBuild.Status.FINISHED,
            "data": {"entries": 74, "phrasings": 420, "languages": {"en": 420}, "fingerprint": "3f0c"},
            "encoders": {"en": ["use", "minilm"]},
            "metrics": {"en": REPORT},
            "thresholds": {"en": 0.41},
            "timings": {"learn": 12.5},
            "device": "cpu",
            "verdict": KnowledgeBuild.Verdict.ACTIVATED,
            "verdict_reason": "Better than always the most frequent answer.",
            "artifact": "knowledge-1",
            "checksum": "0" * 64,
            "started_at": now - timedelta(seconds=62),
            "finished_at": now,
        }
        return KnowledgeBuild.objects.create(**(usual | fields))

    return make


@pytest.fixture
def live(build_of: Callable[..., KnowledgeBuild]) -> KnowledgeBuild:
    """A build that a worker is busy with."""
    return build_of(
        status=KnowledgeBuild.Status.RUNNING,
        lock="build",
        stage="learn",
        done=3,
        total=12,
        heartbeat_at=timezone.now(),
        metrics={},
        verdict="",
        verdict_reason="",
        artifact="",
        finished_at=None,
    )


@pytest.fixture
def talk(db: None) -> Callable[..., Conversation]:
    """Makes a conversation of (question, kind and topic of the reply) pairs, or with none a fresh one."""

    def make(*turns: tuple[str, str, str], language: str = "en", **fields: Any) -> Conversation:
        n = Conversation.objects.count()
        conversation = Conversation.objects.create(token_hash=f"{n:064d}", language=language, **fields)
        at = fields.get("created_at") or timezone.now()
        for number, (text, kind, topic) in enumerate(turns):
            asked = Message.objects.create(
                conversation=conversation,
                sequence=2 * number + 1,
                author=Message.Author.CUSTOMER,
                text=text,
                language=language,
                created_at=at,
            )
            Message.objects.create(
                conversation=conversation,
                sequence=2 * number + 2,
                author=Message.Author.BOT,
                reply_to=asked,
                text=f"A reply to {text}",
                kind=kind,
                topic=topic,
                confidence=0.91 if topic else None,
                milliseconds=5.0 + number,
                language=language,
                created_at=at,
            )
        Conversation.objects.filter(pk=conversation.pk).update(next_sequence=2 * len(turns) + 1)
        conversation.refresh_from_db()
        return conversation

    return make


@pytest.fixture
def manager(db: None) -> Client:
    """A superuser's browser."""
    client = Client()
    client.force_login(get_user_model().objects.create_superuser("manager", password="manager"))
    return client


@pytest.fixture
def staff(db: None) -> Callable[..., Client]:
    """The browser of a member of staff who has just these permissions."""

    def log_in(*names: str, username: str = "") -> Client:
        user = get_user_model().objects.create_user(username or f"staff-{'-'.join(names)}", is_staff=True)
        user.user_permissions.set(Permission.objects.filter(codename__in=names))
        client = Client()
        client.force_login(user)
        return client

    return log_in


def page(name: str, *args: Any) -> str:
    """The address of an admin page of the app: ``page("knowledgebuild_change", 3)``."""
    return reverse(f"admin:concierge_support_{name}", args=args)


def text_of(response: Any) -> str:
    assert response.status_code == 200, response
    return response.content.decode()
