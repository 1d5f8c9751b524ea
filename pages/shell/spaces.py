"""The spaces of a lot as they are now: how many are free, which, and where."""

import html
from collections.abc import Mapping
from datetime import timedelta

import streamlit as st

from pages.shell import context, parts
from pages.shell.figures import occupancy_numbers, place_numbers
from pages.shell.movement import show_movement, show_realigned
from parkcore.colours import SPACE, STRAY
from parkcore.domain import Lot, Occupancy
from parkcore.present import CameraNow, LotNow, Rules, read_lot
from parkcore.spaces.floor_plan import Place, Plan, floor_plan
from parkcore.spaces.layout import Layout
from parkcore.spaces.verdict import AreaCount, State
from parkcore.store import Store

WORDS: dict[State, str] = {"vacant": "free", "occupied": "taken", "unknown": "cannot be told"}
AREA = "box-sizing:border-box;border:2px solid #3BA7E8;background:#3BA7E826"
LONGEST_NAME = 8
LEAST_TEXT_PX, MOST_WIDTH_PX = 9, 2400


def read(store: Store, lot: Lot) -> LotNow | None:
    settings = context.settings()
    valid = timedelta(minutes=settings.stale_minutes)
    return read_lot(store, lot, Rules(valid, settings.looks_to_fill, settings.looks_to_empty))


def numbers(now: LotNow) -> None:
    """How full a lot is, in large."""
    state = now.state
    if now.marked:
        outside = [stray for _, marked in now.marked for stray in marked.strays]
        double = sum(stray.is_double for stray in outside)
        place_numbers(state, outside=len(outside), double=double)
    else:
        occupancy_numbers(Occupancy(state.vehicles, state.capacity))
    parts.vehicle_counts(state.vehicles)


def ages(now: LotNow) -> None:
    """When each camera looked, and whether it has moved since its spaces were marked."""
    show_realigned()
    for camera in now.cameras:
        at = camera.snapshot.photo.captured_at
        name = f"{parts.plain(camera.id)}: " if len(now.cameras) > 1 else ""
        with st.container(horizontal=True, vertical_alignment="center"):
            st.caption(f"{name}{parts.ago(at)} · {parts.when(at)}", width="content")
            if parts.is_stale(at):
                st.badge("stale", icon=":material/schedule:", color="red")
            if not camera.is_current:
                st.badge("not counted: seen too long before", color="gray")
            if camera.snapshot.correction:
                st.badge("corrected by hand", icon=":material/edit_note:", color="gray")
        if camera.marked:
            photo = camera.snapshot.photo
            show_movement(camera.marked.judged, photo.lot_id, photo.camera_id, offer=True)


def states_for(now: LotNow, camera: CameraNow) -> dict[str, State]:
    """What is drawn of a camera's spaces: what all cameras say of them together."""
    own = camera.marked.settled if camera.marked else {}
    fused = {space.id: space.state for space in now.state.spaces} if camera.is_current else {}
    return {name: fused.get(name, each.state.state) for name, each in own.items()}


def legend(now: LotNow) -> None:
    """What the colours mean."""
    items = [f"{_sign(_look(state))} {word}" for state, word in WORDS.items()]
    if now.state.areas:
        items.append(f"{_sign(AREA)} an area")
    if any(marked.strays for _, marked in now.marked):
        items.append(f"{badge('1')} in no space")
    chips = "".join(f'<span style="white-space:nowrap">{item}</span>' for item in items)
    st.html(f'<div style="display:flex;flex-wrap:wrap;gap:.2rem 1.1rem">{chips}</div>')


def badge(text: str) -> str:
    """The mark that a vehicle in no space has on the photo."""
    return (
        f'<span style="display:inline-block;min-width:1.35rem;height:1.35rem;line-height:1.35rem;'
        f"border-radius:1rem;text-align:center;font-size:.8rem;font-weight:700;color:#0B1413;"
        f'background:{STRAY}">{html.escape(text)}</span>'
    )


def _sign(look: str) -> str:
    return (
        '<span style="display:inline-block;width:.9rem;height:.9rem;vertical-align:-.1rem;'
        f'border-radius:3px;{look}"></span>'
    )


def _look(state: State) -> str:
    """Taken is filled, free is hollow, and what cannot be told is dashed: not by colour alone."""
    colour, line = SPACE[state], "dashed" if state == "unknown" else "solid"
    filled = f"{colour};color:#fff" if state == "occupied" else f"{colour}2e"
    return f"box-sizing:border-box;border:2px {line} {colour};background:{filled}"


def space_map(
    layout: Layout, states: Mapping[str, State], areas: tuple[AreaCount, ...] = ()
) -> None:
    """The spaces without the photo, all rows of one height, and what the areas hold.

    Where names would be too small to read, it is wider than its place and scrolls there.
    """
    plan, counts = floor_plan(layout), {area.id: area for area in areas}
    texts = [_text(place, counts) for place in plan.places]
    sizes = [_size(text, place) for text, place in zip(texts, plan.places, strict=True)]
    of_spaces = [size for size, each in zip(sizes, plan.places, strict=True) if each.is_space]
    usual = sorted(of_spaces or sizes or [LEAST_TEXT_PX])[len(of_spaces) // 4]
    least = min(MOST_WIDTH_PX, LEAST_TEXT_PX * plan.width / usual)
    tiles = [
        _tile(text, place, plan, min(size, 1.4 * usual), states)
        for text, size, place in zip(texts, sizes, plan.places, strict=True)
    ]
    st.html(
        '<div style="overflow-x:auto;border-radius:.5rem;background:rgba(128,128,128,.12)">'
        '<div role="list" aria-label="Map of the spaces" style="position:relative;'
        f"container-type:inline-size;aspect-ratio:{plan.width:.0f}/{plan.height:.0f};"
        f'min-width:{least:.0f}px;max-width:{2.4 * least:.0f}px">{"".join(tiles)}</div></div>'
    )


def _text(place: Place, areas: Mapping[str, AreaCount]) -> str:
    name = place.of.id
    short = name if len(name) <= LONGEST_NAME else f"{name[: LONGEST_NAME - 1]}…"
    return short if place.is_space else f"{short}: {area_count(areas.get(name))}"


def area_count(area: AreaCount | None) -> str:
    of = f" of {area.capacity}" if area and area.capacity else ""
    return f"{'?' if area is None or area.vehicles is None else area.vehicles}{of}"


def _size(text: str, place: Place) -> float:
    """Of the letters, that the text fits into its place; a letter is 0.6 as wide as high."""
    return min(0.5 * place.height, 0.85 * place.width / (0.6 * max(2, len(text))))


def _tile(text: str, place: Place, plan: Plan, size: float, states: Mapping[str, State]) -> str:
    name = html.escape(place.of.id, quote=True)
    if place.is_space:
        state = states.get(place.of.id, "unknown")
        look, said = f"{_look(state)};align-items:center", f"{name}: {WORDS[state]}"
    else:
        look, said = f"{AREA};padding:.2em;align-items:start", f"area {html.escape(text)} vehicles"
    left, width = (100 * value / plan.width for value in (place.left, 0.96 * place.width))
    top, height = (100 * value / plan.height for value in (place.top, 0.94 * place.height))
    return (
        f'<div role="listitem" aria-label="{said}" title="{said}" style="position:absolute;'
        f"left:{left:.2f}%;top:{top:.2f}%;width:{width:.2f}%;height:{height:.2f}%;{look};"
        "border-radius:4px;display:flex;justify-content:center;"
        f'line-height:1;font-size:{100 * size / plan.width:.2f}cqw">{html.escape(text)}</div>'
    )
