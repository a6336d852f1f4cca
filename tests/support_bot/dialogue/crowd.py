"""A process of its own in which several threads talk in one conversation; what was stored is printed as JSON.

``python -m tests.support_bot.dialogue.crowd THREADS MESSAGES``
"""

from __future__ import annotations

import json
import sys
import threading
import uuid
from io import StringIO

import django


def main(threads: int, messages: int) -> None:
    django.setup()
    from django.core.management import call_command
    from django.db import connections

    from support_bot import dialogue
    from support_bot.knowledge import import_files
    from support_bot.models import Conversation, Message
    from support_bot.types import Subject
    from tests.support_bot.conftest import ENGLISH

    call_command("migrate", verbosity=0)
    import_files([("en.md", StringIO(ENGLISH))])
    subject = Subject(language="en")
    opened = dialogue.open_conversation(subject, language="en")
    twice = uuid.uuid4()
    failures: list[str] = []
    together = threading.Barrier(threads)

    def talk(number: int) -> None:
        try:
            together.wait(timeout=60)
            for at in range(messages):
                conversation = Conversation.objects.get(pk=opened.conversation.pk)
                key = twice if at == 0 and number < 2 else uuid.uuid4()
                turn = dialogue.take_turn(
                    conversation, "which cards do you take?", subject=subject, client_id=key
                )
                if turn.reply is None:
                    failures.append(f"thread {number}, message {at}: no reply")
        except Exception as error:  # noqa: BLE001  told to the test
            failures.append(f"thread {number}: {error!r}")
        finally:
            connections.close_all()

    crowd = [threading.Thread(target=talk, args=(number,)) for number in range(threads)]
    for thread in crowd:
        thread.start()
    for thread in crowd:
        thread.join()
    rows = Message.objects.order_by("sequence").values("pk", "sequence", "author", "reply_to_id", "is_open")
    print(json.dumps({"failures": failures, "rows": list(rows)}))  # noqa: T201


if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[2]))
