"""The runs, for those with the permission."""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib.auth.models import Permission
from django.test import override_settings
from rest_framework.test import APIClient

from recommendations import jobs
from recommendations.models import ActiveModel, ModelRun
from tests.serving.blocks import BlockShop

URL = "/api/recommendations/runs/"


@pytest.fixture
def started(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """Trainings that were handed to a worker; none runs."""
    handed: list[Any] = []
    monkeypatch.setattr(jobs, "enqueue", lambda name, args, **options: handed.append((name, args)))
    return handed


def allowed(shop: BlockShop, *codenames: str) -> APIClient:
    api = APIClient(raise_request_exception=False)
    shop.ann.user_permissions.set(Permission.objects.filter(codename__in=codenames))
    api.force_login(shop.ann)
    return api


CALLS = [
    ("get", URL, "view_modelrun"),
    ("post", URL, "add_modelrun"),
    ("get", URL + "{pk}/", "view_modelrun"),
    ("post", URL + "{pk}/activate/", "activate_modelrun"),
    ("post", URL + "{pk}/cancel/", "cancel_modelrun"),
]


@pytest.mark.parametrize(("method", "url", "permission"), CALLS)
def test_each_call_needs_its_own_permission(
    shop: BlockShop, started: list[Any], method: str, url: str, permission: str
) -> None:
    run = shop.activate("trending", shop.popular())
    others = {needed for _method, _url, needed in CALLS} - {permission}
    url = url.format(pk=run.pk)

    of_nobody = getattr(APIClient(), method)(url, {}, format="json")
    of_another = getattr(allowed(shop, *others), method)(url, {}, format="json")
    of_one_with_it = getattr(allowed(shop, permission), method)(url, {}, format="json")

    assert of_nobody.status_code in (401, 403)
    assert of_nobody.json()["code"] == "not_authenticated"
    assert of_another.status_code == 403
    assert of_another.json()["code"] == "permission_denied"
    assert of_one_with_it.status_code not in (401, 403)


def test_runs_are_listed_by_pages_the_newest_first(shop: BlockShop) -> None:
    runs = [ModelRun.objects.create(algorithm="als", role="personal") for _run in range(30)]
    api = allowed(shop, "view_modelrun")

    first = api.get(URL).json()
    second = api.get(first["next"]).json()

    assert (first["count"], len(first["results"]), len(second["results"])) == (30, 25, 5)
    assert first["results"][0]["id"] == runs[-1].pk
    assert len(api.get(URL, {"page_size": 10**9}).json()["results"]) == 30


@pytest.mark.parametrize("page", ["0", "-1", "a", "9" * 30, "\x00", "99"])
def test_a_page_that_does_not_exist_is_404(shop: BlockShop, page: str) -> None:
    response = allowed(shop, "view_modelrun").get(URL, {"page": page})

    assert response.status_code == 404
    assert response.json()["code"] == "not_found"


def test_a_run_says_how_it_went_and_what_it_serves(shop: BlockShop) -> None:
    run = shop.activate("trending", shop.popular())

    answer = allowed(shop, "view_modelrun").get(f"{URL}{run.pk}/").json()

    assert (answer["status"], answer["active_for"]) == ("finished", ["trending"])
    assert {"metrics", "baselines", "cleaning", "history", "log"} <= set(answer)


def test_a_training_is_started_with_checked_parameters(
    shop: BlockShop, started: list[Any], django_capture_on_commit_callbacks
) -> None:
    api = allowed(shop, "add_modelrun")

    with django_capture_on_commit_callbacks(execute=True):
        response = api.post(
            URL, {"algorithm": "als", "parameters": {"factors": "32"}, "seed": 3}, format="json"
        )

    run = ModelRun.objects.get()
    assert response.status_code == 201
    assert (run.algorithm, run.parameters["factors"], run.seed) == ("als", 32, 3)
    assert (run.started_by, run.started_via) == (shop.ann, "api")
    assert response.json()["status"] == "queued"
    assert started == [("recommendations.train", [run.pk])]


def test_a_second_training_of_the_same_algorithm_is_a_conflict(shop: BlockShop, started: list[Any]) -> None:
    api = allowed(shop, "add_modelrun")
    api.post(URL, {"algorithm": "als"}, format="json")

    response = api.post(URL, {"algorithm": "als"}, format="json")

    assert response.status_code == 409
    assert response.json()["code"] == "already_running"
    assert ModelRun.objects.count() == 1


@pytest.mark.django_db(transaction=True)
def test_a_broker_that_refuses_is_told_at_once_and_the_run_is_failed(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_args: Any, **_options: Any) -> None:
        raise jobs.Refused("The broker refused the task: connection refused. Is it running?")

    monkeypatch.setattr(jobs, "enqueue", refuse)

    response = allowed(BlockShop(), "add_modelrun").post(URL, {"algorithm": "als"}, format="json")

    assert response.status_code == 503
    assert "Is it running?" in response.json()["detail"]
    assert ModelRun.objects.get().status == "failed"


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({}, "algorithm"),
        ({"algorithm": "asl"}, "algorithm"),
        ({"algorithm": "\x00"}, "algorithm"),
        ({"algorithm": "als" * 99}, "algorithm"),
        ({"algorithm": "als", "parameters": {"factors": 0}}, "parameters.factors"),
        ({"algorithm": "als", "parameters": {"factros": 1}}, "parameters.factros"),
        ({"algorithm": "als", "parameters": {"factors": [1]}}, "parameters.factors"),
        ({"algorithm": "als", "parameters": {"factors": {"a": {}}}}, "parameters.factors"),
        ({"algorithm": "als", "parameters": {"regularization": "1e400"}}, "parameters.regularization"),
        ({"algorithm": "als", "parameters": [1]}, "parameters"),
        ({"algorithm": "als", "role": "buy_again"}, "role"),
        ({"algorithm": "als", "seed": -1}, "seed"),
        ({"algorithm": "als", "seed": 2**40}, "seed"),
        ({"algorithm": "als", "activate": "perhaps"}, "activate"),
    ],
)
def test_a_training_that_makes_no_sense_is_refused_by_field(
    shop: BlockShop, started: list[Any], body: dict[str, Any], field: str
) -> None:
    response = allowed(shop, "add_modelrun").post(URL, body, format="json")

    assert response.status_code == 400
    assert field in response.json()["errors"]
    assert not ModelRun.objects.exists()


