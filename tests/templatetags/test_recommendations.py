"""The tags on a page."""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib.sessions.backends.signed_cookies import SessionStore
from django.db import DatabaseError, transaction
from django.http import HttpRequest
from django.template import Context, Engine, RequestContext, Template, engines
from django.test import RequestFactory, override_settings

from recommendations.adapters import get_adapter
from recommendations.serving import is_personal
from recommendations.serving.request_ids import read
from shop.models import Product
from tests.serving.blocks import BlockShop


@pytest.fixture
def shop(db: None) -> BlockShop:
    return BlockShop()


@pytest.fixture
def debug():
    with override_settings(DEBUG=True):
        yield


def rendered(tag: str, request: HttpRequest | None = None, **values: Any) -> str:
    text = Template("{% load recommendations %}" + tag)
    context = Context(values) if request is None else RequestContext(request, values)
    return text.render(context)


def asked_by(user: Any = None, basket: dict[str, int] | None = None) -> HttpRequest:
    request = RequestFactory().get("/")
    request.session = SessionStore()
    request.session["basket"] = basket or {}
    if user is not None:
        request.user = user
    return request


def with_our_own_template(tag: str, request: HttpRequest) -> str:
    """Rendered without the sample shop's templates."""
    libraries = {
        "recommendations": "recommendations.templatetags.recommendations",
        "i18n": "django.templatetags.i18n",
    }
    engine = Engine(app_dirs=True, libraries=libraries)
    return engine.from_string("{% load recommendations %}" + tag).render(RequestContext(request))


def test_recommend_renders_titles_links_pictures_and_prices(shop: BlockShop) -> None:
    shop.activate_all()

    html = with_our_own_template('{% recommend "for-you" limit=2 %}', asked_by(shop.ann))

    tea = shop.products["tea 2"]
    assert 'aria-label="Recommended for you"' in html
    assert html.count("<li") == 2
    assert f'href="{tea.get_absolute_url()}"' in html
    assert f'src="{tea.image_url}"' in html
    assert '<data value="3.00">3.00</data>' in html
    assert not [word for word in ("<style", " style=", " on", "<script") if word in html.replace(" one", "")]


def test_what_a_title_holds_is_escaped(shop: BlockShop) -> None:
    product = shop.products["cups 11"]
    product.name = '<script>alert("1")</script>\u202e😀'
    product.save()

    html = rendered('{% recommend "new" limit=1 %}')

    assert "<script>" not in html
    assert "&lt;script&gt;" in html
    assert "😀" in html


def test_the_basket_of_the_session_folds_in_for_a_visitor(shop: BlockShop) -> None:
    shop.activate_all()

    html = rendered('{% recommend "for-you" limit=2 %}', asked_by(basket={shop.key("coffee 7"): 1}))

    assert "coffee 0" in html and "coffee 1" in html


def test_get_recommendations_only_fetches(shop: BlockShop) -> None:
    shop.activate_all()
    tag = (
        '{% get_recommendations "bought-together" item=product limit=2 as picks %}'
        "{{ picks.title }}: {% for pick in picks %}"
        "{{ pick.rank }} {{ pick.item.name }} ({{ pick.source }}), {% endfor %}"
    )

    text = rendered(tag, asked_by(), product=shop.products["cups 2"])

    assert text == "Often bought together: 1 tea 2 (bought_together), 2 coffee 2 (bought_together), "


def rendered_by(templates: dict[str, str], **values: Any) -> str:
    """The template ``page.html`` of ``templates``, by an engine that knows only these."""
    engine = Engine(
        loaders=[("django.template.loaders.locmem.Loader", templates)],
        libraries={"recommendations": "recommendations.templatetags.recommendations"},
    )
    return engine.get_template("page.html").render(Context(values))


def test_a_placement_can_have_a_template_of_its_own(shop: BlockShop) -> None:
    item = "{{ item.object.sku }} {{ item.price }} {{ item.key }}|"
    own = "{{ title }}|{% for item in items %}" + item + "{% endfor %}"
    page = '{% load recommendations %}{% recommend "new" limit=1 %}{% recommend "trending" limit=1 %}'
    templates = {
        "recommendations/placements/new.html": own,
        "recommendations/placement.html": "the general one",
        "page.html": page,
    }

    html = rendered_by(templates)

    cups = shop.products["cups 11"]
    assert html == f"New arrivals|{cups.sku} 12.00 {cups.pk}|the general one"


def test_a_forms_csrf_value_reaches_the_placements_template(shop: BlockShop) -> None:
    templates = {
        "recommendations/placements/new.html": "{% csrf_token %}",
        "page.html": '{% load recommendations %}{% recommend "new" limit=1 %}',
    }

    assert 'value="abc123"' in rendered_by(templates, csrf_token="abc123")


def test_reasons_are_shown_when_asked_for(shop: BlockShop) -> None:
    shop.activate_all()

    tag = '{% recommend "similar" item="' + shop.key("tea 3") + '" limit=1 explain=True %}'

    html = with_our_own_template(tag, asked_by())

    assert "Similar to tea 3" in html


