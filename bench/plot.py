"""The table as a picture: SVG written by hand, since a plotting library for two bars a row would be
the largest dependency of the repository."""

from collections.abc import Iterator, Sequence
from html import escape
from typing import Final

from bench.report import Figure, number

WIDTH: Final = 900
LEFT: Final = 330
BAR: Final = 380
ROW: Final = 54
COLORS: Final = {"met": "#2b7a4b", "missed": "#b3372f", "limit": "#b9c0c9", "bound": "#222"}


def svg(title: str, subtitle: str, figures: Sequence[Figure]) -> str:
    """A row of bars for each figure, each row on a scale of its own: the median, the limit or
    baseline below it, every round as a tick, and what must be reached as a line."""
    height = 70 + ROW * len(figures)
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{WIDTH}" height="{height}" '
        f'viewBox="0 0 {WIDTH} {height}" font-family="sans-serif" font-size="13">',
        f'<rect width="{WIDTH}" height="{height}" fill="white"/>',
        _text(16, 26, title, size=17),
        _text(16, 46, subtitle, size=11),
    ]
    for index, figure in enumerate(figures):
        parts += _row(66 + index * ROW, figure)
    return "\n".join([*parts, "</svg>"]) + "\n"


def _row(y: int, figure: Figure) -> Iterator[str]:
    bound = [figure.bound.value] if figure.bound else []
    scale = BAR / (max([*figure.rounds, *figure.beside, *bound]) or 1)
    yield _text(16, y + 14, figure.name)
    yield _bar(y, 18, figure.value * scale, COLORS["met" if figure.is_met else "missed"])
    yield _text(LEFT + BAR + 8, y + 14, f"{number(figure.value)} {figure.unit}")
    yield from (_tick(LEFT + value * scale, y, 18) for value in figure.rounds)
    if figure.limit is not None:
        yield _bar(y + 20, 12, figure.limit * scale, COLORS["limit"])
        yield _text(LEFT + BAR + 8, y + 31, f"{figure.beside_name} {number(figure.limit)}", size=11)
    if figure.bound:
        yield _tick(LEFT + figure.bound.value * scale, y - 3, 38, COLORS["bound"], 2)
        yield _text(16, y + 30, f"must be {figure.bound}", size=11)


def _bar(y: int, height: int, length: float, color: str) -> str:
    return f'<rect x="{LEFT}" y="{y}" width="{length:.1f}" height="{height}" fill="{color}"/>'


def _tick(x: float, y: int, height: int, color: str = "#0006", width: int = 1) -> str:
    line = f'x1="{x:.1f}" x2="{x:.1f}" y1="{y}" y2="{y + height}"'
    return f'<line {line} stroke="{color}" stroke-width="{width}"/>'


def _text(x: int, y: int, text: str, size: int = 13) -> str:
    return f'<text x="{x}" y="{y}" font-size="{size}">{escape(text)}</text>'
