"""The page of one lot, and what the Overview says of marked spaces."""

from __future__ import annotations

import io
import json
import re
import shutil
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import PIL.Image
import pytest
from playwright.sync_api import Page, expect

from parkcore.domain import Box, Detection, Lot, Vehicles
from parkcore.ingest import content_id
from parkcore.spaces.layout import Area, Layout, Space
from parkcore.spaces.layout_files import read_layout
from parkcore.spaces.verdict import AreaCount, Judged, Judgement, SpaceState

from .app import NORTH, ROOT, SAMPLES, App, another, card, choose, fits, red, settled, visit

TITLE = "Which spaces are free?"
SIZE = WIDTH, HEIGHT = 1280, 720
PHOTO = NORTH / "2026-05-04_10-00.jpg"
REALIGN_MS = 60_000
"""Two photos are compared in every detail, which takes a busy machine long."""

WORDS = {"occupied": "taken", "vacant": "free", "unknown": "cannot be told"}


@pytest.fixture(scope="module")
def app(make_module_app, with_samples) -> App:
    """North's spaces are those that are proposed; photos of other lots are told by hand."""
    made = with_samples(make_module_app())
    proposed = made.command("layout", "propose", "sample-north", "gate")
    with made.store() as store:
        reference = (NORTH / "2026-05-04_07-00.jpg").read_bytes()
        marked = read_layout(proposed)
        store.save_layout("sample-north", "gate", marked, reference, based_on=0)
    made.command("layout", "judge", "sample-north", "gate")
    made.start()
    return made


def spaces(names: str, **changes: dict[str, str]) -> tuple[Space, ...]:
    """A row of spaces, named by a letter each."""
    places = {name: 0.1 + 0.08 * number for number, name in enumerate("ABCDEFGHIJ")}
    return tuple(
        Space(name, box(places[name], 0.45, places[name] + 0.075, 0.6), **changes.get(name, {}))
        for name in names
    )


def box(x1: float, y1: float, x2: float, y2: float) -> tuple[tuple[float, float], ...]:
    return (x1, y1), (x2, y1), (x2, y2), (x1, y2)


def car_on(place: tuple[tuple[float, float], ...], label: str = "car") -> Detection:
    (x1, y1), _, (x2, y2), _ = place
    return Detection(label, 0.87, Box(x1 * WIDTH, y1 * HEIGHT, x2 * WIDTH, y2 * HEIGHT))


SIGNS = {"o": "occupied", "v": "vacant", "?": "unknown"}


def told(layout: Layout, signs: str, area: int | None = None) -> tuple[Judgement, list[Detection]]:
    """What a photo says of a layout: o, v or ? for each space, so many vehicles in the area."""
    seen, found = [], []
    for space, sign in zip(layout.spaces, signs, strict=True):
        state, p = SIGNS[sign], {"o": 0.99, "v": 0.02, "?": 0.5001}[sign]
        reason = {"o": "car 0.87", "v": "no vehicle", "?": "hidden by another vehicle"}[sign]
        sure = 0.0 if sign == "?" else max(p, 1 - p)
        found.append(
            SpaceState(space.id, state, sure, reason, p, len(seen) if sign == "o" else None)
        )
        seen += [car_on(space.polygon)] if sign == "o" else []
    counts = tuple(AreaCount(a.id, area, a.capacity) for a in layout.areas)
    seen += (area or 0) * [car_on(box(0.1, 0.8, 0.2, 0.9))]
    return Judgement(tuple(found), counts), seen


def take(app: App, lot_id: str, camera: str, data: bytes, *, layout=None, said=None, seen=()):
    """Record a photo of a camera, with what it says of its spaces."""
    file = app.storage / lot_id / camera / f"{content_id(data)[:8]}.jpg"
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(data)
    with app.store() as store:
        like = store.snapshot(store.latest("sample-north")[0].id)
        photo = replace(
            like.photo, file=file.relative_to(app.storage).as_posix(), sha256=content_id(data),
            lot_id=lot_id, camera_id=camera,
        )  # fmt: skip
        snapshot = replace(
            like, photo=photo, id=None, detections=tuple(seen), vehicles=Vehicles.count(seen)
        )
        if layout is not None:
            layout = store.save_layout(lot_id, camera, layout, None, based_on=0)
        judged = Judged(layout.id, said) if said else None
        store.record(snapshot, b"", lot=Lot(lot_id, lot_id), judged=judged)


