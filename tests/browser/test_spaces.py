"""The page Spaces: places are drawn on a photo, named, saved, taken in and given out."""

from __future__ import annotations

import itertools
import json
import random
import re
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from playwright.sync_api import Locator, Page, expect
from shapely import Polygon

from parkcore.domain import Lot
from parkcore.images import decode, jpeg
from parkcore.ingest import content_id
from parkcore.spaces.layout import LEAST_AREA, Area, Layout, Point, Space, subdivide
from parkcore.spaces.layout_files import FORMS, read_layout
from parkcore.spaces.layout_writing import write_layout
from parkcore.spaces.verdict import MOVED, Judged, Judgement, SpaceState
from parkcore.sqlite.filters import HistoryFilter

from .app import NORTH, ROOT, App, another, choose, fits, follow, red, settled, visit

SIZE = WIDTH, HEIGHT = 960, 540
PHOTO = NORTH / "2026-05-04_10-00.jpg"
SQUARE = [(0.30, 0.40), (0.38, 0.40), (0.39, 0.60), (0.29, 0.60)]
ROW = ((0.1, 0.5), (0.9, 0.45), (0.95, 0.65), (0.05, 0.7))
HOSTILE = "<img src=x onerror=alert(1)> **b** :red[r]"
NUMBERS = itertools.count(1)


@pytest.fixture(scope="module")
def app(make_module_app, with_samples) -> App:
    made = with_samples(make_module_app())
    made.start()
    return made


def new_photo(app: App, lot_id: str, *, moved: float = 0.0) -> None:
    """One more photo of a lot's camera, later than those before.

    Args:
        moved: by this share of the width all of it lies farther to the right.
    """
    number = next(NUMBERS)
    data = another(PHOTO, number, width=WIDTH)
    if moved:
        image = decode(data, max_megapixels=10).image
        data = jpeg(np.roll(image, round(moved * WIDTH), axis=1), max_side=WIDTH)
    file = app.storage / lot_id / "gate" / f"{number}.jpg"
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(data)
    with app.store() as store:
        snapshot = store.latest("sample-north")[0]
        photo = replace(
            snapshot.photo,
            file=file.relative_to(app.storage).as_posix(), sha256=content_id(data),
            width=WIDTH, height=HEIGHT, lot_id=lot_id, camera_id="gate",
            captured_at=snapshot.photo.captured_at + timedelta(minutes=number),
        )  # fmt: skip
        snapshot = replace(snapshot, photo=photo, id=None, detections=())
        store.record(snapshot, b"", lot=Lot(lot_id, lot_id))


@pytest.fixture
def lot_id(app: App) -> str:
    """A lot of its own for each test, whose camera `gate` took one photo."""
    name = f"lot-{next(NUMBERS)}"
    new_photo(app, name)
    return name


def stored(app: App, lot_id: str) -> Layout | None:
    with app.store() as store:
        return store.layout(lot_id, "gate")


def store_layout(app: App, lot_id: str, *spaces: Space, areas: tuple[Area, ...] = ()) -> None:
    with app.store() as store:
        store.save_layout(lot_id, "gate", Layout(spaces, areas, SIZE), None, based_on=0)


