"""An answer is Markdown without raw HTML, cleaned; what a variable brings is text and nothing else."""

from __future__ import annotations

from html.parser import HTMLParser

import pytest
from hypothesis import given
from hypothesis import strategies as st

from support_bot.knowledge import render

HOSTILE = "**Bob** <b>x</b> [a](javascript:alert(1)) {shop.name} {{ 7|add:7 }} `c` &amp; \n# h"


class Tags(HTMLParser):
    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.feed(html)

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))


def test_markdown_becomes_html_and_readable_text():
    rendered = render(
        "Pay by:\n\n1. **Visa**\n2. cash\n   - coins\n\n[Terms](/terms/) or [us](https://example.com)"
    )

    assert rendered.html == (
        "<p>Pay by:</p>\n<ol>\n<li><strong>Visa</strong></li>\n"
        "<li>cash\n<ul>\n<li>coins</li>\n</ul>\n</li>\n</ol>\n"
        '<p><a href="/terms/" rel="nofollow noopener">Terms</a> or '
        '<a href="https://example.com" rel="nofollow noopener">us</a></p>'
    )
    assert rendered.text == "Pay by:\n\n1. Visa\n2. cash\n  - coins\n\nTerms or us (https://example.com)"


@pytest.mark.parametrize(
    "answer",
    [
        "<script>alert(1)</script>",
        "<img src=x onerror=alert(1)>",
        "[x](javascript:alert(1))",
        "[x](JaVaScRiPt:alert(1))",
        "[x](data:text/html;base64,PHNjcmlwdD4=)",
        "[x](vbscript:x)",
        "![x](https://example.com/pixel.png)",
        "<a href='javascript:alert(1)'>x</a>",
        "[x](https://example.com 'title\" onmouseover=\"alert(1)')",
        "<style>*{}</style><svg onload=alert(1)>",
        "&lt;script&gt;",
        "# A heading of the page",
    ],
)
def test_nothing_but_plain_tags_and_safe_links_comes_out(answer):
    for tag, attrs in Tags(render(answer).html).tags:
        assert tag in {"p", "a"}
        assert set(attrs) <= {"href", "rel"}
        assert not (attrs.get("href") or "").lower().startswith(("javascript", "data", "vbscript"))


def test_a_variable_is_text_whatever_it_holds():
    rendered = render("Hello {customer.first_name}!", {"customer.first_name": HOSTILE})

    assert [tag for tag, _ in Tags(rendered.html).tags] == ["p"]
    assert rendered.text == f"Hello {HOSTILE}!"


def test_a_variable_is_filled_into_addresses_code_and_emphasis():
    variables = {"shop.email": "us@example.com", "last_order.number": "W-1", "shop.name": "Whole_Journey_"}

    rendered = render(
        "**{shop.name}**: [write](mailto:{shop.email}) or `{last_order.number}`, "
        "[it](/orders/{last_order.number}/)",
        variables,
    )

    assert "<strong>Whole_Journey_</strong>" in rendered.html
    assert 'href="mailto:us@example.com"' in rendered.html
    assert "<code>W-1</code>" in rendered.html
    assert 'href="/orders/W-1/"' in rendered.html
    assert rendered.text == "Whole_Journey_: write (us@example.com) or W-1, it"


def test_a_variable_cannot_smuggle_a_scheme_into_an_address():
    for value in ("javascript:alert(1)", "java\nscript:x", "//evil.example", '" onclick="x'):
        rendered = render("[x]({shop.url})", {"shop.url": value})

        for _tag, attrs in Tags(rendered.html).tags:
            assert set(attrs) <= {"href", "rel"}
            assert not (attrs.get("href") or "").lower().startswith("javascript")


@pytest.mark.parametrize(
    ("answer", "text"),
    [
        ("Hello {customer.first_name}, welcome!", "Hello, welcome!"),
        ("Hello {customer.first_name}!", "Hello!"),
        ("Hello, {customer.first_name}!", "Hello!"),
        ("Hello, {customer.first_name}, welcome!", "Hello, welcome!"),
        ("{customer.first_name}, your order is here.", "Your order is here."),
        ("Your order {last_order.number} is on its way.", "Your order is on its way."),
        ("An order ({last_order.number}) is here.", "An order is here."),
        ("Write to **{shop.email}**.", "Write to."),
        ("您好{customer.first_name}，欢迎！", "您好，欢迎！"),
        ("{customer.first_name}", ""),
        ("{customer.first_name} {last_order.number}", ""),
        ("One.\n\n{customer.first_name}\n\nTwo.", "One.\n\nTwo."),
        ("[{shop.email}](mailto:{shop.email}) is ours", "Is ours"),
        ("See [our page]({shop.url}).", "See our page."),
    ],
)
def test_an_empty_or_unknown_variable_leaves_no_trace(answer, text):
    empty = dict.fromkeys(("customer.first_name", "last_order.number", "shop.email", "shop.url"), "")

    for variables in ({}, empty, dict.fromkeys(empty, " ")):
        rendered = render(answer, variables)

        assert rendered.text == text
        assert "{" not in rendered.html
        assert "%7B" not in rendered.html
        assert "<a" not in rendered.html
        assert "<p></p>" not in rendered.html


def test_a_brace_that_is_escaped_is_a_brace():
    assert render(r"Write \{shop.name} as it is", {"shop.name": "N"}).text == "Write {shop.name} as it is"


def test_template_syntax_is_never_evaluated():
    answer = "{{ 7|add:7 }} {% load static %} {# c #} ${7*7} %(name)s"

    assert render(answer).text == answer


@given(st.text(max_size=300), st.text(max_size=40))
def test_any_text_is_rendered(answer, value):
    rendered = render(answer + "{shop.name}", {"shop.name": value})

    assert {tag for tag, _ in Tags(rendered.html).tags} <= {
        *("a", "blockquote", "br", "code", "em", "h3", "h4", "h5", "h6", "hr", "li", "ol", "p", "pre"),
        *("strong", "ul"),
    }


@pytest.mark.parametrize("answer", ["[" * 20_000, "> " * 5_000 + "x", "*a " * 5_000, "`" * 20_000])
def test_a_huge_answer_of_opening_marks_is_rendered(answer):
    assert render(answer).html


def test_a_variable_in_the_words_of_an_image_is_filled_in():
    assert (
        render("![The shop {shop.name}](/shop.png)", {"shop.name": "**N** <b>"}).text == "The shop **N** <b>"
    )
