"""What the commands that train have in common: a bar while it lasts, a report at the end, the exit status."""

from __future__ import annotations

import sys
from typing import Any, Final

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import DatabaseError

from recommendations import training
from recommendations.models import AlreadyRunning, CannotRetry, ModelRun
from recommendations.models.sentences import scorecard

FAILED: Final = 1
BAD_ARGUMENTS: Final = 2
KEPT_BACK: Final = 3
STOPPED: Final = 130  # as shells have it for a process that Ctrl-C ended
BAR: Final = 24


class TrainingCommand(BaseCommand):
    """A command that starts a run, or takes it through all stages here."""

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--seed", type=int, default=0, help="Seed of everything random; 0 by default.")
        parser.add_argument("--wait", action="store_true", help="Train here and now, with a progress bar.")
        parser.add_argument(
            "--no-activate", action="store_true", help="Store the model, but let the old one serve."
        )
        parser.add_argument(
            "--ok-if-kept", action="store_true", help="Exit 0 when the gate keeps a model back."
        )

    def check_seed(self, seed: int) -> None:
        if not 0 <= seed < 2**31:
            raise CommandError("--seed must lie between 0 and 2147483647", returncode=BAD_ARGUMENTS)

    def start(self, algorithm: str, parameters: dict[str, Any], **options: Any) -> ModelRun | None:
        """The new run; None, said on the standard error, while another one holds its lock."""
        try:
            return ModelRun.objects.start(algorithm, parameters, via="command", **options)
        except AlreadyRunning as error:
            self.stderr.write(self.style.ERROR(str(error)))
            return None
        except DatabaseError as error:
            raise CommandError(f"The app's tables cannot be used: {error}. Run manage.py migrate.") from error

    def resume(self, run: ModelRun, *, wait: bool) -> bool:
        """Queue a failed or cancelled run again; False, said on the standard error, when it cannot be."""
        try:
            run.retry(enqueue=not wait)
        except (AlreadyRunning, CannotRetry) as error:
            self.stderr.write(self.style.ERROR(str(error)))
            return False
        return True

    def take_through(self, run: ModelRun, *, source: training.Source | None = None) -> None:
        """All stages of the queued run in this process; Ctrl-C ends it with the exit status 130."""
        try:
            training.run(run.pk, source=source, on_progress=self._progress(run))
        except KeyboardInterrupt:
            raise CommandError(
                f"{run}: stopped from the keyboard. What served before serves on. "
                f"manage.py recommendations_train --resume {run.pk} --wait goes on from there.",
                returncode=STOPPED,
            ) from None
        self._clear()
        run.refresh_from_db()

    def report(self, run: ModelRun, *, ok_if_kept: bool) -> int:
        """Say how the run stands or ended; the exit status."""
        name = f"{run.algorithm} (run {run.pk})"
        if run.status in (ModelRun.Status.FAILED, ModelRun.Status.CANCELLED):
            self.stderr.write(self.style.ERROR(f"{name}: {run.get_status_display()}: {run.error}"))
            return FAILED
        if run.is_live:
            self.stdout.write(
                f"{name}: {run.get_status_display()}. Watch it in the admin or with recommendations_status."
            )
            return 0
        taken = f"{run.duration.total_seconds():.1f} s" if run.duration else ""
        self.stdout.write(f"{name}: {run.get_verdict_display()}, {taken}. {run.verdict_text}")
        for sentence in scorecard(run):
            self.stdout.write(f"  {sentence}")
        if run.verdict == ModelRun.Verdict.KEPT_BACK and not ok_if_kept:
            return KEPT_BACK
        return 0

    def leave(self, code: int) -> None:
        """End the process with this status, or return where it is 0."""
        if code:
            sys.exit(code)

    def _progress(self, run: ModelRun) -> training.Listener | None:
        """A bar that is drawn over itself on a terminal; nothing where the output is a file."""
        if not self.stderr.isatty():
            return None

        def draw(stage: str, done: int, total: int, left: int | None) -> None:
            filled = BAR * done // total if total else 0
            bar = "#" * filled + "." * (BAR - filled)
            left_text = f", {left} s left" if left is not None else ""
            text = f"{run.algorithm:16} {stage:9} [{bar}] {done:,}/{total:,}{left_text}"
            self.stderr.write(f"\r{text:<78.78}", ending="")
            self.stderr.flush()

        return draw

    def _clear(self) -> None:
        if self.stderr.isatty():
            self.stderr.write("\r" + " " * 78 + "\r", ending="")