def boxes(count: int, *, columns: int = 10) -> list[Space]:
    """Spaces side by side, row by row."""
    rows = -(-count // columns)
    width, height = 0.98 / columns, 0.9 / rows
    corners = [(0.01 + width * (n % columns), 0.05 + height * (n // columns)) for n in range(count)]
    return [
        Space(f"A{n}", box(x, y, x + 0.9 * width, y + 0.9 * height))
        for n, (x, y) in enumerate(corners, start=1)
    ]


def box(x1: float, y1: float, x2: float, y2: float) -> tuple[Point, ...]:
    return ((x1, y1), (x2, y1), (x2, y2), (x1, y2))


def near(
    found: tuple[Point, ...], wanted: tuple[Point, ...] | list[Point], *, pixels: float = 2
) -> bool:
    """Within two pixels, corner by corner."""
    return len(found) == len(wanted) and all(
        abs(x - a) * WIDTH <= pixels and abs(y - b) * HEIGHT <= pixels
        for (x, y), (a, b) in zip(found, wanted, strict=True)
    )


@dataclass
class Editor:
    """The editor in a browser's window; points are 0..1 of the photo."""

    page: Page
    lot_id: str

    def __post_init__(self) -> None:
        visit(self.page, f"/spaces?lot={self.lot_id}&camera=gate", "Spaces")
        expect(self.svg.locator("image")).to_have_attribute("href", re.compile("^data:image/jpeg"))

    @property
    def svg(self) -> Locator:
        return self.page.locator(".editor svg")

    @property
    def shapes(self) -> Locator:
        return self.page.locator(".shape")

    def button(self, name: str) -> Locator:
        return self.page.locator(".editor").get_by_role("button", name=name, exact=True)

    def label(self, name: str) -> Locator:
        return self.page.locator(".editor").get_by_label(name, exact=True)

    def space(self, name: str, kind: str = "car") -> Locator:
        return self.page.get_by_role("button", name=f"space {name}, {kind}", exact=True)

    def says(self, text: str | re.Pattern[str]) -> None:
        expect(self.page.locator(".editor .total")).to_have_text(text)

    def on_screen(self, point: Point) -> Point:
        x, y, width, height = map(float, self.svg.get_attribute("viewBox").split())
        frame = self.svg.bounding_box()
        return (
            round(frame["x"] + (point[0] * WIDTH - x) / width * frame["width"]),
            round(frame["y"] + (point[1] * HEIGHT - y) / height * frame["height"]),
        )

    def click(self, *points: Point) -> None:
        for point in points:
            self.page.mouse.click(*self.on_screen(point))

    def frame(self) -> None:
        self.page.evaluate("new Promise((go) => requestAnimationFrame(() => setTimeout(go)))")

    def drag(self, start: Point, end: Point) -> None:
        self.frame()
        self.page.mouse.move(*self.on_screen(start))
        self.page.mouse.down()
        self.page.mouse.move(*self.on_screen(end), steps=4)
        self.page.mouse.up()

    def draw(self, *corners: Point) -> None:
        self.button("Space").click()
        self.click(*corners)

    def press(self, *keys: str) -> None:
        for key in keys:
            self.page.keyboard.press(key)

    def save(self, version: int = 1) -> None:
        self.button("Save").click()
        expect(self.page.get_by_text(f"Version {version} saved")).to_be_visible(timeout=30_000)
        expect(self.page.get_by_text(f"version {version}, ")).to_be_visible()
        settled(self.page)
        expect(self.button("Save")).to_be_disabled()


def file_of(name: str, text: str | bytes) -> dict[str, Any]:
    data = text if isinstance(text, bytes) else text.encode()
    return {"name": name, "mimeType": "application/json", "buffer": data}


def take_in(editor: Editor, text: str | bytes) -> None:
    page = editor.page
    page.get_by_test_id("stPopover").filter(has_text="Import").get_by_role("button").click()
    page.get_by_test_id("stFileUploaderDropzoneInput").set_input_files(file_of("l.json", text))
    settled(page)


# -- drawing ---------------------------------------------------------------------------------


def test_a_space_is_drawn_reshaped_named_and_saved(app: App, open_page, lot_id: str) -> None:
    editor = Editor(open_page(app), lot_id)
    editor.says("0 spaces")
    expect(editor.button("Save")).to_be_disabled()
    editor.draw(*SQUARE)
    expect(editor.space("A1")).to_be_visible()
    editor.says("1 space · not saved yet")
    editor.drag(SQUARE[2], (0.5, 0.7))
    editor.label("Name").fill("carport")
    editor.label("Type").select_option("Electric")
    editor.label("Group").fill("Visitors")
    editor.save()

    layout = stored(app, lot_id)
    [space] = layout.spaces
    assert (space.id, space.type, space.group) == ("carport", "ev", "Visitors")
    assert near(space.polygon, [*SQUARE[:2], (0.5, 0.7), SQUARE[3]])
    assert (layout.version, layout.image_size) == (1, SIZE)
    with app.store() as store:
        assert store.layout_reference(layout.id).startswith(b"\xff\xd8\xff")

    editor = Editor(editor.page, lot_id)
    expect(editor.space("carport", "electric")).to_be_visible()
    editor.says("1 space")
    editor.drag((0.34, 0.5), (0.44, 0.4))
    editor.save(2)
    moved = [(x + 0.1, y - 0.1) for x, y in space.polygon]
    assert near(stored(app, lot_id).spaces[0].polygon, moved)


def test_a_row_of_ten(app: App, open_page, lot_id: str) -> None:
    editor = Editor(open_page(app), lot_id)
    editor.button("Row").click()
    editor.click(*ROW)
    parts = editor.page.locator(".draft .part")
    expect(parts).to_have_count(10)
    editor.label("Number of spaces").fill("12")
    expect(parts).to_have_count(12)
    editor.label("Number of spaces").fill("0")
    expect(editor.button("Add 0 spaces")).to_be_disabled()
    editor.label("Number of spaces").fill("10")
    editor.label("Number of spaces").press("Enter")
    expect(editor.shapes).to_have_count(10)
    expect(parts).to_have_count(0)
    editor.press("Escape", "v")
    editor.click((0.87, 0.55))
    editor.drag((0.95, 0.65), (0.97, 0.75))
    editor.save()

    spaces = stored(app, lot_id).spaces
    assert [space.id for space in spaces] == [f"A{n}" for n in range(1, 11)]
    wanted = subdivide(ROW, 10)
    wanted[9] = (*wanted[9][:2], (0.97, 0.75), wanted[9][3])
    for space, each in zip(spaces, wanted, strict=True):
        assert near(space.polygon, each, pixels=4)  # perspective makes more of the clicks' pixel


def test_a_row_by_its_two_ends_and_the_other_way(app: App, open_page, lot_id: str) -> None:
    left_first, left_last, right_last, right_first = ROW
    editor = Editor(open_page(app), lot_id)
    editor.button("Row").click()
    editor.click(left_first, right_first, right_last, left_last)  # first one end, then the other
    editor.label("Number of spaces").fill("4")
    editor.label("Name of the first").fill("P07")
    editor.button("Add 4 spaces").click()
    editor.button("Row").click()
    editor.click(*[(x, y - 0.3) for x, y in ROW])
    editor.button("Turn").click()
    editor.button("Add 4 spaces").click()
    expect(editor.shapes).to_have_count(8)
    editor.save()
    spaces = stored(app, lot_id).spaces
    assert [space.id for space in spaces] == [f"P{n:02}" for n in (7, 8, 9, 10, 1, 2, 3, 4)]
    for space, wanted in zip(spaces[:4], subdivide(ROW, 4), strict=True):
        assert near(space.polygon, wanted, pixels=4)
    heights = [max(y for _, y in s.polygon) - min(y for _, y in s.polygon) for s in spaces[4:]]
    assert max(heights) < 0.15


def test_undo_redo_copy_and_delete(app: App, open_page, lot_id: str) -> None:
    editor = Editor(open_page(app), lot_id)
    expect(editor.button("Undo")).to_be_disabled()
    editor.draw(*SQUARE)
    editor.press("v", "Control+c", "Control+v", "Control+v")
    expect(editor.space("A3")).to_be_focused()
    editor.button("Duplicate").click()
    expect(editor.shapes).to_have_count(4)
    editor.press("Delete")
    expect(editor.shapes).to_have_count(3)
    editor.press("Control+z")
    expect(editor.shapes).to_have_count(4)
    for left in (3, 2, 1, 0):
        editor.button("Undo").click()
        expect(editor.shapes).to_have_count(left)
    expect(editor.button("Save")).to_be_disabled()
    editor.svg.focus()
    for back in (1, 2, 3):
        editor.press("Control+Shift+z")
        expect(editor.shapes).to_have_count(back)
    editor.click((0.35, 0.5))
    editor.button("Delete").click()
    expect(editor.shapes).to_have_count(2)
    editor.save()
    beside = [(x + 0.09, y) for x, y in SQUARE]
    spaces = stored(app, lot_id).spaces
    assert [space.id for space in spaces] == ["A2", "A3"]
    assert near(spaces[0].polygon, beside)


def test_taking_back_points_and_breaking_off(app: App, open_page, lot_id: str) -> None:
    editor = Editor(open_page(app), lot_id)
    editor.draw(*SQUARE[:3])
    expect(editor.page.locator(".draft .dot")).to_have_count(3)
    editor.press("Backspace")
    expect(editor.page.locator(".draft .dot")).to_have_count(2)
    editor.press("Escape")
    expect(editor.page.locator(".draft .dot")).to_have_count(0)
    editor.click(*SQUARE)
    expect(editor.shapes).to_have_count(1)
    before = editor.space("A1").get_attribute("points")
    editor.page.mouse.move(*editor.on_screen((0.35, 0.5)))
    editor.page.mouse.down()
    editor.page.mouse.move(*editor.on_screen((0.6, 0.6)), steps=3)
    expect(editor.space("A1")).not_to_have_attribute("points", before)
    editor.press("Escape")
    editor.page.mouse.up()
    expect(editor.space("A1")).to_have_attribute("points", before)


def test_with_the_keyboard_alone(app: App, open_page, lot_id: str) -> None:
    editor = Editor(open_page(app), lot_id)
    editor.svg.focus()
    steps = [["ArrowLeft"], ["ArrowRight"] * 8, ["ArrowDown"] * 8, ["ArrowLeft"] * 8]
    editor.press("s")
    for moves in steps:
        editor.press(*moves, "Enter")
    expect(editor.space("A1")).to_be_visible()
    editor.press("v", "PageDown")
    expect(editor.space("A1")).to_be_focused()
    editor.press("ArrowRight", "ArrowRight", "Shift+ArrowUp", "Tab", "ArrowLeft", "ArrowLeft")
    expect(editor.page.get_by_role("button", name="corner 1 of A1")).to_be_focused()
    editor.press("Control+s")
    expect(editor.page.get_by_text("Version 1 saved")).to_be_visible()
    settled(editor.page)
    a, b, c, d = [(x * WIDTH, y * HEIGHT) for x, y in stored(app, lot_id).spaces[0].polygon]
    assert (b[0] - a[0]) - (c[0] - d[0]) == pytest.approx(2, abs=0.1)
    assert a[1] == pytest.approx(b[1], abs=0.1)
    assert c[1] - b[1] == pytest.approx(c[0] - d[0], abs=0.5)


def test_several_change_together(app: App, open_page, lot_id: str) -> None:
    store_layout(app, lot_id, *boxes(6, columns=6))
    editor = Editor(open_page(app), lot_id)
    editor.says("6 spaces")
    editor.click((0.08, 0.4))
    editor.page.keyboard.down("Shift")
    editor.click((0.25, 0.4), (0.41, 0.4), (0.25, 0.4))
    editor.page.keyboard.up("Shift")
    expect(editor.page.locator(".shape.chosen")).to_have_count(2)
    editor.label("Type").select_option("Disabled")
    editor.label("Group").press_sequentially("Staff car row")  # C and R are keys of Streamlit's too
    editor.label("Names, from").fill("B1")
    editor.drag((0.08, 0.4), (0.08, 0.35))
    editor.drag((0.66, 0.99), (0.99, 0.02))  # a frame around two others
    expect(editor.page.locator(".shape.chosen")).to_have_count(2)
    editor.button("Delete").click()
    expect(editor.page.get_by_role("dialog")).to_have_count(0)
    editor.save(2)
    kept = [(each.id, each.type, each.group) for each in stored(app, lot_id).spaces]
    staff = ("disabled", "Staff car row")
    assert kept == [("B1", *staff), ("A2", "car", ""), ("B2", *staff), ("A4", "car", "")]
    tops = [space.polygon[0][1] for space in stored(app, lot_id).spaces]
    assert tops == pytest.approx([0, 0.05, 0, 0.05], abs=0.004)


def test_an_area_with_a_capacity_and_one_to_ignore(app: App, open_page, lot_id: str) -> None:
    editor = Editor(open_page(app), lot_id)
    corners = [(0.1, 0.6), (0.3, 0.55), (0.5, 0.6), (0.45, 0.8), (0.15, 0.8)]
    editor.button("Area").click()
    editor.click(*corners)
    editor.click(corners[0])
    editor.label("Capacity").fill("0")
    editor.says(re.compile("^0 spaces, 1 area · not saved: one is to be mended first$"))
    editor.label("Capacity").fill("25")
    editor.button("Area").click()
    editor.click((0.6, 0.2), (0.9, 0.2), (0.9, 0.4))
    editor.press("Enter")
    expect(editor.shapes).to_have_count(2)
    editor.label("Kind").select_option("Do not look here")
    expect(editor.label("Capacity")).to_be_hidden()
    editor.label("Name").fill("Road")
    editor.save()
    gravel, road = stored(app, lot_id).areas
    assert (gravel.id, gravel.kind, gravel.capacity) == ("Area 1", "count", 25)
    assert near(gravel.polygon, corners)
    assert (road.id, road.kind, road.capacity) == ("Road", "ignore", None)


# -- what is wrong is said in place ------------------------------------------------------------


def test_what_cannot_be_saved_says_why(app: App, open_page, lot_id: str) -> None:
    editor = Editor(open_page(app), lot_id)
    problems = editor.page.locator(".problems .bad")
    a, b, c, d = SQUARE
    editor.draw(a, c, b, d)
    expect(problems).to_have_text(["A1 crosses itself: drag its corners into order"])
    expect(editor.page.locator(".shape.bad")).to_have_count(1)
    expect(editor.button("Save")).to_be_disabled()
    editor.press("Control+s")
    for _ in range(5):
        editor.button("Zoom in").click()
    editor.draw(*box(0.5, 0.5, 0.503, 0.505))
    editor.button("Fit").click()
    expect(problems).to_contain_text(["A1 crosses itself", "A2 is too small"])
    editor.draw(*box(0.6, 0.4, 0.7, 0.6))
    editor.label("Name").fill("A1")
    expect(problems).to_contain_text(["A1 crosses", "A2 is too small", "A1 is the name of 2"])
    editor.label("Name").fill(" ")
    expect(problems).to_contain_text(["A1 crosses", "A2 is too small", "A space has no name"])
    expect(editor.page.locator(".total")).to_contain_text("3 are to be mended first")
    editor.label("Name").fill("C1")
    problems.filter(has_text="A2").click()
    editor.press("Delete")
    editor.press("v")
    editor.click((0.31, 0.5))
    editor.drag(c, (0.9, 0.9))
    editor.drag(b, c)
    editor.drag((0.9, 0.9), b)
    expect(problems).to_have_count(0)
    editor.save()
    assert stored(app, lot_id).version == 1


def test_overlapping_spaces_are_warned_of_only(app: App, open_page, lot_id: str) -> None:
    editor = Editor(open_page(app), lot_id)
    editor.draw(*box(0.2, 0.2, 0.4, 0.4))
    editor.draw(*box(0.25, 0.22, 0.45, 0.42))
    expect(editor.page.locator(".problems")).to_have_text("A1 and A2 overlap")
    editor.draw(*box(0.44, 0.22, 0.6, 0.42))
    editor.save()
    expect(editor.page.locator(".problems")).to_have_text("A1 and A2 overlap")


def test_a_hostile_name_is_only_text(app: App, open_page, lot_id: str) -> None:
    store_layout(app, lot_id, Space("A1", box(0.1, 0.1, 0.9, 0.9), group=HOSTILE[:40]))
    editor = Editor(open_page(app), lot_id)
    editor.click((0.5, 0.5))
    name = HOSTILE[:40]
    editor.label("Name").fill(name)
    expect(editor.page.locator(".labels")).to_have_text(name)
    editor.save(2)
    editor = Editor(editor.page, lot_id)
    expect(editor.page.locator(".labels")).to_have_text(name)
    editor.click((0.5, 0.5))
    expect(editor.label("Group")).to_have_value(name)
    expect(editor.page.locator(".panel legend:visible")).to_have_text(f"Space {name}")
    expect(editor.page.locator(".editor img")).to_have_count(0)
    assert stored(app, lot_id).spaces[0].id == name


# -- keeping, and two at once -------------------------------------------------------------------


def test_unsaved_changes_outlive_reruns_and_reloads(app: App, open_page, lot_id: str) -> None:
    editor = Editor(open_page(app), lot_id)
    page = editor.page
    editor.draw(*SQUARE)
    choose(page, "Lot", "South yard")
    expect(editor.shapes).to_have_count(0)
    expect(page).to_have_url(re.compile("lot=sample-south&camera=kiosk"))
    settled(page)
    choose(page, "Lot", lot_id)
    expect(editor.space("A1")).to_be_visible()
    settled(page)
    follow(page, "Lots", "Lots")
    editor = Editor(page, lot_id)
    expect(editor.space("A1")).to_be_visible()
    editor.says("1 space · not saved yet")
    editor.button("Undo").click()
    editor.says("0 spaces")
    editor.press("Control+Shift+z")
    editor.save()
    assert len(stored(app, lot_id).spaces) == 1


def test_the_second_of_two_windows_is_told(app: App, open_page, lot_id: str) -> None:
    first, second = (Editor(open_page(app), lot_id) for _ in range(2))
    first.draw(*SQUARE)
    second.draw(*box(0.6, 0.4, 0.7, 0.6))
    second.draw(*box(0.8, 0.4, 0.9, 0.6))
    first.save()
    second.button("Save").click()
    expect(second.page.locator(".notice.error")).to_contain_text("changed by somebody else")
    expect(second.page.locator(".notice.warn")).to_contain_text("Version 1 was saved by somebody")
    expect(second.shapes).to_have_count(2)
    assert [s.id for s in stored(app, lot_id).spaces] == ["A1"]
    assert near(stored(app, lot_id).spaces[0].polygon, SQUARE)

    second = Editor(second.page, lot_id)  # not even by loading the page anew
    expect(second.shapes).to_have_count(2)
    second.button("Load the newest").click()
    expect(second.shapes).to_have_count(1)
    expect(second.page.locator(".notice:visible")).to_have_count(0)
    second.button("Undo").click()  # nothing that was drawn is lost
    expect(second.shapes).to_have_count(2)
    second.save(2)
    assert len(stored(app, lot_id).spaces) == 2


# -- photos -----------------------------------------------------------------------------------


def test_the_newest_photo_as_the_reference(app: App, open_page, lot_id: str) -> None:
    editor = Editor(open_page(app), lot_id)
    newest = editor.page.get_by_role("button", name="Use the newest photo")
    expect(newest).to_have_count(0)
    editor.draw(*SQUARE)
    editor.save()
    with app.store() as store:
        before = store.layout_reference(store.layout(lot_id, "gate").id)
    new_photo(app, lot_id)
    editor = Editor(editor.page, lot_id)
    expect(editor.button("Save")).to_be_disabled()
    newest.click()
    expect(editor.button("Save")).to_be_enabled()
    editor.save(2)
    expect(newest).to_have_count(0)
    with app.store() as store:
        layout = store.layout(lot_id, "gate")
        assert store.layout_reference(layout.id) not in (before, None)
    assert near(layout.spaces[0].polygon, SQUARE)


def test_photos_that_are_gone(app: App, open_page, lot_id: str) -> None:
    for file in Path(app.storage, lot_id, "gate").iterdir():
        file.unlink()
    page = open_page(app)
    visit(page, f"/spaces?lot={lot_id}", "Spaces")
    expect(page.get_by_text("There is no photo to draw on yet.")).to_be_visible()
    store_layout(app, lot_id, *boxes(4))
    page.reload()
    expect(page.locator(".shape")).to_have_count(4)


def test_without_any_camera(make_app, open_page) -> None:
    app = make_app()
    app.storage.mkdir()
    app.start()
    page = open_page(app)
    visit(page, "/spaces", "Spaces")
    expect(page.get_by_text("There is no photo to draw on yet.")).to_be_visible()
    page.get_by_role("link", name="Upload photos").click()
    expect(page).to_have_title("Upload")


# -- the editor alone --------------------------------------------------------------------------

MOUNT = """async ({ script, data }) => {
    const url = URL.createObjectURL(new Blob([script], { type: 'text/javascript' }));
    const { default: mount } = await import(url);
    window.saved = [];
    const setTriggerValue = (name, value) => window.saved.push(value);
    window.mount = (given) => mount({ parentElement: document, data: given, setTriggerValue });
    window.mount(data);
}"""


GIVEN: dict[str, Any] = {
    "key": "a", "version": 1, "img": "", "w": WIDTH, "h": HEIGHT, "new_photo": False,
    "spaces": [], "areas": [], "proposed": None, "imported": None, "answer": None,
    "least_area": LEAST_AREA, "most": 2000,
}  # fmt: skip


def mount(page: Page, **data: Any) -> None:
    """The editor in a page of its own, without the app behind it."""
    shell = ROOT / "pages" / "shell"
    page.goto("/_stcore/health")
    style = (shell / "layout_editor.css").read_text()
    page.set_content(f"<style>{style}</style>{(shell / 'layout_editor.html').read_text()}")
    script = (shell / "layout_editor.js").read_text()
    page.evaluate(MOUNT, {"script": script, "data": {**GIVEN, **data}})


def mount_again(page: Page, **data: Any) -> None:
    """As Streamlit does with each run of the page."""
    page.evaluate("(data) => window.mount(data)", {**GIVEN, **data})


def in_pixels(*spaces: Space) -> list[dict[str, Any]]:
    return json.loads(write_layout(Layout(spaces, (), SIZE)))["spaces"]


def test_proposals_wait_for_a_word(app: App, open_page) -> None:
    page = open_page(app)
    known, *proposed = boxes(6, columns=6)
    beside = replace(proposed[0], id="A1")  # a name that is given already
    found = in_pixels(replace(known, id="P1")) + in_pixels(beside, *proposed[1:])
    mount(page, spaces=in_pixels(known), proposed={"id": "1", "spaces": found})
    shapes, dashed = page.locator(".shape"), page.locator(".proposal")
    expect(dashed).to_have_count(5)  # what is marked already is not proposed
    expect(page.locator(".total")).to_have_text("1 space")
    expect(page.get_by_role("button", name="Save")).to_be_disabled()
    dashed.first.click()
    expect(page.get_by_role("button", name="space A2, car")).to_be_visible()
    expect(dashed).to_have_count(4)
    page.keyboard.press("Control+z")
    expect(dashed).to_have_count(5)
    expect(shapes).to_have_count(1)
    page.get_by_role("button", name="Reject all").click()
    expect(dashed).to_have_count(0)
    mount_again(page, spaces=in_pixels(known), proposed={"id": "2", "spaces": found})
    expect(dashed).to_have_count(5)  # asked for anew
    page.get_by_role("button", name="Reject all").click()
    expect(page.get_by_role("button", name="Save")).to_be_disabled()
    page.keyboard.press("Control+z")
    page.get_by_role("button", name="Accept all").click()
    expect(shapes).to_have_count(6)
    page.get_by_role("button", name="Save").click()
    [saved] = page.evaluate("saved")
    assert [each["id"] for each in saved["spaces"]] == ["A1", "A2", "A3", "A4", "A5", "A6"]
    assert (saved["based_on"], saved["image_size"]) == (1, list(SIZE))
    page.keyboard.press("Control+s")  # it waits for the answer
    assert len(page.evaluate("saved")) == 1


JUDGE = """async ({ script, polygons, rows }) => {
    const given = script + 'export { crossesItself, overlap, subdivide };';
    const url = URL.createObjectURL(new Blob([given], { type: 'text/javascript' }));
    const { crossesItself, overlap, subdivide } = await import(url);
    const shapes = polygons.map((points) => ({ points }));
    return {
        wrong: polygons.map(crossesItself),
        shared: shapes.slice(1).map((shape, n) => overlap(shapes[n], shape)),
        rows: rows.map((row) => subdivide(row, 7)),
    };
}"""


def test_it_judges_polygons_as_parkcore_does(app: App, open_page) -> None:
    chance = random.Random(4)  # noqa: S311 – not a secret
    polygons = [
        [(chance.randrange(9), chance.randrange(9)) for _ in range(chance.randint(3, 7))]
        for _ in range(4000)
    ]
    rows = [[(x + chance.random() / 2, y + chance.random() / 2) for x, y in box(0, 0, 1, 1)]
            for _ in range(50)]  # fmt: skip
    page = open_page(app)
    page.goto("/_stcore/health")
    script = (ROOT / "pages" / "shell" / "layout_editor.js").read_text()
    found = page.evaluate(JUDGE, {"script": script, "polygons": polygons, "rows": rows})
    shapes = [Polygon(each) for each in polygons]
    for shape, wrong in zip(shapes, found["wrong"], strict=True):
        assert wrong != shape.is_valid or not shape.area, shape
    for one, other, shared in zip(shapes, shapes[1:], found["shared"], strict=False):
        if one.is_valid and other.is_valid and one.area and other.area:
            area = one.intersection(other).area
            assert shared == pytest.approx(area / min(one.area, other.area), abs=1e-9)
    for row, parts in zip(rows, found["rows"], strict=True):
        wanted = [point for part in subdivide(tuple(row), 7) for point in part]
        assert list(itertools.chain(*parts)) == [pytest.approx(point) for point in wanted]


def test_spaces_are_proposed_from_the_photos(app: App, open_page) -> None:
    editor = Editor(open_page(app), "sample-north")
    dashed = editor.page.locator(".proposal")
    for _ in range(2):
        editor.page.get_by_role("button", name="Propose spaces").click()
        expect(dashed).not_to_have_count(0)
        number = dashed.count()
        editor.says("0 spaces")
        editor.button("Reject all").click()
        expect(dashed).to_have_count(0)
        settled(editor.page)
    editor.button("Undo").click()
    editor.button("Accept all").click()
    expect(editor.shapes).to_have_count(number)
    editor.save()
    assert len(stored(app, "sample-north").spaces) == number


# -- files ------------------------------------------------------------------------------------


@pytest.mark.parametrize("form", FORMS)
def test_files_are_taken_in_and_given_out(app: App, open_page, lot_id: str, form: str) -> None:
    spaces = tuple(replace(s, id=f"S{n}") for n, s in enumerate(boxes(7), start=1))
    layout = Layout(spaces, (), SIZE)
    editor = Editor(open_page(app), lot_id)
    take_in(editor, write_layout(layout, form))
    expect(editor.shapes).to_have_count(7)
    editor.says("7 spaces · not saved yet")
    assert stored(app, lot_id) is None
    editor.save()
    for one, other in zip(stored(app, lot_id).spaces, spaces, strict=True):
        assert one.id == other.id
        assert near(one.polygon, other.polygon)

    page = editor.page
    page.get_by_test_id("stPopover").filter(has_text="Export").get_by_role("button").click()
    given: dict[str, Layout] = {}
    expect(page.get_by_test_id("stDownloadButton")).to_have_count(len(FORMS))
    for button in page.get_by_test_id("stDownloadButton").all():
        with page.expect_download() as download:
            button.click()
        text = Path(download.value.path()).read_text()
        given[button.inner_text().strip().lower()] = read_layout(text, image_size=SIZE)
    assert list(given) == list(FORMS)
    assert given["parkcore"].spaces == stored(app, lot_id).spaces
    assert all(near(given[form].spaces[6].polygon, spaces[6].polygon) for form in FORMS)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        (b"{", "the layout is not JSON"),
        (b"\xff\xfe\x00", "no text in UTF-8"),
        (b'{"spaces": [{"id": "A1", "polygon": [[0, 0], ["1", 0], [1, 1]]}]}', 'got "1"'),
        (json.dumps({"a": HOSTILE}).encode(), "of no known form"),
    ],
    ids=["not JSON", "no text", "text for a number", "another file"],
)
def test_files_that_cannot_be_used(app: App, open_page, lot_id: str, text, reason: str) -> None:
    editor = Editor(open_page(app), lot_id)
    editor.draw(*SQUARE)
    take_in(editor, text)
    expect(red(editor.page, reason)).to_be_visible()
    expect(editor.shapes).to_have_count(1)


def test_a_file_for_another_photo_and_an_earlier_version(app: App, open_page, lot_id: str) -> None:
    store_layout(app, lot_id, *boxes(3))
    editor = Editor(open_page(app), lot_id)
    other = Layout(tuple(boxes(5)), (), (1000, 1000))
    take_in(editor, write_layout(other))
    expect(editor.page.get_by_text("1000 × 1000 pixels")).to_be_visible()
    expect(editor.shapes).to_have_count(5)
    editor.press("Escape")
    editor.save(2)
    assert near(stored(app, lot_id).spaces[4].polygon, boxes(5)[4].polygon)
    page = editor.page
    page.get_by_test_id("stPopover").filter(has_text="Earlier").get_by_role("button").click()
    page.get_by_role("button", name="Version 1").click()
    expect(editor.shapes).to_have_count(3)
    editor.says("3 spaces · not saved yet")


# -- large, small, touched ------------------------------------------------------------------------

FRAMES = """async ([x, y]) => {
    const svg = document.querySelector('[data-testid=stBidiComponentIsolated]').shadowRoot
        .querySelector('svg');
    const times = [];
    for (let n = 0; n < 40; n++) {
        await new Promise(requestAnimationFrame);
        times.push(performance.now());
        const at = { clientX: x + 3 * n, clientY: y + n, pointerId: 1, pointerType: 'mouse' };
        svg.dispatchEvent(new PointerEvent('pointermove', { ...at, buttons: 1 }));
    }
    const frames = times.slice(1).map((time, n) => time - times[n]).sort((a, b) => a - b);
    return 1000 / frames[Math.floor(frames.length / 2)];
}"""


def test_a_thousand_spaces(app: App, open_page, lot_id: str) -> None:
    editor = Editor(open_page(app), lot_id)
    spaces = boxes(1000, columns=40)
    take_in(editor, write_layout(Layout(tuple(spaces), (), SIZE)))
    expect(editor.shapes).to_have_count(1000)
    editor.says("1000 spaces · not saved yet")
    editor.press("Escape", "Escape")
    x, y = (sum(each) / 4 for each in zip(*spaces[410].polygon, strict=True))
    at = editor.on_screen((x, y))
    editor.click((x, y))
    editor.frame()
    editor.page.mouse.down()  # small as it is, it is not one of its corners that is held
    frames_per_s = editor.page.evaluate(FRAMES, list(at))
    editor.page.mouse.up()
    assert frames_per_s > 20
    editor.save()
    moved = [
        number
        for number, space in enumerate(stored(app, lot_id).spaces)
        if not near(space.polygon, spaces[number].polygon)
    ]
    assert moved == [410]
    one = stored(app, lot_id).spaces[410].polygon
    assert near(
        one,
        [
            (x + one[0][0] - spaces[410].polygon[0][0], y + one[0][1] - spaces[410].polygon[0][1])
            for x, y in spaces[410].polygon
        ],
    )


def test_zoom_keeps_the_place_under_the_pointer(app: App, open_page, lot_id: str) -> None:
    editor = Editor(open_page(app), lot_id)
    whole = editor.svg.get_attribute("viewBox")
    at = editor.on_screen(SQUARE[0])
    editor.page.mouse.move(*at)
    editor.page.mouse.wheel(0, -400)
    expect(editor.svg).not_to_have_attribute("viewBox", whole)
    assert editor.on_screen(SQUARE[0]) == pytest.approx(at, abs=1)
    editor.button("Hand").click()
    editor.drag((0.3, 0.4), (0.35, 0.45))
    assert editor.on_screen((0.3, 0.4)) != pytest.approx(at, abs=5)
    editor.draw(*SQUARE)
    editor.page.get_by_role("button", name="corner 2 of A1").focus()
    editor.press("+")
    expect(editor.page.get_by_role("button", name="corner 2 of A1")).to_be_focused()
    editor.page.keyboard.down("Space")
    editor.drag((0.35, 0.5), (0.36, 0.52))
    editor.page.keyboard.up("Space")
    editor.button("Zoom out").click()
    editor.button("Fit").click()
    expect(editor.svg).to_have_attribute("viewBox", whole)
    editor.save()
    assert near(stored(app, lot_id).spaces[0].polygon, SQUARE)


def test_on_a_phone(app: App, open_page, lot_id: str) -> None:
    page = open_page(app, width=390, height=844, has_touch=True, is_mobile=True)
    editor = Editor(page, lot_id)
    fits(page)
    for button in page.locator(".editor button:visible").all():
        place = button.bounding_box()
        assert min(place["width"], place["height"]) >= 36, button.inner_text()
    frame = editor.svg.bounding_box()
    assert frame["width"] > 320
    editor.button("Space").tap()
    for corner in SQUARE:
        page.touchscreen.tap(*editor.on_screen(corner))
    expect(editor.space("A1")).to_be_visible()
    before = editor.svg.get_attribute("viewBox")
    x, y = editor.on_screen((0.4, 0.5))
    touch(page, *([(x - away, y), (x + away, y)] for away in (30, 40, 50, 60)))
    expect(editor.svg).not_to_have_attribute("viewBox", before)
    expect(editor.shapes).to_have_count(1)
    editor.button("Fit").tap()
    expect(editor.svg).to_have_attribute("viewBox", before)
    editor.button("Select").tap()
    middle, to = editor.on_screen((0.34, 0.5)), editor.on_screen((0.54, 0.3))
    touch(page, [middle], [(middle[0] + 20, middle[1] - 10)], [to])
    fits(page)
    editor.save()
    moved = [(x + 0.2, y - 0.2) for x, y in SQUARE]
    assert near(stored(app, lot_id).spaces[0].polygon, moved, pixels=4)


def touch(page: Page, *steps: list[Point]) -> None:
    """Fingers that go down, move and go up together."""
    session = page.context.new_cdp_session(page)
    for number, places in enumerate([*steps, []]):
        kind = "touchMove" if number else "touchStart"
        points = [{"x": x, "y": y, "id": finger} for finger, (x, y) in enumerate(places)]
        kind = kind if places else "touchEnd"
        session.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": points})


# -- a camera that was moved far ---------------------------------------------------------------


def test_the_spaces_of_a_moved_camera_are_realigned_and_then_saved(
    app: App, open_page, lot_id: str
) -> None:
    with app.store() as store:
        [snapshot] = store.snapshots(HistoryFilter(lot_id=lot_id), limit=1)
        taken = (app.storage / snapshot.photo.file).read_bytes()
        old = store.save_layout(
            lot_id, "gate", Layout((Space("A1", tuple(SQUARE)),), (), SIZE), taken, based_on=0
        )
    new_photo(app, lot_id, moved=0.25)
    with app.store() as store:
        [newest] = store.snapshots(HistoryFilter(lot_id=lot_id), limit=1)
        elsewhere = Judgement((SpaceState("A1", "unknown", 0.0, MOVED, None),))
        store.save_judged(newest.id, Judged(old.id, elsewhere, None, f"{MOVED} by 25 %"))

    editor = Editor(open_page(app), lot_id)
    editor.page.get_by_role("button", name="Realign to the newest photo").click()
    expect(editor.page.get_by_text("The spaces were carried over")).to_be_visible()
    editor.says("1 space · not saved yet")
    assert stored(app, lot_id).version == 1
    editor.save(2)
    beside = [(x + 0.25, y) for x, y in SQUARE]
    assert near(stored(app, lot_id).spaces[0].polygon, beside, pixels=6)
    realign = editor.page.get_by_role("button", name="Realign to the newest photo")
    expect(realign).to_have_count(0)
