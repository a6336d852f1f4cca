"""What a placement shows whom."""

from __future__ import annotations

import time
from datetime import timedelta

import pytest
from django.db import connection
from django.http import HttpRequest
from django.test import RequestFactory, override_settings
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from recommendations.models import NeverRecommend, Placement
from recommendations.serving import UnknownPlacement, get_recommendations
from recommendations.types import Subject

from .blocks import BLOCKS, BlockShop


def ann(shop: BlockShop, *basket: str, recent: tuple[str, ...] = ()) -> Subject:
    now = time.time()
    events = tuple((shop.key(name), 1.0, now) for name in recent)
    return Subject(user_key=str(shop.ann.pk), basket=tuple(shop.keys(*basket)), recent=events)


def visitor(shop: BlockShop, *basket: str) -> Subject:
    return Subject(basket=tuple(shop.keys(*basket)))


def test_without_a_model_what_was_bought_lately_comes_first_and_then_what_is_new(shop: BlockShop) -> None:
    served = get_recommendations("trending", limit=7)

    assert shop.names(served)[0] == "cups 0"
    assert set(shop.names(served)[1:5]) == {"tea 0", "tea 1", "coffee 0", "coffee 1"}
    assert [pick.source for pick in served] == ["trending"] * 5 + ["new"] * 2
    assert shop.names(served)[5:] == ["cups 11", "cups 10"]
    assert served.complete


def test_an_empty_shop_gives_an_empty_list_that_says_why(db: None) -> None:
    served = get_recommendations("for-you")

    assert not served
    assert "No model is active for personal" in served.reason
    assert served.request_id


def test_a_personal_model_shows_the_customers_block_without_what_they_bought(shop: BlockShop) -> None:
    runs = shop.activate_all()

    served = get_recommendations("for-you", subject=ann(shop), limit=3)

    assert shop.names(served) == ["tea 2", "tea 3", "tea 4"]
    assert {pick.source for pick in served} == {"personal"}
    assert {pick.algorithm for pick in served} == {"als"}
    assert served.run == runs["personal"].pk


def test_the_basket_of_somebody_who_is_not_logged_in_folds_in_at_once(shop: BlockShop) -> None:
    shop.activate_all()

    before = get_recommendations("for-you", subject=visitor(shop), limit=3)
    after = get_recommendations("for-you", subject=visitor(shop, "coffee 5"), limit=3)

    assert {pick.source for pick in before} == {"trending"}
    assert shop.names(after) == ["coffee 0", "coffee 1", "coffee 2"]


def test_an_order_placed_a_minute_ago_changes_the_list_and_is_not_shown_again(shop: BlockShop) -> None:
    shop.activate_all()

    recent = ("coffee 0", "coffee 1", "coffee 2", "coffee 3", "coffee 4")
    served = get_recommendations("for-you", subject=ann(shop, recent=recent), limit=3)

    assert shop.names(served) == ["coffee 5", "coffee 6", "coffee 7"]


def test_orders_that_the_model_was_trained_on_do_not_count_twice(shop: BlockShop) -> None:
    shop.activate_all()
    before_training = shop.trained_until.timestamp() - 60
    old = tuple((key, 1.0, before_training) for key in shop.keys("tea 0", "tea 1", "cups 0"))

    plain = get_recommendations("for-you", subject=ann(shop), limit=5)
    again = get_recommendations("for-you", subject=Subject(str(shop.ann.pk), recent=old), limit=5)

    assert [(pick.key, pick.score) for pick in plain] == [(pick.key, pick.score) for pick in again]


def test_similar_items_leave_out_the_item_itself_and_the_basket(shop: BlockShop) -> None:
    shop.activate_all()

    served = get_recommendations(
        "similar", item=shop.products["tea 0"], subject=visitor(shop, "tea 1"), limit=4
    )

    assert len(served) == 4
    assert set(shop.names(served)) <= {f"tea {number}" for number in range(2, 12)}
    assert {pick.source for pick in served} == {"similar"}


def test_bought_together_answers_for_the_item_or_else_for_the_basket(shop: BlockShop) -> None:
    shop.activate_all()

    of_item = get_recommendations("bought-together", item=shop.key("cups 3"), limit=2)
    of_basket = get_recommendations("basket", subject=visitor(shop, "cups 4"), limit=2)

    assert shop.names(of_item) == ["tea 3", "coffee 3"]
    assert shop.names(of_basket) == ["tea 4", "coffee 4"]