def test_a_run_is_activated_and_the_caller_recorded(shop: BlockShop) -> None:
    first = shop.activate("trending", shop.popular())
    shop.activate("trending", shop.popular())
    api = allowed(shop, "activate_modelrun")

    response = api.post(f"{URL}{first.pk}/activate/")

    first.refresh_from_db()
    assert response.status_code == 200
    assert response.json()["active_for"] == ["trending"]
    assert ActiveModel.objects.get(role="trending").run == first
    assert (first.activated_by, first.activated_via) == (shop.ann, "api")


def test_a_run_can_be_activated_for_another_role_that_it_can_fill(shop: BlockShop) -> None:
    run = shop.activate("personal", shop.factors())
    api = allowed(shop, "activate_modelrun")

    good = api.post(f"{URL}{run.pk}/activate/", {"role": "similar"}, format="json")
    bad = api.post(f"{URL}{run.pk}/activate/", {"role": "buy_again"}, format="json")
    made_up = api.post(f"{URL}{run.pk}/activate/", {"role": "everything"}, format="json")

    assert good.json()["active_for"] == ["personal", "similar"]
    assert bad.status_code == made_up.status_code == 400
    assert "role" in bad.json()["errors"]


def test_a_run_of_an_algorithm_that_the_host_took_away_keeps_to_its_own_role(shop: BlockShop) -> None:
    run = shop.activate("personal", shop.factors())
    ModelRun.objects.filter(pk=run.pk).update(algorithm="taken_away")
    api = allowed(shop, "activate_modelrun")

    own = api.post(f"{URL}{run.pk}/activate/", {"role": "personal"}, format="json")
    other = api.post(f"{URL}{run.pk}/activate/", {"role": "similar"}, format="json")

    assert own.status_code == 200
    assert other.status_code == 400
    assert "role" in other.json()["errors"]


def test_an_unfinished_run_cannot_be_activated(shop: BlockShop) -> None:
    run = ModelRun.objects.create(algorithm="als", role="personal")

    response = allowed(shop, "activate_modelrun").post(f"{URL}{run.pk}/activate/")

    assert response.status_code == 409
    assert response.json()["code"] == "cannot_activate"


def test_a_queued_run_is_cancelled_once(shop: BlockShop) -> None:
    run = ModelRun.objects.create(algorithm="als", role="personal", lock="als")
    api = allowed(shop, "cancel_modelrun")

    first, second = (api.post(f"{URL}{run.pk}/cancel/") for _call in range(2))

    assert (first.status_code, first.json()["status"]) == (200, "cancelled")
    assert (second.status_code, second.json()["code"]) == (409, "not_live")


@pytest.mark.parametrize("pk", ["999", "9" * 18, "9" * 19, "9" * 400, "-1", "abc", "1e3", "%00", "😀"])
def test_a_run_that_does_not_exist_is_404(shop: BlockShop, pk: str) -> None:
    api = allowed(shop, "view_modelrun", "cancel_modelrun", "activate_modelrun")

    assert api.get(f"{URL}{pk}/").status_code == 404
    assert api.post(f"{URL}{pk}/cancel/").status_code == 404
    assert api.post(f"{URL}{pk}/activate/").status_code == 404


def test_changing_calls_of_a_browser_need_the_csrf_value(shop: BlockShop, started: list[Any]) -> None:
    shop.ann.user_permissions.set(Permission.objects.filter(codename="add_modelrun"))
    api = APIClient(enforce_csrf_checks=True)
    api.force_login(shop.ann)

    assert api.post(URL, {"algorithm": "als"}, format="json").status_code == 403
    assert not ModelRun.objects.exists()


def test_starting_runs_is_throttled_by_user(shop: BlockShop, started: list[Any], settings) -> None:
    rates = {"DEFAULT_THROTTLE_RATES": {"recommendations_runs": "2/min"}}
    api = allowed(shop, "add_modelrun", "view_modelrun")

    with override_settings(REST_FRAMEWORK={**settings.REST_FRAMEWORK, **rates}):
        codes = [api.post(URL, {"algorithm": "asl"}, format="json").status_code for _call in range(3)]
        reading = api.get(URL).status_code

    assert codes == [400, 400, 429]
    assert reading == 200
