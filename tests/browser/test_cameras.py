"""IP cameras on the page: added by its form, looked at by the service, failing and recovering."""

from __future__ import annotations

import base64
import itertools
import re
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from urllib.parse import quote

import pytest
from playwright.sync_api import Locator, Page, expect
from simulators import HttpCamera

from parkcore.cameras.addresses import Login
from parkcore.cameras.credentials import Credentials
from parkcore.domain import IpCamera, Lot
from parkcore.sqlite.filters import HistoryFilter

from .app import (
    NORTH,
    App,
    another,
    card,
    choose,
    counts,
    eventually,
    fits,
    living,
    red,
    settled,
    visit,
)

LOGIN = ("admin", "p@ss:w/o?rd!7")
WRONG = "wr@ng:p/a?ss"
SECRETS = [
    form
    for secret in (LOGIN[1], WRONG)
    for form in (
        secret.encode(),
        quote(secret, safe="").encode(),
        base64.b64encode(f"admin:{secret}".encode()),
    )
]
LOT = "North side"
SEEN = re.compile(r"^Seen at \d\d:\d\d:\d\d$")
FIRST_PHOTO = 30_000
"""Milliseconds; the watcher loads the model."""


@pytest.fixture(scope="module")
def app(make_module_app) -> App:
    made = make_module_app(PARKCORE_IMGSZ="640")
    made.storage.mkdir()
    made.start(serve=True)
    return made


@pytest.fixture
def camera(app: App) -> Iterator[HttpCamera]:
    """A simulated camera whose pictures are all different; no test leaves cameras behind."""
    photo, seeds = NORTH / "2026-05-04_10-00.jpg", itertools.count(time.time_ns() % 1_000_000)
    with HttpCamera(
        lambda: another(photo, next(seeds), width=640, exif=False), login=LOGIN, scheme="digest"
    ) as started:
        yield started
        with app.store() as store:
            for each in store.ip_cameras():
                store.remove_ip_camera(each.lot_id, each.id)


@pytest.fixture
def mast(app: App, camera: HttpCamera) -> HttpCamera:
    """The same, known to the app as the camera `mast` and asked every two seconds."""
    app.command("camera", "add", LOT, "mast", camera.address(login=LOGIN), "--every", "2s")
    return camera


def see_ip_cameras(page: Page) -> None:
    visit(page, "/camera", "Cameras")
    page.get_by_role("tab", name="IP cameras").click()
    expect(page.get_by_role("button", name="Add a camera")).to_be_visible()


def its_card(page: Page, name: str) -> Locator:
    look = page.get_by_role("button", name="Look now")
    whole = page.get_by_test_id("stLayoutWrapper").filter(has=page.get_by_text(f"{LOT} / {name}"))
    return whole.filter(has=look).last


def badge(shown: Locator) -> Locator:
    return shown.locator(".stMarkdownBadge")


def open_form(page: Page) -> Locator:
    page.get_by_role("button", name="Add a camera").click()
    dialog = page.get_by_role("dialog")
    expect(dialog.get_by_role("button", name="Test")).to_be_visible()
    settled(page)
    return dialog


def fill(dialog: Locator, field: str, text: str) -> None:
    """Once the run that the field before began has ended: it puts the fields anew."""
    settled(dialog.page)
    shown = dialog.get_by_label(field, exact=True)
    expect(shown).to_have_count(1)
    shown.fill(text)


def press(dialog: Locator, button: str) -> None:
    dialog.get_by_role("button", name=button, exact=True).click()
    settled(dialog.page)


def say_where(dialog: Locator, name: str) -> None:
    choose(dialog, "Lot", LOT)
    settled(dialog.page)
    choose(dialog, "Camera", name)
    settled(dialog.page)


def traffic(page: Page) -> list[bytes]:
    """Everything that the server will tell this page."""
    told: list[bytes] = []

    def keep(data: str | bytes) -> None:
        told.append(data if isinstance(data, bytes) else data.encode())

    page.on("websocket", lambda socket: socket.on("framereceived", keep))
    return told


