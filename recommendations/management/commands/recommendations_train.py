"""Start a training, or do it here: for a terminal, a cron job, a first model."""

from __future__ import annotations

import sys
from typing import Any, Final

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import DatabaseError

from recommendations import training
from recommendations.algorithms import catalogue
from recommendations.models import AlreadyRunning, ModelRun

FAILED: Final = 1
BAD_ARGUMENTS: Final = 2
KEPT_BACK: Final = 3
STOPPED: Final = 130  # as shells have it for a process that Ctrl-C ended
BAR: Final = 24


class Command(BaseCommand):
    help = (
        "Train a model. Without --wait a worker does it and this returns at once; with --wait it happens "
        "here. Exit status: 0 done, 1 failed, 2 bad arguments, 3 kept back by the gate."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--algorithm",
            action="append",
            metavar="NAME",
            help=f"One of {', '.join(catalogue.ALGORITHMS)}; als by default. Given several times, they are "
            "trained one after another and the orders are read once.",
        )
        parser.add_argument(
            "--set", action="append", default=[], metavar="KEY=VALUE", help="A parameter of the algorithm."
        )
        parser.add_argument("--role", help="The role to train for; the algorithm's usual one by default.")
        parser.add_argument("--seed", type=int, default=0, help="Seed of everything random; 0 by default.")
        parser.add_argument("--wait", action="store_true", help="Train here and now, with a progress bar.")
        parser.add_argument(
            "--no-activate", action="store_true", help="Store the model, but let the old one serve."
        )
        parser.add_argument(
            "--ok-if-kept", action="store_true", help="Exit 0 when the gate keeps a model back."
        )

    def handle(self, *_args: Any, **options: Any) -> None:
        names = options["algorithm"] or ["als"]
        plans = [(name, *self._plan(name, options)) for name in dict.fromkeys(names)]
        if len(plans) > 1 and (options["set"] or options["role"]):
            raise CommandError("--set and --role go with one --algorithm", returncode=BAD_ARGUMENTS)
        source = training.Source()
        codes = [self._train(*plan, source=source, options=options) for plan in plans]
        if worst := min((code for code in codes if code), default=0):
            sys.exit(worst)

    def _plan(self, name: str, options: dict[str, Any]) -> tuple[dict[str, Any], str]:
        """Parameters and role, or the sentence that says what is wrong with them."""
        try:
            info = catalogue.info(name)
            parameters = catalogue.validate(name, dict(_pair(text) for text in options["set"]))
        except (catalogue.UnknownAlgorithm, catalogue.InvalidParameters) as error:
            raise CommandError(str(error), returncode=BAD_ARGUMENTS) from error
        role = options["role"] or info.roles[0]
        if role not in info.roles:
            raise CommandError(
                f"{name} cannot fill the role {role!r}; it can fill {', '.join(info.roles)}",
                returncode=BAD_ARGUMENTS,
            )
        if not 0 <= options["seed"] < 2**31:
            raise CommandError("--seed must lie between 0 and 2147483647", returncode=BAD_ARGUMENTS)
        return parameters, role

    def _train(
        self,
        name: str,
        parameters: dict[str, Any],
        role: str,
        *,
        source: training.Source,
        options: dict[str, Any],
    ) -> int:
        try:
            run = ModelRun.objects.start(
                name,
                parameters,
                role=role,
                via="command",
                activate=not options["no_activate"],
                seed=options["seed"],
                enqueue=not options["wait"],
            )
        except AlreadyRunning as error:
            self.stderr.write(self.style.ERROR(str(error)))
            return FAILED
        except DatabaseError as error:
            raise CommandError(f"The app's tables cannot be used: {error}. Run manage.py migrate.") from error
        if options["wait"]:
            try:
                training.run(run.pk, source=source, on_progress=self._progress(run))
            except KeyboardInterrupt:
                self._clear()
                raise CommandError(
                    f"{name} (run {run.pk}): stopped from the keyboard. What served before serves on.",
                    returncode=STOPPED,
                ) from None
            self._clear()
            run.refresh_from_db()
        return self._report(run, options)

    def _report(self, run: ModelRun, options: dict[str, Any]) -> int:
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
        if run.verdict == ModelRun.Verdict.KEPT_BACK and not options["ok_if_kept"]:
            return KEPT_BACK
        return 0

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


def _pair(text: str) -> tuple[str, str]:
    key, sign, value = text.partition("=")
    if not sign or not key.strip():
        raise CommandError(f"--set takes KEY=VALUE, got {text!r}", returncode=BAD_ARGUMENTS)
    return key.strip(), value.strip()
