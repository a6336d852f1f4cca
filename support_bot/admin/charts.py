"""Charts drawn on the server: geometry for an SVG without inline style, and the same numbers as a table.

A page shows them without JavaScript and under a strict Content-Security-Policy; colours are classes of the
admin's stylesheet, so that light, dark and a host's theme all fit.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from .describe import figure

WIDTH, HEIGHT = 720, 300
NARROW = 500  # of charts that stand side by side
LEFT, RIGHT, TOP, BOTTOM = 52, 40, 12, 48
UNLABELLED = 20  # of the height, for the name of the horizontal axis
MAX_LABELS = 8  # under a time axis
COLOURS = 8  # of the stylesheet; the ninth series begins again

Point = tuple[float, float]


@dataclass(frozen=True, slots=True)
class Series:
    """Points of one colour: joined by a line, or as dots whose ``weights`` set their size."""

    label: str
    points: Sequence[Point]
    kind: Literal["line", "dots", "guide"] = "line"
    weights: Sequence[float] = ()


@dataclass(frozen=True, slots=True)
class Marker:
    """A vertical line at ``x``; ``kind`` picks its look."""

    x: float
    label: str
    kind: Literal["learned", "chosen"] = "learned"


@dataclass(frozen=True, slots=True)
class Tick:
    at: float
    label: str


@dataclass(frozen=True, slots=True)
class Shape:
    """One drawn thing; ``colour`` is the number of its class, ``title`` what a pointer is told."""

    tag: Literal["path", "rect", "circle"]
    kind: str
    colour: int
    title: str = ""
    d: str = ""
    x: float = 0
    y: float = 0
    width: float = 0
    height: float = 0
    r: float = 0


@dataclass(frozen=True, slots=True)
class Rule:
    """A marker as it is drawn: its line and where its words stand."""

    x: float
    y: float
    label: str
    kind: str
    anchor: str


@dataclass(frozen=True, slots=True)
class Chart:
    """A titled figure: what is drawn, and ``rows`` under ``columns`` that say the same."""

    name: str
    title: str
    summary: str
    columns: Sequence[str]
    rows: Sequence[Sequence[str]]
    shapes: Sequence[Shape]
    x_ticks: Sequence[Tick]
    y_ticks: Sequence[Tick]
    legend: Sequence[tuple[int, str]] = ()
    rules: Sequence[Rule] = ()
    x_label: str = ""
    note: str = ""
    width: int = WIDTH
    left: int = LEFT
    top: int = TOP
    bottom: int = HEIGHT - BOTTOM
    tick_y: int = HEIGHT - BOTTOM + 18
    label_y: int = HEIGHT - 8

    @property
    def view_box(self) -> str:
        return f"0 0 {self.width} {HEIGHT if self.x_label else HEIGHT - UNLABELLED}"

    @property
    def right(self) -> int:
        return self.width - RIGHT

    @property
    def middle(self) -> float:
        return (self.left + self.right) / 2


@dataclass(frozen=True, slots=True)
class Axes:
    """Data coordinates to those of the picture."""

    x: tuple[float, float] = (0.0, 1.0)
    y: tuple[float, float] = (0.0, 1.0)
    width: int = WIDTH

    def at(self, point: Point) -> Point:
        """Where ``point`` is drawn; what lies outside the axes is drawn on their edge."""
        across = (point[0] - self.x[0]) / ((self.x[1] - self.x[0]) or 1)
        up = (point[1] - self.y[0]) / ((self.y[1] - self.y[0]) or 1)
        return (
            round(LEFT + min(1.0, max(0.0, across)) * (self.width - LEFT - RIGHT), 1),
            round(TOP + (1 - min(1.0, max(0.0, up))) * (HEIGHT - TOP - BOTTOM), 1),
        )


def unit_chart(
    *,
    name: str,
    title: str,
    summary: str,
    series: Sequence[Series],
    columns: Sequence[str],
    rows: Sequence[Sequence[str]],
    markers: Sequence[Marker] = (),
    x_label: str = "",
    note: str = "",
) -> Chart:
    """Series whose coordinates are all between 0 and 1, shown in per cent."""
    axes = Axes(width=NARROW)
    fifths = [step / 5 for step in range(6)]
    return Chart(
        name=name,
        title=title,
        summary=summary,
        columns=columns,
        rows=rows,
        shapes=[shape for place, one in enumerate(series) for shape in _drawn(one, place, axes)],
        x_ticks=[Tick(axes.at((value, 0))[0], f"{value:.1f}") for value in fifths],
        y_ticks=[Tick(axes.at((0, value))[1], f"{value:.0%}") for value in fifths],
        legend=[(place % COLOURS, one.label) for place, one in enumerate(series)],
        rules=[_rule(marker, place, axes) for place, marker in enumerate(markers)],
        x_label=x_label,
        note=note,
        width=NARROW,
    )


def stacked_bars(
    *,
    name: str,
    title: str,
    summary: str,
    labels: Sequence[str],
    stacks: Sequence[tuple[str, Sequence[int]]],
    first_column: str,
    note: str = "",
) -> Chart:
    """One column a label, the values of ``stacks`` on top of each other; the table holds them all."""
    heights = [sum(values[place] for _label, values in stacks) for place in range(len(labels))]
    step = nice_step(max(heights, default=0))
    axes = Axes(x=(0, max(1, len(labels))), y=(0, step * 4))
    every = -(-len(labels) // MAX_LABELS) or 1
    return Chart(
        name=name,
        title=title,
        summary=summary,
        columns=[first_column, *(label for label, _values in stacks)],
        rows=[
            [label, *(figure(values[place]) for _label, values in stacks)]
            for place, label in enumerate(labels)
        ],
        shapes=_bars(labels, stacks, axes),
        x_ticks=[
            Tick(axes.at((place + 0.5, 0))[0], label)
            for place, label in enumerate(labels)
            if place % every == 0
        ],
        y_ticks=[Tick(axes.at((0, step * count))[1], figure(step * count)) for count in range(5)],
        legend=[(place % COLOURS, label) for place, (label, _values) in enumerate(stacks)],
        note=note,
    )


def nice_step(highest: int) -> int:
    """The smallest of 1, 2, 3, 5, 10, 15, 20, 25, 30, 50, 100 … whose fourfold reaches ``highest``."""
    scale = 10
    while True:
        for step in (10, 15, 20, 25, 30, 50):
            if 4 * step * scale >= 100 * highest and step * scale % 100 == 0:
                return step * scale // 100
        scale *= 10


def _drawn(series: Series, place: int, axes: Axes) -> list[Shape]:
    colour = place % COLOURS
    drawn = [axes.at(point) for point in series.points]
    if series.kind == "dots":
        heaviest = max(series.weights, default=0) or 1
        return [
            Shape(
                "circle",
                "dot",
                colour,
                f"{series.label}: {value[0]:.3f}, {value[1]:.3f}",
                x=x,
                y=y,
                r=round(3 + 5 * (weight / heaviest) ** 0.5, 1),
            )
            for (x, y), value, weight in zip(
                drawn, series.points, series.weights or [1] * len(drawn), strict=True
            )
        ]
    d = " L".join(f"{x} {y}" for x, y in drawn)
    return [Shape("path", series.kind, colour, series.label, d=f"M{d}")] if d else []


def _rule(marker: Marker, place: int, axes: Axes) -> Rule:
    x = axes.at((marker.x, 0))[0]
    return Rule(x, TOP + 12 + 16 * place, marker.label, marker.kind, "end" if marker.x > 0.6 else "start")


def _bars(labels: Sequence[str], stacks: Sequence[tuple[str, Sequence[int]]], axes: Axes) -> list[Shape]:
    found: list[Shape] = []
    for place, label in enumerate(labels):
        left, right = axes.at((place + 0.12, 0))[0], axes.at((place + 0.88, 0))[0]
        base = 0
        for number, (name, values) in enumerate(stacks):
            low, high = axes.at((0, base))[1], axes.at((0, base + values[place]))[1]
            base += values[place]
            if values[place]:
                found.append(
                    Shape(
                        "rect",
                        "bar",
                        number % COLOURS,
                        f"{label}, {name}: {values[place]}",
                        x=left,
                        y=high,
                        width=round(right - left, 1),
                        height=round(low - high, 1),
                    )
                )
    return found