def tiles(page: Page) -> dict[str, str]:
    """What the maps say of each space."""
    expect(page.get_by_role("list", name="Map of the spaces").first).to_be_visible()
    labels = [
        tile.get_attribute("aria-label")
        for tile in page.get_by_role("list", name="Map of the spaces").get_by_role("listitem").all()
    ]
    return dict(label.split(": ") for label in labels if not label.startswith("area "))


def rows(page: Page) -> Iterator[list[str]]:
    """The cells of the table of all spaces."""
    table = page.get_by_test_id("stDataFrame")
    table.scroll_into_view_if_needed()
    expect(table.locator("table [role=gridcell]").first).to_be_attached()
    for row in table.locator("table tbody tr").all():
        yield [cell.inner_text() for cell in row.locator("[role=gridcell]").all()]


def test_the_page_says_what_the_command_line_says(app: App, open_page) -> None:
    with app.store() as store:
        [latest] = store.latest("sample-north")
    said = json.loads(app.command("analyse", str(app.storage / latest.photo.file), "--json"))
    assert min(said["occupied"], said["outside"]) > 0
    page = open_page(app)
    visit(page, "/", "How full is it?")
    shown = card(page, "North car park")
    taken = f"{said['occupied']} of {said['capacity']} spaces taken"
    expect(shown).to_contain_text(taken)
    expect(shown).to_contain_text(f"{said['vacant']} free")
    expect(shown).to_contain_text(f"{int(100 * said['rate'])}%")
    expect(shown).to_contain_text(said["level"])
    shown.get_by_role("link", name="Which spaces are free").click()

    expect(page.get_by_role("heading", level=1)).to_have_text(TITLE)
    expect(page).to_have_url(re.compile("lot=sample-north"))
    expect(page.get_by_text(taken)).to_be_visible()
    settled(page)
    low, high = said["interval"]
    if low < high:
        expect(page.get_by_text(f"{low} to {high} are taken")).to_be_visible()
    states = {space["id"]: WORDS[space["state"]] for space in said["spaces"]}
    assert tiles(page) == states
    strays = page.get_by_role("listitem").filter(has_text="nearest to")
    expect(strays).to_have_count(said["outside"])
    assert [
        (text.split(",")[0], text.split(", ")[1][:2])
        for text in (
            each.split("\n")[-1].removeprefix("double-parked, ")
            for each in strays.all_inner_texts()
        )
    ] == [
        (each["label"], f"{each['confidence']:.0%}"[:2])
        for each in sorted(said["vehicles_outside"], key=lambda each: each["box"])
    ]
    for name, state in [(cells[0], cells[1]) for cells in rows(page)]:
        assert state.endswith(states[name])


