"""Start a knowledge build, or do it here: for a terminal, a cron job, the first build."""

from __future__ import annotations

import sys
from typing import Any, Final

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import DatabaseError

from support_bot import building
from support_bot.models import AlreadyBuilding, KnowledgeBuild

FAILED: Final = 1
BAD_ARGUMENTS: Final = 2
KEPT_BACK: Final = 3
STOPPED: Final = 130  # as shells have it for a process that Ctrl-C ended
BAR: Final = 24


class Command(BaseCommand):
    help = (
        "Learn from the FAQ. Without --wait a worker does it and this returns at once; with --wait it "
        "happens here. Exit status: 0 done, 1 failed, 2 bad arguments, 3 kept back by the gate."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--seed", type=int, default=0, help="Seed of everything random; 0 by default.")
        parser.add_argument("--wait", action="store_true", help="Build here and now, with a progress bar.")
        parser.add_argument(
            "--no-activate", action="store_true", help="Store the build, but let the old one answer."
        )
        parser.add_argument(
            "--ok-if-kept", action="store_true", help="Exit 0 when the gate keeps the build back."
        )

    def handle(self, *_args: Any, **options: Any) -> None:
        if not 0 <= options["seed"] < 2**31:
            raise CommandError("--seed must lie between 0 and 2147483647", returncode=BAD_ARGUMENTS)
        if code := self._build(options):
            sys.exit(code)

    def _build(self, options: dict[str, Any]) -> int:
        try:
            build = KnowledgeBuild.objects.start(
                via="command",
                activate=not options["no_activate"],
                seed=options["seed"],
                enqueue=not options["wait"],
            )
        except AlreadyBuilding as error:
            self.stderr.write(self.style.ERROR(str(error)))
            return FAILED
        except DatabaseError as error:
            raise CommandError(f"The app's tables cannot be used: {error}. Run manage.py migrate.") from error
        if options["wait"]:
            try:
                building.run(build.pk, on_progress=self._progress())
            except KeyboardInterrupt:
                self._clear()
                text = f"Build {build.pk}: stopped from the keyboard. What answered before answers on."
                raise CommandError(text, returncode=STOPPED) from None
            self._clear()
            build.refresh_from_db()
        return self._report(build, options)

    def _report(self, build: KnowledgeBuild, options: dict[str, Any]) -> int:
        name = f"Build {build.pk}"
        if build.status in (KnowledgeBuild.Status.FAILED, KnowledgeBuild.Status.CANCELLED):
            self.stderr.write(self.style.ERROR(f"{name}: {build.get_status_display()}: {build.error}"))
            return FAILED
        if build.is_live:
            self.stdout.write(f"{name}: {build.get_status_display()}. Watch it in the admin.")
            return 0
        taken = f"{build.duration.total_seconds():.1f} s" if build.duration else ""
        self.stdout.write(f"{name}: {build.get_verdict_display()}, {taken}. {build.verdict_reason}")
        for language, figures in sorted(build.metrics.items()):
            self.stdout.write(f"  {language}: {_figures(figures)}")
        if build.verdict == KnowledgeBuild.Verdict.KEPT_BACK and not options["ok_if_kept"]:
            return KEPT_BACK
        return 0

    def _progress(self) -> building.Listener | None:
        """A bar that is drawn over itself on a terminal; nothing where the output is a file."""
        if not self.stderr.isatty():
            return None

        def draw(stage: str, done: int, total: int) -> None:
            filled = BAR * done // total if total else 0
            bar = "#" * filled + "." * (BAR - filled)
            self.stderr.write(f"\r{f'{stage:24} [{bar}] {done:,}/{total:,}':<78.78}", ending="")
            self.stderr.flush()

        return draw

    def _clear(self) -> None:
        if self.stderr.isatty():
            self.stderr.write("\r" + " " * 78 + "\r", ending="")


def _figures(figures: dict[str, Any]) -> str:
    """One language of a build in a line."""
    parts = [f"{figures['n']:,} phrasings of {figures['labels']:,} labels"]
    for name, title in (
        ("accuracy", "accuracy"),
        ("out_of_scope_recall", "out-of-scope recall"),
        ("ece", "calibration error"),
        ("threshold", "threshold"),
    ):
        value = figures.get(name)
        parts.append(f"{title} {'-' if value is None else f'{value:.3f}'}")
    missing = "; ".join(f"{name} is missing: {why}" for name, why in (figures.get("missing") or {}).items())
    encoders = "+".join(figures.get("encoders") or ["lexical"])
    return ", ".join(parts) + f"; encoders {encoders}" + (f" ({missing})" if missing else "")
