"""A camera that was moved far: its spaces are carried over, or nobody is told they were."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import cv2
import numpy as np
import pytest
from conftest import NOON, encode
from hypothesis import given
from hypothesis import strategies as st
from test_registration import NOON as BY_DAY
from test_registration import NORTH, SOUTH, photo, shift

from parkcore.domain import Box, Detection, DetectorInfo, Image, Lot, Photo, Snapshot, Vehicles
from parkcore.errors import LayoutError
from parkcore.ingest import content_id
from parkcore.spaces.judging import Judge
from parkcore.spaces.layout import KEPT_FROM, Area, Layout, Space, carried
from parkcore.spaces.realign import realign, realigned
from parkcore.spaces.registration import overlap
from parkcore.storage import Storage
from parkcore.store import Store

PLACE = "north", "gate"
SIZE = (1280, 720)


def corners(x: float, y: float, width: float = 0.05, height: float = 0.07):
    return ((x, y), (x + width, y), (x + width + 0.01, y + height), (x + 0.01, y + height))


LAYOUT = Layout(
    tuple(
        Space(f"A{n}", corners(0.3 + 0.07 * (n % 6), 0.35 + 0.12 * (n // 6)), kind, "east")
        for n, kind in enumerate(["car", "ev", "disabled"] * 4)
    ),
    (Area("gravel", corners(0.45, 0.7, 0.1, 0.1), "count", 7),),
    SIZE,
)
MOVES = {
    "to the side": {"right": 0.25},
    "to the other side and down": {"right": -0.2, "down": 0.2},
    "turned": {"turn": 12},
    "zoomed in": {"zoom": 1.3},
    "zoomed out": {"zoom": 0.7},
    "all at once": {"right": -0.15, "down": 0.1, "turn": -10, "zoom": 1.25},
}


def take(store: Store, storage: Storage, image: Image, *, minutes: int = 0) -> Snapshot:
    """A photo of the camera, recorded."""
    data = encode(image)
    file = storage.root / "north" / "gate" / f"{minutes}.jpg"
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(data)
    height, width = image.shape[:2]
    at = NOON + timedelta(minutes=minutes)
    taken = Photo(
        file=file.relative_to(storage.root).as_posix(), sha256=content_id(data),
        width=width, height=height, captured_at=at, time_source="filename", size_bytes=len(data),
        lot_id="north", camera_id="gate",
    )  # fmt: skip
    snapshot = Snapshot(taken, Vehicles(), DetectorInfo("paint", "1", 0.5, 640), 1, ())
    recorded, _ = store.record(snapshot, b"", lot=Lot("north", "north"))
    return recorded


def mark(store: Store, layout: Layout = LAYOUT, reference: bytes | None = b"") -> Layout:
    given = encode(photo(BY_DAY)) if reference == b"" else reference
    return store.save_layout(*PLACE, layout, given, based_on=0)


def mapped(polygon, homography: np.ndarray) -> np.ndarray:
    there = np.column_stack([polygon, np.ones(len(polygon))]) @ homography.T
    return there[:, :2] / there[:, 2:]


def vehicles(homography: np.ndarray) -> list[Detection]:
    """One on every other space."""
    boxes = [mapped(space.polygon, homography) * SIZE for space in LAYOUT.spaces[::2]]
    return [
        Detection("car", 0.9, Box(*(box.min(axis=0) - (0, 20)), *box.max(axis=0))) for box in boxes
    ]


# -- by what was seen ---------------------------------------------------------------------------


@pytest.mark.parametrize("move", MOVES.values(), ids=MOVES)
@pytest.mark.parametrize("hour", [NORTH[3], NORTH[11]], ids=["by day", "in the evening"])
def test_spaces_lie_where_the_camera_sees_them_now(store, storage, move, hour):
    old = mark(store)
    now, true = shift(photo(hour), **move)
    take(store, storage, now)
    new = realign(store, storage, *PLACE)

    assert (new.version, new.image_size) == (2, SIZE)
    assert (store.layout(*PLACE).id, store.layout(*PLACE, 1).id) == (new.id, old.id)
    before = {space.id: space for space in LAYOUT.spaces}
    assert len(new.spaces) == len(before)
    for space in new.spaces:
        assert np.abs(np.array(space.polygon) - mapped(before[space.id].polygon, true)).max() < 0.01
        kept = before[space.id]
        assert (space.type, space.group) == (kept.type, kept.group)
    [area] = new.areas
    assert (area.id, area.kind, area.capacity) == ("gravel", "count", 7)

    judge = Judge()
    first = judge.judge(LAYOUT, photo(hour), vehicles(np.eye(3)))
    next_photo, _ = shift(photo(NORTH[5]), **move)
    after = judge.judge(
        new, next_photo, vehicles(true), reference_jpeg=lambda: store.layout_reference(new.id)
    )
    states = [[space.state for space in judged.judgement.spaces] for judged in (first, after)]
    assert states[0] == states[1] == ["occupied", "vacant"] * 6
    assert not after.is_elsewhere


def test_a_camera_that_was_not_moved_keeps_its_spaces(store, storage):
    mark(store)
    take(store, storage, photo(NORTH[3]))
    for space, before in zip(realign(store, storage, *PLACE).spaces, LAYOUT.spaces, strict=True):
        assert np.array(space.polygon) == pytest.approx(np.array(before.polygon))


def test_a_photo_of_another_shape_may_be_carried_over_to(store, storage):
    mark(store)
    take(store, storage, np.ascontiguousarray(photo(BY_DAY)[:, 160:1120]))
    new = realign(store, storage, *PLACE)
    assert new.image_size == (960, 720)
    x, y = new.spaces[0].polygon[0]
    assert (x, y) == pytest.approx(((0.3 * 1280 - 160) / 960, 0.35), abs=0.003)


def test_what_is_no_longer_in_view_is_named(store, storage):
    edge = Space("edge", corners(0.93, 0.4))
    half = Space("half", corners(0.72, 0.6, 0.06))
    mark(store, replace(LAYOUT, spaces=(*LAYOUT.spaces, half, edge)))
    take(store, storage, shift(photo(BY_DAY), right=0.25)[0])
    found = realigned(store, storage, *PLACE)
    assert found.lost == ("edge",)
    assert (found.based_on, found.layout.version) == (1, 0)
    [cut] = [space for space in found.layout.spaces if space.id == "half"]
    assert max(x for x, _ in cut.polygon) == pytest.approx(1, abs=1e-9)
    assert store.layout(*PLACE).version == 1, "nothing is stored before the user says so"


# -- refused ------------------------------------------------------------------------------------


def refused(store: Store, storage: Storage, said: str, *, version: int | None = 1) -> None:
    with pytest.raises(LayoutError, match=said) as error:
        realign(store, storage, *PLACE)
    assert "north/gate" in str(error.value)
    found = store.layout(*PLACE)
    assert (found and found.version) == version


@pytest.mark.parametrize(
    "elsewhere",
    [
        lambda: cv2.resize(photo(SOUTH[0]), SIZE),
        lambda: np.ascontiguousarray(photo(BY_DAY)[:, ::-1]),
        lambda: np.zeros((720, 1280, 3), np.uint8),
        lambda: np.random.default_rng(0).integers(0, 255, (720, 1280, 3), np.uint8),
    ],
    ids=["another camera", "mirrored", "black", "noise"],
)
def test_another_view_is_refused(store, storage, elsewhere):
    mark(store)
    take(store, storage, elsewhere())
    refused(store, storage, "too little in common .*anew on the page Spaces")


def test_nothing_left_in_view_is_refused(store, storage):
    mark(store, Layout((Space("A1", corners(0.9, 0.4)),), (), SIZE))
    take(store, storage, shift(photo(BY_DAY), right=0.25)[0])
    refused(store, storage, "none of the spaces is in view any more")


def test_without_spaces_there_is_nothing_to_realign(store, storage):
    take(store, storage, photo(BY_DAY))
    refused(store, storage, "no marked spaces", version=None)
    mark(store, Layout(()))
    refused(store, storage, "no marked spaces")


def test_without_a_photo_there_is_nothing_to_realign_to(store, storage):
    mark(store)
    refused(store, storage, "no photo that can still be read")
    file = take(store, storage, photo(BY_DAY)).photo.file
    (storage.root / file).unlink()
    refused(store, storage, "no photo that can still be read")


@pytest.mark.parametrize(
    "reference, said",
    [(None, "was not kept"), (b"not a photo", "cannot be read any more")],
    ids=["none", "broken"],
)
def test_without_its_own_photo_nobody_can_say_how_far(store, storage, reference, said):
    mark(store, reference=reference)
    take(store, storage, photo(BY_DAY))
    refused(store, storage, said)


# -- overlap ------------------------------------------------------------------------------------


def test_two_halves_of_a_lot_do_not_overlap():
    left, right = photo(BY_DAY)[:, :640], photo(BY_DAY)[:, 640:]
    assert overlap(np.ascontiguousarray(left), np.ascontiguousarray(right)) is None


# -- the moving of a layout ---------------------------------------------------------------------


def test_a_place_behind_the_camera_is_left_out():
    tilted = np.array([[1, 0, 0], [0, 1, 0], [-3, 0, 1.0]])
    found = carried(Layout((Space("near", corners(0.05, 0.2)), Space("far", corners(0.5, 0.2)))),
                    tilted, SIZE)  # fmt: skip
    assert [space.id for space in found.spaces] == ["near"]


def test_a_place_that_became_too_small_is_left_out():
    assert carried(LAYOUT, np.diag([0.01, 0.01, 1.0]), SIZE) == Layout((), (), SIZE)


@given(
    st.floats(-0.5, 0.5), st.floats(-0.5, 0.5), st.floats(-3, 3),
    st.floats(0.4, 2.5), st.floats(-0.5, 0.5), st.floats(-0.5, 0.5),
)  # fmt: skip
def test_whatever_is_carried_over_is_a_layout_of_the_same_places(x, y, turn, zoom, g, h):
    homography = np.array([
        [zoom * np.cos(turn), -np.sin(turn), x], [np.sin(turn), zoom * np.cos(turn), y], [g, h, 1],
    ])  # fmt: skip
    found = carried(LAYOUT, homography, (640, 480))
    assert {space.id for space in found.spaces} <= {space.id for space in LAYOUT.spaces}
    for space in (*found.spaces, *found.areas):
        assert all(0 <= value <= 1 for corner in space.polygon for value in corner)


def test_of_a_place_at_the_edge_what_is_in_view_is_kept():
    square = Space("A1", ((0.4, 0.4), (0.5, 0.4), (0.5, 0.5), (0.4, 0.5)))
    for out, kept in [(1 - KEPT_FROM - 0.02, True), (1 - KEPT_FROM + 0.02, False)]:
        aside = np.array([[1, 0, 0.5 + 0.1 * out], [0, 1, 0], [0, 0, 1]])
        moved = carried(Layout((square,)), aside, SIZE)
        assert bool(moved.spaces) == kept
