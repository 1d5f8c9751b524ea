"""How a lot stands now: what the latest photos of its cameras say, settled and added up."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from parkcore.domain import Camera, Lot, Snapshot
from parkcore.occupancy import LotState, Marked, View, lot_state
from parkcore.spaces.layout import Layout, Space
from parkcore.spaces.settling import LOOKS, Settled, settle
from parkcore.spaces.strays import Stray, strays
from parkcore.spaces.verdict import Judged, SpaceState, State
from parkcore.store import Store


@dataclass(frozen=True, slots=True)
class Rules:
    """What the settings say of it."""

    valid: timedelta
    """For how long a camera's look stands while others go on."""
    looks_to_fill: int = 1
    looks_to_empty: int = 1


@dataclass(frozen=True, slots=True, eq=False)
class MarkedNow:
    """What a camera's latest photo says of its marked places."""

    layout: Layout
    judged: Judged
    settled: dict[str, Settled]
    looked_at: tuple[datetime, ...]
    strays: tuple[Stray, ...]


@dataclass(frozen=True, slots=True, eq=False)
class CameraNow:
    """The latest photo of a camera."""

    snapshot: Snapshot
    view: View
    marked: MarkedNow | None
    """None where no places are marked, or the photo was not judged by them."""
    is_current: bool = True
    """False where it is not counted, as others were seen long after it."""

    @property
    def id(self) -> str:
        return self.snapshot.photo.camera_id


@dataclass(frozen=True, slots=True)
class SpaceNow:
    """A space of a lot."""

    space: Space
    state: SpaceState
    cameras: tuple[str, ...]
    """Whose view it is; several where they disagree."""
    known: State | None = None
    """What it is, or was when it could last be told."""
    since: datetime | None = None
    """From which photo on it has been that, of those that were looked at."""
    or_longer: bool = False


@dataclass(frozen=True, slots=True, eq=False)
class LotNow:
    """A lot, and what it is made up of."""

    state: LotState
    cameras: tuple[CameraNow, ...]

    @property
    def marked(self) -> list[tuple[CameraNow, MarkedNow]]:
        """The cameras with marked places that count."""
        return [(each, each.marked) for each in self.cameras if each.marked and each.is_current]

    def spaces(self) -> list[SpaceNow]:
        """Every marked space once, in the order of their layouts."""
        return [self._space(state) for state in self.state.spaces]

    def _space(self, state: SpaceState) -> SpaceNow:
        seeing = [(camera, marked) for camera, marked in self.marked if state.id in marked.settled]
        agreeing = [each for each in seeing if each[1].settled[state.id].state == state]
        camera, marked = (agreeing or seeing)[0]
        space = next(each for each in marked.layout.spaces if each.id == state.id)
        if not agreeing:
            return SpaceNow(space, state, tuple(each.id for each, _ in seeing))
        held = marked.settled[state.id]
        since = None if held.since is None else marked.looked_at[held.since]
        return SpaceNow(space, state, (camera.id,), held.known, since, held.since == 0)


def read_lot(store: Store, lot: Lot, rules: Rules) -> LotNow | None:
    """How a lot stands now; None where there is no photo of it yet.

    Raises:
        StoreError: the database cannot be read.
    """
    latest = store.latest(lot.id)
    if not latest:
        return None
    own = {camera.id: camera for camera in store.cameras(lot.id)}
    layouts = {of[1]: layout for of, layout in store.layouts().items() if of[0] == lot.id}
    cameras = [
        _read_camera(
            store, each, own.get(each.photo.camera_id), layouts.get(each.photo.camera_id), rules
        )
        for each in latest
    ]
    state = lot_state(lot.capacity, [each.view for each in cameras], valid=rules.valid)
    return LotNow(state, tuple(_counting(cameras, state)))


def _counting(cameras: Iterable[CameraNow], state: LotState) -> Iterable[CameraNow]:
    for each in cameras:
        is_current = any(each.view is view for view in state.current)
        yield CameraNow(each.snapshot, each.view, each.marked, is_current)


def _read_camera(
    store: Store, snapshot: Snapshot, camera: Camera | None, layout: Layout | None, rules: Rules
) -> CameraNow:
    at = snapshot.photo.captured_at
    capacity = None if camera is None else camera.capacity
    marked = layout and _read_marked(store, snapshot, layout, rules)
    if not marked:
        return CameraNow(snapshot, View(snapshot.counted, capacity, at), None)
    whole, now = marked
    seen = whole.detections or ()
    judgement = now.judged.judgement
    filled_by = {
        space.id: seen[space.vehicle].label
        for space in judgement.spaces
        if space.vehicle is not None and space.vehicle < len(seen)
    }
    states = tuple(each.state for each in now.settled.values())
    places = Marked(states, judgement.areas, filled_by, judgement.counted)
    view = View(snapshot.counted, capacity, at, places)
    return CameraNow(whole, view, now)


def _read_marked(
    store: Store, snapshot: Snapshot, layout: Layout, rules: Rules
) -> tuple[Snapshot, MarkedNow] | None:
    if layout.id is None or snapshot.id is None:
        return None
    looks = store.latest_judged(layout.id, limit=LOOKS)
    judged = store.judged(snapshot.id)
    if not looks or judged is None or judged.layout_id != layout.id:
        return None
    settled = settle(
        [look.judgement for _, look in looks],
        to_fill=rules.looks_to_fill,
        to_empty=rules.looks_to_empty,
    )
    whole = store.snapshot(snapshot.id) or snapshot
    size = (snapshot.photo.width, snapshot.photo.height)
    outside = strays(layout, judged, whole.detections or (), size)
    return whole, MarkedNow(layout, judged, settled, tuple(at for at, _ in looks), outside)
