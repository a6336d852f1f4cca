"""Import and export of the FAQ: a file is tried first, and taken whole or not at all."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from django import forms
from django.conf import settings as django_settings
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from support_bot.knowledge import ImportReport, export, import_file
from support_bot.models import Entry

if TYPE_CHECKING:
    from .pages import PagesMixin

FORMATS = {
    "markdown": ("Markdown", "text/markdown", "md"),
    "csv": ("CSV", "text/csv", "csv"),
    "json": ("JSON", "application/json", "json"),
}
SHOWN = 200  # errors on the page


class ImportForm(forms.Form):
    """A file, and what to do with it."""

    file = forms.FileField(
        label=gettext_lazy("File"),
        help_text=gettext_lazy(
            "Markdown (a heading is a question), CSV or JSON, in UTF-8; the name's ending tells which."
        ),
    )
    language = forms.ChoiceField(
        label=gettext_lazy("Language"),
        required=False,
        choices=lambda: [("", _("as the file says")), *django_settings.LANGUAGES],
        help_text=gettext_lazy("For rows that name none, in a file whose name tells none either."),
    )
    replace = forms.BooleanField(
        label=gettext_lazy("Replace"),
        required=False,
        help_text=gettext_lazy("Also remove the entries of its languages that the file does not have."),
    )


def context(page: PagesMixin, request: HttpRequest, *, may_import: bool) -> dict[str, Any] | HttpResponse:
    """The page; after a file was taken, the way back to the list."""
    form = ImportForm(request.POST or None, request.FILES or None)
    report = None
    if request.method == "POST" and form.is_valid():
        dry_run = "import" not in request.POST  # anything but the button that says so is a try
        report = _import(form.cleaned_data, dry_run=dry_run)
        if report.ok and not dry_run:
            page.message_user(request, _("Imported: %s.") % counts(report), messages.SUCCESS)
            for problem in report.warnings[:10]:
                page.message_user(request, f"{problem.line}: {problem.message}", messages.WARNING)
            return redirect(page.url("changelist"))
    return {
        "form": form,
        "report": report,
        "counts": counts(report) if report else "",
        "errors": report.errors[:SHOWN] if report else [],
        "more_errors": max(0, len(report.errors) - SHOWN) if report else 0,
        "warnings": report.warnings[:SHOWN] if report else [],
        "may_import": may_import,
        "export_url": page.url("export"),
        "formats": [(name, label) for name, (label, _type, _ending) in FORMATS.items()],
        "languages": django_settings.LANGUAGES,
    }


def counts(report: ImportReport) -> str:
    """What an import did or would do, in words."""
    words = _("%(created)d new, %(updated)d changed, %(unchanged)d unchanged, %(removed)d removed")
    return words % {
        "created": report.created,
        "updated": report.updated,
        "unchanged": report.unchanged,
        "removed": report.removed,
    }


def export_response(query: Mapping[str, Any]) -> HttpResponse:
    """The entries, of one language if asked for, as a file."""
    name = query.get("format", "")
    _label, content_type, ending = FORMATS.get(name) or FORMATS["markdown"]
    language = query.get("language", "")
    known = dict(django_settings.LANGUAGES)
    entries = Entry.objects.filter(language=language) if language in known else Entry.objects.all()
    response = HttpResponse(
        export(name if name in FORMATS else "markdown", entries),
        content_type=f"{content_type}; charset=utf-8",
    )
    stem = language if language in known else "faq"
    response["Content-Disposition"] = f'attachment; filename="{stem}.{ending}"'
    return response


def _import(wanted: Mapping[str, Any], *, dry_run: bool) -> ImportReport:
    upload = wanted["file"]
    return import_file(
        upload.file,
        name=upload.name,
        language=wanted["language"] or None,
        replace=wanted["replace"],
        dry_run=dry_run,
    )
