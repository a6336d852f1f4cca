"""Print where the demo is and who may log in."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from shop.models import Order, Product

WELCOME = """
The shop is ready: {products:,} products, {orders:,} orders.

  Shop    {url}/                        log in as customer / customer, ask "where is my order"
  Admin   {url}/admin/                  log in as manager / manager
  API     {url}/api/docs/
  Answer  {url}/api/recommendations/placements/trending/
  Help    {url}/support/                the bot without JavaScript; its inbox is in the admin
"""


class Command(BaseCommand):
    help = "Prints the demo's addresses and logins."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--port", type=int, default=8000)

    def handle(self, *args: Any, **options: Any) -> None:
        url = f"http://127.0.0.1:{options['port']}"
        self.stdout.write(
            WELCOME.format(url=url, products=Product.objects.count(), orders=Order.objects.count())
        )
