"""The scorecard of several algorithms side by side, on the shop's own orders."""

from __future__ import annotations

import json
from typing import Any, Final

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import DatabaseError

from recommendations import training
from recommendations.algorithms import catalogue

SHOWN: Final = (
    "ndcg",
    "recall",
    "map",
    "hit_rate",
    "mrr",
    "precision",
    "coverage",
    "novelty",
    "gini",
    "diversity",
)


class Command(BaseCommand):
    help = (
        "Fit algorithms on the older orders, score them on the newer ones and print the figures side by "
        "side, the baseline among them. Nothing is stored and nothing changes what the shop shows."
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
        parser.add_argument("--k", type=int, default=20, help="Length of the lists; 20 by default.")
        parser.add_argument(
            "--split",
            choices=["temporal", "leave-last"],
            default="temporal",
            help="The newest 20 %% of the orders as the test, or the last order of each customer.",
        )
        parser.add_argument("--seed", type=int, default=0, help="Seed of everything random; 0 by default.")
        parser.add_argument("--json", action="store_true", help="Print JSON for programs.")

    def handle(self, *_args: Any, **options: Any) -> None:
        if not 1 <= options["k"] <= 1000:
            raise CommandError(f"--k must lie between 1 and 1000, got {options['k']}", returncode=2)
        if options["seed"] < 0:
            raise CommandError(f"--seed must be 0 or more, got {options['seed']}", returncode=2)
        try:
            card = training.evaluate_algorithms(
                options["algorithm"],
                k=options["k"],
                split=options["split"],
                seed=options["seed"],
                on_progress=self._tell,
            )
        except catalogue.UnknownAlgorithm as error:
            raise CommandError(str(error), returncode=2) from error
        except (training.Rejected, DatabaseError) as error:
            raise CommandError(str(error)) from error
        except ModuleNotFoundError as error:
            extra = "pip install 'django-concierge[train]'"
            raise CommandError(f"{error}. Evaluation needs the extra: {extra}") from error
        if options["json"]:
            self.stdout.write(json.dumps(card, indent=1))
        else:
            self._table(card)

    def _tell(self, algorithm: str, done: int, total: int) -> None:
        if self.stderr.isatty():
            self.stderr.write(f"\r{f'{done + 1} of {total}: {algorithm}':<60}\r", ending="")

    def _table(self, card: dict[str, Any]) -> None:
        self.stdout.write(
            f"Split {card['split']}, cutoff {card['cutoff'] or '-'}, k {card['k']}, seed {card['seed']}; "
            f"{card['users']:,} customers, {card['items']:,} items. The full catalogue is ranked.\n"
            "Scope new: what a customer had bought before is neither suggested nor counted; all: it is both."
        )
        self.stdout.write(f"\n{'algorithm':16} {'scope':5} {'users':>6} {'ndcg 95 %':>15} ", ending="")
        self.stdout.write(" ".join(f"{name:>9}" for name in SHOWN) + f" {'seconds':>8}")
        for row in sorted(card["rows"], key=_best_first):
            low, high = (_figure(bound) for bound in row["interval"]["ndcg"])
            figures = " ".join(f"{_figure(row['metrics'].get(name)):>9}" for name in SHOWN)
            self.stdout.write(
                f"{row['algorithm']:16} {row['scope']:5} {row.get('users', 0):>6} {f'{low}-{high}':>15} "
                f"{figures} {row['seconds']:>8.1f}"
            )


def _best_first(row: dict[str, Any]) -> tuple[bool, float]:
    return row["scope"] != "new", -(row["metrics"]["ndcg"] or 0.0)


def _figure(value: float | None) -> str:
    return "-" if value is None else f"{value:.4f}"