def test_types_groups_areas_and_who_stands_beside(app: App, open_page) -> None:
    ev, disabled = {"type": "ev", "group": "East"}, {"type": "disabled", "group": "East"}
    layout = Layout(
        spaces("ABCDEF", A=ev, B=ev, C=ev, D=disabled),
        (Area("gravel", box(0.1, 0.75, 0.4, 0.95), "count", 6),),
        SIZE,
    )
    judgement, seen = told(layout, "ovvo?o", area=2)
    beside = [car_on(box(0.115, 0.44, 0.19, 0.6)), car_on(box(0.9, 0.2, 0.95, 0.3), "truck")]
    outside = (len(seen), len(seen) + 1)
    judgement = replace(judgement, outside=outside, double=outside[:1])
    data = another(PHOTO, 1, width=WIDTH)
    take(app, "mixed", "gate", data, layout=layout, said=judgement, seen=[*seen, *beside])

    page = open_page(app)
    visit(page, "/lot?lot=mixed", TITLE)
    for sentence in (
        "6 free · 5 of 12 spaces taken · 1 cannot be told",
        "2 vehicles in no space, 1 of them double-parked",
        "2 of 3 electric spaces free",
        "0 of 1 disabled space free",
        "0 of 2 car spaces free, 1 cannot be told",
        "East: 2 of 4 spaces free",
        "gravel: 4 of 6 places free, 2 vehicles",
        "double-parked, car, 87% sure, nearest to A",
        "truck, 87% sure, nearest to F",
    ):
        expect(page.get_by_text(sentence)).to_be_visible()
    assert Counter(tiles(page).values()) == {"taken": 3, "free": 2, "cannot be told": 1}
    expect(page.get_by_role("listitem", name="area gravel: 2 of 6 vehicles")).to_be_visible()
    expect(page.get_by_text("45%")).to_be_visible()
    image = page.get_by_role("img", name="Photo with 7 vehicles and the spaces marked")
    drawn = image.get_attribute("src")
    page.get_by_role("button", name="Boxes").click()
    expect(image).not_to_have_attribute("src", drawn)
    page.get_by_role("button", name="Spaces", exact=True).click()
    expect(page.get_by_role("img", name="Photo with 7 vehicles marked")).to_be_visible()


def test_what_two_cameras_see_counts_once(app: App, open_page) -> None:
    for camera, names, signs in (("gate", "ABCD", "oovv"), ("roof", "CDEF", "ovov")):
        layout = Layout(spaces(names), (), SIZE)
        judgement, seen = told(layout, signs)
        data = another(PHOTO, 2 + len(camera) + ord(names[0]), width=WIDTH)
        take(app, "pair", camera, data, layout=layout, said=judgement, seen=seen)
    page = open_page(app)
    visit(page, "/lot?lot=pair", TITLE)
    expect(page.get_by_text("2 free · 3 of 6 spaces taken · 1 cannot be told")).to_be_visible()
    assert Counter(tiles(page).values()) == {"taken": 3, "free": 2, "cannot be told": 1}
    table = {cells[0]: cells for cells in rows(page)}
    assert table["C"][4] == "the cameras that see it disagree"
    assert len(table) == 6
    visit(page, "/", "How full is it?")
    expect(card(page, "pair")).to_contain_text("2 free · 3 of 6 spaces taken · 1 cannot be told")


def turned(photo: Path, by: int) -> bytes:
    """What the camera sees that was turned to the right by so many pixels."""
    with PIL.Image.open(photo) as opened:
        pixels = np.asarray(opened.convert("RGB"))
    seen = np.full_like(pixels, 90)
    seen[:, :-by] = pixels[:, by:]
    out = io.BytesIO()
    PIL.Image.fromarray(seen).save(out, "JPEG", quality=92)
    return out.getvalue()


def test_a_camera_that_was_moved_too_far_is_realigned(app: App, open_page) -> None:
    by, truth = 320, json.loads((ROOT / "tests" / "sample_truth.json").read_text())
    cars = [
        Box(*each["box"])
        for each in truth[f"sample-north/gate/{PHOTO.name}"]["vehicles"]
        if each["box"][0] > by + 40 and each["visible"] > 0.9
    ]
    marked = []
    for number, (x1, y1, x2, y2) in enumerate((each.as_tuple() for each in cars), start=1):
        inset = 0.15 * (x2 - x1)
        ground = (x1 + inset, y1 + 0.4 * (y2 - y1), x2 - inset, y2)
        marked.append(Space(f"P{number}", box(*np.divide(ground, 2 * SIZE).tolist())))
    layout = Layout(tuple(marked), (), SIZE)
    seen = [Detection("car", 0.9, Box(c.x1 - by, c.y1, c.x2 - by, c.y2)) for c in cars]
    take(app, "turned", "gate", turned(PHOTO, by), seen=seen)
    with app.store() as store:
        store.save_layout("turned", "gate", layout, PHOTO.read_bytes(), based_on=0)
    app.command("layout", "judge", "turned", "gate")

    page = open_page(app)
    visit(page, "/", "How full is it?")
    expect(card(page, "turned")).to_contain_text("the camera has moved by")
    visit(page, "/lot?lot=turned", TITLE)
    expect(red(page, "the camera has moved by")).to_be_visible()
    expect(page.get_by_text("Not known", exact=True)).to_be_visible()
    assert set(tiles(page).values()) == {"cannot be told"}
    page.get_by_role("button", name="Realign the spaces").click()
    saved = page.get_by_text("Version 2 saved: the spaces were carried over")
    expect(saved).to_be_visible(timeout=REALIGN_MS)
    settled(page)
    expect(red(page, "the camera has moved")).to_have_count(0)
    assert set(tiles(page).values()) == {"taken"}
    with app.store() as store:
        assert store.layout("turned", "gate").version == 2
    page.get_by_role("link", name="See them on the page Spaces").click()
    expect(page).to_have_url(re.compile(r"/spaces\?.*lot=turned"))
    settled(page)


