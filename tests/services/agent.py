"""A Django process that does what a test asks: a line of JSON in, a line of JSON out.

The tests themselves run on another database; through an agent they act on the services' one as a web process
would. Every public function here is a question that ``Shop`` in ``conftest`` can ask by its name.
"""

from __future__ import annotations

import json
import re
import sys
import time
import traceback
from datetime import timedelta
from typing import Any

import django

django.setup()

from django.contrib.auth import get_user_model  # noqa: E402
from django.core.management import call_command  # noqa: E402
from django.db import connection  # noqa: E402
from django.test import Client  # noqa: E402
from django.urls import reverse  # noqa: E402
from django.utils import timezone  # noqa: E402

from recommendations import jobs, serving  # noqa: E402
from recommendations.adapters import get_adapter  # noqa: E402
from recommendations.models import ActiveModel, AlreadyRunning, ModelRun  # noqa: E402
from recommendations.models import managers as managers_module  # noqa: E402
from shop.models import OrderLine, Product  # noqa: E402
from support_bot import answers  # noqa: E402
from support_bot.models import Conversation, KnowledgeBuild, Message  # noqa: E402
from tests.training.history import write_history  # noqa: E402

ADDRESS = {
    "name": "Ada Lovelace",
    "email": "ada@example.com",
    "street": "12 Engine Lane",
    "postcode": "10001",
    "city": "London",
    "country": "GB",
}


def fill() -> None:
    call_command("migrate", verbosity=0)
    write_history()
    get_user_model().objects.create_superuser("manager", "manager@example.com", "manager")


def vendor() -> str:
    return connection.vendor


def start(algorithm: str, parameters: dict[str, Any] | None = None) -> dict[str, Any]:
    """The run's row and how long the caller waited; ``live`` when another run of the algorithm is on."""
    began = time.monotonic()
    try:
        run = ModelRun.objects.start(algorithm, parameters or {})
    except AlreadyRunning as error:
        return {"live": error.run.pk}
    return row(run.pk) | {"waited": time.monotonic() - began}


def send(run: int) -> None:
    jobs.enqueue("recommendations.train", [run], queue="gpu")


def row(run: int) -> dict[str, Any]:
    found = ModelRun.objects.values().get(pk=run)
    return json.loads(json.dumps(found, default=str))


def cancel(run: int) -> bool:
    return ModelRun.objects.get(pk=run).cancel()


def fail_stale(seconds: float) -> int:
    """Give up the runs that were silent for so long, instead of two minutes."""
    managers_module.STALE_AFTER = timedelta(seconds=seconds)
    return ModelRun.objects.fail_stale()


def active(role: str = "personal") -> int | None:
    return ActiveModel.objects.filter(role=role).values_list("run", flat=True).first()


def recommend() -> list[str]:
    """What the shop shows a customer, as this process serves it."""
    user = get_user_model().objects.get(username="customer4")
    served = serving.get_recommendations("for-you", subject=get_adapter().subject_for(str(user.pk)))
    return [pick.key for pick in served]


def buy() -> dict[str, Any]:
    """Buy something through the shop's own pages: basket, checkout, payment; what came of it."""
    began = time.monotonic()
    product = Product.objects.filter(stock__gt=0).order_by("?").first()
    client = Client(headers={"host": "localhost"})
    client.force_login(get_user_model().objects.get(username="customer5"))
    client.post(f"/basket/add/{product.pk}/", {"quantity": 1})
    page = client.get("/checkout/").content.decode()
    seen = dict(re.findall(r'name="(number|expected_total)" value="([^"]*)"', page))
    client.post("/checkout/", {**ADDRESS, "card": "4242 4242 4242 4242", **seen})
    before = product.stock
    product.refresh_from_db()
    return {
        "stored": OrderLine.objects.filter(order__number=seen["number"], product=product).count() == 1,
        "taken": before - product.stock,
        "seconds": time.monotonic() - began,
    }


def admin_start(algorithm: str) -> dict[str, Any]:
    """A manager presses "start" in the admin; the page that answers and how long it took."""
    client = Client(headers={"host": "localhost"})
    client.force_login(get_user_model().objects.get(username="manager"))
    url = reverse("admin:concierge_recommendations_modelrun_add") + f"?algorithm={algorithm}"
    began = time.monotonic()
    answer = client.post(url, {"role": "similar", "seed": 0, "activate": "on"}, follow=True)
    return {
        "status": answer.status_code,
        "seconds": time.monotonic() - began,
        "text": answer.content.decode(),
    }


def learn_faq() -> int:
    """Import the sample shop's FAQ and ask for a build of it; the build's number."""
    call_command("support_bot_import", "shop/faq/en.md", "shop/faq/zh-hans.md", verbosity=0)
    return KnowledgeBuild.objects.start().pk


def build(number: int) -> dict[str, Any]:
    return json.loads(json.dumps(KnowledgeBuild.objects.values().get(pk=number), default=str))


def send_job(name: str, *arguments: Any) -> None:
    jobs.enqueue(name, list(arguments), queue="gpu")


def answering_build() -> int | None:
    """Which build this process answers from, once it has noticed."""
    return answers.active().build_id


def open_chat() -> dict[str, str]:
    return Client(headers={"host": "localhost"}).post("/api/support/conversations/").json()


def say(chat: dict[str, str], text: str, client_id: str | None = None) -> dict[str, Any]:
    answer = Client(headers={"host": "localhost"}).post(
        f"/api/support/conversations/{chat['id']}/messages/",
        json.dumps({"text": text, "id": client_id}),
        "application/json",
        headers={"X-Conversation-Token": chat["token"]},
    )
    return {"status": answer.status_code, **answer.json()}


def said(chat: dict[str, str]) -> list[list[Any]]:
    """``[sequence, author, text, sequence replied to]`` of every message."""
    found = Message.objects.filter(conversation=chat["id"]).order_by("sequence")
    return [list(row) for row in found.values_list("sequence", "author", "text", "reply_to__sequence")]


def age_chat(chat: dict[str, str], days: int) -> None:
    Conversation.objects.filter(pk=chat["id"]).update(last_message_at=timezone.now() - timedelta(days=days))


def chats() -> list[str]:
    return [str(pk) for pk in Conversation.objects.values_list("pk", flat=True)]


def main() -> None:
    for line in sys.stdin:
        question, arguments = json.loads(line)
        try:
            answer = {"answer": globals()[question](*arguments)}
        except Exception:  # noqa: BLE001  the test is told
            answer = {"error": traceback.format_exc()}
        sys.stdout.write(json.dumps(answer, default=str) + "\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
