"""Run in a throw-away environment: checks, migrations, orders, pages with tags, and what the extra does."""

# ruff: noqa: T201 - a script that says what it found

from __future__ import annotations

import os
import random
import sys
from datetime import timedelta
from pathlib import Path

import django
from django.core.management import call_command

EXTRA = os.environ["EXTRA"]


def main() -> None:
    django.setup()
    import recommendations

    assert Path(recommendations.__file__).is_relative_to(sys.prefix), recommendations.__file__
    call_command("check", fail_level="WARNING")
    call_command("migrate", verbosity=0)
    purchases()
    pages()
    {
        "train": train,
        "api": api,
        "celery": celery,
        "postgres": postgres,
        "none": trained_elsewhere,
        "support": support,
    }[EXTRA]()
    assert EXTRA == "train" or "torch" not in sys.modules


def purchases() -> None:
    """Sixty people of two tastes, once."""
    from django.contrib.auth.models import User
    from django.utils import timezone

    from tests.minimal.models import Purchase, Thing

    if Thing.objects.exists():
        return
    things = [Thing.objects.create(name=f"Thing {number}") for number in range(20)]
    chance = random.Random(0)
    for number in range(60):
        user = User.objects.create(username=f"user{number}")
        taste = things[:10] if number % 2 else things[10:]
        for week in range(8):
            at = timezone.now() - timedelta(weeks=week, minutes=number)
            Purchase.objects.bulk_create(
                Purchase(thing=thing, user=user, at=at) for thing in chance.sample(taste, 2)
            )


def pages() -> None:
    from django.test import Client

    from tests.minimal.models import Thing

    for address in ("/", f"/{Thing.objects.latest('pk').pk}/"):
        response = Client().get(address)
        assert response.status_code == 200, (address, response.status_code)
        assert "data-item=" in response.content.decode(), address


def train() -> None:
    """Every role gets a model; they lie in MINIMAL_DIR, where the environment without extras finds them."""
    from recommendations.models import ActiveModel

    for name in ("als", "item_cosine", "bought_together", "buy_again", "trending"):
        call_command("recommendations_train", "--algorithm", name, "--wait", "--ok-if-kept", verbosity=0)
    roles = set(ActiveModel.objects.values_list("role", flat=True))
    assert roles == {"personal", "similar", "bought_together", "buy_again", "trending"}, roles
    trained_elsewhere()


def trained_elsewhere() -> None:
    """Each taste is shown its own, by the models that lie in MINIMAL_DIR."""
    from django.contrib.auth.models import User

    from recommendations import serving
    from recommendations.adapters import get_adapter
    from recommendations.models import ActiveModel
    from recommendations.serving import get_recommendations
    from tests.minimal.models import Thing

    assert ActiveModel.objects.exists()
    serving.reset()  # the first load of a process is waited for
    tastes = list(Thing.objects.order_by("pk").values_list("pk", flat=True))
    for number, own in ((1, tastes[:10]), (2, tastes[10:])):
        key = get_adapter().user_key(User.objects.get(username=f"user{number}"))
        assert key is not None
        served = get_recommendations("buy-again", subject=get_adapter().subject_for(key))
        assert served.items and {pick.key for pick in served.items} <= {str(pk) for pk in own}
        similar = get_recommendations("similar", item=str(own[0]), limit=3)
        assert {pick.source for pick in similar.items} == {"similar"}, similar
        assert {pick.key for pick in similar.items} <= {str(pk) for pk in own}


def api() -> None:
    from django.test import Client

    answer = Client().get("/api/recommendations/placements/for-you/")
    assert answer.status_code == 200, answer.content
    assert answer.json()["items"], answer.json()
    assert Client().get("/api/schema/").status_code == 200


def support() -> None:
    """A question is answered on the page without JavaScript and through the API, from an imported FAQ."""
    from io import StringIO

    from django.test import Client

    import support_bot
    from support_bot.knowledge import import_files

    assert Path(support_bot.__file__).is_relative_to(sys.prefix), support_bot.__file__
    faq = "# shop: Shop\n\n## When are you open?\nslug: hours\nphrasing: opening hours\n\nFrom **9** to 5.\n"
    assert import_files([("en.md", StringIO(faq))]).ok
    visitor = Client()
    page = visitor.get("/support/")
    assert page.status_code == 200, page.content
    assert "support_bot" in page.content.decode()
    opened = visitor.post("/api/support/conversations/").json()
    answer = visitor.post(
        f"/api/support/conversations/{opened['id']}/messages/",
        {"text": "When are you open?"},
        "application/json",
        headers={"X-Conversation-Token": opened["token"]},
    ).json()
    assert answer["reply"]["html"] == "<p>From <strong>9</strong> to 5.</p>", answer
    assert visitor.get("/api/support/faq/?q=opening").json()["entries"], "the FAQ is empty"
    assert visitor.get("/api/schema/").status_code == 200


def celery() -> None:
    """The tasks have the names that they are enqueued by; a dead broker is refused, not waited for."""
    from celery import Celery
    from django.contrib.auth.models import User

    from recommendations import jobs

    app = Celery(broker="amqp://127.0.0.1:1//", set_as_current=True)
    app.autodiscover_tasks(["recommendations"], force=True)
    assert "recommendations.train" in app.tasks, sorted(app.tasks)
    try:
        jobs.enqueue("recommendations.train", [User.objects.count()])
    except jobs.Refused as refused:
        print(f"refused: {refused}")
    else:
        raise AssertionError("a dead broker took a job")


def postgres() -> None:
    import psycopg2
    from django.db import connection

    assert psycopg2.__version__
    if connection.vendor != "postgresql":
        print("WHEEL_DATABASE_URL names no server: only the driver was looked at")


if __name__ == "__main__":
    main()
