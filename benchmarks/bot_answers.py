"""The bot's answers in process: time of a look-up on one core, and memory of a web process.

CLINC150's questions as an FAQ: 150 entries with 5,000 phrasings in all, learned as a build is, without an
encoder, with ``use`` and with ``use`` and ``minilm``. Time: CPU time of ``answers.find`` over test questions,
database queries included, beside rapidfuzz's best match over the same phrasings. Memory: proportional set
size (PSS) of two web processes at once that have rendered a page and answered 100 messages, beside two that
have rendered the page alone.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from . import synthetic_shop
from .datasets import FOLDER
from .memory import pss
from .results import PACKAGES, write

PHRASINGS, ANSWERS, ROUNDS, WORKERS = 5_000, 100, 3, 2
ENCODERS = {"lexical": ["lexical"], "use": ["use"], "use_minilm": ["use", "minilm"]}
LIMITS = {"lexical": (5, 20), "use": (25, 135), "use_minilm": (25, 270)}  # ms, MB

PREPARE = """
import json, sys
from benchmarks import synthetic_shop
synthetic_shop.prepare(sys.argv[1])
from django.conf import settings
settings.SUPPORT_BOT.update(ENCODERS={"*": json.loads(sys.argv[2])})
"""

BUILD = """
from support_bot import building
from support_bot.models import Entry, KnowledgeBuild, Phrasing
entries = {}
for text, intent in json.load(open(sys.argv[1] + "/faq.json")):
    if intent not in entries:
        entries[intent] = Entry.objects.create(slug=intent, language="en", question=text, answer="An answer.")
    else:
        Phrasing.objects.get_or_create(entry=entries[intent], text=text[:300])
build = KnowledgeBuild.objects.start(enqueue=False)
building.run(build.pk)
build.refresh_from_db()
assert build.verdict == "activated", (build.error, build.verdict_reason)
"""

TIME = """
import time
from rapidfuzz import process
from support_bot import answers
from support_bot.models import Entry, Phrasing
from support_bot.types import Profile, Subject
questions = json.load(open(sys.argv[1] + "/questions.json"))
texts = [*Entry.objects.values_list("question", flat=True), *Phrasing.objects.values_list("text", flat=True)]
find = lambda text: answers.find(text, subject=Subject(), profile=Profile())
assert find(questions[0]).build and not answers.active().degraded, answers.active().degraded
process.extractOne(questions[0], texts)
pairs = []
for text in questions:
    start = time.process_time(); find(text)
    middle = time.process_time(); process.extractOne(text, texts)
    pairs.append((1000 * (middle - start), 1000 * (time.process_time() - middle)))
print(json.dumps({"pairs": pairs, "phrasings": len(texts)}))
"""

WORKER = """
from django.test import Client
assert Client().get("/").status_code == 200
if sys.argv[3] == "answer":
    from support_bot import answers, dialogue
    from support_bot.types import Subject
    for text in json.load(open(sys.argv[1] + "/questions.json"))[:int(sys.argv[4])]:
        opened = dialogue.open_conversation(Subject(language="en"))
        assert dialogue.take_turn(opened.conversation, text, subject=Subject(language="en")).reply
    assert answers.active().build_id and not answers.active().degraded
print("ready", flush=True)
sys.stdin.read()
"""


def main() -> None:
    source = FOLDER / "clinc150" / "data_full.json"
    if not source.is_file():
        print(
            f"bot_answers: skipped, CLINC150 is not at {source}; CONCIERGE_DATA names the folder of the data"
        )
        return
    data = json.loads(source.read_text("utf-8"))
    for name, encoders in ENCODERS.items():
        with tempfile.TemporaryDirectory() as folder:
            given = [folder, json.dumps(encoders)]
            Path(folder, "faq.json").write_text(json.dumps(_in_turn(data["train"])[:PHRASINGS]))
            Path(folder, "questions.json").write_text(json.dumps([text for text, _ in data["test"][::22]]))
            _run(PREPARE + BUILD, *given)
            measured = json.loads(_run(PREPARE + TIME, *given).splitlines()[-1])
            _time(name, measured)
            _memory(name, given)


def _in_turn(rows: Sequence[tuple[str, str]]) -> list[tuple[str, str]]:
    """The first question of each intent, then the second of each, and so on."""
    seen: Counter[str] = Counter()
    placed = []
    for text, intent in rows:
        placed.append((seen[intent], intent, text))
        seen[intent] += 1
    return [(text, intent) for _turn, intent, text in sorted(placed)]


def _time(name: str, measured: dict[str, Any]) -> None:
    result = write(
        {
            "name": f"bot_answers_{name}",
            "unit": "ms of one core a look-up, median",
            "peer_name": "rapidfuzz process.extractOne over the same phrasings",
            "better": "lower",
            "pairs": measured["pairs"],
            "protocol": (
                f"CPU time of answers.find in process, OMP_NUM_THREADS=1, {measured['phrasings']:,} "
                f"phrasings of 150 entries (CLINC150, in turn by intent), encoders {name.replace('_', '+')}, "
                f"{len(measured['pairs'])} test questions, SQLite queries included"
            ),
        },
        packages=(*PACKAGES, "rapidfuzz"),
    )
    print(f"{result['name']}: {result['ours']:.1f} ms, at most {LIMITS[name][0]} ms wanted")


def _memory(name: str, given: Sequence[str]) -> None:
    pairs: list[tuple[float, float]] = []
    for _round in range(ROUNDS):
        ours, peer = (_measure(given, what) for what in ("answer", "page"))
        pairs += zip(ours, peer, strict=True)
    result = write(
        {
            "name": f"bot_memory_{name}",
            "unit": "MB PSS a web process",
            "peer_name": "the same process before its first question",
            "better": "lower",
            "pairs": pairs,
            "protocol": (
                f"{PHRASINGS:,} phrasings of 150 entries (CLINC150), encoders {name.replace('_', '+')}, "
                f"{WORKERS} processes at once after a page and {ANSWERS} turns of dialogue each, PSS from "
                f"smaps_rollup, {ROUNDS} rounds of new processes"
            ),
        }
    )
    more = result["ours"] - result["peer"]
    print(f"{result['name']}: {more:+.1f} MB a process, at most +{LIMITS[name][1]} MB wanted")


def _run(code: str, *arguments: str) -> str:
    command = [sys.executable, "-c", code, *arguments]
    done = subprocess.run(command, cwd=synthetic_shop.ROOT, text=True, stdout=subprocess.PIPE, check=True)
    return done.stdout


def _measure(given: Sequence[str], what: str) -> list[float]:
    """PSS of each of two web processes at the same time, in MB."""
    pipe = subprocess.PIPE
    command = [sys.executable, "-c", PREPARE + WORKER, *given, what, str(ANSWERS)]
    workers = [
        subprocess.Popen(command, cwd=synthetic_shop.ROOT, text=True, stdin=pipe, stdout=pipe)
        for _worker in range(WORKERS)
    ]
    try:
        for worker in workers:
            if worker.stdout is None or worker.stdout.readline().strip() != "ready":
                raise RuntimeError("A web process did not come up")
        return [pss(worker.pid) for worker in workers]
    finally:
        for worker in workers:
            worker.communicate("")


if __name__ == "__main__":
    main()
