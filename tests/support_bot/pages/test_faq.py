"""The FAQ page and ``{% faq_list %}``: for whom an entry is, in which language, found by a search."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest
from django.contrib.auth.models import AnonymousUser
from django.template import RequestContext, Template, TemplateSyntaxError
from django.test import Client, RequestFactory, override_settings

from shop.models import Profile
from shop.support import ShopSupport
from support_bot.models import Entry
from support_bot.templatetags.support_bot import BadArgument
from tests.support_bot.people import Shopfloor

pytestmark = pytest.mark.usefixtures("faq")

FAQ = "/support/faq/"


def page(client: Client, query: str = "") -> str:
    answer = client.get(FAQ + query)
    assert answer.status_code == 200
    return answer.content.decode()


def questions(html: str) -> list[str]:
    return re.findall(r"concierge-support-entry\"><details[^>]*><summary>(.*?)</summary>", html)


def structured(html: str) -> dict[str, Any]:
    found = re.search(r'<script type="application/ld\+json">(.*?)</script>', html, re.DOTALL)
    assert found is not None
    return json.loads(found[1])


def listed(tag: str, user: Any = None) -> str:
    request = RequestFactory().get("/")
    request.user = user or AnonymousUser()
    return Template("{% load support_bot %}" + tag).render(RequestContext(request))


def test_everybody_reads_what_is_for_everybody(client: Client) -> None:
    html = page(client)

    assert "How much is delivery?" in questions(html)
    assert "How do I delete my account?" not in questions(html)  # for customers who are logged in
    assert "Do you deliver to Alaska?" not in questions(html)  # for those in the US
    assert 'id="delivery-cost"' in html
    assert "<strong>30 days</strong>" in html
    assert "Corner Market is open Monday" in html  # a variable of the shop's


def test_a_customer_also_reads_what_is_for_customers(client: Client, shop: Shopfloor) -> None:
    client.force_login(shop.ada)
    Profile.objects.update_or_create(user=shop.ada, defaults={"country": "US"})

    answer = client.get(FAQ)
    html = answer.content.decode()

    assert {"How do I delete my account?", "Do you deliver to Alaska?"} <= set(questions(html))
    assert "private" in answer["Cache-Control"]
    names = [one["name"] for one in structured(html)["mainEntity"]]
    assert "How do I delete my account?" not in names


def test_the_language_of_the_page_is_the_faqs(client: Client) -> None:
    client.cookies["django_language"] = "zh-hans"

    html = page(client)

    assert "运费多少钱？" in questions(html)
    assert "How much is delivery?" not in html


def test_unpublished_and_expired_entries_are_gone(client: Client) -> None:
    Entry.objects.filter(slug="delivery-cost").update(is_published=False)

    assert "How much is delivery?" not in page(client)
    assert "How much is delivery?" not in page(client, "?q=how+much+is+delivery")


def test_a_category_and_a_search_narrow_it_down(client: Client) -> None:
    assert questions(page(client, "?category=payment")) == ["Which cards do you take?"]
    assert questions(page(client, "?q=can+I+pay+with+Visa"))[0] == "Which cards do you take?"
    assert "We found no answer" in page(client, "?q=qwertyuiop")
    assert questions(page(client, "?category=nonsense")) == []


def test_a_search_finds_nothing_that_is_not_for_the_reader(client: Client, shop: Shopfloor) -> None:
    query = "?q=delete+my+account"
    assert "How do I delete my account?" not in questions(page(client, query))

    client.force_login(shop.ada)

    assert questions(page(client, query))[0] == "How do I delete my account?"


def test_a_search_keeps_its_words_in_the_box_and_its_results_can_be_linked_to(client: Client) -> None:
    html = page(client, "?q=can+I+pay+with+%22Visa%22+%3C3")

    assert 'name="q" maxlength="300" value="can I pay with &quot;Visa&quot; &lt;3"' in html
    assert "Answers to “can I pay with &quot;Visa&quot; &lt;3”" in html
    assert 'aria-current="page"' not in html


def test_where_nothing_is_found_the_question_is_taken_to_the_chat(client: Client) -> None:
    html = page(client, "?q=qwertyuiop+%22%3E")

    assert "We found no answer to that." in html
    assert 'action="/support/send/" method="post"' in html
    assert 'name="text" value="qwertyuiop &quot;&gt;"' in html
    assert client.post("/support/send/", {"text": 'qwertyuiop ">'}).status_code == 302
    assert "qwertyuiop" in client.get("/support/").content.decode()
    assert 'name="text"' not in page(client, "?q=can+I+pay+with+Visa")


def test_a_very_long_search_is_cut_and_that_is_said(client: Client) -> None:
    html = page(client, "?q=" + "can+I+pay+with+Visa+" * 100)

    assert questions(html)[0] == "Which cards do you take?"
    assert "at most 300 characters" in html
    box = re.search(r'name="q" maxlength="300" value="([^"]*)" aria-describedby="faq-cut"', html)
    assert box is not None
    assert len(box[1]) <= 300


def test_whoever_searches_too_fast_waits_and_whoever_reads_does_not(
    client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("support_bot.pacing.time", lambda: 1_800_000_045.5)
    with override_settings(SUPPORT_BOT={"THROTTLE": {"address": "2/min"}}):
        answers = [client.get(f"{FAQ}?q=delivery") for _search in range(3)]
        read = client.get(FAQ)

    assert [answer.status_code for answer in answers] == [200, 200, 429]
    assert answers[2]["Retry-After"] == "15"
    html = answers[2].content.decode()
    assert "Please wait 15 seconds" in html
    assert 'value="delivery"' in html
    assert "We found no answer" not in html
    assert (read.status_code, len(questions(read.content.decode())) > 1) == (200, True)


def test_the_api_throttles_searches_by_address(client: Client) -> None:
    with override_settings(SUPPORT_BOT={"THROTTLE": {"address": "2/min"}}):
        codes = [client.get("/api/support/faq/?q=delivery").status_code for _search in range(3)]
        reads = [client.get("/api/support/faq/").status_code for _read in range(3)]

    assert (codes, reads) == ([200, 200, 429], [200, 200, 200])


@pytest.mark.parametrize(
    "query", ["%00", "%F0%9F%98%80", "%22%3E%3Cscript%3Ealert(1)%3C/script%3E", "x" * 5000]
)
def test_a_search_for_anything_is_answered(client: Client, query: str) -> None:
    assert "<script>alert" not in page(client, f"?q={query}")


def test_the_structured_data_cannot_end_its_element(client: Client) -> None:
    Entry.objects.filter(slug="delivery-cost", language="en").update(
        question="</script><script>alert(1)</script>", answer="`</script>` & <!-- \u2028"
    )

    html = page(client)

    assert "</script><script>" not in html
    data = structured(html)
    assert data["@type"] == "FAQPage"
    found = [one for one in data["mainEntity"] if one["name"].startswith("</script>")]
    assert "&lt;/script&gt;" in found[0]["acceptedAnswer"]["text"]


def test_only_data_stands_in_a_script_of_the_page(client: Client) -> None:
    html = page(client)

    assert re.findall(r"<script(?! type=\"application/ld\+json\")(?![^>]*\ssrc=)", html) == []
    assert not re.search(r"<style|\sstyle=|\son[a-z]+=", html)


def test_the_tag_lists_a_category_without_a_search_and_all_with_one() -> None:
    one, everything = listed('{% faq_list category="payment" %}'), listed("{% faq_list %}")

    assert questions(one) == ["Which cards do you take?"]
    assert 'role="search"' not in one
    assert 'role="search" action="/support/faq/"' in everything
    assert len(questions(everything)) == 6
    assert "ld+json" not in listed('{% faq_list category="payment" data=False %}')


def test_the_tag_respects_who_reads(shop: Shopfloor) -> None:
    assert (
        questions(listed('{% faq_list category="account" %}', shop.ada))[0] == "How do I delete my account?"
    )
    assert "delete my account" not in listed('{% faq_list category="account" %}')


def test_a_category_that_is_not_there_lists_nothing() -> None:
    assert listed('a{% faq_list category="nonsense" %}b') == "ab"


def test_a_wrong_argument_is_left_out_and_logged(caplog: pytest.LogCaptureFixture) -> None:
    assert "Which cards" in listed('{% faq_list categorie="payment" %}')
    assert "has no argument 'categorie'" in caplog.text


def test_with_debug_a_wrong_argument_says_what_exists() -> None:
    with override_settings(DEBUG=True), pytest.raises((BadArgument, TemplateSyntaxError), match="category, "):
        listed('{% faq_list categorie="payment" %}')


def test_a_page_of_the_faq_takes_few_queries(client: Client, django_assert_max_num_queries: Any) -> None:
    page(client)

    with django_assert_max_num_queries(4):
        page(client)


def test_the_tag_survives_a_database_that_fails(monkeypatch: pytest.MonkeyPatch) -> None:
    from django.db import DatabaseError

    def broken(*_args: Any, **_kwargs: Any) -> None:
        raise DatabaseError("gone")

    monkeypatch.setattr("support_bot.faq.entries", broken)

    assert listed("a{% faq_list %}b") == "ab"


@pytest.mark.parametrize("method", ["profile", "variables", "shop_name"])
def test_the_faq_is_read_whatever_fails_in_the_shops_own_code(
    client: Client, monkeypatch: pytest.MonkeyPatch, method: str
) -> None:
    def fail(*_args: Any, **_kwargs: Any) -> None:
        raise RuntimeError("the customers' service is away")

    monkeypatch.setattr(ShopSupport, method, fail)
    Entry.objects.filter(slug="delivery-cost", language="en").update(
        answer="Write to {shop.name} at {shop.email}, please."
    )

    assert "How much is delivery?" in questions(page(client))
    assert client.get("/api/support/faq/?q=delivery").status_code == 200
