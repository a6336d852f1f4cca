"""Start a training, or do it here: for a terminal, a cron job, a first model."""

from __future__ import annotations

from typing import Any

from django.core.management.base import CommandError, CommandParser

from recommendations import training
from recommendations.algorithms import catalogue
from recommendations.management.waiting import BAD_ARGUMENTS, FAILED, TrainingCommand
from recommendations.models import ActiveModel, ModelRun
from recommendations.models.managers import MAX_MINUTES


class Command(TrainingCommand):
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
        parser.add_argument(
            "--tune",
            type=float,
            metavar="MINUTES",
            help="Look for better parameters for so long, beginning with the given ones.",
        )
        parser.add_argument(
            "--warm",
            action="store_true",
            help="Learn on from the model that serves, where the algorithm can. Without --algorithm: all "
            "models that serve, with their own parameters.",
        )
        parser.add_argument(
            "--resume",
            type=int,
            metavar="RUN",
            help="Let a failed or cancelled run go on from where it was; its number.",
        )
        super().add_arguments(parser)

    def handle(self, *_args: Any, **options: Any) -> None:
        if options["resume"] is not None:
            self._resume(options)
            return
        if options["warm"] and not options["algorithm"]:
            self._refresh(options)
            return
        names = options["algorithm"] or ["als"]
        plans = [(name, *self._plan(name, options)) for name in dict.fromkeys(names)]
        if len(plans) > 1 and (options["set"] or options["role"]):
            raise CommandError("--set and --role go with one --algorithm", returncode=BAD_ARGUMENTS)
        source = training.Source()
        codes = [self._train(*plan, source=source, options=options) for plan in plans]
        self.leave(min((code for code in codes if code), default=0))

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
        if options["tune"] is not None and not 0 < options["tune"] <= MAX_MINUTES:
            text = f"--tune takes minutes, more than 0 and at most {MAX_MINUTES}"
            raise CommandError(text, returncode=BAD_ARGUMENTS)
        self.check_seed(options["seed"])
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
        run = self.start(
            name,
            parameters,
            role=role,
            activate=not options["no_activate"],
            seed=options["seed"],
            minutes=options["tune"],
            warm=options["warm"],
            enqueue=not options["wait"],
        )
        if run is None:
            return FAILED
        if options["wait"]:
            self.take_through(run, source=source)
        return self.report(run, ok_if_kept=options["ok_if_kept"])

    def _refresh(self, options: dict[str, Any]) -> None:
        if options["set"] or options["role"]:
            raise CommandError("--set and --role go with one --algorithm", returncode=BAD_ARGUMENTS)
        runs = ActiveModel.objects.refresh(via="command", enqueue=not options["wait"])
        if not runs:
            self.stdout.write("Nothing to learn on from: no model serves, or each is being trained already.")
        source = training.Source()
        codes = []
        for run in runs:
            if options["wait"]:
                self.take_through(run, source=source)
            run.refresh_from_db()
            codes.append(self.report(run, ok_if_kept=options["ok_if_kept"]))
        self.leave(min((code for code in codes if code), default=0))

    def _resume(self, options: dict[str, Any]) -> None:
        run = ModelRun.objects.filter(pk=options["resume"]).first()
        if run is None:
            raise CommandError(f"There is no run {options['resume']}", returncode=BAD_ARGUMENTS)
        if not self.resume(run, wait=options["wait"]):
            self.leave(FAILED)
        if options["wait"]:
            self.take_through(run)
        self.leave(self.report(run, ok_if_kept=options["ok_if_kept"]))


def _pair(text: str) -> tuple[str, str]:
    key, sign, value = text.partition("=")
    if not sign or not key.strip():
        raise CommandError(f"--set takes KEY=VALUE, got {text!r}", returncode=BAD_ARGUMENTS)
    return key.strip(), value.strip()
