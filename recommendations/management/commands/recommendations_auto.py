"""Find the best model for this shop: for a terminal, a cron job, a first model."""

from __future__ import annotations

from typing import Any

from django.core.management.base import CommandError, CommandParser

from recommendations.algorithms import catalogue
from recommendations.management.waiting import BAD_ARGUMENTS, FAILED, TrainingCommand
from recommendations.models import AUTO, ModelRun, Trial
from recommendations.models.managers import AUTO_MINUTES, MAX_MINUTES


class Command(TrainingCommand):
    help = (
        "Try the algorithms that suit this shop on its own orders, tune the promising ones, measure the best "
        "one on orders that none of them has seen, and let it serve if it is good enough. Exit status: 0 "
        "done, 1 failed, 2 bad arguments, 3 kept back by the gate."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--role",
            default="personal",
            choices=list(catalogue.ROLES),
            help="What the model is for; personal by default.",
        )
        parser.add_argument(
            "--metric", default="", help="What models are judged by, such as ndcg@20; the role's by default."
        )
        parser.add_argument(
            "--scope",
            default="",
            choices=["new", "all"],
            help="Whether purchases of items bought before count; as the role has it by default.",
        )
        parser.add_argument(
            "--minutes",
            type=float,
            default=AUTO_MINUTES,
            help=f"How long to look for it; {AUTO_MINUTES:g} by default.",
        )
        parser.add_argument(
            "--resume", action="store_true", help="Let the last search go on that was killed or cancelled."
        )
        super().add_arguments(parser)

    def handle(self, *_args: Any, **options: Any) -> None:
        run = self._last(options["role"]) if options["resume"] else self._new(options)
        if run is None or (options["resume"] and not self.resume(run, wait=options["wait"])):
            self.leave(FAILED)
            return
        if options["wait"]:
            self.take_through(run)
            self._table(run)
        self.leave(self.report(run, ok_if_kept=options["ok_if_kept"]))

    def _new(self, options: dict[str, Any]) -> ModelRun | None:
        self.check_seed(options["seed"])
        if not 0 < options["minutes"] <= MAX_MINUTES:
            raise CommandError(
                f"--minutes must be more than 0 and at most {MAX_MINUTES}", returncode=BAD_ARGUMENTS
            )
        try:
            judged = catalogue.ROLES[options["role"]].judged_by(options["metric"], options["scope"])
        except ValueError as error:
            raise CommandError(str(error), returncode=BAD_ARGUMENTS) from error
        return self.start(
            AUTO,
            {},
            role=judged.name,
            activate=not options["no_activate"],
            seed=options["seed"],
            minutes=options["minutes"],
            metric=judged.metric,
            scope=judged.scope,
            enqueue=not options["wait"],
        )

    def _last(self, role: str) -> ModelRun | None:
        ModelRun.objects.fail_stale()
        run = ModelRun.objects.filter(auto=True, role=role).first()
        if run is None:
            self.stderr.write(self.style.ERROR(f"There was no search for the role {role} yet"))
        return run

    def _table(self, run: ModelRun) -> None:
        """The algorithms by their best score on the validation part, the best one first."""
        best: dict[str, Trial] = {}
        count: dict[str, int] = {}
        for trial in run.trials.all():
            count[trial.algorithm] = count.get(trial.algorithm, 0) + 1
            known = best.setdefault(trial.algorithm, trial)
            if (trial.value or -1.0) > (known.value or -1.0):
                best[trial.algorithm] = trial
        if not best:
            return
        judged = catalogue.ROLES[run.role].judged_by(run.search["metric"], run.search["scope"])
        self.stdout.write(f"{judged.metric.upper()} over {judged.scope} items, on the validation part:")
        for trial in sorted(best.values(), key=lambda trial: -(trial.value or -1.0)):
            value = f"{trial.value:.4f}" if trial.value is not None else trial.get_state_display()
            tried = f"{count[trial.algorithm]} tried"
            self.stdout.write(f"  {trial.algorithm:18} {value:>10}  {tried:>10}  {trial.note}".rstrip())
        for name, reason in run.study.get("left_out", {}).items():
            self.stdout.write(f"  {name:18} {'not tried':>10}  {reason}")
