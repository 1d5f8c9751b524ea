"""How full something is, in large, and what vehicles it is made of."""

import streamlit as st

from pages.shell import context
from parkcore.colours import LEVEL, SPACE, VEHICLE
from parkcore.domain import Occupancy, Vehicles
from parkcore.occupancy import LotState

_BIG = "font-size:2.6rem;font-weight:700;line-height:1.1"


def occupancy_numbers(occupancy: Occupancy) -> None:
    """How full, in large; more vehicles than spaces is said, not clipped."""
    total, capacity = occupancy.vehicles.total, occupancy.capacity
    if capacity is None:
        st.html(f'<div style="{_BIG}">{total} {"vehicle" if total == 1 else "vehicles"}</div>')
        return
    _percent(occupancy.percent, occupancy.rate)
    if occupancy.free >= 0:
        colour = "green" if occupancy.free else "red"
        st.markdown(f"**:{colour}[{occupancy.free} free]** · {total} of {capacity} spaces taken")
    else:
        st.markdown(
            f"**:red[0 free]** · {total} vehicles for {capacity} spaces,"
            f" **{-occupancy.free} more than there are spaces**"
        )


def _percent(percent: int, rate: float) -> None:
    level = context.settings().thresholds.level(rate)
    st.html(
        f'<div style="display:flex;align-items:center;gap:.9rem;flex-wrap:wrap">'
        f'<span style="{_BIG}">{percent}%</span>'
        f'<span style="background:{LEVEL[level]};color:#fff;padding:.1rem .7rem;'
        f'border-radius:1rem;font-weight:600">{level}</span></div>'
    )


def place_numbers(state: LotState, *, outside: int = 0, double: int = 0) -> None:
    """How full marked places are, in large, how sure that is, and what stands beside them."""
    if state.rate is None:
        st.html(f'<div style="{_BIG};color:{SPACE["unknown"]}">Not known</div>')
        places = "the one space" if state.unknown == 1 else f"the {state.unknown} spaces"
        st.markdown(f"Nothing can be told of {places}." if state.unknown else "No space is marked.")
        return
    _percent(state.percent, state.rate)
    colour = "green" if state.free else "red"
    told = f" · {state.unknown} cannot be told" if state.unknown else ""
    beyond = f" · **{state.beyond} more than there is room for**" if state.beyond else ""
    st.markdown(
        f"**:{colour}[{state.free} free]** · {state.taken} of {state.capacity} spaces taken"
        f"{told}{beyond}"
    )
    low, high = state.between
    if low < high:
        st.caption(f"With 90 % certainty {low} to {high} are taken.")
    if state.unmeasured:
        st.caption(f"{counted(state.unmeasured)} where the number of spaces is not known.")
    if outside:
        twice = f", {double} of them double-parked" if double else ""
        st.markdown(f":orange[:material/warning:] {counted(outside)} in no space{twice}")


def counted(vehicles: int) -> str:
    return "1 vehicle" if vehicles == 1 else f"{vehicles} vehicles"


def vehicle_counts(vehicles: Vehicles) -> None:
    """The counts per type, each in the colour of its boxes."""
    words = {"car": "cars", "motorcycle": "motorcycles", "bus": "buses", "truck": "trucks"}
    chips = [
        f'<span style="display:inline-flex;align-items:center;gap:.35rem;'
        f'opacity:{1 if n else 0.55}"><span style="width:.7rem;height:.7rem;border-radius:2px;'
        f'background:{VEHICLE[label]}"></span>{n} {label if n == 1 else words[label]}</span>'
        for label, n in vehicles.as_dict().items()
    ]
    st.html(f'<div style="display:flex;flex-wrap:wrap;gap:.1rem .9rem">{"".join(chips)}</div>')


def invite_capacity() -> None:
    st.caption("How full is that? Say how many spaces the lot has, or each of its cameras sees.")
    st.page_link("pages/lots.py", label="Set the number of spaces", icon=":material/edit:")
