"""What a manager changes about what is shown, what serves now, and what a customer would see."""

from __future__ import annotations

from django.contrib import admin
from django.db.models import QuerySet
from django.forms import ModelForm
from django.http import HttpRequest
from django.utils.translation import gettext_lazy

from recommendations.models import ActiveModel, NeverRecommend, Placement

from . import describe
from .runs import roll_back


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


@admin.register(Placement)
class PlacementAdmin(admin.ModelAdmin):
    """Overrides of placements; a blank field means what the setting says."""

    list_display = ("slug", "enabled", "title", "strategies", "limit", "max_per_category", "mmr")
    list_filter = ("enabled",)
    search_fields = ("slug", "title")


@admin.register(NeverRecommend)
class NeverRecommendAdmin(admin.ModelAdmin):
    """Items that no placement may show."""

    list_display = ("item_key", "note", "created_by", "created_at")
    list_select_related = ("created_by",)
    search_fields = ("item_key", "note")
    fields = ("item_key", "note")

    def save_model(self, request: HttpRequest, obj: NeverRecommend, form: ModelForm, change: bool) -> None:
        if not change:
            obj.created_by = request.user
        super().save_model(request, obj, form, change)
