"""``{% support_widget %}`` puts the chat on a page, ``{% faq_list %}`` the FAQ. Neither breaks a page."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from difflib import get_close_matches
from typing import Any, Final

from django import template
from django.conf import settings as django_settings
from django.template import Context, Engine
from django.urls import NoReverseMatch, reverse
from django.utils.safestring import SafeString, mark_safe

from .. import faq
from ..adapters import get_adapter
from ..answers.background import log_once_a_minute
from ..savepoints import savepoints

register = template.Library()

_ARGUMENTS: Final = ("category", "search", "data")


class BadArgument(ValueError):
    """A tag was given something it cannot take; raised on a page only with ``DEBUG``."""


@register.simple_tag(takes_context=True)
def support_widget(context: Context) -> SafeString | str:
    """``{% support_widget %}``, once, at the end of the body: the button in the corner and the chat.

    The HTML is the same for every visitor and asks the database nothing, so a page with it can be cached for
    all. It needs ``support_bot.api.urls``; with ``support_bot.urls`` alone it is a link to the support page,
    as it is for a browser without JavaScript. On the support page itself it is nothing.
    """
    return _kept_apart("support_widget", lambda: _widget(context))


@register.simple_tag(takes_context=True)
def faq_list(context: Context, *args: Any, **kwargs: Any) -> SafeString | str:
    """``{% faq_list category="returns" search=True data=True %}``: the FAQ, or one category of it.

    It shows what this reader may read in the active language. ``search`` adds the form that searches the FAQ
    (by default where all categories are listed), ``data`` schema.org's FAQPage for search engines (default).
    """

    def render() -> SafeString:
        with savepoints():
            return _faq_list(context, args, kwargs)

    return _kept_apart("faq_list", render)


def _kept_apart(tag: str, render: Callable[[], SafeString | str]) -> SafeString | str:
    try:
        return render()
    except Exception as error:
        if django_settings.DEBUG:
            raise
        log_once_a_minute(f"{{% {tag} %}}", error)
        return ""


def _widget(context: Context) -> SafeString | str:
    page, api = _address("support_bot:page"), _address("support_bot_api:session")
    match = getattr(_request(context), "resolver_match", None)
    if match is not None and match.view_name == "support_bot:page":
        return ""
    if not page and not api:
        raise NoReverseMatch(
            "{% support_widget %} needs support_bot.api.urls and support_bot.urls: add "
            'path("support/", include("support_bot.urls")) and '
            'path("api/support/", include("support_bot.api.urls")) to the URLconf.'
        )
    return _rendered(context, "support_bot/widget.html", {"page": page, "api": api.removesuffix("session/")})


def _faq_list(context: Context, args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> SafeString:
    given = _arguments(args, kwargs)
    category = str(given.get("category") or "")
    request = _request(context)
    subject = faq.NOBODY if request is None else get_adapter().subject(request)
    found = faq.entries(subject, category=category)
    values = {
        "shelves": faq.by_category(found),
        "search_url": _address("support_bot:faq"),
        "with_search": bool(given.get("search", not category)),
        "structured": faq.structured(found) if given.get("data", True) else "",
    }
    return _rendered(context, "support_bot/faq_list.html", values)


def _arguments(args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> dict[str, Any]:
    """What is wrong raises with ``DEBUG``; outside it is logged and left out."""
    given = dict(kwargs)
    if args:
        _complain(f'{{% faq_list %}} takes names only, such as category="returns"; got {len(args)} without.')
    for name in [name for name in given if name not in _ARGUMENTS]:
        del given[name]
        close = get_close_matches(name, _ARGUMENTS, n=1)
        names = ", ".join([*close, *(known for known in _ARGUMENTS if known not in close)])
        _complain(f"{{% faq_list %}} has no argument {name!r}. The arguments are: {names}.")
    return given


def _complain(text: str) -> None:
    if django_settings.DEBUG:
        raise BadArgument(text)
    log_once_a_minute(text)


def _address(name: str) -> str:
    try:
        return reverse(name)
    except NoReverseMatch:
        return ""


def _request(context: Context) -> Any:
    return context.get("request") or getattr(context, "request", None)


def _rendered(context: Context, name: str, values: dict[str, Any]) -> SafeString:
    engine = context.template.engine if context.template else Engine.get_default()
    found = engine.get_template(name)
    return mark_safe(found.render(context.new(values)).strip())  # noqa: S308 - a template's own output
