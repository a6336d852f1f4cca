"""The scorecard as a page of text, 100 columns wide."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Final

WIDTH: Final = 100
NAME: Final = 20
SCOPES: Final = {
    "new": "NEW ITEMS: what a customer had bought before is neither suggested nor counted",
    "all": "ALL ITEMS: what a customer had bought before is suggested and counted too",
}
FOUND: Final = ("recall", "map", "hit_rate", "mrr", "precision", "f1")
BEYOND: Final = ("coverage", "novelty", "gini", "diversity", "price_bias", "miscalibration")

Row = dict[str, Any]


class Card:
    """Writes what ``evaluate_algorithms`` returned; the best row of each scope comes first."""

    def __init__(self, card: dict[str, Any]) -> None:
        self.card = card
        self.lines: list[str] = []

    def text(self) -> str:
        card, compared = self.card, self.card["comparisons"]
        self.lines = [
            f"Split {card['split']}, cutoff {card['cutoff'] or '-'}, k {card['k']}, seed {card['seed']}; "
            f"{card['users']:,} customers, {card['items']:,} items.",
            "The full catalogue is ranked. Intervals: 95 %, bootstrap over customers. Differences of NDCG:",
            f"paired t-test over the same customers; * below {compared['level']:g} after "
            f"{compared['correction']}'s correction for {compared['number']} comparisons.",
        ]
        for scope, title in SCOPES.items():
            rows = [row for row in card["rows"] if row["scope"] == scope]
            shown = sorted((row for row in rows if not row["refused"]), key=_best_first)
            users = max((row["users"] for row in rows), default=0)
            self.lines += ["", f"{title}; {users:,} customers"]
            self._accuracy(shown, f"ndcg@{card['k']}")
            self._table(shown, FOUND, lambda row, name: _figure(row["metrics"].get(name)))
            self._table([*shown], [*BEYOND, "seconds"], _beyond)
            self._segments(shown)
        self._refused()
        return "\n".join(self.lines)

    def _accuracy(self, rows: Sequence[Row], metric: str) -> None:
        self.lines += [
            "",
            f"{'algorithm':{NAME}} {metric:>8} {'95 % interval':>17}  "
            f"{'than popularity':<25} {'than what serves':<25}".rstrip(),
        ]
        for row in rows:
            low, high = (_figure(bound) for bound in row["interval"]["ndcg"])
            others = [_difference(row["against"].get(name)) for name in ("popularity", "active")]
            self.lines.append(
                f"{_name(row):{NAME}} {_figure(row['metrics']['ndcg']):>8} {f'{low} - {high}':>17}  "
                f"{others[0]:<25} {others[1]:<25}".rstrip()
            )

    def _table(self, rows: Sequence[Row], columns: Sequence[str], cell: Callable[[Row, str], str]) -> None:
        widths = [max(9, len(name)) for name in columns]
        head = " ".join(f"{name:>{width}}" for name, width in zip(columns, widths, strict=True))
        self.lines += ["", f"{'algorithm':{NAME}} {head}"]
        for row in rows:
            cells = zip(columns, widths, strict=True)
            line = " ".join(f"{cell(row, name):>{width}}" for name, width in cells)
            self.lines.append(f"{_name(row):{NAME}} {line}")

    def _segments(self, rows: Sequence[Row]) -> None:
        """NDCG by kind of customer and by kind of item, how many customers each rests on above it."""
        if not rows:
            return
        bounds = self.card["segments"]
        names = [*bounds["customers"], *bounds["items"]]
        heads = [f"{name} {_orders(*ends)}" for name, ends in bounds["customers"].items()]
        heads += [f"{name} {_share(*ends)}" for name, ends in bounds["items"].items()]
        both = [row["customers"] | row["items"] for row in rows]
        widths = [max(8, len(head)) for head in heads]
        cells = [heads, [f"{both[0][name]['users']:,}" for name in names]]
        cells += [[_figure(row[name]["ndcg"]) for name in names] for row in both]
        labels = ["ndcg by orders/sales", "customers", *map(_name, rows)]
        self.lines.append("")
        for label, line in zip(labels, cells, strict=True):
            placed = " ".join(f"{text:>{width}}" for text, width in zip(line, widths, strict=True))
            self.lines.append(f"{label:{NAME}} {placed}")

    def _refused(self) -> None:
        reasons = {row["algorithm"]: row["refused"] for row in self.card["rows"] if row["refused"]}
        for name, reason in reasons.items():
            self.lines += ["", f"{name}: {reason}"]


def _best_first(row: Row) -> float:
    return -(row["metrics"]["ndcg"] or 0.0)


def _name(row: Row) -> str:
    """The algorithm, the one that serves with its run's number."""
    name: str = row["algorithm"]
    if row["active"] is None:
        return name[:NAME]
    serves = f" #{row['active']}"
    return f"{name[: NAME - len(serves)]}{serves}"


def _beyond(row: Row, name: str) -> str:
    if name == "seconds":
        return f"{row['seconds']:.1f}"
    value = row["metrics"].get(name)
    return f"{value:+.4f}" if name == "price_bias" and value is not None else _figure(value)


def _difference(found: Row | None) -> str:
    """Such as ``+20.1 % (+14.9 to +26.0) *``."""
    if not found:
        return "-"
    mark = " *" if found["significant"] else ""
    mean, low, high = found["relative"]
    if mean is None:
        return f"{found['mean'] or 0.0:+.4f}{mark}"
    return f"{100 * mean:+.0f} % ({100 * low:+.0f} to {100 * high:+.0f}){mark}"


def _orders(fewest: int, most: float | None) -> str:
    if most is None:
        return f"{fewest}+"
    return f"{fewest}" if fewest == most else f"{fewest}-{most}"


def _share(start: float, stop: float) -> str:
    return f"{100 * start:.0f}-{100 * stop:.0f}%"


def _figure(value: float | None) -> str:
    return "-" if value is None else f"{value:.4f}"
