"""Starting, cancelling, activating, rolling back, comparing: by permission, by POST, and with a trace."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.contrib.admin.models import LogEntry
from django.contrib.auth import get_user_model
from django.test import Client
from django.utils.html import escape

from recommendations.models import ActiveModel, ModelRun

from .conftest import page

RunOf = Callable[..., ModelRun]
Staff = Callable[..., Client]
Status = ModelRun.Status
FORM = {
    "role": "personal",
    "seed": "3",
    "activate": "on",
    "parameter_factors": "32",
    "parameter_iterations": "5",
    "parameter_alpha": "2.5",
    "parameter_regularization": "",
    "parameter_weight": "log1p",
    "parameter_half_life": "",
    "parameter_unobserved_weight": "1",
    "parameter_frequency_scaling": "0",
    "parameter_block": "64",
}


def start(client: Client, **fields: str):
    return client.post(f"{page('modelrun_add')}?algorithm=als", {**FORM, **fields})


def test_the_form_offers_every_algorithm_with_its_parameters(manager: Client) -> None:
    from recommendations.algorithms.catalogue import ALGORITHMS

    for name, algorithm in ALGORITHMS.items():
        text = manager.get(f"{page('modelrun_add')}?algorithm={name}").content.decode()

        for parameter in algorithm.parameters:
            assert f'name="parameter_{parameter.name}"' in text
            assert escape(parameter.help) in text


def test_ranges_and_defaults_of_the_catalogue_are_in_the_form(manager: Client) -> None:
    text = manager.get(f"{page('modelrun_add')}?algorithm=als").content.decode()

    assert '<input type="number" name="parameter_factors" value="64" min="1" max="1024"' in text
    assert "From 1 to 1024. Default: 64." in text
    assert "Leave it empty for “auto”." in text


def test_a_run_starts_with_typed_parameters_and_is_logged(manager: Client) -> None:
    response = start(manager)

    run = ModelRun.objects.get()
    assert response["Location"] == page("modelrun_change", run.pk)
    assert run.parameters == {
        "factors": 32,
        "iterations": 5,
        "alpha": 2.5,
        "regularization": None,
        "weight": "log1p",
        "half_life": None,
        "unobserved_weight": 1.0,
        "frequency_scaling": 0.0,
        "block": 64,
    }
    assert (run.algorithm, run.role, run.seed, run.activate_if_better) == ("als", "personal", 3, True)
    assert (run.started_by.get_username(), run.started_via) == ("manager", "admin")
    assert LogEntry.objects.get().object_id == str(run.pk)


def test_a_run_may_be_started_without_activation_and_for_another_role(manager: Client) -> None:
    start(manager, role="similar", activate="")

    run = ModelRun.objects.get()
    assert (run.role, run.activate_if_better) == ("similar", False)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("parameter_factors", "0"),
        ("parameter_factors", "1025"),
        ("parameter_factors", "many"),
        ("parameter_factors", "1.5"),
        ("parameter_factors", ""),
        ("parameter_alpha", "nan"),
        ("parameter_alpha", "inf"),
        ("parameter_alpha", "-1"),
        ("parameter_alpha", "1e999"),
        ("parameter_regularization", "\x00"),
        ("parameter_weight", "cubic"),
        ("parameter_weight", "<script>"),
        ("parameter_half_life", "🍎"),
        ("role", "buy_again"),
        ("role", ""),
        ("seed", "-1"),
        ("seed", "99999999999999999999"),
    ],
)
def test_hostile_values_come_back_as_errors_of_their_field(manager: Client, field: str, value: str) -> None:
    response = start(manager, **{field: value})

    assert response.status_code == 200
    assert list(response.context["form"].errors) == [field]
    assert not ModelRun.objects.exists()


def test_fields_that_the_form_does_not_have_change_nothing(manager: Client) -> None:
    start(manager, status="finished", artifact="../../etc", started_via="x", parameter_bogus="1")

    run = ModelRun.objects.get()
    assert (run.status, run.artifact, run.started_via) == (Status.QUEUED, "", "admin")
    assert "bogus" not in run.parameters


@pytest.mark.parametrize("name", ["alss", "../als", "<script>", "\x00", "x" * 5000])
def test_an_unknown_algorithm_is_answered_with_the_valid_ones(manager: Client, name: str) -> None:
    response = manager.post(f"{page('modelrun_add')}", {}, query_params={"algorithm": name})

    text = response.content.decode()
    assert response.status_code == 200
    assert "There is no algorithm" in text
    assert "bought_together" in text
    assert "<script>alert" not in text


def test_a_second_run_of_the_algorithm_is_refused_with_the_way_to_the_first(manager: Client) -> None:
    start(manager)

    response = start(manager)

    first = ModelRun.objects.get()
    text = response.content.decode()
    assert "is under way already" in text
    assert page("modelrun_change", first.pk) in text


def test_start_again_fills_in_the_parameters_of_that_run(manager: Client, run_of: RunOf) -> None:
    run = run_of(parameters={"factors": 17, "unknown": 3}, role="similar", seed=9)

    form = manager.get(f"{page('modelrun_add')}?algorithm=als&like={run.pk}").context["form"]

    assert form["parameter_factors"].value() == 17
    assert form["parameter_iterations"].value() == 15
    assert (form["role"].value(), form["seed"].value()) == ("similar", 9)


@pytest.mark.parametrize("like", ["999", "x", "-1", "9" * 40, "²"])
def test_start_again_like_a_run_that_is_gone_shows_the_defaults(manager: Client, like: str) -> None:
    response = manager.get(page("modelrun_add"), {"algorithm": "als", "like": like})

    assert response.context["form"]["parameter_factors"].value() == 64


@pytest.mark.django_db(transaction=True)
def test_a_dead_broker_is_told_on_the_page_and_the_run_is_failed(manager: Client, settings) -> None:
    from celery import current_app

    settings.RECOMMENDATIONS = {**settings.RECOMMENDATIONS, "JOBS": "celery"}
    before = current_app.conf.broker_url
    current_app.conf.broker_url = "redis://127.0.0.1:9/0"
    try:
        response = manager.post(f"{page('modelrun_add')}?algorithm=als", FORM, follow=True)
    finally:
        current_app.conf.broker_url = before

    text = response.content.decode()
    assert ModelRun.objects.get().status == Status.FAILED
    assert "The run could not be started" in text
    assert "broker" in text


def test_a_queued_run_is_cancelled_and_logged(manager: Client, run_of: RunOf) -> None:
    run = run_of(status=Status.QUEUED, lock="als", started_at=None, finished_at=None)

    response = manager.post(page("modelrun_cancel", run.pk))

    run.refresh_from_db()
    assert response["Location"] == page("modelrun_change", run.pk)
    assert run.status == Status.CANCELLED
    assert LogEntry.objects.get().get_change_message() == "Cancelled."


def test_a_running_run_is_asked_to_stop(manager: Client, live: ModelRun) -> None:
    response = manager.post(page("modelrun_cancel", live.pk), follow=True)

    live.refresh_from_db()
    assert live.cancel_requested
    assert "Being cancelled" in response.content.decode()


def test_cancelling_a_finished_run_changes_nothing(manager: Client, run_of: RunOf) -> None:
    run = run_of()

    response = manager.post(page("modelrun_cancel", run.pk), follow=True)

    run.refresh_from_db()
    assert run.status == Status.FINISHED
    assert "nothing to cancel" in response.content.decode()
    assert not LogEntry.objects.exists()


def test_several_runs_are_cancelled_from_the_list(manager: Client, run_of: RunOf) -> None:
    runs = [
        run_of(algorithm=name, status=Status.QUEUED, lock=name, finished_at=None) for name in ("als", "svd")
    ]
    chosen = {"action": "cancel_runs", "_selected_action": [run.pk for run in runs]}

    manager.post(page("modelrun_changelist"), chosen)

    assert set(ModelRun.objects.values_list("status", flat=True)) == {Status.CANCELLED}
    assert LogEntry.objects.count() == 2


def test_activation_is_on_the_run_and_in_the_admin_log(
    manager: Client, run_of: RunOf, django_capture_on_commit_callbacks
) -> None:
    run = run_of()

    with django_capture_on_commit_callbacks(execute=True):
        manager.post(page("modelrun_activate", run.pk))

    run.refresh_from_db()
    assert ActiveModel.objects.get(role="personal").run == run
    assert (run.activated_by.get_username(), run.activated_via) == ("manager", "admin")
    entry = LogEntry.objects.get()
    assert (entry.object_id, entry.user.get_username()) == (str(run.pk), "manager")
    assert entry.get_change_message() == (
        "Serves the role Personal suggestions (before: none; by way of: admin)."
    )


def test_an_activation_by_a_person_outside_the_admin_is_logged_too(
    manager: Client, run_of: RunOf, django_capture_on_commit_callbacks
) -> None:
    ann = get_user_model().objects.create_user("ann")

    with django_capture_on_commit_callbacks(execute=True):
        run_of().activate(user=ann, via="api")

    assert "by way of: api" in LogEntry.objects.get(user=ann).get_change_message()


def test_an_activation_without_a_user_stands_on_the_run_alone(
    run_of: RunOf, django_capture_on_commit_callbacks
) -> None:
    run = run_of()

    with django_capture_on_commit_callbacks(execute=True):
        run.activate(via="command")

    run.refresh_from_db()
    assert (run.activated_by, run.activated_via) == (None, "command")
    assert not LogEntry.objects.exists()


def test_a_run_may_serve_another_role_of_its_algorithm_but_no_foreign_one(
    manager: Client, run_of: RunOf
) -> None:
    run = run_of()

    manager.post(page("modelrun_activate", run.pk), {"role": "similar"})
    response = manager.post(page("modelrun_activate", run.pk), {"role": "buy_again"}, follow=True)

    assert list(ActiveModel.objects.values_list("role", flat=True)) == ["similar"]
    assert "cannot fill the role buy_again" in response.content.decode()


@pytest.mark.parametrize("fields", [{"status": Status.FAILED}, {"artifact": ""}])
def test_a_run_without_a_model_is_not_activated(manager: Client, run_of: RunOf, fields: dict) -> None:
    run = run_of(**fields)

    response = manager.post(page("modelrun_activate", run.pk), follow=True)

    assert "has no stored model" in response.content.decode()
    assert not ActiveModel.objects.exists()
    assert not LogEntry.objects.exists()


def test_roll_back_serves_the_run_before_and_is_logged_on_it(
    manager: Client, run_of: RunOf, django_capture_on_commit_callbacks
) -> None:
    first, second = run_of(), run_of()
    first.activate(via="command")
    second.activate(via="command")

    with django_capture_on_commit_callbacks(execute=True):
        manager.post(page("modelrun_roll_back"), {"role": "personal"})

    assert ActiveModel.objects.get().run == first
    entry = LogEntry.objects.get()
    assert entry.object_id == str(first.pk)
    assert f"before: {second}" in entry.get_change_message()


def test_roll_back_from_the_list_of_active_models(manager: Client, run_of: RunOf) -> None:
    first, second = run_of(), run_of()
    first.activate(via="command")
    second.activate(via="command")
    chosen = {"action": "roll_back", "_selected_action": [ActiveModel.objects.get().pk]}

    manager.post(page("activemodel_changelist"), chosen)

    assert ActiveModel.objects.get().run == first


@pytest.mark.parametrize("role", ["", "personal", "nobody", "\x00", "x" * 4000])
def test_roll_back_without_an_earlier_model_says_so(manager: Client, run_of: RunOf, role: str) -> None:
    run_of().activate(via="command")

    response = manager.post(page("modelrun_roll_back"), {"role": role}, follow=True)

    assert "There is no earlier model" in response.content.decode()


def test_two_to_four_chosen_runs_are_compared(manager: Client, run_of: RunOf) -> None:
    runs = [run_of(), run_of()]
    chosen = {"action": "compare_runs", "_selected_action": [run.pk for run in runs]}

    response = manager.post(page("modelrun_changelist"), chosen)

    assert response["Location"] == f"{page('modelrun_compare')}?run={runs[0].pk}&run={runs[1].pk}"


@pytest.mark.parametrize("count", [1, 5])
def test_other_numbers_of_runs_are_not_compared(manager: Client, run_of: RunOf, count: int) -> None:
    chosen = {"action": "compare_runs", "_selected_action": [run_of().pk for _number in range(count)]}

    response = manager.post(page("modelrun_changelist"), chosen, follow=True)

    assert "Choose two to four runs" in response.content.decode()


# Each action: its address, what is posted, and the one permission that allows it.
ACTIONS = [
    ("modelrun_add", {}, "add_modelrun"),
    ("modelrun_cancel", {}, "cancel_modelrun"),
    ("modelrun_activate", {}, "activate_modelrun"),
    ("modelrun_roll_back", {"role": "personal"}, "activate_modelrun"),
]
PERMISSIONS = ("view_modelrun", "add_modelrun", "cancel_modelrun", "activate_modelrun", "change_modelrun")


def address(name: str, run: ModelRun) -> str:
    if name == "modelrun_add":
        return page(name) + "?algorithm=als"
    return page(name) if name == "modelrun_roll_back" else page(name, run.pk)


@pytest.mark.parametrize(("name", "posted", "needed"), ACTIONS)
def test_an_action_needs_its_own_permission_and_no_other(
    staff: Staff, run_of: RunOf, name: str, posted: dict, needed: str
) -> None:
    run = run_of()
    others = staff(*[permission for permission in PERMISSIONS if permission != needed])
    allowed = staff(needed)

    assert others.post(address(name, run), posted).status_code == 403
    assert allowed.post(address(name, run), posted).status_code in (200, 302)


@pytest.mark.parametrize(("name", "posted", "_needed"), ACTIONS[1:])
def test_an_action_is_a_post(manager: Client, run_of: RunOf, name: str, posted: dict, _needed: str) -> None:
    assert manager.get(address(name, run_of())).status_code == 405


@pytest.mark.parametrize(("name", "posted", "_needed"), ACTIONS)
def test_an_action_without_a_csrf_token_is_refused(
    manager: Client, run_of: RunOf, name: str, posted: dict, _needed: str
) -> None:
    strict = Client(enforce_csrf_checks=True)
    strict.cookies = manager.cookies

    assert strict.post(address(name, run_of()), posted).status_code == 403


@pytest.mark.parametrize(("name", "posted", "_needed"), ACTIONS)
def test_whoever_is_not_logged_in_is_sent_to_the_login(
    client: Client, run_of: RunOf, name: str, posted: dict, _needed: str
) -> None:
    assert "/login/" in client.post(address(name, run_of()), posted)["Location"]


def test_viewing_needs_the_view_permission(staff: Staff, run_of: RunOf) -> None:
    run = run_of()
    pages = [
        page("modelrun_changelist"),
        page("modelrun_change", run.pk),
        page("modelrun_progress", run.pk),
        f"{page('modelrun_compare')}?run={run.pk}&run={run_of().pk}",
    ]
    stranger, viewer = staff("add_modelrun"), staff("view_modelrun")

    assert [stranger.get(address).status_code for address in pages] == [403] * 4
    assert [viewer.get(address).status_code for address in pages] == [200] * 4


def test_a_viewer_sees_no_button_that_would_be_refused(staff: Staff, run_of: RunOf, live: ModelRun) -> None:
    run_of().activate(via="command")
    run_of().activate(via="command")
    viewer = staff("view_modelrun")

    for address in (page("modelrun_changelist"), page("modelrun_change", live.pk)):
        text = viewer.get(address).content.decode()

        for action in ("Start a run", "Start again", "Cancel this run", "Activate for", "roll-back"):
            assert action not in text
    assert '<option value="cancel_runs">' not in viewer.get(page("modelrun_changelist")).content.decode()


def test_who_may_start_but_not_view_is_sent_to_the_front_page(staff: Staff) -> None:
    response = start(staff("add_modelrun"))

    assert ModelRun.objects.count() == 1
    assert response["Location"] == "/admin/"


@pytest.mark.parametrize("name", ["modelrun", "activemodel"])
def test_nobody_edits_or_deletes_what_training_wrote(manager: Client, run_of: RunOf, name: str) -> None:
    run = run_of()
    run.activate(via="command")
    key = run.pk if name == "modelrun" else ActiveModel.objects.get().pk

    manager.post(page(f"{name}_change", key), {"role": "similar", "status": "failed"})
    deleted = manager.post(page(f"{name}_delete", key), {"post": "yes"})

    run.refresh_from_db()
    assert deleted.status_code == 403
    assert (run.role, run.status) == ("personal", Status.FINISHED)
