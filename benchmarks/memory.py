"""Memory of web processes that serve a model of 50,000 items, over that of web processes without one.

Two processes at a time, each of which has answered placement calls; proportional set size (PSS), where what
both map counts half for each. First without any model, then with one, each round in new processes.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from . import synthetic_shop
from .results import write

ROUNDS, WORKERS = 3, 2

WORKER = """
import sys
from benchmarks import synthetic_shop
synthetic_shop.prepare(sys.argv[1])
from django.contrib.auth import get_user_model
from django.test import Client
client = Client()
client.force_login(get_user_model().objects.order_by("pk")[int(sys.argv[2])])
for _call in range(20):
    for slug in ("for-you", "trending", "buy-again"):
        answer = client.get(f"/api/recommendations/placements/{slug}/")
        assert answer.status_code == 200
print(client.get("/api/recommendations/placements/for-you/").json()["run"], flush=True)
sys.stdin.read()
"""


def main() -> None:
    with tempfile.TemporaryDirectory() as without, tempfile.TemporaryDirectory() as with_one:
        for folder, has_model in ((without, False), (with_one, True)):
            _python(f"{PREPARE}synthetic_shop.fill(with_model={has_model})", folder)
        rounds = [
            (_measure(with_one, has_model=True), _measure(without, has_model=False))
            for _round in range(ROUNDS)
        ]
    pairs = [pair for ours, peer in rounds for pair in zip(ours, peer, strict=True)]
    result = write(
        {
            "name": "memory",
            "unit": "MB PSS a web process",
            "peer_name": "the same process without a model",
            "better": "lower",
            "pairs": pairs,
            "protocol": (
                f"{synthetic_shop.ITEMS:,} items x {synthetic_shop.FACTORS} float32 and "
                f"{synthetic_shop.CUSTOMERS} customers, {WORKERS} processes at once after 60 placement calls "
                f"each, PSS from smaps_rollup, "
                f"{ROUNDS} rounds of new processes"
            ),
        }
    )
    print(f"memory: {result['ours'] - result['peer']:+.1f} MB a process with a model")


PREPARE = "import sys; from benchmarks import synthetic_shop; synthetic_shop.prepare(sys.argv[1]); "


def _python(code: str, *arguments: str, **options: Any) -> subprocess.Popen[str]:
    command = [sys.executable, "-c", code, *arguments]
    child = subprocess.Popen(command, cwd=synthetic_shop.ROOT, text=True, **options)
    if not options and child.wait():
        raise RuntimeError(f"{command} ended with exit status {child.returncode}")
    return child


def _measure(folder: str, *, has_model: bool) -> list[float]:
    """PSS of each of two processes that serve at the same time, in MB."""
    pipe = subprocess.PIPE
    workers = [_python(WORKER, folder, str(number), stdin=pipe, stdout=pipe) for number in range(WORKERS)]
    try:
        for worker in workers:
            assert worker.stdout is not None
            run = worker.stdout.readline().strip()
            if not run or (run != "None") is not has_model:
                raise RuntimeError(f"A web process was to serve {'a' if has_model else 'no'} model: {run!r}")
        return [pss(worker.pid) for worker in workers]
    finally:
        for worker in workers:
            worker.communicate("")


def pss(pid: int) -> float:
    """The proportional set size of a process, in MB."""
    for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines():
        if line.startswith("Pss:"):
            return int(line.split()[1]) / 1024
    raise RuntimeError("This kernel reports no PSS")


if __name__ == "__main__":
    main()
