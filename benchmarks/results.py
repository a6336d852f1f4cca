"""Where a benchmark's figures go: ``benchmarks/results/NAME.json``, one line on the terminal."""

from __future__ import annotations

import json
import platform
from collections.abc import Mapping
from importlib.metadata import version
from pathlib import Path
from statistics import median, quantiles
from typing import Any

FOLDER = Path(__file__).resolve().parent / "results"
PACKAGES = ("Django", "djangorestframework", "numpy")


def write(
    measured: Mapping[str, Any], *, packages: tuple[str, ...] = PACKAGES, device: str = "CPU"
) -> dict[str, Any]:
    """Store what was measured; ``pairs`` are (ours, peer), interleaved in one run."""
    ratios = [ours / peer for ours, peer in measured["pairs"]]
    low, middle, high = quantiles(ratios, n=4) if len(ratios) > 1 else ratios * 3
    result = {
        "name": measured["name"],
        "unit": measured["unit"],
        "ours": median(ours for ours, _peer in measured["pairs"]),
        "peer": median(peer for _ours, peer in measured["pairs"]),
        "peer_name": measured["peer_name"],
        "ratio": middle,
        "ratio_quartiles": [low, high],
        "better": measured["better"],
        "runs": len(ratios),
        "protocol": measured["protocol"],
        "versions": {"python": platform.python_version(), **{name: version(name) for name in packages}},
        "device": f"{device}, {platform.machine()}",
    }
    FOLDER.mkdir(exist_ok=True)
    (FOLDER / f"{result['name']}.json").write_text(json.dumps(result, indent=1) + "\n")
    print(f"{result['name']}: {result['ours']:.4g} {result['unit']}, "
          f"{result['peer_name']}: {result['peer']:.4g}, "
          f"ratio {middle:.3f} ({low:.3f} to {high:.3f})")  # fmt: skip
    return result
