"""Reading all order lines into arrays against a bare cursor that fetches the same columns and keeps nothing.

Works on the database that ``DATABASE_URL`` names when it holds the full sample shop, else on a SQLite file
that it fills first. Each side runs in this process, in turn. Then, in a process of its own, the whole reading
with cleaning and item features: its time and its peak memory above that of the process before it began.
Meanwhile another process places orders, one after another, as a checkout does.

    python -m benchmarks.extraction
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from statistics import median
from typing import Any

from .results import FOLDER, write

ROOT = Path(__file__).resolve().parent.parent
LINES = 1_400_000  # the full shop has 1,469,307
PAIRS = 5
LIMIT_MB = 400
BARE = """
SELECT line.id, placed.user_id, line.product_id, placed.placed_at, line.quantity, line.unit_price,
       line.order_id
FROM shop_orderline line JOIN shop_order placed ON placed.id = line.order_id
WHERE placed.status IN ('paid', 'shipped', 'delivered')
"""


PROTOCOL = (
    "1,469,307 order lines of the full sample shop: user, item, time, quantity, price, order. Ours: keyset "
    "pages of 100,000 into coded arrays; peer: one statement on the driver's own cursor, 10,000 rows at a "
    f"time, nothing kept; {PAIRS} pairs, interleaved, in one process. `whole` adds cleaning and item "
    "features in a process of its own, while another places orders (`checkout`; `checkout_at_rest`: alone)."
)


def main() -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "shop.settings")
    os.environ.setdefault("SECRET_KEY", "a key for benchmarks alone")
    os.environ["DEBUG"] = "false"  # DEBUG keeps a log of all queries
    if len(sys.argv) > 1:
        {"whole": whole, "checkout": checkout}[sys.argv[1]]()
        return
    with tempfile.TemporaryDirectory() as folder:
        if not is_full():
            os.environ["DATABASE_URL"] = f"sqlite:///{folder}/full.sqlite3"
            for command in (["migrate", "--verbosity", "0"], ["shop_load", "--size", "full"]):
                subprocess.run([sys.executable, "manage.py", *command], cwd=ROOT, check=True)
        compare()


def is_full() -> bool:
    code = (
        "import django; django.setup(); from shop.models import OrderLine; print(OrderLine.objects.count())"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=False)
    return done.returncode == 0 and int(done.stdout.split()[-1]) >= LINES


def compare() -> None:
    import django

    django.setup()
    from django.db import connection

    pairs = [(arrays(), bare()) for _pair in range(PAIRS)]
    vendor = connection.vendor
    result = write(
        {
            "name": f"extraction_{vendor}",
            "unit": "s",
            "peer_name": "bare cursor",
            "better": "lower",
            "pairs": pairs,
            "protocol": PROTOCOL,
        },
        packages=("Django", "numpy"),
    )
    result |= {"whole": beside_a_checkout(), "promised": {"ratio": 3, "mb": LIMIT_MB}}
    (FOLDER / f"extraction_{vendor}.json").write_text(json.dumps(result, indent=1) + "\n")
    print(json.dumps(result["whole"]))


def arrays() -> float:
    """Seconds for the lines as coded arrays."""
    from recommendations.adapters import get_adapter
    from recommendations.interactions import Builder

    adapter = get_adapter()
    source = adapter.source("orders")
    assert source is not None
    began = time.perf_counter()
    builder = Builder(user_key=adapter.accounts.key, item_key=adapter.variants.reader(), zone=source.zone)
    for page in adapter.lines():
        builder.add(page)
    assert len(builder.build()) >= LINES
    return time.perf_counter() - began


def bare() -> float:
    """Seconds for the driver's own cursor, without Django."""
    from django.db import connection

    own = connection.get_new_connection(connection.get_connection_params() | _plain(connection.vendor))
    cursor = own.cursor()
    began = time.perf_counter()
    cursor.execute(BARE)
    read = 0
    while rows := cursor.fetchmany(10_000):
        read += len(rows)
    seconds = time.perf_counter() - began
    own.close()
    assert read >= LINES
    return seconds


def _plain(vendor: str) -> dict[str, Any]:
    return {"detect_types": 0} if vendor == "sqlite" else {}


def beside_a_checkout() -> dict[str, Any]:
    """What :func:`whole` measures while orders are placed, and how long an order takes then and at rest."""
    resting = _child("checkout", "4")
    with subprocess.Popen(
        [sys.executable, "-m", "benchmarks.extraction", "checkout", "600"],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        text=True,
    ) as busy:
        try:
            read = _child("whole")
        finally:
            busy.terminate()
        placed = json.loads(busy.communicate()[0].splitlines()[-1])
    return {**read, "checkout": placed, "checkout_at_rest": resting}


def _child(*words: str) -> dict[str, Any]:
    command = [sys.executable, "-m", "benchmarks.extraction", *words]
    done = subprocess.run(command, cwd=ROOT, stdout=subprocess.PIPE, text=True, check=True)
    return json.loads(done.stdout.splitlines()[-1])


def whole() -> None:
    """Seconds and peak memory (MB above the start) of all that a training reads."""
    import django

    django.setup()
    from django.db import connection

    from recommendations.adapters import get_adapter

    connection.ensure_connection()
    before = memory("VmRSS")
    began = time.perf_counter()
    data, _report = get_adapter().read_interactions()
    seconds = time.perf_counter() - began
    above = round(memory("VmHWM") - before)
    print(json.dumps({"rows": len(data), "seconds": round(seconds, 2), "mb_above_start": above}))


def memory(what: str) -> float:
    """MB of this process as Linux counts them (getrusage would count the parent's peak as well)."""
    status = Path("/proc/self/status").read_text()
    return int(status.split(f"{what}:")[1].split()[0]) * 1024 / 1e6


def checkout() -> None:
    """Place an order of one line every 50 ms, for some seconds or until told to stop; then undo them."""
    import signal

    import django

    django.setup()
    from decimal import Decimal

    from shop.models import Order, Product
    from shop.orders import NewLine, NewOrder, place_orders

    seconds = float(sys.argv[2])
    going = [True]
    signal.signal(signal.SIGTERM, lambda *_: going.clear())
    product = Product.objects.filter(stock__gt=0).order_by("-stock")[0]
    line = NewLine(product.pk, product.name, 1, Decimal(1))
    took: list[float] = []
    ends = time.monotonic() + seconds
    while going and time.monotonic() < ends and len(took) < product.stock:
        order = Order(number=f"BENCH-{os.getpid()}-{len(took)}", total=Decimal(1), name="Benchmark")
        began = time.perf_counter()
        place_orders([NewOrder(order, [line])])
        took.append((time.perf_counter() - began) * 1000)
        time.sleep(0.05)
    Order.objects.filter(number__startswith=f"BENCH-{os.getpid()}-").delete()
    Product.objects.filter(pk=product.pk).update(stock=product.stock)
    print(
        json.dumps(
            {"orders": len(took), "ms_median": round(median(took), 1), "ms_longest": round(max(took), 1)}
        )
    )


if __name__ == "__main__":
    main()
