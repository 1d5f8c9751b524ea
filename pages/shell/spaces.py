"""The spaces of a lot as they are now: how many are free, which, and where."""

import html
from dataclasses import dataclass

import streamlit as st

from pages.shell import context, parts
from parkcore.colours import LEVEL, SPACE
from parkcore.domain import Lot
from parkcore.judgement import Judged, SpaceState
from parkcore.layout import Layout
from parkcore.settling import LOOKS, fuse, settled
from parkcore.store import Store

_BIG = "font-size:2.6rem;font-weight:700;line-height:1.1"


@dataclass(frozen=True)
class View:
    """What one camera's latest photo says of its spaces."""

    camera_id: str
    layout: Layout
    judged: Judged
    states: dict[str, SpaceState]


def views(store: Store, lot: Lot) -> list[View]:
    """The cameras of a lot that have marked spaces and a photo judged by them."""
    settings, found = context.settings(), []
    for (lot_id, camera_id), layout in store.layouts().items():
        looks = store.latest_judged(layout.id, limit=LOOKS) if lot_id == lot.id else []
        if looks:
            states = settled(
                [judged.judgement for _, judged in looks],
                to_fill=settings.looks_to_fill,
                to_empty=settings.looks_to_empty,
            )
            found.append(View(camera_id, layout, looks[-1][1], states))
    return found


def numbers(shown: list[View]) -> None:
    """How many spaces are free, in large, and how sure that is."""
    states = fuse([list(view.states.values()) for view in shown])
    free, taken = (sum(s.state == kind for s in states) for kind in ("vacant", "occupied"))
    unknown = len(states) - free - taken
    if not free + taken:
        st.html(f'<div style="{_BIG};color:{SPACE["unknown"]}">Not known</div>')
        for view in shown:
            show_movement(view)
        return
    level = context.settings().thresholds.level(taken / len(states))
    st.html(
        f'<div style="display:flex;align-items:center;gap:.9rem;flex-wrap:wrap">'
        f'<span style="{_BIG};color:{SPACE["vacant"] if free else SPACE["occupied"]}">{free} free'
        f'</span><span style="background:{LEVEL[level]};color:#fff;padding:.1rem .7rem;'
        f'border-radius:1rem;font-weight:600">{level}</span></div>'
    )
    low, high = shown[0].judged.judgement.interval
    between = f" ({low}–{high} with 90 % certainty)" if len(shown) == 1 and low < high else ""
    told = f" · {unknown} cannot be told" if unknown else ""
    outside = sum(len(view.judged.judgement.outside) for view in shown)
    vehicles = "1 vehicle" if outside == 1 else f"{outside} vehicles"
    beside = f" · {vehicles} in no space" if outside else ""
    st.markdown(f"{taken} of {len(states)} spaces taken{between}{told}{beside}")
    for view in shown:
        for area in view.judged.judgement.areas:
            of = f" of {area.capacity}" if area.capacity else ""
            count = "?" if area.vehicles is None else area.vehicles
            st.caption(f"{parts.plain(area.id)}: {count}{of} vehicles")
        show_movement(view)


def show_movement(view: View) -> None:
    """That a camera was nudged and its spaces follow, or that it looks somewhere else."""
    note, camera = parts.plain(view.judged.note), parts.plain(view.camera_id)
    if view.judged.homography is not None:
        st.caption(f":material/open_with: {camera}: {note}; the spaces follow it.")
    elif note:
        st.error(f"{camera}: {note}. Its spaces cannot be told.", icon=":material/videocam_off:")
        st.page_link("pages/spaces.py", label="Mark them anew", icon=":material/grid_view:")


def space_map(view: View) -> None:
    """The spaces without the photo: free green, taken red, what cannot be told grey."""
    width, height = view.layout.image_size
    shapes = []
    for space in view.layout.spaces:
        corners = " ".join(f"{x * width:.0f},{y * height:.0f}" for x, y in space.polygon)
        state = view.states[space.id]
        x = sum(corner[0] for corner in space.polygon) / len(space.polygon) * width
        y = sum(corner[1] for corner in space.polygon) / len(space.polygon) * height
        name = html.escape(space.id)
        shapes.append(
            f'<polygon points="{corners}" fill="{SPACE[state.state]}" fill-opacity=".75" '
            f'stroke="#fff" stroke-width="{width / 500:.1f}"><title>{name}: {state.state}'
            f" ({html.escape(state.reason)})</title></polygon>"
            f'<text x="{x:.0f}" y="{y:.0f}" font-size="{width / 60:.0f}" fill="#fff" '
            f'text-anchor="middle" dominant-baseline="middle">{name}</text>'
        )
    st.html(
        f'<svg viewBox="0 0 {width} {height}" role="img" aria-label="Map of the spaces" '
        f'style="width:100%;border-radius:.5rem;background:rgba(128,128,128,.12)">'
        f"{''.join(shapes)}</svg>"
    )
