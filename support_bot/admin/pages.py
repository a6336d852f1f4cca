"""What our pages in the admin have in common: their addresses, their context, who may see them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.contrib import admin
from django.core.exceptions import PermissionDenied, ValidationError
from django.db.models import Model
from django.http import Http404, HttpRequest
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

TEMPLATES = "admin/concierge_support"


def with_note(text: str, note: str) -> SafeString:
    """A cell of a list with a smaller line under its text."""
    return format_html('{} <span class="bot-note">{}</span>', text, note) if note else format_html("{}", text)


class PagesMixin(admin.ModelAdmin):
    """A ``ModelAdmin`` with pages of its own; their links stay on whichever admin site it is on."""

    class Media:
        css = {"all": ["support_bot/admin.css"]}

    def page_urls(self) -> list[tuple[str, Callable[..., Any], str]]:
        """Route, view and short name of each page that the class adds."""
        return []

    def get_urls(self) -> list[URLPattern]:
        own = [
            path(route, self.admin_site.admin_view(view), name=self.url_name(name))
            for route, view, name in self.page_urls()
        ]
        return [*own, *super().get_urls()]

    def url_name(self, name: str) -> str:
        return f"{self.opts.app_label}_{self.opts.model_name}_{name}"

    def url(self, name: str, *args: Any) -> str:
        """The address of one of this class's pages on this site."""
        return reverse(f"{self.admin_site.name}:{self.url_name(name)}", args=args)

    def url_of(self, model: type[Model], name: str, *args: Any) -> str:
        """The address of a page of another list; empty where the site does not have that list."""
        if not self.admin_site.is_registered(model):
            return ""
        opts = model._meta
        return reverse(f"{self.admin_site.name}:{opts.app_label}_{opts.model_name}_{name}", args=args)

    def may(self, request: HttpRequest, codename: str) -> bool:
        """Whether the user has this permission of the app."""
        return request.user.has_perm(f"{self.opts.app_label}.{codename}")

    def require(self, request: HttpRequest, *codenames: str) -> None:
        """Raise ``PermissionDenied`` unless the user has all of these permissions of the app."""
        if not all(self.may(request, codename) for codename in codenames):
            raise PermissionDenied

    def found(self, pk: object) -> Any:
        """The row with that key, whatever was typed into the address; else a 404 that says so."""
        try:
            return self.whole().get(pk=pk)
        except (self.model.DoesNotExist, ValidationError, ValueError, OverflowError, TypeError):
            words = _("There is no %(what)s %(key)s.") % {"what": self.opts.verbose_name, "key": str(pk)[:60]}
            raise Http404(words) from None

    def whole(self) -> Any:
        """The rows with what a page about one of them reads."""
        return self.model._default_manager.all()

    def render(self, request: HttpRequest, template: str, title: str, **context: Any) -> TemplateResponse:
        request.current_app = self.admin_site.name
        everything = {
            **self.admin_site.each_context(request),
            "opts": self.opts,
            "media": self.media,
            "title": title,
            **context,
        }
        return TemplateResponse(request, f"{TEMPLATES}/{template}", everything)
