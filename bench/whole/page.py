"""All of a run on one page: the table, the curves, and every figure's rounds."""

from collections.abc import Iterator, Sequence
from html import escape
from pathlib import Path
from typing import Any, Final

from bench import machine, plot
from bench.report import Figure, number
from bench.whole import curves

STYLE: Final = (
    "body{font:15px/1.5 system-ui,sans-serif;max-width:62rem;margin:2rem auto;padding:0 1rem;"
    "color:#222}table{border-collapse:collapse;width:100%}td,th{padding:.35rem .6rem;"
    "border-bottom:1px solid #ddd;text-align:left;vertical-align:top}td.n{text-align:right}"
    ".missed{color:#b3372f;font-weight:600}.met{color:#2b7a4b}small{color:#5a5f66}"
    "svg{max-width:100%;height:auto}"
)


def write(folder: Path, figures: Sequence[Figure], *, quick: bool) -> None:
    """Write the page, and the curves beside it, if there are any."""
    folder.mkdir(parents=True, exist_ok=True)
    name = "whole-quick" if quick else "whole"
    facts = ", ".join(f"{key} {value}" for key, value in machine.describe().items())
    drawn = _curves(figures)
    if drawn:
        (folder / f"{name}-load.svg").write_text(drawn)
    bars = plot.svg("Every figure with its rounds", facts, figures)
    body = [
        "<h1>The whole system under load</h1>",
        f"<p><small>{escape(facts)}</small></p>",
        *_table(figures),
        drawn,
        bars,
    ]
    (folder / f"{name}.html").write_text(
        f'<!doctype html><html lang="en"><meta charset="utf-8"><title>make bench</title>'
        f"<style>{STYLE}</style>{''.join(body)}</html>\n"
    )


def _table(figures: Sequence[Figure]) -> Iterator[str]:
    yield "<table><tr><th>figure<th>measured<th>must reach<th>limit or baseline<th>ratio<th></tr>"
    for figure in figures:
        word = "met" if figure.is_met else "missed"
        limit = "" if figure.limit is None else f"{figure.beside_name}: {number(figure.limit)}"
        share = "" if figure.share is None else f"{figure.share:.2f}"
        must = " and ".join(
            [*([str(figure.bound)] if figure.bound else []), *_ratio(figure)],
        )
        remark = f"<br><small>{escape(figure.remark)}</small>" if figure.remark else ""
        yield (
            f"<tr><td>{escape(figure.name)}{remark}"
            f'<td class="n">{number(figure.value)} {escape(figure.unit)}<td>{escape(must)}'
            f'<td>{escape(limit)}<td>{share}<td class="{word}">{word}</tr>'
        )
    yield "</table>"


def _ratio(figure: Figure) -> list[str]:
    return [f"{figure.ratio} of it"] if figure.ratio else []


def _curves(figures: Sequence[Figure]) -> str:
    """The picture of latency as load rises; nothing where that was not measured."""
    knees = [one for one in figures if "stages" in one.notes]
    if not knees:
        return ""
    stages: Any = knees[0].notes["stages"]
    drawn = {
        f"whole, p{percent}": [(one["per_second"], one["milliseconds"][percent]) for one in stages]
        for percent in (50, 99)
    }
    for name in stages[0]["steps"]:
        drawn[f"… to {name}"] = [(one["per_second"], one["steps"][name]) for one in stages]
    return curves.svg("Latency as load rises", drawn, {"knee": knees[0].value})
