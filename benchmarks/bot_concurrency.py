"""Fifty customers chat at once, through gunicorn with two workers on PostgreSQL, and nobody waits long.

Each chat goes its own way through questions to the FAQ in both languages, about the customer's own order and
about goods, at the pace that the throttle allows (a message every three seconds), and looks for news once in
between. The peer is a call to the same servers by the same clients that asks the bot nothing (``session/``).
Then everybody sends without a pause: what the servers can do at most.

    python -m benchmarks.bot_concurrency [--pause 3]
"""

from __future__ import annotations

import argparse
import http.client
import json
import os
import random
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path
from statistics import median, quantiles
from typing import Any

from tests.services import postgresql

from .results import FOLDER, write

ROOT = Path(__file__).resolve().parent.parent
CHATS, WORKERS, ROUNDS, MESSAGES, PAUSE = 50, 2, 5, 4, 3.0
PROMISED = {"ms": 500, "errors": 0}
QUESTIONS = (
    "How long does delivery take?", "can I send it back if I dont like it", "do you take American Express",
    "where is my order", "when does my parcel arrive", "is there any milk", "how much is the bread",
    "what coupons do I have", "how do I close my account", "hello", "thanks a lot", "what are your hours",
    "配送要多久？", "怎么退货", "我的订单到哪里了", "可以用支付宝吗", "what is the capital of France",
    "my eggs were broken and I am really angry", "can you recommend something", "how long is that?",
)  # fmt: skip

FILL = """
import django, json
django.setup()
from datetime import timedelta
from decimal import Decimal
from importlib import import_module
from django.conf import settings
from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY
from django.contrib.auth.models import User
from django.core.management import call_command
from django.utils import timezone
from shop.models import Category, Order, Product
from shop.orders import NewLine, NewOrder, place_orders
call_command("migrate", verbosity=0)
call_command("support_bot_import", "shop/faq/en.md", "shop/faq/zh-hans.md", verbosity=0)
call_command("support_bot_build", "--wait", verbosity=0)
shelf = Category.objects.create(name="Dairy", slug="dairy", path="dairy", level=0)
goods = [
    Product.objects.create(sku=name, name=name, price=Decimal("2.50"), stock=9, category=shelf)
    for name in ("Whole milk, 1 gal", "Sourdough bread", "Oat milk", "Cheddar", "Butter")
]
sessions = []
for number in range(25):
    user = User.objects.create(username=f"customer{number}", first_name="Ada")
    line = NewLine(goods[number % 5].pk, goods[number % 5].name, 1, Decimal("2.50"))
    order = Order(number=f"W-{number:012X}", user=user, name="Ada", total=Decimal("2.50"), country="US",
                  placed_at=timezone.now() - timedelta(days=1), promised_for=timezone.localdate())
    place_orders([NewOrder(order, [line])], take_stock=False)
    session = import_module(settings.SESSION_ENGINE).SessionStore()
    session[SESSION_KEY] = str(user.pk)
    session[BACKEND_SESSION_KEY] = "django.contrib.auth.backends.ModelBackend"
    session[HASH_SESSION_KEY] = user.get_session_auth_hash()
    session.create()
    sessions.append(session.session_key)
from support_bot.models import ActiveKnowledge
build = ActiveKnowledge.objects.get().build
print(json.dumps({"sessions": sessions, "encoders": build.encoders}))
"""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--pause", type=float, default=PAUSE, help="Seconds between two messages of a chat.")
    pause = parser.parse_args().pause
    programs = postgresql.binaries()
    if programs is None:
        print("bot_concurrency: skipped, PostgreSQL is not installed (apt-get install postgresql)")
        return
    with tempfile.TemporaryDirectory(prefix="concierge-chats-") as name:
        folder = Path(name)
        folder.chmod(0o755)  # the database's own account enters it too
        with postgresql.serve(programs, folder, postgresql.free_port()) as url:
            environment = _environment(folder, url)
            filled = json.loads(_python(environment, "-c", FILL).splitlines()[-1])
            with Servers(environment, folder) as servers:
                measure(servers, filled, pause)


