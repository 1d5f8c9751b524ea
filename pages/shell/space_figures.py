"""How spaces were used: in large, one by one in a table, and per type and group."""

from collections.abc import Callable, Iterable

import pandas as pd
import streamlit as st

from pages.shell.parts import plain
from pages.shell.space_lists import TYPE_WORDS
from parkcore.history.stats_words import percent, say_time
from parkcore.spaces.space_use import SpaceAnswer, as_csv
from parkcore.spaces.utilisation import SpaceUse

EXPLAINED = """
- **Utilisation** is the time that a space was taken, of the time that it was **seen**. A photo
  stands until the next one, but for {minutes} minutes at most. While it could not be told whether a
  space was taken, it was not seen.
- **Turnover** is how often a space was taken anew; **dwell** is for how long at a time, from the
  first photo to the last that shows it taken. A photo that cannot tell is not taken for a
  departure.
- Both are lower bounds: nobody knows what happened between two photos. If one vehicle left and
  another came, it counts as one; the time before the first and after the last photo is not counted.
- **Cut** are those whose beginning or end was not seen, as there were no photos, or it lies outside
  these days. With only the opening hours, those that a photo in them shows count, at their whole
  length.
"""
_HOURS = st.column_config.NumberColumn(format="%.1f")


def show_all(use: SpaceUse) -> None:
    """The figures of all spaces together, in large."""
    per_day = use.turnover_per_day
    tiles = {
        "Utilisation": _said(use.utilisation, lambda share: percent(share, 1)),
        "Turnover per space and day": _said(per_day, lambda number: f"≥ {number:.1f}"),
        "Median dwell": _said(use.dwell_median_s, lambda dwell: f"≥ {say_time(dwell)}"),
        "Longest dwell": _said(use.dwell_longest_s, lambda dwell: f"≥ {say_time(dwell)}"),
    }
    shown = "".join(
        f'<div style="font-size:.85rem">{name}<b style="display:block;font-size:1.5rem;'
        f'line-height:1.25;white-space:nowrap">{said}</b></div>'
        for name, said in tiles.items()
    )
    columns = "repeat(auto-fit,minmax(10rem,1fr))"
    st.html(f'<div style="display:grid;gap:.6rem;grid-template-columns:{columns}">{shown}</div>')


def _said(value: float | None, words: Callable[[float], str]) -> str:
    return "–" if value is None else words(value)


def show_notes(answer: SpaceAnswer) -> None:
    """That spaces were drawn anew, or that not all photos were looked at."""
    zone = answer.question.zone
    by_day: dict[str, list[str]] = {}
    for each in answer.spaces:
        if each.since:
            at = each.since.astimezone(zone)
            by_day.setdefault(f"{at.day} {at:%b %Y}", []).append(each.space.id)
    for day, names in by_day.items():
        listed = ", ".join(names[:8]) + (f" and {len(names) - 8} more" if len(names) > 8 else "")
        were = "was" if len(names) == 1 else "were"
        st.caption(
            f":material/edit: {plain(listed)} {were} drawn anew: the figures begin on {day}."
        )
    if answer.only_since:
        at = answer.only_since.astimezone(zone)
        st.caption(
            f":material/filter_list: There are too many photos; the {answer.photos:,} newest were"
            f" looked at, from {at.day} {at:%b %Y} on."
        )


def show_totals(answer: SpaceAnswer) -> None:
    """The spaces of each type and group together, where there are several."""
    types = answer.by(lambda space: TYPE_WORDS[space.type])
    groups = answer.by(lambda space: space.group or "none")
    for title, heading, found in (("By type", "Type", types), ("By group", "Group", groups)):
        if len(found) > 1:
            st.subheader(title)
            _table([{heading: name} | _figures(use) for name, use in found.items()])


def show_table(answer: SpaceAnswer) -> None:
    """Every space, and the same to take along."""
    groups = any(each.space.group for each in answer.spaces)
    _table(
        [
            {"Space": each.space.id, "Type": TYPE_WORDS[each.space.type]}
            | ({"Group": each.space.group} if groups else {})
            | _figures(each.use)
            for each in answer.spaces
        ]
    )
    asked = answer.question
    st.download_button(
        "Download as CSV", lambda: as_csv(answer.records(), str(asked.zone)),
        f"parkcore-spaces-{asked.lot_id}-{asked.camera_id}.csv", "text/csv",
        icon=":material/download:", on_click="ignore",
    )  # fmt: skip


def _figures(use: SpaceUse) -> dict[str, float | None]:
    return {
        "Utilisation (%)": _times(use.utilisation, 100),
        "Seen (h)": use.seen_s / 3600,
        "Turnover ≥": use.turnover,
        "Per day ≥": use.turnover_per_day,
        "Median ≥ (h)": _times(use.dwell_median_s, 1 / 3600),
        "Longest ≥ (h)": _times(use.dwell_longest_s, 1 / 3600),
        "Cut": use.cut,
    }


def _times(value: float | None, factor: float) -> float | None:
    return None if value is None else factor * value


def _table(rows: Iterable[dict[str, object]]) -> None:
    table = pd.DataFrame(rows)
    hours = [name for name in table.columns if name.endswith("(h)")]
    share = st.column_config.ProgressColumn(
        format="%.1f", min_value=0, max_value=100, width=130
    )  # fmt: skip
    st.dataframe(
        table,
        hide_index=True,
        height=min(560, 38 + 35 * len(table)),
        column_config=dict.fromkeys([*hours, "Per day ≥"], _HOURS) | {"Utilisation (%)": share},
        placeholder="–",
    )
