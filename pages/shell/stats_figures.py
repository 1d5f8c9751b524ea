"""Figures of the page Statistics: in large, in words, and against other days."""

import html
from datetime import tzinfo

import pandas as pd
import streamlit as st

from pages.shell.parts import plain
from parkcore.history.questions import Answer
from parkcore.history.stats_words import (
    known,
    percent,
    say_corrected,
    say_over,
    say_peak,
    say_seen,
    say_share,
    say_time,
    say_usual_peak,
)

_STYLE = """<style>
.figures { overflow-x: auto; }
@media screen { .only_on_paper { display: none; } }
.figures table { border-collapse: collapse; width: 100%; font-variant-numeric: tabular-nums; }
.figures th, .figures td { padding: .35rem .7rem; text-align: right; white-space: nowrap;
  border-bottom: 1px solid rgba(128, 128, 128, .25); }
.figures th { font-weight: 600; white-space: normal; vertical-align: bottom;
  opacity: .75; font-size: .85rem; }
.figures th:first-child, .figures td:first-child { text-align: left; padding-left: 0; }
.figures .tiles { display: grid; gap: .6rem 1.2rem;
  grid-template-columns: repeat(auto-fit, minmax(8rem, 1fr)); }
.figures .tiles div { font-size: .85rem; opacity: .85; }
.figures .tiles b { display: block; font-size: 1.5rem; line-height: 1.25; white-space: nowrap; }
</style>"""


def figures(row: dict, threshold: float) -> dict[str, str]:
    """Per heading a lot's figure as it is shown; `–` where it is not known."""
    shown = (
        {
            "Mean": percent(row["mean_rate"], 1),
            "Lowest": percent(row["lowest_rate"], 1),
            "10th percentile": percent(row["p10"], 1),
            "Median": percent(row["p50"], 1),
            "90th percentile": percent(row["p90"], 1),
            "Highest": percent(row["highest_rate"], 1),
            f"At {percent(threshold)} or more": say_time(row["over_s"]),
        }
        if known(row["mean_rate"])
        else {
            "Mean": f"{number(row['mean_taken'], 1)} vehicles",
            "Lowest": number(row["least"]),
            "10th percentile": number(row["p10"]),
            "Median": number(row["p50"]),
            "90th percentile": number(row["p90"]),
            "Highest": number(row["most"]),
        }
    )
    return shown | {"Photos": f"{row['photos']:,}"}


def number(value: float, digits: int = 0) -> str:
    return f"{value:,.{digits}f}" if known(value) else "–"


def show_summary(answer: Answer, names: dict[str, str]) -> None:
    """Every lot's figures: one lot's in large, several below each other."""
    threshold = answer.question.threshold
    rows = answer.summary().to_dict("records")
    st.html(_STYLE)
    if len(rows) == 1:
        tiles = "".join(
            f"<div><span>{html.escape(name)}</span><b>{html.escape(value)}</b></div>"
            for name, value in figures(rows[0], threshold).items()
        )
        st.html(f'<div class="figures"><div class="tiles">{tiles}</div></div>')
    else:
        show_table(
            [
                {
                    "Lot": names[row["lot"]],
                    **figures(row, threshold),
                    "Seen": say_share(seen_share(row)),
                }
                for row in rows
            ]
        )
    patterns = answer.week_pattern()
    lines = [
        in_words(row, patterns[patterns["lot"] == row["lot"]], answer.question.zone) for row in rows
    ]
    if len(rows) == 1:
        [row], [line] = rows, lines
        st.markdown(f"{line} {say_over(row, threshold)}.")
        st.caption(f"{say_seen(row['seen_s'], row['period_s']).capitalize()}.")
    else:
        named = zip((plain(names[row["lot"]]) for row in rows), lines, strict=True)
        st.markdown("\n".join(f"- **{name}:** {line}" for name, line in named))
        st.caption(f"Seen: the share of {say_time(rows[0]['period_s'])} that the figures are of.")
    if said := say_corrected(answer.corrected, answer.photos):
        st.caption(f"{said}; the figures are of the corrected counts.")


def in_words(row: dict, pattern: pd.DataFrame, zone: tzinfo) -> str:
    """When a lot was fullest, and when it usually is."""
    return " ".join(f"{said}." for said in (say_peak(row, zone), say_usual_peak(pattern)) if said)


def seen_share(row: dict) -> float:
    return min(1.0, row["seen_s"] / row["period_s"])


def show_table(rows: list[dict[str, str]], *, only_on_paper: bool = False) -> None:
    """Rows of text; wide ones are moved sideways within their own frame."""
    heads = list(dict.fromkeys(name for row in rows for name in row))
    heading = "".join(f"<th>{html.escape(name)}</th>" for name in heads)
    body = "".join(
        "<tr>" + "".join(f"<td>{html.escape(row.get(name, '–'))}</td>" for name in heads) + "</tr>"
        for row in rows
    )
    kind = "figures only_on_paper" if only_on_paper else "figures"
    st.html(f'<div class="{kind}"><table><tr>{heading}</tr>{body}</table></div>')


def show_difference(before: dict, after: dict, threshold: float) -> None:
    """One lot's figures of two ranges of days, side by side."""
    rows = []
    is_rate = known(before["mean_rate"]) and known(after["mean_rate"])
    lines = [("Mean", "mean_rate"), ("Median", "p50"), ("90th percentile", "p90")]
    lines += [("Highest", "highest_rate")]
    if not is_rate:
        lines = [("Mean vehicles", "mean_taken"), ("Most vehicles", "most")]
    for heading, name in lines:
        values = before[name], after[name]
        shown = [percent_1(each) if is_rate else number(each, 1) for each in values]
        rows.append((heading, *shown, points(values[1] - values[0], is_rate)))
    if is_rate:
        share = [row["over_s"] / row["rated_s"] for row in (before, after)]
        shown = [percent_1(each) for each in share]
        heading = f"At {percent(threshold)} or more, of the time seen"
        rows.append((heading, *shown, points(share[1] - share[0], is_rate)))
    seen = [percent_1(seen_share(row)) for row in (before, after)]
    rows.append(("Seen, of the time", *seen, ""))
    show_table([dict(zip(("", "Before", "After", "Difference"), row, strict=True)) for row in rows])


def percent_1(rate: float) -> str:
    return percent(rate, 1) if known(rate) else "–"


def points(difference: float, is_rate: bool) -> str:
    if not known(difference):
        return "–"
    if is_rate:
        return f"{100 * difference:+.1f} points".replace("-", "−")
    return f"{difference:+.1f}".replace("-", "−")