def shows_no_secret(page: Page, told: list[bytes]) -> None:
    """No password anywhere but in the field into which it is typed, which only shows dots."""
    content = re.sub(r'<input type="password"[^>]*>', "", page.content())
    assert told, "the server told this page nothing"
    for text in (content.encode(), page.url.encode(), *told):
        assert not [secret for secret in SECRETS if secret in text]


def keeps_no_secret(app: App) -> None:
    """The database with its journal, the log and the photos do not know any password."""
    files = [path for path in app.root.rglob("*") if path.is_file() and path != app.credentials]
    assert {app.db, app.root / "server.log"} <= set(files)
    for path in files:
        data = path.read_bytes()
        assert not [secret for secret in SECRETS if secret in data], path


def photos(app: App, name: str) -> int:
    with app.store() as store:
        return store.count(HistoryFilter(lot_id=LOT, camera_id=name))


def test_a_camera_is_added_by_the_form_and_its_photos_come_by_themselves(
    app: App, camera: HttpCamera, open_page
) -> None:
    page = open_page(app)
    told = traffic(page)
    see_ip_cameras(page)
    expect(page.get_by_text("No IP camera yet.")).to_be_visible()
    dialog = open_form(page)
    say_where(dialog, "gate")
    fill(dialog, "Address", camera.address())
    fill(dialog, "User", LOGIN[0])
    fill(dialog, "Password", WRONG)
    press(dialog, "Test")
    expect(red(page, "wrong password: the camera does not accept")).to_be_visible()
    shows_no_secret(page, told)

    fill(dialog, "Password", LOGIN[1])
    press(dialog, "Test")
    expect(dialog.get_by_text("A picture came.")).to_be_visible()
    expect(dialog.get_by_role("img")).to_have_count(1)
    expect(dialog.get_by_text(re.compile(r"640 × 360 pixels · .* in all"))).to_be_visible()
    expect(page.get_by_test_id("stAlertContentError")).to_have_count(0)
    shows_no_secret(page, told)
    assert photos(app, "gate") == 0, "a test keeps nothing"

    choose(dialog, "A picture every", "2s")
    settled(page)
    press(dialog, "Add")
    expect(dialog).to_have_count(0)
    shown = its_card(page, "gate")
    expect(badge(shown)).to_contain_text("works")
    expect(shown).to_contain_text("every 2 s")
    expect(shown).to_contain_text(f"http://***@127.0.0.1:{camera.port}/snapshot.jpg")
    expect(shown.get_by_text(re.compile(r"^[1-9]\d* vehicles · "))).to_be_visible(
        timeout=FIRST_PHOTO
    )
    expect(shown.get_by_role("img", name=re.compile("^Photo with [1-9]"))).to_be_visible()
    eventually(lambda: photos(app, "gate") >= 3)
    shows_no_secret(page, told)
    assert Credentials(app.credentials).get(LOT, "gate").password == LOGIN[1]
    assert app.credentials.stat().st_mode & 0o077 == 0
    keeps_no_secret(app)


def test_a_password_in_the_address_is_put_aside(app: App, camera: HttpCamera, open_page) -> None:
    page = open_page(app)
    told = traffic(page)
    see_ip_cameras(page)
    dialog = open_form(page)
    say_where(dialog, "roof")
    fill(dialog, "Address", camera.address(login=LOGIN))
    choose(dialog, "A picture every", "2s")
    settled(page)
    press(dialog, "Add")
    expect(dialog).to_have_count(0)
    shown = its_card(page, "roof")
    expect(badge(shown)).to_contain_text("works")
    expect(shown).to_contain_text(f"http://***@127.0.0.1:{camera.port}/snapshot.jpg")
    shows_no_secret(page, told)
    keeps_no_secret(app)
    with app.store() as store:
        assert store.ip_camera(LOT, "roof").address == camera.address()


