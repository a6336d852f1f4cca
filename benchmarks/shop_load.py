"""Loading the sample shop against bare inserts of the same order lines, with the time and memory promised.

Each load runs in a process of its own, into an empty database: a temporary file for SQLite, a test database
beside the one that ``DATABASE_URL`` names for PostgreSQL. The peer inserts all the lines as ready tuples, by
``executemany`` or COPY, without names, products, customers or orders: no loader can be faster than that.

    python -m benchmarks.shop_load [--size small] [--size full] [--runs 1]
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from .results import write

PROMISED = {"small": {"seconds": 30, "mb": 1500}, "full": {"seconds": 120, "mb": 1500}}

CHILD = """
import json, resource, sys, time
import django
django.setup()
from django.core.management import call_command
from django.db import connection, transaction
from django.utils import timezone
what, size = sys.argv[1:]
name = connection.settings_dict["NAME"]
if connection.vendor == "sqlite":
    call_command("migrate", verbosity=0)
else:
    connection.creation.create_test_db(verbosity=0, autoclobber=True, serialize=False)
began, cpu = time.perf_counter(), time.process_time()
if what == "load":
    from shop.loader import load
    load(size)
else:
    from shop.loader.load import choose
    from shop.loader.source import Source
    from shop.models import Order, OrderLine
    from shop.orders import NewLine
    from shop.rows import insert_rows
    order = Order.objects.create(number="bare", placed_at=timezone.now()).pk
    source = Source.installed()
    for read, page in source.pages(choose(source, size)):
        columns = (page[name].tolist() for name in ("quantity", "sales_value", "coupon_disc", "retail_disc"))
        rows = ((order, None, "Name of a product", *rest) for rest in zip(*columns, strict=True))
        with transaction.atomic():
            insert_rows(OrderLine, ("order", *NewLine._fields), rows, using="default")
result = {
    "seconds": time.perf_counter() - began,
    "cpu": time.process_time() - cpu,
    "mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
}
if connection.vendor != "sqlite":
    connection.creation.destroy_test_db(name, verbosity=0)
print(json.dumps(result))
"""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--size", action="append", choices=sorted(PROMISED))
    parser.add_argument("--runs", type=int, default=1)
    arguments = parser.parse_args()
    for size in arguments.size or ["small", "full"]:
        measure(size, arguments.runs)


def measure(size: str, runs: int) -> None:
    """Load and bare inserts in turn, ``runs`` times."""
    pairs = [(_child("load", size), _child("bare", size)) for _run in range(runs)]
    loads = [load for load, _bare in pairs]
    database = _database()
    worst = {unit: max(load[unit] for load in loads) for unit in ("seconds", "cpu", "mb")}
    promised = PROMISED[size]
    write(
        {
            "name": f"shop_load_{size}_{database}",
            "unit": "s",
            "peer_name": "bare inserts of the same order lines",
            "better": "lower",
            "pairs": [(load["seconds"], bare["seconds"]) for load, bare in pairs],
            "protocol": (
                f"shop_load --size {size} into an empty {database} database against its order lines alone, a "
                f"process each; worst load {worst['seconds']:.1f} s, {worst['cpu']:.1f} s of it its own CPU, "
                f"peak {worst['mb']:.0f} MB; promised {promised['seconds']} s and {promised['mb']} MB"
            ),
        },
        packages=("Django", "pyarrow", "numpy"),
    )


def _database() -> str:
    return "postgresql" if os.environ.get("DATABASE_URL", "").startswith("postgres") else "sqlite"


def _child(what: str, size: str) -> dict[str, Any]:
    with tempfile.TemporaryDirectory() as folder:
        environment = os.environ | {"DJANGO_SETTINGS_MODULE": "shop.settings", "DEBUG": "false"}
        if _database() == "sqlite":
            environment["DATABASE_URL"] = f"sqlite:///{Path(folder) / 'bench.sqlite3'}"
        done = subprocess.run(
            [sys.executable, "-c", CHILD, what, size],
            env=environment,
            check=True,
            stdout=subprocess.PIPE,
            text=True,
        )
    return dict(json.loads(done.stdout.splitlines()[-1]))


if __name__ == "__main__":
    main()
