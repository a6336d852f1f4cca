"""Knowledge builds in the admin: the list, a build's page, start, cancel, activate, roll back, thresholds.

A build is never edited. Each action has its own permission, is a POST with a CSRF token and leaves an entry
in the admin log; the work itself is a method of the tables.
"""

from __future__ import annotations

from typing import Any

from django.contrib import admin, messages
from django.contrib.auth import get_user_model
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_GET, require_POST

from support_bot.models import ActiveKnowledge, AlreadyBuilding, CannotActivate, KnowledgeBuild

from . import build_details, describe
from .build_forms import StartBuildForm, ThresholdsForm
from .pages import PagesMixin, with_note

HEAVY = ("outcomes", "error", "timings")  # columns that no list shows


@admin.register(KnowledgeBuild)
class KnowledgeBuildAdmin(PagesMixin, admin.ModelAdmin):
    """What was learned from the FAQ, how good it is, and everything a manager may do about it."""

    change_list_template = "admin/concierge_support/build_list.html"
    list_display = ("number", "status_badge", "accuracy", "scope", "duration", "started")
    list_filter = ("status", "verdict")
    list_select_related = ("started_by",)
    list_per_page = 50
    actions = None

    def has_change_permission(self, request: HttpRequest, obj: KnowledgeBuild | None = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: KnowledgeBuild | None = None) -> bool:
        return False  # retention removes old builds together with their artifacts

    def get_search_fields(self, request: HttpRequest) -> tuple[str, ...]:
        return (f"started_by__{get_user_model().USERNAME_FIELD}",)

    def get_queryset(self, request: HttpRequest) -> QuerySet[KnowledgeBuild]:
        return super().get_queryset(request).defer(*HEAVY)

    def page_urls(self) -> list[tuple[str, Any, str]]:
        return [
            ("roll-back/", self.roll_back_view, "roll_back"),
            ("<int:pk>/progress/", require_GET(self.progress_view), "progress"),
            ("<int:pk>/cancel/", self.cancel_view, "cancel"),
            ("<int:pk>/activate/", self.activate_view, "activate"),
            ("<int:pk>/thresholds/", require_POST(self.thresholds_view), "thresholds"),
        ]

    # The list

    @admin.display(description=gettext_lazy("build"), ordering="pk")
    def number(self, build: KnowledgeBuild) -> str:
        return str(build)

    @admin.display(description=gettext_lazy("status"), ordering="status")
    def status_badge(self, build: KnowledgeBuild) -> SafeString:
        state = build_details.state(build)
        badge = format_html('<span class="bot-badge bot-{}">{}</span>', state.code, state.label)
        return with_note(badge, build.get_verdict_display())

    @admin.display(description=gettext_lazy("accuracy"))
    def accuracy(self, build: KnowledgeBuild) -> str:
        return build_details.by_language(build, "accuracy")

    @admin.display(description=gettext_lazy("out of scope found"))
    def scope(self, build: KnowledgeBuild) -> str:
        return build_details.by_language(build, "out_of_scope_recall")

    @admin.display(description=gettext_lazy("duration"))
    def duration(self, build: KnowledgeBuild) -> str:
        return describe.duration(build.duration)

    @admin.display(description=gettext_lazy("started"), ordering="created_at")
    def started(self, build: KnowledgeBuild) -> SafeString:
        who = describe.user_name(build, "started_by") or build.via
        return with_note(describe.moment(build.created_at), who)

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        if request.method == "GET" and self.has_view_permission(request):
            KnowledgeBuild.objects.fail_stale()
        active = ActiveKnowledge.objects.current()
        context = {
            "active": active,
            "changed": build_details.changed_words(active.build) if active and active.build else "",
            "may_activate": self.may(request, "activate_knowledgebuild"),
        }
        return super().changelist_view(request, {**context, **(extra_context or {})})

    # A build's page

    def whole(self) -> QuerySet[KnowledgeBuild]:
        return KnowledgeBuild.objects.select_related("started_by").defer("outcomes")

    def change_view(
        self,
        request: HttpRequest,
        object_id: str,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        self.require(request, "view_knowledgebuild")
        return self._page(request, self.found(object_id))

    def progress_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        """The status box alone, for the script that keeps a live build's page fresh."""
        self.require(request, "view_knowledgebuild")
        build = self.found(pk)
        response = TemplateResponse(
            request,
            "admin/concierge_support/build_status.html",
            {"build": build, "progress": build_details.progress(build)},
        )
        response["Cache-Control"] = "private, no-store"
        return response

    def add_view(
        self, request: HttpRequest, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """Start a build: seed, and whether to activate it when it passes."""
        if not self.has_add_permission(request):
            raise PermissionDenied
        form = StartBuildForm(request.POST or None)
        if request.method == "POST" and form.is_valid():
            started = self._start(request, form)
            if started is not None:
                return started
        return self.render(
            request, "build_start.html", _("Start a build"), form=form, summary=build_details.knowledge()
        )

    def cancel_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        self.require(request, "cancel_knowledgebuild")
        build = self.found(pk)
        if request.method != "POST":
            question = _("Cancel build %s? What it has learned so far is lost.") % build
            return self._confirm(request, question, _("Yes, cancel it"), build)
        if build.cancel(user=request.user):
            self.log_change(request, build, _("Cancelled."))
            self.message_user(request, _("Build %s is being cancelled.") % build, messages.SUCCESS)
        else:
            words = _("Build %(build)s is %(status)s: there is nothing to cancel.")
            named = {"build": build, "status": build.get_status_display()}
            self.message_user(request, words % named, messages.WARNING)
        return self._back(request, build)

    def activate_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        self.require(request, "activate_knowledgebuild")
        build = self.found(pk)
        if request.method != "POST":
            question = _("Let build %s answer from now on? Customers notice within five seconds.") % build
            return self._confirm(request, question, _("Yes, activate it"), build)
        try:
            build.activate(user=request.user, via="admin")
        except CannotActivate as refused:
            self.message_user(request, str(refused), messages.ERROR)
        else:
            self.log_change(request, build, _("Activated."))
            self.message_user(request, _("Build %s answers now.") % build, messages.SUCCESS)
        return self._back(request, build)

    def roll_back_view(self, request: HttpRequest) -> HttpResponse:
        self.require(request, "activate_knowledgebuild")
        active = ActiveKnowledge.objects.current()
        if request.method != "POST":
            previous = active.previous_build if active else None
            if previous is None:
                self.message_user(request, _("There is no build to go back to."), messages.WARNING)
                return self._back(request)
            question = _("Go back to build %s?") % previous
            return self._confirm(request, question, _("Yes, roll back"), previous)
        try:
            row = ActiveKnowledge.objects.roll_back(user=request.user, via="admin")
        except CannotActivate as refused:
            self.message_user(request, str(refused), messages.ERROR)
        else:
            self.log_change(request, row.build, _("Rolled back to."))
            self.message_user(
                request, _("Rolled back: build %s answers again.") % row.build, messages.SUCCESS
            )
        return self._back(request)

    def thresholds_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Move the thresholds of the build that answers; "as learned" takes the manager's own away."""
        self.require(request, "activate_knowledgebuild")
        build, active = self.found(pk), ActiveKnowledge.objects.current()
        if active is None or active.build_id != build.pk:
            self.message_user(
                request,
                _("Build %s does not answer: its thresholds cannot be moved.") % build,
                messages.ERROR,
            )
            return self._back(request, build)
        form = ThresholdsForm(request.POST, build=build, active=active)
        if not form.is_valid():
            return self._page(request, build, form)
        form.save()
        self.log_change(request, build, _("Thresholds: %s.") % form.words())
        self.message_user(request, _("The thresholds are changed: %s.") % form.words(), messages.SUCCESS)
        return self._back(request, build)

    # Private helpers

    def _page(
        self, request: HttpRequest, build: KnowledgeBuild, form: ThresholdsForm | None = None
    ) -> HttpResponse:
        if build.is_live:
            KnowledgeBuild.objects.fail_stale()
            build.refresh_from_db()
        active = ActiveKnowledge.objects.current()
        answers_now = active is not None and active.build_id == build.pk
        may_activate = self.may(request, "activate_knowledgebuild")
        chosen = describe.mapping(active.thresholds) if active is not None and answers_now else {}
        if active is not None and answers_now and may_activate and form is None:
            form = ThresholdsForm(build=build, active=active)
        return self.render(
            request,
            "build.html",
            _("Knowledge build %s") % build,
            build=build,
            progress=build_details.progress(build),
            answers_now=answers_now,
            changed=build_details.changed_words(build) if answers_now else "",
            languages=build_details.languages(build, chosen),
            sections=build_details.sections(build),
            started_by=describe.user_name(build, "started_by") or build.via or describe.DASH,
            thresholds_form=form if form is not None and form.fields else None,
            error=describe.text(build.error, 20_000) if build.error else "",
            may_cancel=build.is_live and self.may(request, "cancel_knowledgebuild"),
            may_activate=may_activate and not answers_now and bool(build.artifact),
        )

    def _confirm(self, request: HttpRequest, question: str, yes: str, build: KnowledgeBuild) -> HttpResponse:
        back = self.url("change", build.pk) if self.may(request, "view_knowledgebuild") else self._index()
        return self.render(request, "confirm.html", _("Are you sure?"), question=question, yes=yes, back=back)

    def _start(self, request: HttpRequest, form: StartBuildForm) -> HttpResponse | None:
        """The way to the new build's page; None, and an error on the form, while another one is live."""
        try:
            build = form.start(request.user)
        except AlreadyBuilding as busy:
            form.add_error(None, str(busy))
            return None
        self.log_addition(request, build, [{"added": {}}])
        build.refresh_from_db()
        if build.status == build.Status.FAILED:
            words = _("The build could not be started: %s") % describe.text(build.error)
            self.message_user(request, words, messages.ERROR)
        else:
            self.message_user(request, _("Build %s is started.") % build, messages.SUCCESS)
        return self._back(request, build)

    def _index(self) -> str:
        return f"{self.admin_site.name}:index"

    def _back(self, request: HttpRequest, build: KnowledgeBuild | None = None) -> HttpResponse:
        if not self.may(request, "view_knowledgebuild"):
            return redirect(self._index())
        return redirect(self.url("changelist") if build is None else self.url("change", build.pk))
