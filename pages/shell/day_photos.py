"""One day of a lot: its curve, and its photos to step through underneath."""

import base64
from collections import Counter
from collections.abc import Sequence
from datetime import date, datetime
from pathlib import Path

import streamlit as st

from pages.shell import context, parts
from pages.shell.figures import counted
from pages.shell.navigation import explained
from parkcore.domain import Snapshot
from parkcore.history.history_view import beginning, end
from parkcore.sqlite.filters import HistoryFilter
from parkcore.store import Store

MOST = 5_000
BESIDE = 6
"""Small photos before and after the one that is shown."""

_FILES = {
    kind: Path(__file__).with_name(f"strip.{kind}").read_text(encoding="utf-8")
    for kind in ("css", "js")
}
_strip = st.components.v2.component(
    "parkcore_strip", html='<ul class="strip" aria-label="Photos"></ul>', **_FILES
)


@st.fragment
@explained()
def show(lot_id: str, camera_id: str | None, day: date) -> None:
    zone = context.settings().zone
    since, until = beginning(day, zone), end(day, zone)
    with context.open_store() as store:
        which = HistoryFilter(lot_id, camera_id, since, until)
        moments = store.moments(which, limit=MOST)
        now = datetime.now(zone)  # a look stands for a while, but nothing is known of what comes
        known_until = now if since <= now < until else until
        stretches = store.stretches(lot_id, since, known_until)
        curve = st.container()
        at = _choose(moments, f"photo {lot_id} {camera_id} {day}") if moments else None
        with curve:
            _curve(stretches, day, None if at is None else moments[at][1])
        if at is None:
            st.info(
                "No photo was taken on this day; one of the day before still stood.",
                icon=":material/hide_image:",
            )
            return
        if len(moments) == MOST:
            st.caption(f"The first {MOST:,} photos of the day; the others are in the table.")
        snapshot = store.snapshot(moments[at][0])
        if snapshot is None:  # removed while we looked
            st.rerun()
        _show_photo(store, snapshot)
        opened = _show_strip(store, [number for number, _ in moments], at)
    if opened is not None:
        st.switch_page("pages/snapshot.py", query_params={"id": str(opened)})


def _curve(stretches: Sequence, day: date, shown_at: datetime | None) -> None:
    from parkcore.history.day_chart import day_curve, day_frame  # altair is slow to come

    zone = context.settings().zone
    if stretches:
        frame = day_frame(stretches, day, zone)
        st.altair_chart(day_curve(frame, day, zone, shown_at=shown_at), width="stretch")
    else:
        st.caption("How full it was cannot be told for this day.")


def _choose(moments: Sequence[tuple[int, datetime]], key: str) -> int:
    """Which of the photos, by its number; one after the other, or any by its time."""
    zone, last = context.settings().zone, len(moments) - 1
    state = st.session_state
    state[key] = min(state.get(key, last // 2), last)
    if not last:
        return 0

    def step(by: int) -> None:
        state[key] = min(last, max(0, state[key] + by))

    with st.container(horizontal=True, vertical_alignment="center"):
        st.button(
            "Previous photo", icon=":material/chevron_left:", on_click=step, args=(-1,),
            disabled=state[key] == 0, key="previous_photo",
        )  # fmt: skip
        st.button(
            "Next photo", icon=":material/chevron_right:", icon_position="right", on_click=step,
            args=(1,), disabled=state[key] == last, key="next_photo",
        )  # fmt: skip
    names = distinct([f"{at.astimezone(zone):%H:%M:%S}" for _, at in moments])
    return st.select_slider("Photo of", range(last + 1), key=key, format_func=names.__getitem__)


def distinct(names: Sequence[str]) -> list[str]:
    """Names with a number behind those that were there before: by its name alone Streamlit knows
    what was chosen, and photos of several cameras are of one second."""
    so_far: Counter[str] = Counter()
    found = []
    for name in names:
        so_far[name] += 1
        found.append(name if so_far[name] == 1 else f"{name} ({so_far[name]})")
    return found


def _show_photo(store: Store, snapshot: Snapshot) -> None:
    parts.show_photo(store, snapshot, with_boxes=True)
    by_hand = ", corrected by hand" if snapshot.correction else ""
    with st.container(horizontal=True, vertical_alignment="center"):
        st.markdown(
            f"**{parts.when(snapshot.photo.captured_at)}** ·"
            f" {parts.plain(snapshot.photo.camera_id)}"
            f" · {counted(snapshot.counted.total)}{by_hand}",
            width="content",
        )
        st.page_link(
            "pages/snapshot.py", label="Open this snapshot", icon=":material/open_in_full:",
            query_params={"id": str(snapshot.id)},
        )  # fmt: skip


def _show_strip(store: Store, numbers: Sequence[int], at: int) -> int | None:
    """The photos around one, small; the number of the snapshot that was clicked on."""
    first = max(0, min(at - BESIDE, len(numbers) - 2 * BESIDE - 1))
    around = numbers[first : first + 2 * BESIDE + 1]
    small, looks = store.thumbnails(around), store.looks(around)
    zone = context.settings().zone
    photos = []
    for number in around:
        look = looks.get(number)
        clock = f"{datetime.fromtimestamp(look.at, zone):%H:%M}" if look else ""
        vehicles = sum(look.vehicles) if look and look.vehicles else None
        jpeg = base64.b64encode(small[number]).decode() if number in small else ""
        photos.append(
            {
                "id": number,
                "said": clock if vehicles is None else f"{clock}: {counted(vehicles)}",
                "label": clock if vehicles is None else f"{clock} · {vehicles}",
                "src": f"data:image/jpeg;base64,{jpeg}" if jpeg else "",
                "current": number == numbers[at],
            }
        )  # fmt: skip
    return _strip(key="strip", data={"photos": photos}, on_open_change=lambda: None).open