def test_buy_again_shows_only_what_was_bought_and_is_never_filled_up(shop: BlockShop) -> None:
    shop.activate_all()

    served = get_recommendations("buy-again", subject=ann(shop, recent=("cups 7", "cups 7")), limit=10)
    of_nobody = get_recommendations("buy-again", subject=visitor(shop))

    assert shop.names(served)[0] == "cups 7"
    assert set(shop.names(served)) == {"cups 7", "tea 0", "tea 1", "cups 0"}
    assert not served.complete
    assert not of_nobody


def test_buy_again_without_a_model_is_made_of_the_last_orders(shop: BlockShop) -> None:
    served = get_recommendations("buy-again", subject=ann(shop, recent=("tea 4", "tea 4", "tea 2")))

    assert shop.names(served) == ["tea 4", "tea 2"]


def test_a_short_list_is_filled_from_the_next_strategies_without_doubles(shop: BlockShop) -> None:
    shop.activate("bought_together", shop.neighbours())

    served = get_recommendations("bought-together", item=shop.key("tea 5"), limit=9)

    assert [pick.source for pick in served][:2] == ["bought_together"] * 2
    assert {pick.source for pick in served} == {"bought_together", "trending", "new"}
    assert len({pick.key for pick in served}) == 9
    assert [pick.rank for pick in served] == list(range(1, 10))


def test_deleted_and_hidden_items_are_skipped_and_the_list_refills(shop: BlockShop) -> None:
    shop.activate_all()
    get_recommendations("for-you", subject=ann(shop))  # what is available has been read
    for number in range(2, 6):
        shop.products[f"tea {number}"].delete()
    shop.products["tea 6"].is_active = False
    shop.products["tea 6"].save()

    served = get_recommendations("for-you", subject=ann(shop), limit=5)

    assert len(served) == 5
    assert not {f"tea {number}" for number in range(2, 7)} & set(shop.names(served))


def test_items_unavailable_when_availability_was_read_never_take_a_place(shop: BlockShop) -> None:
    shop.activate_all()
    hidden = [f"tea {number}" for number in range(2, 12)]
    for name in hidden:
        shop.products[name].is_active = False
        shop.products[name].save()

    served = get_recommendations("for-you", subject=ann(shop), limit=6)

    assert len(served) == 6
    assert not set(hidden) & set(shop.names(served))


def test_an_item_on_the_never_list_comes_up_nowhere(shop: BlockShop) -> None:
    shop.activate_all()
    for name in ("tea 2", "cups 0", "cups 11"):
        NeverRecommend.objects.create(item_key=shop.key(name))

    shown = [
        name
        for slug in ("for-you", "trending", "new", "similar", "bought-together", "buy-again", "basket")
        for name in shop.names(get_recommendations(slug, subject=ann(shop), item=shop.key("tea 0"), limit=40))
    ]

    assert shown
    assert not {"tea 2", "cups 0", "cups 11"} & set(shown)


def test_no_more_of_a_category_than_the_placement_allows(shop: BlockShop) -> None:
    shop.activate_all()
    Placement.objects.create(slug="for-you", max_per_category=2)

    served = get_recommendations("for-you", subject=ann(shop), limit=6)

    kinds = [name.split()[0] for name in shop.names(served)]
    assert {kind: kinds.count(kind) for kind in BLOCKS} == {"tea": 2, "coffee": 2, "cups": 2}
    assert shop.names(served)[:2] == ["tea 2", "tea 3"]


def test_maximal_marginal_relevance_mixes_the_blocks(shop: BlockShop) -> None:
    shop.activate_all()
    subject = ann(shop, recent=("coffee 11",))
    Placement.objects.create(slug="for-you", max_per_category=12)

    by_score = get_recommendations("for-you", subject=subject, limit=6)
    Placement.objects.filter(slug="for-you").update(mmr=0.6)
    Placement.objects.get(slug="for-you").save()
    mixed = get_recommendations("for-you", subject=subject, limit=6)

    assert {name.split()[0] for name in shop.names(by_score)} == {"tea"}
    assert mixed.items[0].key == by_score.items[0].key
    assert {name.split()[0] for name in shop.names(mixed)[:3]} == set(BLOCKS)


def test_a_managers_row_overrides_single_fields_and_blank_ones_keep_the_setting(shop: BlockShop) -> None:
    Placement.objects.create(slug="trending", title="Hot now", limit=2)

    served = get_recommendations("trending")

    assert served.title == "Hot now"
    assert len(served) == 2
    assert served.items[0].source == "trending"


def test_a_placement_that_is_switched_off_shows_nothing_and_says_so(shop: BlockShop) -> None:
    Placement.objects.create(slug="trending", enabled=False)

    served = get_recommendations("trending")

    assert not served
    assert "switched off" in served.reason


