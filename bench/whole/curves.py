"""Latency as load rises, as a picture: SVG written by hand, as the tables' are."""

from collections.abc import Iterator, Mapping, Sequence
from html import escape
from math import log10
from typing import Final

WIDTH: Final = 900
HEIGHT: Final = 420
LEFT: Final = 70
RIGHT: Final = 190
TOP: Final = 60
BOTTOM: Final = 50
COLORS: Final = (
    "#1f4e79",
    "#b3372f",
    "#2b7a4b",
    "#8a5a00",
    "#6b3fa0",
    "#007c89",
    "#a03f6b",
    "#5a5f66",
    "#3f6ba0",
    "#7a6b2b",
)


def svg(
    title: str, curves: Mapping[str, Sequence[tuple[float, float]]], marks: Mapping[str, float]
) -> str:
    """Curves over a rate, milliseconds on a logarithmic scale.

    Args:
        title: of the picture.
        curves: points of rate and milliseconds, by name.
        marks: rates that are marked by a line, by what they are.
    """
    points = [point for curve in curves.values() for point in curve]
    most = max(rate for rate, _ in points)
    low = min(10 ** int(log10(max(ms, 0.1))) for _, ms in points)
    decades = max(1, int(log10(max(ms for _, ms in points) / low)) + 1)

    def x(rate: float) -> float:
        return LEFT + (WIDTH - LEFT - RIGHT) * rate / most

    def y(ms: float) -> float:
        return HEIGHT - BOTTOM - (HEIGHT - TOP - BOTTOM) * log10(max(ms, low) / low) / decades

    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{WIDTH}" height="{HEIGHT}" '
        f'viewBox="0 0 {WIDTH} {HEIGHT}" font-family="sans-serif" font-size="12">',
        f'<rect width="{WIDTH}" height="{HEIGHT}" fill="white"/>',
        _text(16, 26, title, size=17),
        _text(16, 46, "milliseconds from when it was due (logarithmic), by reservations a second"),
    ]
    for decade in range(decades + 1):
        at = y(low * 10**decade)
        parts.append(_line(LEFT, at, WIDTH - RIGHT, at, "#ddd"))
        parts.append(_text(LEFT - 8, at + 4, f"{low * 10**decade:g}", anchor="end"))
    for rate in sorted({rate for rate, _ in points}):
        parts.append(_text(x(rate), HEIGHT - BOTTOM + 18, f"{rate:g}", anchor="middle"))
    for number, (name, rate) in enumerate(marks.items()):
        parts.append(_line(x(rate), TOP, x(rate), HEIGHT - BOTTOM, "#222", dashes="4 3"))
        parts.append(_text(x(rate) + 4, TOP + 12 + 14 * number, f"{name}: {rate:g}/s"))
    for number, (name, curve) in enumerate(curves.items()):
        color = COLORS[number % len(COLORS)]
        way = " ".join(f"{x(rate):.1f},{y(ms):.1f}" for rate, ms in curve)
        parts.append(f'<polyline points="{way}" fill="none" stroke="{color}" stroke-width="2"/>')
        parts += _dots(((x(rate), y(ms)) for rate, ms in curve), color)
        parts.append(_text(WIDTH - RIGHT + 12, TOP + 16 + 18 * number, name, color=color))
    return "\n".join([*parts, "</svg>"]) + "\n"


def _dots(places: Iterator[tuple[float, float]], color: str) -> Iterator[str]:
    for x, y in places:
        yield f'<circle cx="{x:.1f}" cy="{y:.1f}" r="3" fill="{color}"/>'


def _line(x1: float, y1: float, x2: float, y2: float, color: str, *, dashes: str = "") -> str:
    dashed = f' stroke-dasharray="{dashes}"' if dashes else ""
    place = f'x1="{x1:.1f}" x2="{x2:.1f}" y1="{y1:.1f}" y2="{y2:.1f}"'
    return f'<line {place} stroke="{color}"{dashed}/>'


def _text(
    x: float, y: float, text: str, *, size: int = 12, anchor: str = "start", color: str = "#222"
) -> str:
    style = f'font-size="{size}" text-anchor="{anchor}" fill="{color}"'
    return f'<text x="{x:.1f}" y="{y:.1f}" {style}>{escape(text)}</text>'
