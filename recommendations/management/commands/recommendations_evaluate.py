"""The scorecard of several algorithms side by side, on the shop's own orders."""

from __future__ import annotations

import json
from typing import Any, Final

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import DatabaseError

from recommendations import training
from recommendations.algorithms import catalogue

from ..cards import Card

BAD_ARGUMENTS: Final = 2
REFUSED: Final = 3


class Command(BaseCommand):
    help = (
        "Fit algorithms on the older orders, score them on the newer ones and print the figures side by "
        "side, bestsellers and the model that serves among them. Nothing is stored and nothing changes what "
        "the shop shows. Exit status: 0 done, 1 nothing to test on, 2 bad arguments, 3 an algorithm knew the "
        "orders held back and was refused."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--algorithm",
            action="append",
            default=[],
            metavar="NAME",
            help=f"One of {', '.join(catalogue.ALGORITHMS)}; may be given several times. "
            "All that learn from orders by default.",
        )
        parser.add_argument(
            "--set",
            action="append",
            default=[],
            metavar="NAME.KEY=VALUE",
            help="A parameter of an algorithm, such as als.factors=128; may be given several times.",
        )
        parser.add_argument("--k", type=int, default=20, help="Length of the lists; 20 by default.")
        parser.add_argument(
            "--split",
            choices=["temporal", "leave-last"],
            default="temporal",
            help="The newest 20 %% of the orders as the test, or the last order of each customer.",
        )
        parser.add_argument("--seed", type=int, default=0, help="Seed of everything random; 0 by default.")
        parser.add_argument(
            "--check-leaks",
            action="store_true",
            help="Look whether an algorithm knows the orders held back; fits each two more times. The "
            "shop's own algorithms are always looked at.",
        )
        parser.add_argument("--json", action="store_true", help="Print JSON for programs.")

    def handle(self, *_args: Any, **options: Any) -> None:
        if not 1 <= options["k"] <= 1000:
            raise CommandError(f"--k must lie between 1 and 1000, got {options['k']}", returncode=2)
        if options["seed"] < 0:
            raise CommandError(f"--seed must be 0 or more, got {options['seed']}", returncode=2)
        try:
            card = training.evaluate_algorithms(
                options["algorithm"],
                parameters=_parameters(options["set"]),
                k=options["k"],
                split=options["split"],
                seed=options["seed"],
                check_leaks=options["check_leaks"],
                on_progress=self._tell,
            )
        except (catalogue.UnknownAlgorithm, catalogue.InvalidParameters) as error:
            raise CommandError(str(error), returncode=BAD_ARGUMENTS) from error
        except (training.Rejected, DatabaseError) as error:
            raise CommandError(str(error)) from error
        except ModuleNotFoundError as error:
            extra = "pip install 'django-concierge[train]'"
            raise CommandError(f"{error}. Evaluation needs the extra: {extra}") from error
        self.stdout.write(json.dumps(card, indent=1) if options["json"] else Card(card).text())
        refused = sorted({row["algorithm"] for row in card["rows"] if row["refused"]})
        if refused:
            raise CommandError(f"Refused: {', '.join(refused)}", returncode=REFUSED)

    def _tell(self, algorithm: str, done: int, total: int) -> None:
        if self.stderr.isatty():
            self.stderr.write(f"\r{f'{done + 1} of {total}: {algorithm}':<60}\r", ending="")


def _parameters(texts: list[str]) -> dict[str, dict[str, str]]:
    """``als.factors=128`` as {"als": {"factors": "128"}}."""
    found: dict[str, dict[str, str]] = {}
    for text in texts:
        name, sign, value = text.partition("=")
        algorithm, dot, parameter = name.strip().partition(".")
        if not (sign and dot and algorithm and parameter):
            raise CommandError(
                f"--set takes NAME.KEY=VALUE, such as als.factors=128; got {text!r}",
                returncode=BAD_ARGUMENTS,
            )
        found.setdefault(algorithm, {})[parameter] = value.strip()
    return found