def _environment(folder: Path, url: str) -> dict[str, str]:
    return os.environ | {
        "DJANGO_SETTINGS_MODULE": "shop.settings",
        "DATABASE_URL": url,
        "ARTIFACT_DIR": str(folder / "artifacts"),
        "ARTIFACT_CACHE_DIR": str(folder / "cache"),
        "STATIC_ROOT": str(folder / "static"),
        "SECRET_KEY": "a key for benchmarks alone",
        "DEBUG": "false",
        "LOG_LEVEL": "ERROR",
        "CELERY_BROKER_URL": "",
        "ALLOWED_HOSTS": "127.0.0.1",
        "OMP_NUM_THREADS": "1",
    }


def _python(environment: dict[str, str], *words: str) -> str:
    command = [sys.executable, *words]
    done = subprocess.run(command, cwd=ROOT, env=environment, stdout=subprocess.PIPE, text=True, check=True)
    return done.stdout


class Servers:
    """gunicorn with its defaults and two workers."""

    def __init__(self, environment: dict[str, str], folder: Path) -> None:
        self.port = postgresql.free_port()
        self.log = (folder / "gunicorn.log").open("wb")
        bind = f"127.0.0.1:{self.port}"
        command = [sys.executable, "-m", "gunicorn", "shop.wsgi", "--workers", str(WORKERS), "--bind", bind]
        self.process = subprocess.Popen(command, cwd=ROOT, env=environment, stdout=self.log, stderr=self.log)

    def __enter__(self) -> Servers:
        deadline = time.monotonic() + 60
        while not postgresql.listening(self.port):
            if time.monotonic() > deadline:
                raise TimeoutError("gunicorn did not listen within a minute")
            time.sleep(0.1)
        return self

    def cpu_ms(self) -> float:
        """What the workers have used of the processor so far, whoever else is at work."""
        own = Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children").read_text().split()
        stats = [Path(f"/proc/{pid}/stat").read_text().rsplit(") ")[1].split() for pid in own]
        ticks = sum(int(user) + int(system) for *_rest, user, system in (stat[:13] for stat in stats))
        return ticks * 1000 / os.sysconf("SC_CLK_TCK")

    def __exit__(self, *_error: object) -> None:
        postgresql.stop(self.process)
        self.log.close()


class Chat(threading.Thread):
    """One customer; ``took``: milliseconds of each kind of call in each round, ``wrong``: what failed."""

    def __init__(self, port: int, number: int, session: str | None, pause: float, start: float) -> None:
        super().__init__(name=f"chat {number}", daemon=True)
        self.port, self.number, self.session, self.pause, self.begin = port, number, session, pause, start
        self.took: list[dict[str, list[float]]] = [
            {"messages": [], "session": []} for _round in range(ROUNDS)
        ]
        self.news: list[float] = []
        self.wrong: list[str] = []
        self.headers = {"Content-Type": "application/json", "X-Forwarded-For": f"10.0.0.{number}"}

    def run(self) -> None:
        chance = random.Random(self.number)
        try:
            opened = self.call("POST", "conversations/", {}, with_session=False)[1]
            self.headers["X-Conversation-Token"] = opened["token"]
            time.sleep(max(0.0, self.begin - time.monotonic()) + self.pause * chance.random())
            address = f"conversations/{opened['id']}/messages/"
            last = 0
            for took in self.took:
                for _message in range(MESSAGES):
                    began = time.monotonic()
                    took["session"].append(self.call("GET", "session/")[0])
                    ms, said = self.call("POST", address, {"text": chance.choice(QUESTIONS)})
                    took["messages"].append(ms)
                    last = (said["reply"] or said)["id"]
                    time.sleep(self.pause / 2)
                    self.news.append(self.call("GET", f"{address}?after={last}")[0])
                    time.sleep(max(0.0, self.pause - (time.monotonic() - began)))
        except Exception as error:  # noqa: BLE001  the benchmark tells of it
            self.wrong.append(f"{self.name}: {error!r}")

    def call(self, verb: str, path: str, body: Any = None, *, with_session: bool = True) -> tuple[float, Any]:
        """Milliseconds and the answer, on a connection of its own: gunicorn's default keeps none open."""
        headers = dict(self.headers)
        if self.session and with_session:
            headers["Cookie"] = f"sessionid={self.session}"
        data = None if body is None else json.dumps(body)
        began = time.perf_counter()
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)
        try:
            connection.request(verb, f"/api/support/{path}", data, headers)
            answer = connection.getresponse()
            content = answer.read()
        finally:
            connection.close()
        ms = (time.perf_counter() - began) * 1000
        if answer.status not in (200, 201):
            raise RuntimeError(f"{verb} {path}: {answer.status} {content[:200]!r}")
        return ms, json.loads(content)


