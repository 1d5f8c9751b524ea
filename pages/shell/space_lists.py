"""The spaces of a lot as lists: per type and group, one by one, and what stands in none."""

import html
from collections.abc import Iterable, Sequence

import pandas as pd
import streamlit as st

from pages.shell import context, parts
from pages.shell.figures import counted
from pages.shell.spaces import WORDS, badge
from parkcore.colours import SPACE
from parkcore.present import LotNow, SpaceNow
from parkcore.spaces.judgement import OUTSIDE_FROM
from parkcore.spaces.layout import SPACE_TYPES, SpaceType
from parkcore.spaces.settling import LOOKS
from parkcore.spaces.verdict import AreaCount, State

TYPE_WORDS: dict[SpaceType, str] = {
    "car": "car", "motorcycle": "motorcycle", "disabled": "disabled", "ev": "electric",
    "reserved": "reserved",
}  # fmt: skip
MARKS: dict[State, str] = {"vacant": "○", "occupied": "●", "unknown": "?"}


def tallies(now: LotNow) -> list[str]:
    """How many of each type and group are free, and what the areas hold; a sentence each."""
    found = now.spaces()
    types = [kind for kind in SPACE_TYPES if any(each.space.type == kind for each in found)]
    groups = sorted({each.space.group for each in found if each.space.group})
    lines = [
        _free((each for each in found if each.space.type == kind), f"{TYPE_WORDS[kind]} space")
        for kind in (types if len(types) > 1 else [])
    ]
    lines += [
        _free((each for each in found if each.space.group == group), "space", group)
        for group in groups
    ]
    return lines + [f"**{parts.plain(area.id)}**: {_area(area)}" for area in now.state.areas]


def _area(area: AreaCount) -> str:
    if area.vehicles is None:
        return "cannot be told"
    if area.capacity is None:
        return counted(area.vehicles)
    free = max(0, area.capacity - area.vehicles)
    return f"{free} of {area.capacity} places free, {counted(area.vehicles)}"


def _free(spaces: Iterable[SpaceNow], noun: str, group: str = "") -> str:
    states = [each.state.state for each in spaces]
    unknown = states.count("unknown")
    named = f"**{parts.plain(group)}**: " if group else ""
    told = f", {unknown} cannot be told" if unknown else ""
    plural = "" if len(states) == 1 else "s"
    return f"{named}{states.count('vacant')} of {len(states)} {noun}{plural} free{told}"


def strays(now: LotNow) -> None:
    """The vehicles that stand in no space, with the numbers that they have on the photo."""
    found = [(camera.id, stray) for camera, marked in now.marked for stray in marked.strays]
    if not found:
        st.caption(f"No vehicle that is at least {OUTSIDE_FROM:.0%} sure stands in no space.")
        return
    several = len(now.marked) > 1
    rows = []
    for camera_id, stray in found:
        near = f", nearest to {stray.near}" if stray.near else ""
        double = "<b>double-parked</b>, " if stray.is_double else ""
        where = f" ({camera_id})" if several else ""
        rows.append(
            f'<li style="display:flex;gap:.6rem;align-items:baseline">{badge(str(stray.number))}'
            f"<span>{double}{stray.vehicle.label}, {stray.vehicle.confidence:.0%} sure"
            f"{html.escape(near + where)}</span></li>"
        )
    items = "".join(rows)
    st.html(f'<ul style="list-style:none;padding:0;margin:0;display:grid;gap:.35rem">{items}</ul>')


def table(found: Sequence[SpaceNow]) -> None:
    """Every space with its state and why."""
    rows = pd.DataFrame([_row(each) for each in found])
    colours = {f"{MARKS[state]} {word}": SPACE[state] for state, word in WORDS.items()}
    shown = rows.dropna(axis="columns", how="all")
    style = shown.style.map(
        lambda state: f"color: {colours[state]}; font-weight: bold", subset=["State"]
    )
    st.dataframe(
        style,
        hide_index=True,
        height=min(560, 38 + 35 * len(rows)),
        column_config={
            "State": st.column_config.TextColumn(width=120),
            "Sure": st.column_config.NumberColumn(format="%.0f %%", width=60),
            "Reason": st.column_config.TextColumn(width="medium"),
        },
    )
    st.caption(f"“Since” looks back over {LOOKS} photos of a camera at most.")


def _row(each: SpaceNow) -> dict[str, object]:
    state, zone = each.state, context.settings().zone
    is_told = state.state != "unknown"
    before = "" if is_told or not each.known else f"; it was {WORDS[each.known]} before"
    return {
        "Space": each.space.id,
        "State": f"{MARKS[state.state]} {WORDS[state.state]}",
        "Sure": 100 * state.confidence,
        "Since": f"{each.since.astimezone(zone):%Y-%m-%d %H:%M}" if is_told and each.since else "",
        "Reason": f"{state.reason}{before}",
        "Type": TYPE_WORDS[each.space.type],
        "Group": each.space.group or None,
        "Camera": ", ".join(each.cameras),
    }
