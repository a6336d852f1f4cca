"""Run every benchmark, or those named, each in a process of its own, and print the table of their results."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from pathlib import Path

from .results import FOLDER

HERE = Path(__file__).resolve().parent
NOT_BENCHMARKS = {"__init__", "__main__", "datasets", "results", "synthetic_shop"}


def main(names: list[str]) -> int:
    known = sorted(path.stem for path in HERE.glob("*.py") if path.stem not in NOT_BENCHMARKS)
    if unknown := [name for name in names if name not in known]:
        print(f"no benchmark {', '.join(unknown)}; there are {', '.join(known)}", file=sys.stderr)
        return 2
    failed = []
    began = time.time()
    for name in names or known:
        print(f"== {name}", flush=True)
        command = [sys.executable, "-m", f"benchmarks.{name}"]
        if subprocess.run(command, cwd=HERE.parent, check=False).returncode:
            failed.append(name)
    _table(began)
    if failed:
        print(f"failed: {', '.join(failed)}", file=sys.stderr)
    return 1 if failed else 0


def _table(began: float) -> None:
    """The ratios that were written since ``began``; what writes no ratio has printed its own table."""
    print(f"\n{'benchmark':32} {'ours':>10} {'peer':>10} {'ratio':>7}  against")
    for path in sorted(FOLDER.glob("*.json")):
        result = json.loads(path.read_text())
        if path.stat().st_mtime >= began and "ratio" in result:
            print(
                f"{result['name']:32} {result['ours']:10.4g} {result['peer']:10.4g} {result['ratio']:7.3f}"
                f"  {result['peer_name']}, {result['unit']} ({result['better']} is better)"
            )


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
