"""What a manager changes about what is shown, what serves now, and what a customer would see."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import admin, messages
from django.contrib.admin.views.main import ChangeList
from django.core.exceptions import FieldError, ImproperlyConfigured, PermissionDenied, ValidationError
from django.db import DatabaseError, transaction
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils.text import format_lazy
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from recommendations.adapters import get_adapter
from recommendations.conf import STRATEGIES, settings
from recommendations.models import ActiveModel, NeverRecommend, Placement

from . import describe, preview
from .roles import roll_back

TEMPLATES = "admin/concierge_recommendations/placement"


@admin.register(ActiveModel)
class ActiveModelAdmin(admin.ModelAdmin):
    """Which run answers for each role; changed by activating a run or by rolling back, never by hand."""

    actions = ("roll_back",)
    list_display = ("role_name", "run", "metric", "activator", "changed_at", "previous_run")
    list_display_links = ("role_name",)
    list_select_related = ("run", "run__activated_by", "previous_run")

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: ActiveModel | None = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: ActiveModel | None = None) -> bool:
        return False

    def has_activate_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm(f"{self.opts.app_label}.activate_modelrun")

    @admin.display(description=gettext_lazy("role"), ordering="role")
    def role_name(self, active: ActiveModel) -> str:
        return describe.role_title(active.role)

    @admin.display(description=gettext_lazy("key metric against its baseline"))
    def metric(self, active: ActiveModel) -> str:
        return describe.key_metric(active.run)

    @admin.display(description=gettext_lazy("activated by"))
    def activator(self, active: ActiveModel) -> str:
        return describe.person(active.run, "activated")

    @admin.action(description=gettext_lazy("Roll back to the run before"), permissions=["activate"])
    def roll_back(self, request: HttpRequest, chosen: QuerySet[ActiveModel]) -> None:
        for role in chosen.values_list("role", flat=True):
            roll_back(self, request, role)


class PlacementForm(forms.ModelForm):
    """A placement's overrides; strategies and filters are checked, so that a slip never empties a page."""

    slug = forms.ChoiceField(
        label=gettext_lazy("Placement"),
        choices=lambda: [(slug, f"{of['title']} ({slug})") for slug, of in settings.PLACEMENTS.items()],
    )
    strategies = forms.CharField(
        required=False,
        max_length=200,
        label=gettext_lazy("Strategies"),
        help_text=format_lazy(
            "{} {}", gettext_lazy("Tried in this order, separated by commas:"), ", ".join(STRATEGIES)
        ),
    )

    class Meta:
        model = Placement
        fields = ("slug", "enabled", "title", "strategies", "limit", "max_per_category", "mmr", "filters")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.initial["strategies"] = ", ".join(map(str, self.initial.get("strategies") or ()))

    def clean_strategies(self) -> list[str] | None:
        names = [name.strip() for name in self.cleaned_data["strategies"].split(",") if name.strip()]
        unknown = [name for name in names if name not in STRATEGIES]
        if unknown:
            words = _("There is no strategy “%(name)s”; there are: %(names)s.")
            raise ValidationError(words % {"name": unknown[0], "names": ", ".join(STRATEGIES)})
        return list(dict.fromkeys(names)) or None

    def clean_filters(self) -> dict[str, Any] | None:
        filters = self.cleaned_data["filters"]
        if filters in (None, ""):
            return None
        if not isinstance(filters, dict):
            raise ValidationError(
                _('It must be an object of lookups and values, such as {"price__lte": 20}.')
            )
        try:
            found = get_adapter().available().filter(**filters)
            with transaction.atomic(using=found.db):
                found.exists()
        except (
            FieldError,
            ValueError,
            TypeError,
            ValidationError,
            ImproperlyConfigured,
            DatabaseError,
        ) as error:
            raise ValidationError(_("The items cannot be filtered like this: %s") % error) from error
        return filters


@admin.register(Placement)
class PlacementAdmin(admin.ModelAdmin):
    """Overrides of placements; a blank field means what the setting says."""

    form = PlacementForm
    change_list_template = f"{TEMPLATES}/change_list.html"
    list_display = ("slug", "enabled", "title", "strategies", "limit", "max_per_category", "mmr")
    list_filter = ("enabled",)
    search_fields = ("slug", "title")

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view(self.preview_view)
        return [path("preview/", view, name=f"{self.opts.app_label}_placement_preview"), *super().get_urls()]

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        return super().changelist_view(
            request, {"may_preview": preview.is_allowed(request), **(extra_context or {})}
        )

    def preview_view(self, request: HttpRequest) -> HttpResponse:
        if not preview.is_allowed(request):
            raise PermissionDenied
        request.current_app = self.admin_site.name
        context = {
            **self.admin_site.each_context(request),
            "opts": self.opts,
            "title": _("What would this customer see?"),
            "never_url": self._never_url(request),
            **preview.context(request),
        }
        return TemplateResponse(request, f"{TEMPLATES}/preview.html", context)

    def _never_url(self, request: HttpRequest) -> str:
        """Where an item is banned, for whoever may; empty on a site without that list."""
        app = self.opts.app_label
        listed = self.admin_site.is_registered(NeverRecommend)
        if not listed or not request.user.has_perm(f"{app}.add_neverrecommend"):
            return ""
        return reverse(f"{self.admin_site.name}:{app}_neverrecommend_add")


class NeverRecommendForm(forms.ModelForm):
    """The item's key, brought into the form that keys have everywhere."""

    class Meta:
        model = NeverRecommend
        fields = ("item_key", "note")

    def clean_item_key(self) -> str:
        raw = self.cleaned_data["item_key"]
        try:
            key = get_adapter().item_key(raw)
        except ImproperlyConfigured as error:
            raise ValidationError(str(error)) from error
        if key is None:
            raise ValidationError(_("No item can have the key “%s”.") % describe.text(raw, 60))
        return key


@admin.register(NeverRecommend)
class NeverRecommendAdmin(admin.ModelAdmin):
    """Items that no placement may show."""

    form = NeverRecommendForm
    list_display = ("item_key", "item_title", "note", "adder", "created_at")
    list_select_related = ("created_by",)
    list_per_page = 50
    search_fields = ("item_key", "note")

    def get_changelist_instance(self, request: HttpRequest) -> ChangeList:
        """The list with the titles of its items, read at once."""
        changelist = super().get_changelist_instance(request)
        listed = list(changelist.result_list)
        titles = preview.titles([never.item_key for never in listed])
        for never in listed:
            never.title = titles.get(never.item_key)
        changelist.result_list = listed
        return changelist

    @admin.display(description=gettext_lazy("item"))
    def item_title(self, never: NeverRecommend) -> str:
        return getattr(never, "title", None) or _("not for sale now")

    @admin.display(description=gettext_lazy("added by"))
    def adder(self, never: NeverRecommend) -> str:
        return describe.user_name(never, "created_by")

    def save_model(
        self, request: HttpRequest, obj: NeverRecommend, form: forms.ModelForm, change: bool
    ) -> None:
        if not change:
            obj.created_by_id = request.user.pk
        super().save_model(request, obj, form, change)
        if not preview.titles([obj.item_key]):
            words = _("Nothing for sale has the key %s now; it is never recommended all the same.")
            self.message_user(request, words % obj.item_key, messages.WARNING)