def test_a_fault_is_said_on_every_page_and_ends_by_itself(
    app: App, mast: HttpCamera, open_page
) -> None:
    page = open_page(app)
    told = traffic(page)
    see_ip_cameras(page)
    shown = its_card(page, "mast")
    expect(badge(shown)).to_contain_text("works")
    expect(shown.get_by_text(re.compile(r"\d+ vehicles · "))).to_be_visible(timeout=FIRST_PHOTO)

    mast.mode = "mute"
    silent = "timed out after 2 s: it took the connection but did not answer"
    expect(badge(shown)).to_contain_text("failing")
    expect(red(page, silent)).to_be_visible()
    visit(page, "/", "How full is it?")
    expect(red(page, f"camera {LOT}/mast: {silent}")).to_be_visible()
    page.get_by_role("link", name="More on the page Health").click()
    expect(page).to_have_title("Health")
    expect(red(page, f"camera {LOT}/mast: {silent}")).to_be_visible()

    mast.mode = "broken"
    answered = f"camera {LOT}/mast: the camera answers with an error: HTTP 500"
    expect(red(page, answered)).to_be_visible(timeout=15_000)
    expect(page.get_by_text("Everything works.")).to_have_count(0)
    before = photos(app, "mast")
    mast.mode = "ok"
    expect(page.get_by_text("Everything works.")).to_be_visible(timeout=15_000)
    expect(page.get_by_test_id("stAlertContentError")).to_have_count(0)
    see_ip_cameras(page)
    expect(badge(its_card(page, "mast"))).to_contain_text("works")
    eventually(lambda: photos(app, "mast") > before)
    shows_no_secret(page, told)
    keeps_no_secret(app)
    assert "camera North side/mast: works again" in app.log


def attended(app: App) -> str:
    """What the rounds say of themselves."""
    with app.store() as store:
        [said] = [part.note for part in store.parts() if part.name == "cameras"]
    return said


def test_a_camera_is_paused_and_resumed(app: App, mast: HttpCamera, open_page) -> None:
    page = open_page(app)
    see_ip_cameras(page)
    shown = its_card(page, "mast")
    expect(badge(shown)).to_contain_text("works")
    shown.get_by_role("button", name="Pause").click()
    expect(badge(shown)).to_contain_text("paused")
    eventually(lambda: attended(app) == "looking at 0 cameras")
    looks = mast.looks
    time.sleep(2.5)  # more than its interval
    assert mast.looks == looks
    visit(page, "/health", "Health")
    expect(page.get_by_text("Everything works.")).to_be_visible()

    see_ip_cameras(page)
    shown.get_by_role("button", name="Resume").click()
    expect(badge(shown)).to_contain_text("works")
    eventually(lambda: mast.looks > looks)


def test_editing_keeps_the_password_that_nobody_sees(app: App, mast: HttpCamera, open_page) -> None:
    page = open_page(app)
    told = traffic(page)
    see_ip_cameras(page)
    shown = its_card(page, "mast")
    expect(badge(shown)).to_contain_text("works")
    shown.get_by_role("button", name="Edit").click()
    dialog = page.get_by_role("dialog")
    password = dialog.get_by_label("Password", exact=True)
    expect(password).to_have_value("")
    expect(password).to_have_attribute("placeholder", "unchanged")
    expect(dialog.get_by_label("User", exact=True)).to_have_value("admin")
    expect(dialog.get_by_label("Address", exact=True)).to_have_value(mast.address())
    settled(page)
    choose(dialog, "A picture every", "3s")
    settled(page)
    press(dialog, "Test")
    expect(dialog.get_by_text("A picture came.")).to_be_visible()
    press(dialog, "Save")
    expect(dialog).to_have_count(0)
    expect(shown).to_contain_text("every 3 s")
    saved = datetime.now(UTC)

    def works_since() -> bool:
        with app.store() as store:
            state = store.camera_state(LOT, "mast")
        assert state.failures_in_row == 0, state.last_failure
        return state.last_success_at > saved

    eventually(works_since)
    expect(badge(shown)).to_contain_text("works")
    assert Credentials(app.credentials).get(LOT, "mast").password == LOGIN[1]
    shows_no_secret(page, told)