def test_a_row_that_no_setting_knows_or_that_makes_no_sense_breaks_nothing(shop: BlockShop) -> None:
    Placement.objects.create(slug="nowhere", limit=3)
    Placement.objects.create(slug="trending", strategies={"a": 1}, mmr=7, filters=["x"])

    served = get_recommendations("trending", limit=3)

    assert len(served) == 3
    with pytest.raises(UnknownPlacement):
        get_recommendations("nowhere")


@pytest.mark.parametrize("slug", ["for-you", "trending", "new", "buy-again"])
def test_filters_hold_for_every_strategy(shop: BlockShop, slug: str) -> None:
    shop.activate_all()
    Placement.objects.create(slug=slug, filters={"price__lte": 5, "category__name": "tea"})

    served = get_recommendations(slug, subject=ann(shop), limit=30)

    assert served
    assert all(pick.item.price <= 5 and pick.item.category.name == "tea" for pick in served)


def test_filters_hold_without_a_model_too(shop: BlockShop) -> None:
    Placement.objects.create(slug="buy-again", filters={"category__name": "cups"})

    served = get_recommendations("buy-again", subject=ann(shop, recent=("tea 3", "cups 3")))

    assert shop.names(served) == ["cups 3"]


def test_filters_that_the_database_refuses_leave_the_placement_empty_with_the_reason(
    shop: BlockShop, caplog: pytest.LogCaptureFixture
) -> None:
    Placement.objects.create(slug="trending", filters={"prise__lte": 5})

    served = get_recommendations("trending")
    other = get_recommendations("new", limit=2)

    assert not served
    assert "refused" in served.reason
    assert "prise" in caplog.text
    assert len(other) == 2


def test_reasons_name_what_was_bought_and_their_shares_make_the_whole_score(shop: BlockShop) -> None:
    shop.activate_all()

    served = get_recommendations(
        "for-you", subject=ann(shop, "tea 7", recent=("tea 8",)), limit=3, explain=True
    )

    for pick in served:
        assert sum(reason.share for reason in pick.reasons) == pytest.approx(1)
    texts = {reason.text for reason in served.items[0].reasons}
    assert "Because tea 7 is in your basket" in texts
    assert texts & {"Because you bought tea 0", "Because you bought tea 1", "Because you bought tea 8"}


def test_every_strategy_can_say_why(shop: BlockShop) -> None:
    shop.activate_all()
    item = shop.key("tea 3")

    first = {
        slug: get_recommendations(slug, subject=ann(shop), item=item, limit=1, explain=True).items[0]
        for slug in ("similar", "bought-together", "buy-again", "trending", "new")
    }

    assert first["similar"].reasons[0].text == "Similar to tea 3"
    assert first["bought-together"].reasons[0].text == "Often bought together with tea 3"
    assert first["bought-together"].reasons[0].item == item
    assert first["buy-again"].reasons[0].text == "You have bought this before"
    assert first["trending"].reasons[0].text == "Popular right now"
    assert first["new"].reasons[0].text == "New in the shop"


def test_an_item_that_is_no_longer_sold_is_not_named_in_a_reason(shop: BlockShop) -> None:
    shop.activate_all()
    for name in ("tea 0", "tea 1"):
        shop.products[name].is_active = False
        shop.products[name].save()

    served = get_recommendations("for-you", subject=ann(shop), limit=1, explain=True)

    assert "Because of an earlier purchase" in {reason.text for reason in served.items[0].reasons}


def test_a_page_about_an_item_that_is_no_longer_sold_still_says_why(shop: BlockShop) -> None:
    shop.activate_all()
    shop.products["tea 3"].is_active = False
    shop.products["tea 3"].save()

    served = get_recommendations("similar", item=shop.key("tea 3"), limit=1, explain=True)

    assert served.items[0].reasons[0].text == "Similar to this item"


def test_without_explain_no_reasons_are_made(shop: BlockShop) -> None:
    shop.activate_all()

    served = get_recommendations("for-you", subject=ann(shop))

    assert all(pick.reasons == () for pick in served)


@pytest.mark.parametrize("limit", [0, -1, -(10**9)])
def test_a_limit_below_one_is_refused_with_the_range(shop: BlockShop, limit: int) -> None:
    with pytest.raises(ValueError, match="from 1 to 100"):
        get_recommendations("trending", limit=limit)


def test_a_limit_above_a_hundred_is_a_hundred(shop: BlockShop) -> None:
    served = get_recommendations("trending", limit=10**9)

    assert served.limit == 100
    assert len(served) == 36
    assert not served.complete
    assert "had no more items" in served.reason


