"""Knowledge builds: what a manager reads of them and does to them."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.admin.models import LogEntry
from django.contrib.auth import get_user_model
from django.test import Client
from django.utils import timezone

from support_bot.models import ActiveKnowledge, Entry, KnowledgeBuild

from .conftest import REPORT, page, text_of

BuildOf = Callable[..., KnowledgeBuild]
Status = KnowledgeBuild.Status


def test_the_list_shows_status_accuracy_duration_and_starter(manager: Client, build_of: BuildOf) -> None:
    ann = get_user_model().objects.create_user("ann")
    build_of(started_by=ann, via="admin")

    text = text_of(manager.get(page("knowledgebuild_changelist")))

    for shown in ("finished", "activated", "en 91.2 %", "en 85.0 %", "1 min 2 s", "ann"):
        assert shown in text, shown


def test_the_list_takes_the_same_queries_for_one_build_and_for_many(
    manager: Client, build_of: BuildOf, django_assert_max_num_queries: Any
) -> None:
    ann = get_user_model().objects.create_user("ann")
    for _number in range(12):
        build_of(started_by=ann)

    with django_assert_max_num_queries(10):
        manager.get(page("knowledgebuild_changelist"))


def test_a_build_page_shows_accuracy_calibration_the_curve_data_timings_and_the_verdict(
    manager: Client, build_of: BuildOf
) -> None:
    build = build_of(seed=7)

    text = text_of(manager.get(page("knowledgebuild_change", build.pk)))

    for shown in (
        "Better than always the most frequent answer.",
        "91.2 %",
        "0.034 (0.021 to 0.049)",
        "as learned: 0.410",
        "use, minilm",
        "Precision and coverage by threshold",
        "Calibration",
        "<td>97.0 %</td>",  # of the reliability table
        "<td>95.0 %</td>",  # of the curve's
        "<dd>7</dd>",
        "Phrasings in English",
    ):
        assert shown in text, shown
    assert text.count("bot-chart") == 2


def test_a_failed_build_says_why(manager: Client, build_of: BuildOf) -> None:
    build = build_of(
        status=Status.FAILED, error="There is no entry. <script>", metrics={}, verdict="", artifact=""
    )

    text = text_of(manager.get(page("knowledgebuild_change", build.pk)))

    assert "Why it failed" in text
    assert "There is no entry. &lt;script&gt;" in text
    assert page("knowledgebuild_activate", build.pk) not in text


@pytest.mark.parametrize(
    "metrics",
    [
        {"en": None},
        {"en": []},
        {"en": {"accuracy": "high", "curve": "none", "reliability": [1, {"confidence": None}]}},
        {"en": {**REPORT, "curve": [{"threshold": "low"}, {"precision": 1}, None]}},
        {"en": {**REPORT, "ece_interval": [1], "encoders": "use", "missing": ["minilm"]}},
        [],
        "nothing",
    ],
)
def test_whatever_stands_in_the_figures_the_pages_still_open(
    manager: Client, build_of: BuildOf, metrics: Any
) -> None:
    build = build_of(metrics=metrics, data=metrics, timings=metrics, encoders=metrics)
    build.activate(via="command")

    for address in (
        page("knowledgebuild_change", build.pk),
        page("knowledgebuild_changelist"),
        page("conversation_analytics"),
    ):
        assert text_of(manager.get(address))


def test_a_live_build_shows_its_progress_and_reloads_without_a_script(
    manager: Client, live: KnowledgeBuild
) -> None:
    text = text_of(manager.get(page("knowledgebuild_change", live.pk)))
    part = manager.get(page("knowledgebuild_progress", live.pk))

    assert '<noscript><meta http-equiv="refresh"' in text
    assert 'value="25"' in text
    assert "Learning" in part.content.decode()
    assert "no-store" in part["Cache-Control"]


def test_starting_one_needs_the_permission_and_a_second_is_refused(
    staff: Callable[..., Client], live: KnowledgeBuild
) -> None:
    looker = staff("view_knowledgebuild")
    starter = staff("view_knowledgebuild", "add_knowledgebuild")

    refused = looker.post(page("knowledgebuild_add"), {"seed": 1})
    second = starter.post(page("knowledgebuild_add"), {"seed": 1})

    assert refused.status_code == 403
    assert "wait for it or cancel it first" in text_of(second)
    assert KnowledgeBuild.objects.count() == 1


def test_the_build_is_started_with_what_was_chosen(
    manager: Client, db: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(KnowledgeBuild, "_enqueue", lambda _build: None)

    response = manager.post(page("knowledgebuild_add"), {"seed": "5"})

    build = KnowledgeBuild.objects.get()
    assert response["Location"] == page("knowledgebuild_change", build.pk)
    assert (build.seed, build.activate_when_done, build.via) == (5, False, "admin")
    assert build.started_by.username == "manager"
    assert LogEntry.objects.filter(object_id=str(build.pk)).count() == 1


@pytest.mark.parametrize(
    ("action", "permission"), [("cancel", "cancel_knowledgebuild"), ("activate", "activate_knowledgebuild")]
)
def test_each_action_asks_first_and_needs_its_own_permission(
    staff: Callable[..., Client], build_of: BuildOf, live: KnowledgeBuild, action: str, permission: str
) -> None:
    build = live if action == "cancel" else build_of()
    address = page(f"knowledgebuild_{action}", build.pk)

    refused = staff("view_knowledgebuild", "add_knowledgebuild").post(address)
    allowed = staff("view_knowledgebuild", permission)
    asked = text_of(allowed.get(address))
    before = ActiveKnowledge.objects.count(), KnowledgeBuild.objects.get(pk=build.pk).cancel_requested
    done = allowed.post(address)

    assert refused.status_code == 403
    assert "csrfmiddlewaretoken" in asked
    assert before == (0, False)
    assert done["Location"] == page("knowledgebuild_change", build.pk)
    build.refresh_from_db()
    assert build.cancel_requested if action == "cancel" else build.is_active


def test_rolling_back_asks_first_and_says_when_there_is_nothing_to_go_back_to(
    manager: Client, build_of: BuildOf
) -> None:
    first, second = build_of(), build_of()
    first.activate(via="command")
    nothing = manager.get(page("knowledgebuild_roll_back"), follow=True)
    second.activate(via="command")

    asked = text_of(manager.get(page("knowledgebuild_roll_back")))
    manager.post(page("knowledgebuild_roll_back"))

    assert "no build to go back to" in text_of(nothing)
    assert f"Go back to build {first}?" in asked
    assert ActiveKnowledge.objects.current().build == first


def test_a_build_without_anything_stored_cannot_be_activated(manager: Client, build_of: BuildOf) -> None:
    build = build_of(artifact="")

    response = manager.post(page("knowledgebuild_activate", build.pk), follow=True)

    assert "has nothing stored to answer with" in text_of(response)
    assert ActiveKnowledge.objects.count() == 0


def test_the_manager_moves_the_threshold_along_the_curve_and_gives_it_back(
    manager: Client, build_of: BuildOf
) -> None:
    build = build_of()
    build.activate(via="command")
    address = page("knowledgebuild_thresholds", build.pk)

    offered = text_of(manager.get(page("knowledgebuild_change", build.pk)))
    manager.post(address, {"en": "0.8"})
    moved = ActiveKnowledge.objects.current().thresholds
    shown = text_of(manager.get(page("knowledgebuild_change", build.pk)))
    off_the_curve = manager.post(address, {"en": "0.5"})
    manager.post(address, {"en": ""})

    assert "0.800, right 99.0 %, answers 60.0 %, out of scope found 97.0 %" in offered
    assert moved == {"en": 0.8}
    assert "as you set it: 0.800" in shown
    assert "Select a valid choice" in text_of(off_the_curve)
    assert ActiveKnowledge.objects.current().thresholds == {}


def test_thresholds_of_a_build_that_does_not_answer_stay_as_they_are(
    staff: Callable[..., Client], build_of: BuildOf
) -> None:
    active, other = build_of(), build_of()
    active.activate(via="command")
    mover = staff("view_knowledgebuild", "activate_knowledgebuild")

    mover.post(page("knowledgebuild_thresholds", other.pk), {"en": "0.8"})
    looker = staff("view_knowledgebuild").post(page("knowledgebuild_thresholds", active.pk), {"en": "0.8"})

    assert looker.status_code == 403
    assert ActiveKnowledge.objects.current().thresholds == {}


def test_entries_changed_since_the_build_are_counted(
    manager: Client, faq: dict[Any, Any], build_of: BuildOf
) -> None:
    build = build_of(started_at=timezone.now() + timedelta(hours=1))
    build.activate(via="command")
    Entry.objects.filter(slug="start-return").update(updated_at=timezone.now() + timedelta(hours=2))

    text = text_of(manager.get(page("knowledgebuild_changelist")))

    assert "2 entries have changed since this build" in text


def test_an_unknown_build_is_not_found(manager: Client, db: None) -> None:
    for key in ("12345", "0", "9" * 30, "abc"):
        assert manager.get(f"/admin/concierge_support/knowledgebuild/{key}/change/").status_code == 404