def test_the_request_id_is_on_the_page_and_says_what_was_served(shop: BlockShop) -> None:
    shop.activate_all()
    tag = '{% get_recommendations "trending" limit=3 as picks %}{{ picks.request_id }}'

    served = read(rendered(tag))

    assert served.placement == "trending"
    assert served.holds(shop.keys("cups 0", "cups 1", "cups 2"))


@pytest.mark.parametrize(
    "tag",
    [
        '{% recommend "for-yuo" %}',
        "{% recommend %}",
        '{% recommend "for-you" "similar" %}',
        '{% recommend "for-you" limti=3 %}',
        '{% recommend "for-you" limit=0 %}',
        '{% recommend "for-you" limit="-1" %}',
        '{% recommend "for-you" limit=1000000000 %}',
        '{% recommend "for-you" limit="a" %}',
        '{% recommend "for-you" limit=product %}',
        '{% recommend "similar" item=missing %}',
        '{% recommend "similar" item="no such item" %}',
        "{% recommend missing %}",
        '{% get_recommendations "nope" limit="x" wrong=1 as picks %}{% for pick in picks %}x{% endfor %}',
    ],
)
def test_outside_debug_a_tag_never_raises(shop: BlockShop, tag: str) -> None:
    rendered(tag, asked_by(shop.ann), product=shop.products["tea 0"])


def test_outside_debug_a_wrong_argument_is_logged_and_left_out(
    shop: BlockShop, caplog: pytest.LogCaptureFixture
) -> None:
    html = rendered('{% recommend "trending" limti=3 limit="a" %}')

    assert html.count("<li") == 12
    assert "no argument 'limti'" in caplog.text
    assert "whole number from 1 to 100" in caplog.text


@pytest.mark.parametrize(
    ("tag", "said"),
    [
        ('{% recommend "for-yuo" %}', "The placements are: for-you"),
        ('{% recommend "for-you" limti=3 %}', "The arguments are: limit, item, explain"),
        ('{% recommend "for-you" limit="a" %}', "whole number from 1 to 100, got 'a'"),
        ('{% recommend "for-you" limit=0 %}', "whole number from 1 to 100, got 0"),
        ("{% recommend %}", "takes one placement"),
        ('{% get_recommendations "for-yuo" as picks %}', "The placements are: for-you"),
    ],
)
def test_in_debug_a_misspelling_raises_with_the_valid_names(
    shop: BlockShop, debug: None, tag: str, said: str
) -> None:
    with pytest.raises((LookupError, ValueError), match=said):
        rendered(tag)


def test_an_empty_list_leaves_nothing_on_the_page_but_in_debug_a_comment_with_the_reason(db: None) -> None:
    plain = rendered('{% recommend "for-you" %}')
    with override_settings(DEBUG=True):
        commented = rendered('{% recommend "for-you" %}')

    assert plain == ""
    assert commented.startswith("<!-- recommendations: for-you is empty: ")
    assert "No model is active for personal" in commented
    assert commented.endswith("-->")


def test_a_reason_cannot_end_the_comment(debug: None, monkeypatch: pytest.MonkeyPatch) -> None:
    from recommendations.serving import Served
    from recommendations.templatetags import recommendations as tags

    monkeypatch.setattr(tags, "ask", lambda *a, **k: Served("new", reason="--><script>alert(1)</script>"))

    html = rendered('{% recommend "new" %}')

    assert html.count("-->") == 1
    assert "<script>" not in html


def test_in_debug_a_broken_database_does_not_raise(
    shop: BlockShop, debug: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(type(get_adapter()), "fetch", lambda *a: 1 / 0)

    html = rendered('{% recommend "trending" %}')

    assert html.startswith("<!--")


def test_a_template_of_the_host_that_fails_costs_its_placement_only(
    shop: BlockShop, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(type(get_adapter()), "serialize", lambda *a, **k: 1 / 0)

    html = rendered('before {% recommend "trending" %} after')

    assert html == "before  after"
    assert "Rendering placement trending" in caplog.text


def test_personal_placements_mark_the_request_and_others_do_not(shop: BlockShop) -> None:
    personal, common = asked_by(shop.ann), asked_by(shop.ann)

    rendered('{% recommend "for-you" %}', personal)
    rendered('{% recommend "trending" %}{% recommend "new" %}', common)

    assert is_personal(personal)
    assert not is_personal(common)


def test_tags_work_without_any_request_in_the_context(shop: BlockShop) -> None:
    shop.activate_all()

    assert rendered('{% recommend "for-you" limit=2 %}').count("<li") == 2


def test_the_tag_works_in_the_projects_own_engine(shop: BlockShop) -> None:
    template = engines["django"].from_string('{% load recommendations %}{% recommend "new" limit=1 %}')

    assert "cups 11" in template.render({}, asked_by())


@pytest.mark.django_db(transaction=True)
def test_a_database_error_while_rendering_leaves_the_pages_transaction_usable(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    BlockShop()

    def broken(*_args: Any, **_kwargs: Any) -> Any:
        with transaction.atomic(savepoint=False):  # spoils the transaction around it on every database
            raise DatabaseError("the pictures' table is locked")

    monkeypatch.setattr(type(get_adapter()), "serialize", broken)
    with transaction.atomic():
        html = rendered('{% recommend "new" %}', asked_by())
        Product.objects.filter(name="tea 0").update(stock=77)

    assert html == ""
    assert Product.objects.filter(stock=77).exists()