def test_looking_now_shows_the_frame_the_counts_and_the_steps(
    app: App, camera: HttpCamera, open_page
) -> None:
    with app.store() as store:  # paused, so that all of its photos come from here
        store.save_ip_camera(IpCamera(LOT, "desk", camera.address(), paused=True))
    Credentials(app.credentials).put(LOT, "desk", Login(*LOGIN))
    page = open_page(app)
    told = traffic(page)
    see_ip_cameras(page)
    expect(badge(its_card(page, "desk"))).to_contain_text("paused")
    page.get_by_role("button", name="Look now").click()
    expect(page.get_by_text(SEEN)).to_be_visible(timeout=FIRST_PHOTO)
    settled(page)
    steps = page.get_by_text(re.compile(r"640 × 360 pixels · .* s in all"))
    for step in ("connecting", "waiting for its answer", "receiving the picture", "decoding"):
        expect(steps).to_contain_text(re.compile(rf"{step} [\d,]+ ms"))
    expect(steps).to_contain_text(re.compile(r"counting [1-9][\d,]* ms"))
    with app.store() as store:
        [latest] = store.snapshots(HistoryFilter(lot_id=LOT, camera_id="desk"), limit=1)
    assert counts(card(page, page.get_by_text(SEEN).inner_text())) == latest.vehicles.as_dict()
    assert latest.vehicles.total > 0
    frame = page.get_by_role("img", name=f"Photo with {latest.vehicles.total} vehicles marked")
    expect(frame.last).to_be_visible()
    assert photos(app, "desk") == 1

    camera.mode = "broken"
    page.get_by_role("button", name="Look now").click()
    expect(red(page, "the camera answers with an error: HTTP 500")).to_be_visible()
    assert photos(app, "desk") == 1
    shows_no_secret(page, told)


def test_removing_asks_before_and_leaves_the_history(app: App, mast: HttpCamera, open_page) -> None:
    eventually(lambda: photos(app, "mast") > 0, timeout_s=30)
    page = open_page(app)
    see_ip_cameras(page)
    shown = its_card(page, "mast")
    dialog = page.get_by_role("dialog")
    shown.get_by_role("button", name="Remove").click()
    expect(dialog).to_contain_text("Its photos and their history stay.")
    dialog.get_by_role("button", name="Keep it").click()
    expect(dialog).to_have_count(0)
    expect(shown).to_be_visible()

    shown.get_by_role("button", name="Remove").click()
    dialog.get_by_role("button", name="Remove", exact=True).click()
    expect(dialog).to_have_count(0)
    expect(page.get_by_text("No IP camera yet.")).to_be_visible()
    with app.store() as store:
        assert store.ip_cameras() == []
    assert not Credentials(app.credentials).get(LOT, "mast")
    eventually(lambda: attended(app) == "looking at 0 cameras")
    stayed = photos(app, "mast")
    assert stayed > 0
    visit(page, "/history?show=table", "History")
    choose(page, "Camera", "mast")
    expect(page.get_by_text(re.compile(rf"^{stayed} snapshots?$"))).to_be_visible()


def test_only_addresses_of_cameras_are_taken(app: App, camera: HttpCamera, open_page) -> None:
    page = open_page(app)
    see_ip_cameras(page)
    dialog = open_form(page)
    say_where(dialog, "nowhere")
    for address, said in {
        "file:///etc/passwd": "but this with file://",
        f"ftp://{LOGIN[0]}:secret@127.0.0.1/a.jpg": "but this with ftp://",
        "/etc/passwd": "but this with something else",
        "": "but this with something else",
        "http://": "names no host and port",
        f"http://127.0.0.1:{camera.port}/a b.jpg": "no spaces or control characters",
    }.items():
        fill(dialog, "Address", address)
        for button in ("Test", "Add"):
            press(dialog, button)
            error = page.get_by_test_id("stAlertContentError")
            expect(error).to_have_count(1)
            expect(error).to_contain_text(said)
            expect(error).not_to_contain_text("secret")
    assert camera.looks == 0
    with app.store() as store:
        assert store.ip_cameras() == []
    assert not Credentials(app.credentials).get(LOT, "nowhere")


