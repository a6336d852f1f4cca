"""Model runs in the admin: the list, a run's page, start, cancel, activate, roll back, compare.

A run is never edited. Each action has its own permission, is a POST with a CSRF token and leaves an entry in
the admin log (that of an activation is written by ``log``); the work itself is a method of the tables.
"""

from __future__ import annotations

from typing import Any

from django.contrib import admin, messages
from django.contrib.auth import get_user_model
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect, JsonResponse, QueryDict
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils.decorators import method_decorator
from django.utils.formats import date_format
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.timezone import localtime
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_GET, require_POST

from recommendations.algorithms import catalogue
from recommendations.models import AUTO, AlreadyRunning, CannotRetry, ModelRun, Placement

from . import charts, describe, details, preview, roles, trials
from .forms import SearchForm, StartRunForm, initial_like

TEMPLATES = "admin/concierge_recommendations/modelrun"
COMPARED = range(2, 5)  # as many as fit side by side on a page
HEAVY = (
    "history",
    "log",
    "cleaning",
    "data_summary",
    "error",
    "split",
    "study",
)  # columns that no list shows


@admin.register(ModelRun)
class ModelRunAdmin(admin.ModelAdmin):
    """What was trained, how good it is, and everything a manager may do about it."""

    change_list_template = f"{TEMPLATES}/change_list.html"
    actions = ("compare_runs", "cancel_runs")
    list_display = (
        "algorithm_and_role",
        "status_badge",
        "metric",
        "duration_and_device",
        "started",
    )
    list_filter = ("status", "role", "algorithm", "auto", "verdict")
    list_select_related = ("started_by",)
    list_per_page = 50

    def has_change_permission(self, request: HttpRequest, obj: ModelRun | None = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: ModelRun | None = None) -> bool:
        return False  # retention removes old runs together with their artifacts

    def has_cancel_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm(f"{self.opts.app_label}.cancel_modelrun")

    def has_activate_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm(f"{self.opts.app_label}.activate_modelrun")

    def get_queryset(self, request: HttpRequest) -> QuerySet[ModelRun]:
        return super().get_queryset(request).defer(*HEAVY).prefetch_related("active_for")

    def get_search_fields(self, request: HttpRequest) -> tuple[str, ...]:
        return ("algorithm", "role", "device", f"started_by__{get_user_model().USERNAME_FIELD}")

    def get_urls(self) -> list[URLPattern]:
        def named(route: str, view: Any, name: str) -> URLPattern:
            return path(
                route, self.admin_site.admin_view(view), name=f"{self.opts.app_label}_modelrun_{name}"
            )

        return [
            named("compare/", self.compare_view, "compare"),
            named("roll-back/", self.roll_back_view, "roll_back"),
            named("<int:pk>/progress/", self.progress_view, "progress"),
            named("auto/", self.auto_view, "auto"),
            named("<int:pk>/cancel/", self.cancel_view, "cancel"),
            named("<int:pk>/retry/", self.retry_view, "retry"),
            named("<int:pk>/activate/", self.activate_view, "activate"),
            *super().get_urls(),
        ]

    # The list

    @admin.display(description=gettext_lazy("run"), ordering="pk")
    def algorithm_and_role(self, run: ModelRun) -> SafeString:
        how = _("found automatically") if run.auto and run.algorithm != AUTO else ""
        return with_note(str(run), "; ".join(filter(None, (describe.role_title(run.role), how))))

    @admin.display(description=gettext_lazy("status"), ordering="status")
    def status_badge(self, run: ModelRun) -> SafeString:
        state = describe.state(run)
        percent = describe.percent(run) if run.is_live else None
        progress = "" if percent is None else f" {percent} %"
        badge = format_html('<span class="run-state run-{}">{}{}</span>', state.code, state.label, progress)
        roles = ", ".join(describe.role_title(active.role) for active in run.active_for.all())
        serves = _("serves: %s") % roles if roles else ""
        verdict = "" if serves and run.verdict == run.Verdict.ACTIVATED else run.get_verdict_display()
        return with_note(badge, "; ".join(filter(None, (serves, verdict))))

    @admin.display(description=gettext_lazy("metric, baseline"))
    def metric(self, run: ModelRun) -> SafeString:
        value = describe.number(describe.mapping(run.metrics).get("value"))
        name = "" if value is None else describe.metric_name(run)
        return with_note(f"{name} {describe.figure(value)}", describe.baseline_words(run))

    @admin.display(description=gettext_lazy("duration"))
    def duration_and_device(self, run: ModelRun) -> SafeString:
        return with_note(describe.duration(describe.run_seconds(run)), run.device)

    @admin.display(description=gettext_lazy("started"), ordering="created_at")
    def started(self, run: ModelRun) -> SafeString:
        when = date_format(localtime(run.created_at), "SHORT_DATETIME_FORMAT")
        return with_note(when, describe.person(run, "started"))

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        if request.method == "GET" and self.has_view_permission(request):
            ModelRun.objects.fail_stale()
        context = {
            "serving": roles.serving_now(),
            "may_activate": self.has_activate_permission(request),
            "may_preview": self.admin_site.is_registered(Placement) and preview.is_allowed(request),
            **(extra_context or {}),
        }
        return super().changelist_view(request, context)

    @admin.action(description=gettext_lazy("Compare two to four runs side by side"), permissions=["view"])
    def compare_runs(self, request: HttpRequest, chosen: QuerySet[ModelRun]) -> HttpResponse | None:
        keys = list(chosen.values_list("pk", flat=True)[: COMPARED.stop])
        if len(keys) not in COMPARED:
            self.message_user(request, _("Choose two to four runs to compare."), messages.ERROR)
            return None
        query = QueryDict(mutable=True)
        query.setlist("run", [str(key) for key in sorted(keys)])
        return redirect(f"{self._url('compare')}?{query.urlencode()}")

    @admin.action(description=gettext_lazy("Cancel the runs"), permissions=["cancel"])
    def cancel_runs(self, request: HttpRequest, chosen: QuerySet[ModelRun]) -> None:
        for run in chosen:
            self._cancel(request, run)

    # A run's page

    def change_view(
        self,
        request: HttpRequest,
        object_id: str,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        run = self._viewed(request, object_id)
        if run.is_live:
            ModelRun.objects.fail_stale()
            run.refresh_from_db()
        context = {
            "run": run,
            "charts": [
                *(chart for chart in (charts.against_baselines(run),) if chart),
                *trials.charts(run, trials.of(run)),
                *(chart for chart in (charts.learning_curve(run),) if chart),
            ],
            "progress": details.progress(run),
            "sections": details.sections(run),
            "may_cancel": run.is_live and not run.cancel_requested and self.has_cancel_permission(request),
            "may_retry": run.can_be_retried and self.has_add_permission(request),
            "roles_to_activate": self._roles_to_activate(request, run),
            "may_start": self.has_add_permission(request) and run.algorithm in catalogue.ALGORITHMS,
            "title": _("%(algorithm)s, run %(run)s")
            % {"algorithm": describe.algorithm_title(run.algorithm), "run": run.pk},
            **details.facts(run),
        }
        return self._render(request, "run.html", {**context, **(extra_context or {})})

    @method_decorator(require_GET)
    def progress_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        run = self._viewed(request, pk)
        curve = charts.learning_curve(run)
        return JsonResponse({**details.progress(run), "learning": curve.data if curve else None})

    @method_decorator(require_GET)
    def compare_view(self, request: HttpRequest) -> HttpResponse:
        if not self.has_view_permission(request):
            raise PermissionDenied
        keys = {int(key) for key in request.GET.getlist("run") if key.isdecimal() and len(key) < 19}
        runs = list(self._whole().filter(pk__in=sorted(keys)[: COMPARED.stop]).order_by("pk"))
        if len(runs) not in COMPARED:
            self.message_user(request, _("Choose two to four runs to compare."), messages.ERROR)
            return redirect(self._url("changelist"))
        chart = charts.side_by_side(runs)
        context = {
            "title": _("Runs side by side"),
            "runs": [{"run": run, "state": describe.state(run)} for run in runs],
            "charts": [chart] if chart else [],
            "groups": details.comparison(runs),
            "warning": details.why_not_comparable(runs),
        }
        return self._render(request, "compare.html", context)

    # Actions

    def add_view(
        self, request: HttpRequest, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """Pick an algorithm, then its parameters: ``?algorithm=als``, ``&like=12`` takes those of run 12."""
        if not self.has_add_permission(request):
            raise PermissionDenied
        try:
            algorithm = catalogue.info(request.GET["algorithm"]) if request.GET.get("algorithm") else None
        except catalogue.UnknownAlgorithm as unknown:
            self.message_user(request, str(unknown), messages.ERROR)
            algorithm = None
        form = None
        if algorithm is not None:
            initial = initial_like(request.GET.get("like", ""), algorithm)
            form = StartRunForm(request.POST or None, algorithm=algorithm, initial=initial)
            if request.method == "POST" and form.is_valid():
                started = self._start(request, form)
                if started is not None:
                    return started
        context = {
            "title": details.start_title(algorithm),
            "algorithm": algorithm,
            "summary": _(algorithm.summary) if algorithm else "",
            "algorithms": [details.choice(known) for known in catalogue.ALGORITHMS.values()],
            "form": form,
        }
        return self._render(request, "start.html", {**context, **(extra_context or {})})

    def auto_view(self, request: HttpRequest) -> HttpResponse:
        """Find the best model: one button, and how models are judged for those who mind."""
        if not self.has_add_permission(request):
            raise PermissionDenied
        form = SearchForm(request.POST or None)
        if request.method == "POST" and form.is_valid():
            started = self._start(request, form)
            if started is not None:
                return started
        context = {"title": _("Find the best model"), "form": form}
        return self._render(request, "auto.html", context)

    @method_decorator(require_POST)
    def retry_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        if not self.has_add_permission(request):
            raise PermissionDenied
        run = self._run(pk)
        try:
            run.retry(user=request.user)
        except (AlreadyRunning, CannotRetry) as refused:
            self.message_user(request, str(refused), messages.ERROR)
            return self._back_to(request, run)
        self.log_change(request, run, _("Continued."))
        return self._has_started(request, run)

    @method_decorator(require_POST)
    def cancel_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        if not self.has_cancel_permission(request):
            raise PermissionDenied
        run = self._run(pk)
        self._cancel(request, run)
        return self._back_to(request, run)

    @method_decorator(require_POST)
    def activate_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        run = self._run(pk)
        if not self.has_activate_permission(request):
            raise PermissionDenied
        roles.activate(self, request, run, request.POST.get("role") or run.role)
        return self._back_to(request, run)

    @method_decorator(require_POST)
    def roll_back_view(self, request: HttpRequest) -> HttpResponse:
        if not self.has_activate_permission(request):
            raise PermissionDenied
        roles.roll_back(self, request, request.POST.get("role", ""))
        return redirect(self._url("changelist") if self.has_view_permission(request) else self._index())

    # Private helpers

    def _url(self, name: str, *args: Any) -> str:
        return reverse(f"{self.admin_site.name}:{self.opts.app_label}_modelrun_{name}", args=args)

    def _index(self) -> str:
        return reverse(f"{self.admin_site.name}:index")

    def _whole(self) -> QuerySet[ModelRun]:
        return ModelRun.objects.select_related("started_by", "activated_by").prefetch_related("active_for")

    def _run(self, pk: int | str) -> ModelRun:
        try:
            return self._whole().get(pk=pk)
        except (ModelRun.DoesNotExist, ValueError, OverflowError):
            raise Http404(_("There is no run %(run)s.") % {"run": pk}) from None

    def _viewed(self, request: HttpRequest, pk: int | str) -> ModelRun:
        if not self.has_view_permission(request):
            raise PermissionDenied
        return self._run(pk)

    def _render(self, request: HttpRequest, template: str, context: dict[str, Any]) -> TemplateResponse:
        request.current_app = self.admin_site.name
        everything = {**self.admin_site.each_context(request), "opts": self.opts, **context}
        return TemplateResponse(request, f"{TEMPLATES}/{template}", everything)

    def _back_to(self, request: HttpRequest, run: ModelRun) -> HttpResponseRedirect:
        if self.has_view_permission(request):
            return redirect(self._url("change", run.pk))
        return redirect(self._index())

    def _roles_to_activate(self, request: HttpRequest, run: ModelRun) -> list[dict[str, str]]:
        """The roles that a button offers: those the algorithm can fill and the run does not serve already."""
        if not self.has_activate_permission(request) or run.status != run.Status.FINISHED or not run.artifact:
            return []
        serving = {active.role for active in run.active_for.all()}
        return [
            {"name": role, "title": describe.role_title(role)}
            for role in roles.roles_of(run)
            if role not in serving
        ]

    def _start(self, request: HttpRequest, form: StartRunForm | SearchForm) -> HttpResponse | None:
        """The way to the new run's page; None with an error on the form when there is a live run already."""
        try:
            run = form.start(request.user)
        except AlreadyRunning as busy:
            link = format_html('<a href="{}">{}</a>', self._url("change", busy.run.pk), busy.run)
            form.add_error(None, format_html(_("{} is under way already: wait for it or cancel it."), link))
            return None
        self.log_addition(request, run, [{"added": {}}])
        return self._has_started(request, run)

    def _has_started(self, request: HttpRequest, run: ModelRun) -> HttpResponse:
        """Say that the run is under way, or why the broker or the process refused it; its page."""
        run.refresh_from_db()
        if run.status == run.Status.FAILED:
            self.message_user(
                request, _("The run could not be started: %s") % run.error[:500], messages.ERROR
            )
        else:
            self.message_user(request, _("Run %s is started.") % run.pk, messages.SUCCESS)
        return self._back_to(request, run)

    def _cancel(self, request: HttpRequest, run: ModelRun) -> None:
        if not run.is_live:
            words = _("Run %(run)s is %(status)s: there is nothing to cancel.")
            named = {"run": run.pk, "status": run.get_status_display()}
            self.message_user(request, words % named, messages.WARNING)
            return
        run.cancel(user=request.user)
        self.log_change(request, run, _("Cancelled."))
        self.message_user(request, _("Run %s is being cancelled.") % run.pk, messages.SUCCESS)


def with_note(text: str, note: str) -> SafeString:
    """A cell of the list with a smaller line under its text."""
    return format_html('{} <span class="run-note">{}</span>', text, note)