@pytest.mark.parametrize("slug", ["foryou", "", "a\x00b", "x" * 10_000, "😀", None, 7, ["for-you"]])
def test_an_unknown_slug_is_refused_with_the_valid_ones(db: None, slug: object) -> None:
    with pytest.raises(UnknownPlacement, match="for-you") as caught:
        get_recommendations(slug)  # type: ignore[arg-type]

    assert len(str(caught.value)) < 400


def test_a_misspelt_slug_is_answered_with_the_closest_first(db: None) -> None:
    with pytest.raises(UnknownPlacement, match="are: bought-together"):
        get_recommendations("bougt-together")


@pytest.mark.parametrize("item", ["no such key", "\x00", "😀" * 99, "-1", "1" * 4000, 10**30, 3.5, object()])
def test_an_item_that_does_not_exist_leaves_the_list_full(shop: BlockShop, item: object) -> None:
    shop.activate_all()

    served = get_recommendations("similar", item=item, limit=4)

    assert len(served) == 4


@pytest.mark.parametrize("key", ["", "\x00", "\ud800", "😀", "-1", "9" * 5000, "'; drop table"])
def test_a_strange_history_and_basket_are_answered(shop: BlockShop, key: str) -> None:
    shop.activate_all()
    events = ((key, 1.0, time.time()), (shop.key("tea 2"), float("inf"), 1e300))

    served = get_recommendations("for-you", subject=Subject(key, basket=(key,), recent=events), limit=4)

    assert len(served) == 4


def asked_by(user: object) -> HttpRequest:
    request = RequestFactory().get("/")
    request.user = user  # type: ignore[assignment]
    return request


def selects(queries: CaptureQueriesContext) -> list[str]:
    return [query["sql"] for query in queries.captured_queries if query["sql"].startswith("SELECT")]


def test_the_person_behind_a_request_is_read_once_for_all_its_placements(shop: BlockShop) -> None:
    shop.activate_all()
    get_recommendations("trending")
    request = asked_by(shop.ann)

    with CaptureQueriesContext(connection) as queries:
        get_recommendations("for-you", request=request)
        get_recommendations("buy-again", request=request)

    assert len(selects(queries)) == 3  # who is asking, and the items of each placement


@pytest.mark.parametrize("explain", [False, True])
@pytest.mark.parametrize(
    "slug", ["for-you", "similar", "bought-together", "buy-again", "trending", "new", "basket"]
)
def test_a_placement_takes_at_most_two_selects(shop: BlockShop, slug: str, explain: bool) -> None:
    shop.activate_all()
    get_recommendations("trending")

    with CaptureQueriesContext(connection) as queries:
        get_recommendations(slug, request=asked_by(shop.ann), item=shop.key("tea 0"), explain=explain)

    assert 1 <= len(selects(queries)) <= 2


def test_titles_in_settings_may_be_lazy_and_a_host_can_add_placements(shop: BlockShop, settings) -> None:
    mine = {"cheap": {"title": "Under five", "strategies": ["new"], "filters": {"price__lt": 5}, "limit": 4}}
    with override_settings(RECOMMENDATIONS={**settings.RECOMMENDATIONS, "PLACEMENTS": mine}):
        served = get_recommendations("cheap")

    assert served.title == "Under five"
    assert shop.names(served) == ["cups 3", "cups 2", "cups 1", "cups 0"]


def test_a_customer_unknown_to_the_model_is_answered_from_their_last_orders(shop: BlockShop) -> None:
    shop.activate_all()
    newcomer = Subject("4711", recent=((shop.key("coffee 3"), 1.0, time.time()),))

    served = get_recommendations("for-you", subject=newcomer, limit=3)

    assert shop.names(served) == ["coffee 0", "coffee 1", "coffee 2"]


def test_an_order_dated_years_ahead_counts_as_one_of_today(shop: BlockShop) -> None:
    shop.activate_all()
    coffee, tea, now = shop.key("coffee 3"), shop.key("tea 5"), time.time()
    newcomer = Subject("4711", recent=((tea, 1.0, now + 70 * 365 * 86_400), *[(coffee, 1.0, now)] * 2))

    served = get_recommendations("buy-again", subject=newcomer)

    assert shop.names(served) == ["coffee 3", "tea 5"]
    assert [pick.score for pick in served] == pytest.approx([2.0, 1.0], rel=1e-3)


def test_what_was_bought_is_left_out_of_the_lists_that_no_model_made_as_well(shop: BlockShop) -> None:
    recent = ((shop.key("cups 0"), 1.0, (timezone.now() - timedelta(days=3)).timestamp()),)

    served = get_recommendations("for-you", subject=Subject(str(shop.ann.pk), recent=recent), limit=100)

    assert served
    assert "cups 0" not in shop.names(served)