def test_what_cannot_be_realigned_says_why(app: App, open_page) -> None:
    south = next((SAMPLES / "sample-south" / "kiosk").glob("*.jpg"))
    layout = Layout(spaces("ABC"), (), SIZE)
    take(app, "elsewhere", "gate", another(south, 3))
    with app.store() as store:
        store.save_layout("elsewhere", "gate", layout, PHOTO.read_bytes(), based_on=0)
    app.command("layout", "judge", "elsewhere", "gate")
    page = open_page(app)
    visit(page, "/lot?lot=elsewhere", TITLE)
    page.get_by_role("button", name="Realign the spaces").click()
    expect(red(page, "too little in common")).to_be_visible(timeout=REALIGN_MS)
    with app.store() as store:
        assert store.layout("elsewhere", "gate").version == 1


def test_a_lot_without_spaces_invites_to_mark_them(app: App, open_page) -> None:
    page = open_page(app)
    visit(page, "/lot?lot=sample-south", TITLE)
    expect(page.get_by_text("No spaces are marked yet.")).to_be_visible()
    page.get_by_role("link", name="Mark the spaces").click()
    expect(page).to_have_url(re.compile(r"/spaces\?.*lot=sample-south"))
    settled(page)


def test_the_samples_as_they_are_shipped_show_what_is_free(make_app, open_page) -> None:
    """A bus at the kerb among them, whose space is far longer than deep."""
    app = make_app()
    shutil.copytree(SAMPLES / "sample-south", app.storage / "sample-south")
    app.command("scan")
    app.start()
    page = open_page(app)
    visit(page, "/lot?lot=sample-south", TITLE)
    expect(page.get_by_text("5 of 10 spaces taken")).to_be_visible()
    taken = {name for name, state in tiles(page).items() if state == "taken"}
    assert taken == {"P1", "P3", "P5", "L2", "M1"}


def test_a_lot_that_is_not_there_is_said_and_another_can_be_chosen(app: App, open_page) -> None:
    page = open_page(app)
    visit(page, "/lot?lot=**no**", TITLE)
    expect(page.get_by_text("There is no lot “**no**”.")).to_be_visible()
    choose(page, "Lot", "South yard")
    expect(page.get_by_role("heading", name="South yard")).to_be_visible()
    expect(page).to_have_url(re.compile("lot=sample-south"))
    expect(page.get_by_text("There is no lot")).to_have_count(0)


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_on_a_phone_the_map_fits_and_its_names_can_be_read(app: App, open_page, scheme) -> None:
    page = open_page(app, width=390, height=844, color_scheme=scheme)
    visit(page, "/lot?lot=sample-north", TITLE)
    tiles(page)
    fits(page)
    for tile in page.get_by_role("list", name="Map of the spaces").get_by_role("listitem").all():
        assert tile.evaluate("e => parseFloat(getComputedStyle(e).fontSize)") > 4
        assert tile.evaluate("e => e.scrollWidth <= e.clientWidth + 1")
