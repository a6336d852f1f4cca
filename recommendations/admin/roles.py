"""Roles in the admin: what answers for each, activating a run for one, going back to the run before."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.contrib.admin import ModelAdmin
from django.http import HttpRequest
from django.utils.translation import gettext as _

from recommendations.algorithms import catalogue
from recommendations.models import ActiveModel, CannotActivate, ModelRun

from . import describe


def roles_of(run: ModelRun) -> list[str]:
    """The roles that the run may serve: its own, on which it was judged, then its algorithm's others."""
    known = catalogue.ALGORITHMS.get(run.algorithm)
    return list(dict.fromkeys([role for role in (run.role, *(known.roles if known else ())) if role]))


def serving_now() -> list[dict[str, Any]]:
    """What answers for each role of the catalogue; roles without a model are listed too."""
    active = {row.role: row for row in ActiveModel.objects.select_related("run", "previous_run")}
    names = [*catalogue.ROLES, *(role for role in active if role not in catalogue.ROLES)]
    return [
        {
            "role": role,
            "title": describe.role_title(role),
            "active": active.get(role),
            "metric": describe.key_metric(active[role].run) if role in active else describe.DASH,
        }
        for role in names
    ]


def activate(page: ModelAdmin, request: HttpRequest, run: ModelRun, role: str) -> None:
    """Let ``run`` answer for ``role``, and say so or why not; ``log`` writes it to the admin log."""
    if role not in roles_of(run):
        words = _("%(algorithm)s cannot fill the role %(role)s; it can fill %(roles)s.")
        named = {
            "algorithm": run.algorithm,
            "role": describe.text(role, 40),
            "roles": ", ".join(roles_of(run)),
        }
        page.message_user(request, words % named, messages.ERROR)
        return
    try:
        run.activate(role=role, user=request.user, via="admin")
    except CannotActivate as refused:
        page.message_user(request, str(refused), messages.ERROR)
        return
    words = _("Activated for the role %(role)s.") % {"role": describe.role_title(role)}
    page.message_user(request, words, messages.SUCCESS)


def roll_back(page: ModelAdmin, request: HttpRequest, role: str) -> None:
    """Serve the previous run of ``role`` again, and say so."""
    try:
        active = ActiveModel.objects.roll_back(role, user=request.user, via="admin")
    except CannotActivate as refused:
        page.message_user(request, str(refused), messages.ERROR)
        return
    words = _("Rolled back: serves %(role)s again.") % {"role": describe.role_title(role)}
    page.message_user(request, f"{active.run}: {words}", messages.SUCCESS)