def chat(port: int, sessions: list[str], pause: float) -> list[Chat]:
    """All chats at once, from their first message to the last."""
    start = time.monotonic() + 3
    people = [
        Chat(port, number, sessions[number // 2] if number % 2 else None, pause, start)
        for number in range(CHATS)
    ]
    for one in people:
        one.start()
    for one in people:
        one.join()
    return people


def measure(servers: Servers, filled: dict[str, Any], pause: float) -> None:
    """Warm the workers up, chat at a human pace, then without a pause; write what was found."""
    port = servers.port
    chat(port, filled["sessions"], 0.0)
    before = servers.cpu_ms()
    people = chat(port, filled["sessions"], pause)
    used = servers.cpu_ms() - before
    wrong = [text for one in people for text in one.wrong]
    pairs = [
        (
            percentile([ms for one in people for ms in one.took[number]["messages"]]),
            percentile([ms for one in people for ms in one.took[number]["session"]]),
        )
        for number in range(ROUNDS)
    ]
    messages = [ms for one in people for took in one.took for ms in took["messages"]]
    began = time.monotonic()
    hurried = chat(port, filled["sessions"], 0.0)
    seconds = time.monotonic() - began - 3
    answered = [ms for one in hurried for took in one.took for ms in took["messages"]]
    result = write(
        {
            "name": "bot_concurrency",
            "unit": "ms, 95th percentile of a message",
            "peer_name": "a call that asks the bot nothing",
            "better": "lower",
            "pairs": pairs,
            "protocol": (
                f"{CHATS} chats at once, half of them logged in, a message every {pause:g} s each and a look "
                f"for news in between; gunicorn, {WORKERS} workers, PostgreSQL, encoders "
                f"{json.dumps(filled['encoders'])}; {ROUNDS} rounds of {MESSAGES} messages a chat after a "
                "warm-up; the clients run on the same machine"
            ),
        }
    )
    result |= {
        "promised": PROMISED,
        "messages": len(messages),
        "errors": wrong,
        "ms": {"median": median(messages), "p95": percentile(messages), "longest": max(messages)},
        "cpu_ms_a_message_with_its_session_and_news_calls": used / len(messages),
        "news_ms": {"p95": percentile([ms for one in people for ms in one.news])},
        "without_a_pause": {
            "messages": len(answered),
            "errors": [text for one in hurried for text in one.wrong],
            "messages_a_second": len(answered) / seconds,
            "ms": {"median": median(answered), "p95": percentile(answered)},
        },
    }
    (FOLDER / "bot_concurrency.json").write_text(json.dumps(result, indent=1) + "\n")
    print(json.dumps({name: result[name] for name in ("ms", "errors", "without_a_pause")}))
    if wrong or result["ms"]["p95"] > PROMISED["ms"]:
        sys.exit(f"promised: 95 % within {PROMISED['ms']} ms and no error")


def percentile(values: list[float]) -> float:
    """The 95th."""
    return quantiles(values, n=20)[-1]


if __name__ == "__main__":
    main()
