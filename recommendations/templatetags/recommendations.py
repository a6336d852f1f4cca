"""``{% recommend %}`` shows a placement, ``{% get_recommendations %}`` fetches it. Neither breaks a page."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from difflib import get_close_matches
from typing import Any, Final

from django import template
from django.conf import settings as django_settings
from django.template import Context, Engine
from django.utils.html import format_html
from django.utils.safestring import SafeString, mark_safe

from ..adapters import get_adapter
from ..conf import MAX_LIMIT
from ..serving import Served
from ..serving import get_recommendations as ask
from ..serving.guard import log_once_a_minute, savepoints

register = template.Library()

_ARGUMENTS: Final = ("item", "limit", "explain")


class BadArgument(ValueError):
    """A tag was given something it cannot take; raised on a page only with ``DEBUG``."""


@register.simple_tag(takes_context=True)
def recommend(context: Context, *args: Any, **kwargs: Any) -> SafeString | str:
    """``{% recommend "similar" item=product limit=4 explain=True %}`` renders the placement.

    The template is ``recommendations/placements/<slug>.html`` where there is one, else
    ``recommendations/placement.html``. Nothing is rendered for an empty list but, with ``DEBUG``, the reason.
    """
    served = _served(context, "recommend", args, kwargs)
    try:
        with savepoints():
            return _rendered(context, served) if served else _why_empty(served)
    except Exception as error:
        if django_settings.DEBUG:
            raise
        log_once_a_minute(f"Rendering placement {served.placement}", error)
        return ""


@register.simple_tag(takes_context=True, name="get_recommendations")
def fetch(context: Context, *args: Any, **kwargs: Any) -> Served:
    """``{% get_recommendations "similar" item=product limit=4 as picks %}``: the list, nothing rendered."""
    return _served(context, "get_recommendations", args, kwargs)


def _served(context: Context, tag: str, args: Sequence[Any], kwargs: Mapping[str, Any]) -> Served:
    slug = str(args[0]) if args else ""
    try:
        arguments = _arguments(tag, args, kwargs)
        return ask(slug, request=context.get("request") or getattr(context, "request", None), **arguments)
    except Exception as error:
        if django_settings.DEBUG and isinstance(error, LookupError | ValueError):
            raise
        log_once_a_minute(f"{{% {tag} {slug!r} %}}", error)
        return Served(slug, reason=str(error))


def _arguments(tag: str, args: Sequence[Any], kwargs: Mapping[str, Any]) -> dict[str, Any]:
    """What ``get_recommendations`` is given; outside ``DEBUG`` what is wrong is logged and left out."""
    given = dict(kwargs)
    if len(args) != 1:
        _complain(f'{{% {tag} %}} takes one placement, such as {{% {tag} "for-you" %}}; got {len(args)}.')
    for name in [name for name in given if name not in _ARGUMENTS]:
        del given[name]
        close = get_close_matches(name, _ARGUMENTS, n=1)
        names = ", ".join([*close, *(known for known in _ARGUMENTS if known not in close)])
        _complain(f"{{% {tag} %}} has no argument {name!r}. The arguments are: {names}.")
    if "limit" in given:
        given["limit"] = _limit(tag, given["limit"])
    if "explain" in given:
        given["explain"] = bool(given["explain"])
    return given


def _limit(tag: str, value: Any) -> int | None:
    if value is None or value == "":
        return None
    try:
        limit = int(value)
    except (TypeError, ValueError, OverflowError):
        limit = 0
    if limit < 1:
        _complain(f"{{% {tag} %}}: limit must be a whole number from 1 to {MAX_LIMIT}, got {value!r:.60}.")
        return None
    return limit


def _complain(text: str) -> None:
    if django_settings.DEBUG:
        raise BadArgument(text)
    log_once_a_minute(text)


def _rendered(context: Context, served: Served) -> SafeString:
    names = [f"recommendations/placements/{served.placement}.html", "recommendations/placement.html"]
    request = context.get("request") or getattr(context, "request", None)
    adapter = get_adapter()
    items = [
        {
            **adapter.serialize(pick.item, served.subject),
            "key": pick.key,
            "rank": pick.rank,
            "source": pick.source,
            "reasons": pick.reasons,
            "object": pick.item,
        }
        for pick in served
    ]
    values = {
        "placement": served.placement,
        "title": served.title,
        "items": items,
        "request_id": served.request_id,
        "request": request,
        "csrf_token": context.get("csrf_token"),
    }
    engine = context.template.engine if context.template else Engine.get_default()
    found = engine.select_template(names)
    return mark_safe(found.render(context.new(values)))  # noqa: S308 - a template's own output


def _why_empty(served: Served) -> SafeString | str:
    if not django_settings.DEBUG:
        return ""
    reason = (served.reason or "no candidates").replace("--", "- -")
    return format_html("<!-- recommendations: {} is empty: {} -->", served.placement, reason)
