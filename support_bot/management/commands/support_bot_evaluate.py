"""How well questions with known labels are answered, on the terminal or as JSON."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, Final

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import DatabaseError

from support_bot import answers
from support_bot.building import evaluation

BAD_ARGUMENTS: Final = 2
COLUMNS: Final = {
    "n": "n",
    "in_scope": "in scope",
    "in_scope_accuracy": "accuracy",
    "out_of_scope_recall": "oos recall",
    "mcc": "MCC",
    "expected_calibration_error": "ECE",
    "threshold": "threshold",
    "answered": "answered",
    "clarified": "asked back",
    "ms_median": "ms",
}


class Command(BaseCommand):
    help = (
        "Ask the questions of a CSV file with columns text and label (an entry's slug, or LABEL for out of "
        "scope; a column language is used if there is one) and print how well they are answered. A question "
        "back or a hand-over counts as no answer. Exit status: 0 done, 1 failed, 2 bad arguments."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("file", type=Path, help="CSV of questions.")
        parser.add_argument(
            "--train", type=Path, metavar="FILE", help="Learn from this CSV instead of the shop's entries."
        )
        parser.add_argument(
            "--none-label",
            default="none",
            metavar="LABEL",
            help="The label of out of scope; none by default.",
        )
        parser.add_argument("--seed", type=int, default=0, help="Seed of --train; 0 by default.")
        parser.add_argument("--json", action="store_true", help="Print JSON for programs.")

    def handle(self, *_args: Any, **options: Any) -> None:
        try:
            result = self._evaluate(options)
        except evaluation.BadFile as error:
            raise CommandError(str(error), returncode=BAD_ARGUMENTS) from error
        except ModuleNotFoundError as error:
            extra = "pip install 'django-concierge[train]'"
            raise CommandError(f"{error}. --train needs the extra: {extra}") from error
        except DatabaseError as error:
            raise CommandError(f"The app's tables cannot be used: {error}. Run manage.py migrate.") from error
        if options["json"]:
            self.stdout.write(json.dumps(result, indent=1, ensure_ascii=False))
        else:
            self._show(result)

    def _evaluate(self, options: dict[str, Any]) -> dict[str, Any]:
        none_label = options["none_label"]
        questions = evaluation.read_questions(options["file"])
        if not questions:
            raise evaluation.BadFile(f"{options['file']} holds no question")
        engine, source, unknown = None, "", []
        if options["train"]:
            taught = evaluation.read_questions(options["train"])
            engine = evaluation.train(taught, none_label=none_label, seed=options["seed"])
            source = f"{len(taught)} rows of {options['train']}"
        else:
            unknown = evaluation.unknown_labels(questions, none_label=none_label)
            state = answers.active()
            source = f"build {state.build_id}" if state.build_id else "words and letters alone, no build"
            source += f". {state.degraded}" if state.degraded else ""
        asked = evaluation.ask(questions, engine=engine)
        codes = sorted({one.language for one in asked})
        return {
            **evaluation.figures(asked, none_label=none_label),
            "languages": {
                code: evaluation.figures(
                    [one for one in asked if one.language == code], none_label=none_label, confusions=False
                )
                for code in codes
            },
            "answered_by": source,
            "unknown_labels": unknown,
        }

    def _show(self, result: dict[str, Any]) -> None:
        self.stdout.write(f"Answered by {result['answered_by']}")
        self.stdout.write(f"{'':10} " + " ".join(f"{title:>10}" for title in COLUMNS.values()))
        rows = result["languages"].items() if len(result["languages"]) > 1 else ()
        for code, figures in [*rows, ("all", result)]:
            cells = " ".join(f"{_figure(figures[name]):>10}" for name in COLUMNS)
            self.stdout.write(f"{code:10} {cells}")
        if result["confusions"]:
            self.stdout.write("\nAnswered wrongly, most often first (meant -> answered):")
        for pair in result["confusions"]:
            self.stdout.write(
                f"  {pair['n']:>3}  {pair['meant']} -> {pair['answered']}, such as “{pair['example']}”"
            )
        if result["unknown_labels"]:
            self.stdout.write(
                self.style.WARNING(f"Labels that no entry has: {', '.join(result['unknown_labels'])}")
            )


def _figure(value: float | int | None) -> str:
    if value is None:
        return "-"
    return f"{value:,}" if isinstance(value, int) else f"{value:.3f}"
