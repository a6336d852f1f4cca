"""Personal pages stay out of shared caches."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest
from asgiref.sync import iscoroutinefunction
from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.template import RequestContext, Template
from django.test import RequestFactory
from django.utils.functional import SimpleLazyObject
from django.views.decorators.cache import cache_control, cache_page

from recommendations.adapters import get_adapter
from recommendations.middleware import PersonalPages
from recommendations.serving import aget_recommendations, get_recommendations, mark_personal, rank

from .blocks import BlockShop


def page(request: HttpRequest) -> HttpResponse:
    slug = request.GET.get("slug", "for-you")
    text = Template("{% load recommendations %}{% recommend slug %}")
    return HttpResponse(text.render(RequestContext(request, {"slug": slug})))


def get(view, slug: str = "for-you", user: object = None) -> HttpResponseBase:
    request = RequestFactory().get("/", {"slug": slug})
    if user is not None:
        request.user = user
    return PersonalPages(view)(request)


def test_a_personal_page_is_private_and_varies_by_cookie(shop: BlockShop) -> None:
    response = get(page)

    assert response["Cache-Control"] == "private"
    assert response["Vary"] == "Cookie"


def test_a_page_about_somebody_named_by_the_view_is_private_too(shop: BlockShop) -> None:
    ann = get_adapter().subject_for(str(shop.ann.pk))

    def asked(request: HttpRequest) -> HttpResponse:
        return HttpResponse(str(get_recommendations("for-you", request=request, subject=ann)))

    def ranked(request: HttpRequest) -> HttpResponse:
        return HttpResponse(str(rank([shop.key("tea 0")], request=request, subject=ann)))

    assert get(asked)["Cache-Control"] == "private"
    assert get(ranked)["Cache-Control"] == "private"


def test_a_page_that_is_the_same_for_all_may_be_shared(shop: BlockShop) -> None:
    response = get(page, "trending")

    assert "Cache-Control" not in response
    assert "Vary" not in response


@pytest.mark.parametrize(("slug", "asked"), [("trending", 0), ("new", 0), ("for-you", 1)])
def test_who_is_logged_in_is_asked_only_for_personal_lists(shop: BlockShop, slug: str, asked: int) -> None:
    shop.activate_all()
    looked_up: list[object] = []
    lazy = SimpleLazyObject(lambda: looked_up.append(shop.ann) or shop.ann)

    response = get(page, slug, user=lazy)

    assert b"recommendations" in response.content
    assert len(looked_up) == asked


def test_public_becomes_private_and_the_age_stays(shop: BlockShop) -> None:
    response = get(cache_control(public=True, max_age=600)(page))

    assert set(response["Cache-Control"].split(", ")) == {"private", "max-age=600"}


def test_djangos_own_page_cache_keeps_no_personal_page(shop: BlockShop) -> None:
    shop.activate_all()
    cached = cache_page(600)(page)

    of_ann = get(cached, user=shop.ann)
    of_bob = get(cached, user=shop.bob)

    assert "tea 2" in of_ann.content.decode()
    assert "coffee 2" in of_bob.content.decode()


def test_djangos_own_page_cache_keeps_pages_that_are_the_same_for_all(shop: BlockShop) -> None:
    cached = cache_page(600)(page)

    first = get(cached, "new")
    for product in shop.products.values():
        product.delete()

    assert get(cached, "new").content == first.content


def test_streaming_responses_pass_through_untouched(db: None) -> None:
    def stream(request: HttpRequest) -> StreamingHttpResponse:
        mark_personal(request)
        return StreamingHttpResponse(iter([b"a", b"b"]))

    response = get(stream)

    assert b"".join(response) == b"ab"
    assert response["Cache-Control"] == "private"


def test_under_asgi_it_awaits_and_streams(db: None) -> None:
    async def parts() -> AsyncIterator[bytes]:
        yield b"a"
        yield b"b"

    async def stream(request: HttpRequest) -> StreamingHttpResponse:
        mark_personal(request)
        return StreamingHttpResponse(parts())

    middleware = PersonalPages(stream)

    async def call() -> tuple[HttpResponseBase, bytes]:
        response = await middleware(RequestFactory().get("/"))
        return response, b"".join([part async for part in response])

    response, body = asyncio.run(call())

    assert iscoroutinefunction(middleware)
    assert body == b"ab"
    assert response["Vary"] == "Cookie"


@pytest.mark.django_db(transaction=True)
def test_an_async_view_asks_without_blocking_the_loop(settings) -> None:
    shop = BlockShop()
    shop.activate_all()

    served = asyncio.run(aget_recommendations("trending", limit=2))

    assert shop.names(served) == ["cups 0", "cups 1"]


def test_every_page_with_a_personal_tag_carries_the_headers_in_the_sample_shop(
    shop: BlockShop, client
) -> None:
    client.force_login(shop.ann)

    response = client.get("/")

    assert response.status_code == 200
    assert "private" in response["Cache-Control"]
    assert "Cookie" in response["Vary"]