def test_the_form_works_on_a_phone(app: App, camera: HttpCamera, open_page) -> None:
    page = open_page(app, width=390, height=844, has_touch=True)
    see_ip_cameras(page)
    dialog = open_form(page)
    say_where(dialog, "phone")
    fill(dialog, "Address", camera.address())
    fill(dialog, "User", LOGIN[0])
    fill(dialog, "Password", LOGIN[1])
    choose(dialog, "A picture every", "2s")
    settled(page)
    dialog.get_by_text("The whole day").click()
    settled(page)
    for name in ("Lot", "Camera", "Address", "User", "Password", "A picture every"):
        inside(dialog.get_by_label(name, exact=True))
    for name in ("Test", "Add", "Close"):
        inside(dialog.get_by_role("button", name=name, exact=True))
    for day in ("Mon", "Sun"):
        inside(dialog.get_by_role("radio", name=day).or_(dialog.get_by_text(day, exact=True)))
    dialog.get_by_text("The whole day").click()
    settled(page)
    press(dialog, "Test")
    expect(dialog.get_by_text("A picture came.")).to_be_visible()
    fits(page)
    press(dialog, "Add")
    expect(dialog).to_have_count(0, timeout=30_000)
    shown = its_card(page, "phone")
    expect(badge(shown)).to_contain_text("works")
    for name in ("Look now", "Edit", "Pause", "Remove"):
        inside(shown.get_by_role("button", name=name))
    fits(page)


def inside(shown: Locator) -> None:
    """It lies within the width of the window."""

    def is_inside() -> bool:
        shown.first.scroll_into_view_if_needed()
        box = shown.first.bounding_box()  # none while the page draws it anew
        return box is not None and 0 <= box["x"] <= shown.page.viewport_size["width"] - box["width"]

    eventually(is_inside)


def test_cameras_of_like_names_are_kept_apart(app: App, camera: HttpCamera, open_page) -> None:
    with app.store() as store:
        for lot, name in (("a", "b_c"), ("a_b", "c")):
            store.save_ip_camera(IpCamera(lot, name, camera.address(), paused=True))
    page = open_page(app)
    see_ip_cameras(page)
    for name in ("a / b_c", "a_b / c"):
        expect(page.get_by_text(name, exact=True)).to_be_visible()
    expect(page.get_by_role("button", name="Look now")).to_have_count(2)


def test_a_camera_of_a_sample_lot_is_listed_too(app: App, camera: HttpCamera, open_page) -> None:
    with app.store() as store:
        sample = Lot("sample-west", "West, rendered", is_sample=True)
        store.save_ip_camera(IpCamera(sample.id, "gate", camera.address(), paused=True), sample)
    page = open_page(app)
    see_ip_cameras(page)
    expect(page.get_by_text("West, rendered / gate")).to_be_visible()


@pytest.mark.parametrize("how", ["terminate", "kill"])
def test_no_process_of_the_service_outlives_it(make_app, how: str) -> None:
    made = make_app()
    made.storage.mkdir()
    made.start(serve=True)
    supervisor, *parts = made.processes()
    assert len(parts) == 3, "the app, the watcher and the cameras"
    getattr(made.process, how)()
    eventually(lambda: not living([supervisor, *parts]), timeout_s=25)
    assert "is killed" not in made.log and "Traceback" not in made.log
    assert ("serve: stopped" in made.log) is (how == "terminate")


def test_stopping_ends_the_processes_of_this_app_and_no_others(make_app) -> None:
    one, other = make_app(), make_app()
    for each in (one, other):
        each.storage.mkdir()
    one.start(serve=True)
    other.start()
    processes, others = one.processes(), other.processes()
    assert len(processes) == 4 and len(others) == 1
    one.stop()
    assert living(processes) == []
    assert living(others) == others
