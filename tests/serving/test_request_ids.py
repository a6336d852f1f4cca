"""Request ids say what was served, and cannot be made up."""

from __future__ import annotations

import time

import pytest
from django.core.signing import BadSignature, SignatureExpired

from recommendations.serving import get_recommendations, request_ids

from .blocks import BlockShop


def test_an_id_says_placement_run_time_and_items(shop: BlockShop) -> None:
    run = shop.activate("trending", shop.popular())
    before = time.time()

    served = get_recommendations("trending", limit=3)
    said = request_ids.read(served.request_id)

    assert (said.placement, said.run) == ("trending", run.pk)
    assert before - 1 <= said.time <= time.time() + 1
    assert said.holds(shop.keys("cups 0", "cups 1", "cups 2"))
    assert not said.holds(shop.keys("cups 1", "cups 0", "cups 2"))


@pytest.mark.parametrize(
    "change", [lambda text: text[:-1], lambda text: "x" + text, lambda text: "", str.swapcase]
)
def test_an_altered_id_is_refused(change) -> None:
    made = request_ids.make("trending", 7, ["1", "2"], now=1_700_000_000.0)

    with pytest.raises(BadSignature):
        request_ids.read(change(made))


def test_an_old_id_is_refused_when_asked_to(monkeypatch: pytest.MonkeyPatch) -> None:
    made = request_ids.make("trending", None, [], now=time.time())
    real = time.time
    monkeypatch.setattr("django.core.signing.time.time", lambda: real() + 3_600)

    assert request_ids.read(made).run is None
    with pytest.raises(SignatureExpired):
        request_ids.read(made, max_age=60)


def test_keys_that_only_look_alike_together_have_different_digests() -> None:
    assert request_ids.digest(["a", "b"]) != request_ids.digest(["ab"])
    assert request_ids.digest(["😀\ud800"])


def test_nothing_is_written_when_a_list_is_served(shop: BlockShop, django_assert_max_num_queries) -> None:
    shop.activate_all()

    with django_assert_max_num_queries(100) as queries:
        get_recommendations("for-you")

    verbs = {query["sql"].lstrip("(").split()[0] for query in queries.captured_queries}
    assert verbs <= {"SELECT", "SAVEPOINT", "RELEASE"}
