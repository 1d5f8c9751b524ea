"""The rounds: real cameras on loopback, a real database and folder, and all that goes wrong."""

from __future__ import annotations

import itertools
import logging
import re
import sqlite3
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import PIL.Image
import PIL.ImageDraw
import psutil
import pytest
from conftest import MADRID, NOON, SAMPLES, draw_lot, encode
from hypothesis import given
from hypothesis import strategies as st
from simulators import Camera, HttpCamera, RtspCamera, free_port

from parkcore.cameras import grab, rounds
from parkcore.cameras.addresses import Login, split_secrets
from parkcore.cameras.credentials import Credentials
from parkcore.cameras.looking import LEAST_DEADLINE_S, Look, deadline_s, missed, pause_s, seen
from parkcore.cameras.rounds import Rounds, Rules
from parkcore.cameras.schedule import Schedule
from parkcore.capture_time import time_in_name
from parkcore.domain import CameraState, Image, IpCamera
from parkcore.picture import fingerprint
from parkcore.storage import Storage
from parkcore.store import Store

MARK = "Xq7Zk2"
"""Part of every password here, and of nothing else."""

USER, PASSWORD = "admin", f"p@s:s/w?rd %#&{MARK}"
LONG_S = 20.0
"""What anything may take on a busy machine."""


def sample(name: str = "2026-05-04_10-00") -> Image:
    with PIL.Image.open(SAMPLES / f"sample-north/gate/{name}.jpg") as picture:
        return np.asarray(picture.convert("RGB").resize((640, 360)))


PHOTO, OTHER = sample(), sample("2026-05-04_15-00")
JPEG = encode(PHOTO)
BLACK = encode(np.zeros_like(PHOTO))


def live(image: Image = PHOTO) -> Callable[[], bytes]:
    """A camera's frames: never two alike, as a sensor has noise."""
    numbers = itertools.count()

    def frame() -> bytes:
        noise = np.random.default_rng(next(numbers)).normal(0, 4, image.shape)
        return encode((image + noise).clip(0, 255).astype(np.uint8))

    return frame


def frozen(image: Image = PHOTO) -> Callable[[], bytes]:
    """The frames of a camera that froze: only its clock still runs."""
    numbers = itertools.count()

    def frame() -> bytes:
        picture = PIL.Image.fromarray(image)
        draw = PIL.ImageDraw.Draw(picture)
        draw.rectangle((0, 0, 200, 18), fill=(0, 0, 0))
        draw.text((4, 2), f"2026-05-04 12:00:{next(numbers):02}", fill=(255, 255, 255))
        return encode(np.asarray(picture), quality=80)

    return frame


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """The database is read and written more often than every other second."""
    monkeypatch.setattr(rounds, "RELOAD_S", 0.4)
    monkeypatch.setattr(rounds, "REPORT_S", 0.2)
    monkeypatch.setattr(rounds, "SPREAD_S", 0.05)


def until(is_so: Callable[[], object], what: str = "") -> None:
    end = time.monotonic() + LONG_S
    while not is_so():
        assert time.monotonic() < end, f"not within {LONG_S:g} seconds: {what or is_so}"
        time.sleep(0.05)


class Site:
    """A car park: its database, storage folder and logins, and its cameras."""

    def __init__(self, folder: Path) -> None:
        self.db = folder / "parkcore.db"
        self.storage = Storage(folder / "storage_photo", "default")
        self.storage.root.mkdir()
        self.credentials = Credentials(folder / "credentials.json")
        with self.store():
            """Made before the rounds come."""

    @contextmanager
    def store(self) -> Iterator[Store]:
        with Store.open(self.db) as opened:
            yield opened

    def add(
        self, name: str, address: str | Camera, login: Login | None = None, **options
    ) -> IpCamera:
        """Add a camera, or change the one of that name; every second if nothing else is said."""
        address = address.address() if isinstance(address, Camera) else address
        public, inside = split_secrets(address)
        options.setdefault("schedule", Schedule(1))
        camera = IpCamera("north", name, public, **options)
        with self.store() as store:
            store.save_ip_camera(camera)
        self.credentials.put("north", name, login or inside)
        return camera

    def remove(self, name: str) -> None:
        with self.store() as store:
            store.remove_ip_camera("north", name)

    def state(self, name: str) -> CameraState:
        with self.store() as store:
            return store.camera_state("north", name)

    def states(self) -> dict[str, CameraState]:
        with self.store() as store:
            return {name: state for (_, name), state in store.camera_states().items()}

    def works(self, name: str) -> bool:
        state = self.state(name)
        return state.last_success_at is not None and state.failures_in_row == 0

    def photos(self, name: str) -> list[Path]:
        return sorted((self.storage.root / "north" / name).glob("*/*"))

    @contextmanager
    def rounds(
        self, *, frozen_after: float = 3600, timeout_s: float = 10
    ) -> Iterator[threading.Thread]:
        stop, raised = threading.Event(), []

        def run() -> None:
            try:
                rules = Rules(MADRID, timeout_s, timedelta(seconds=frozen_after), 50)
                made = Rounds(lambda: Store.open(self.db), self.storage, self.credentials, rules)
                made.run(stop)
            except BaseException as error:  # noqa: BLE001 – told below
                raised.append(error)

        thread = threading.Thread(target=run)
        thread.start()
        try:
            yield thread
        finally:
            stop.set()
            thread.join(LONG_S)
            is_over = not thread.is_alive()
        assert is_over, "the rounds end when they are told to"
        if raised:
            raise raised[0]


@pytest.fixture
def site(tmp_path: Path) -> Site:
    return Site(tmp_path)


@pytest.fixture
def start() -> Iterator[Callable[[Camera], Camera]]:
    """Start a simulated camera, until the test is over."""
    with ExitStack() as stack:
        yield stack.enter_context


def test_photos_come_into_the_storage_folder(site, start):
    site.add("gate", start(HttpCamera(live())))
    site.add("roof", start(RtspCamera(live(OTHER))))
    before = datetime.now(UTC)
    with site.rounds():
        until(lambda: len(site.photos("gate")) >= 2 and site.photos("roof"))
        until(lambda: site.works("gate") and site.works("roof"))
        with site.store() as store:
            [part] = store.parts()
    after = datetime.now(UTC)
    assert part.name == "cameras"
    assert "2 cameras" in part.note
    assert before - timedelta(seconds=1) < part.started_at <= part.seen_at <= after
    for name, shown in (("gate", PHOTO), ("roof", OTHER)):
        for path in site.photos(name):
            assert re.fullmatch(r"[0-9a-f]{8}_\d{8}T\d{6}\.\d{3}Z\.jpg", path.name)
            taken = time_in_name(path.name, MADRID)
            assert before - timedelta(seconds=1) < taken <= after
            assert path.parent.name == f"{taken.astimezone(MADRID):%Y-%m-%d}"
            with PIL.Image.open(path) as picture:
                assert np.abs(np.asarray(picture).astype(int) - shown).mean() < 8
        source = site.storage.source(site.photos(name)[0])
        assert (source.lot.id, source.camera_id) == ("north", name)
        state = site.state(name)
        assert before <= state.last_success_at <= after
        assert (state.failures_in_row, state.last_failure) == (0, "")
        assert 0 < state.milliseconds < 1000 * LONG_S


def test_faults_are_told_and_their_end_is_seen_within_one_interval(site, start):
    interval_s, slack_s = 2, 3
    expected = {
        "forbidden": "forbidden (HTTP 403)",
        "empty": "no picture: the camera answered with nothing",
        "mute": "timed out after 2 s: it took the connection but did not answer",
        "html": "not an image: the camera answered with text/html",
    }
    cameras = {mode: start(HttpCamera(live(), mode=mode)) for mode in expected}
    for mode, camera in cameras.items():
        site.add(mode, camera, schedule=Schedule(interval_s))
    cameras["noframes"] = start(RtspCamera(live(), mode="noframes"))
    expected["noframes"] = "timed out after 2 s: the picture did not arrive whole"
    site.add("noframes", cameras["noframes"], schedule=Schedule(interval_s))
    with site.rounds():
        grown = {mode: set() for mode in cameras}

        def all_failed_twice() -> bool:
            for mode in cameras:
                grown[mode].add(site.state(mode).failures_in_row)
            return all({1, 2} <= each for each in grown.values())

        until(all_failed_twice)
        for mode, said in expected.items():
            state = site.state(mode)
            assert state.last_failure.startswith(said)
            assert state.last_failure_at is not None
            assert (state.last_success_at, state.milliseconds) == (None, None)
        assert list(site.storage.root.iterdir()) == [], "nothing was kept"
        ended = datetime.now(UTC)
        for camera in cameras.values():
            camera.mode = "ok"
        until(lambda: all(site.works(mode) for mode in cameras))
        for mode, said in expected.items():
            state = site.state(mode)
            assert state.last_success_at - ended < timedelta(seconds=interval_s + slack_s), mode
            assert state.last_failure.startswith(said), "what it was can still be read"
        assert all(site.photos(mode) for mode in cameras)


def test_cameras_that_hang_delay_no_other(site, start):
    mute = [start(HttpCamera(lambda: JPEG, mode="mute")) for _ in range(3)]
    good = [start(HttpCamera(lambda: JPEG)) for _ in range(3)]
    for number, camera in enumerate(itertools.chain(*zip(mute, good, strict=True))):
        site.add(f"cam{number}", camera)
    seconds = 4
    with site.rounds():
        until(lambda: all(camera.looks for camera in good))
        before = [camera.looks for camera in good]
        time.sleep(seconds)
        looks = [camera.looks - n for camera, n in zip(good, before, strict=True)]
    assert all(seconds / 2 <= each <= seconds + 1 for each in looks), looks
    assert all(camera.looks for camera in mute)
    assert [len(site.photos(f"cam{n}")) for n in range(6)] == [0, 1] * 3, (
        "the very same file again is not kept again"
    )


def test_fifty_cameras_of_which_twenty_are_dead(site, start):
    good = start(HttpCamera(lambda: JPEG))
    dead = [
        f"http://127.0.0.1:{free_port()}/snapshot.jpg",
        *(start(HttpCamera(lambda: JPEG, mode=mode)).address() for mode in ("mute", "missing")),
        f"rtsp://127.0.0.1:{free_port()}/stream",
    ]
    names = [f"cam{number:02}" for number in range(50)]
    is_dead = {name: number % 5 < 2 for number, name in enumerate(names)}
    addresses = itertools.cycle(dead)
    with site.store() as store:
        for name in names:
            address = next(addresses) if is_dead[name] else good.address()
            store.save_ip_camera(IpCamera("north", name, address, Schedule(3)))
    with site.rounds():
        until(lambda: len(site.states()) == 50)
        looks = good.looks
        until(lambda: good.looks >= looks + 30, "everybody is looked at again")
        states = site.states()
        with site.store() as store:
            assert "50 cameras" in store.parts()[0].note
    assert {name: states[name].failures_in_row > 0 for name in names} == is_dead
    assert all(is_dead[name] or site.photos(name) for name in names)


def test_a_camera_that_is_paused_or_out_of_hours_is_not_asked(site, start):
    now = datetime.now(MADRID)
    later, end = ((now + timedelta(hours=hours)).time() for hours in (3, 6))
    other_days = frozenset(range(7)) - {now.weekday(), (now + timedelta(minutes=5)).weekday()}
    cameras = {name: start(HttpCamera(live())) for name in ("paused", "hours", "days", "on")}
    site.add("paused", cameras["paused"], paused=True)
    site.add("hours", cameras["hours"], schedule=Schedule(1, later, end))
    site.add("days", cameras["days"], schedule=Schedule(1, weekdays=other_days))
    site.add("on", cameras["on"])
    with site.rounds():
        until(lambda: cameras["on"].looks >= 3)
        until(lambda: site.works("on"))
        with site.store() as store:
            assert "3 cameras" in store.parts()[0].note, "one of the four is paused"
    assert {name: camera.looks for name, camera in cameras.items() if name != "on"} == {
        "paused": 0,
        "hours": 0,
        "days": 0,
    }
    assert not {"paused", "hours", "days"} & set(site.states())


def stands_still(camera: Camera) -> bool:
    before = camera.looks
    time.sleep(1.3)
    return camera.looks == before


def test_cameras_come_change_and_go_while_the_rounds_run(site, start):
    first, second = start(HttpCamera(live())), start(HttpCamera(live(OTHER)))
    with site.rounds():
        site.add("gate", first)
        until(lambda: site.works("gate") and site.photos("gate"))
        photos = len(site.photos("gate"))
        site.add("gate", second)
        until(lambda: second.looks >= 2)
        assert stands_still(first), "at its old address nobody looks any more"
        assert len(site.photos("gate")) > photos
        site.add("gate", second, paused=True)
        until(lambda: stands_still(second))
        site.add("gate", second)
        looks = second.looks
        until(lambda: second.looks > looks)
        site.remove("gate")
        until(lambda: stands_still(second))
        assert site.states() == {}
    assert site.photos("gate"), "its photos stay"


def test_a_login_that_is_put_right_is_used_at_the_next_look(site, start):
    camera = start(HttpCamera(live(), login=(USER, PASSWORD), scheme="digest"))
    site.add("gate", camera)
    with site.rounds():
        until(lambda: "none are given" in site.state("gate").last_failure)
        site.credentials.put("north", "gate", Login(USER, MARK))
        until(lambda: "does not accept" in site.state("gate").last_failure)
        site.credentials.put("north", "gate", Login(USER, PASSWORD))
        until(lambda: site.works("gate"))
        site.credentials.file.chmod(0o644)
        until(lambda: "chmod 600" in site.state("gate").last_failure)
        site.credentials.file.chmod(0o600)
        until(lambda: site.works("gate"))


def test_a_frozen_picture_is_told_and_kept_no_more(site, start):
    camera = start(HttpCamera(frozen()))
    site.add("gate", camera)
    with site.rounds(frozen_after=1.5):
        until(lambda: "the camera is frozen" in site.state("gate").last_failure)
        kept = site.photos("gate")
        assert 1 <= len(kept) <= 3, "until then nobody could know"
        until(lambda: site.state("gate").failures_in_row >= 2)
        assert site.photos("gate") == kept
    state = site.state("gate")
    looks = camera.looks
    with site.rounds(frozen_after=1.5):  # as after a restart
        until(lambda: site.state("gate").failures_in_row > state.failures_in_row)
        assert site.state("gate").same_since == state.same_since
        assert site.photos("gate") == kept
        assert camera.looks > looks
        camera.frame = live(OTHER)
        until(lambda: site.works("gate"))
        assert set(site.photos("gate")) > set(kept)


def test_what_cannot_be_kept_is_told_and_the_rest_goes_on(site, start):
    black, gate = start(HttpCamera(lambda: BLACK)), start(HttpCamera(live()))
    other = start(HttpCamera(live()))
    site.add("black", black)
    site.add("gate", gate)
    site.add("other", other)
    in_the_way = site.storage.root / "north" / "gate"
    in_the_way.parent.mkdir()
    in_the_way.write_text("a file, where the folder should be")
    with site.rounds():
        until(lambda: site.state("gate").failures_in_row >= 2)
        until(lambda: site.state("black").failures_in_row >= 2 and other.looks >= 3)
        said = site.state("gate").last_failure
        assert said.startswith(f"the photo cannot be kept in {in_the_way}/")
        assert "make the folder writable" in said
        assert site.state("black").last_failure.startswith("the picture is black; look at the")
        assert site.photos("black") == []
        assert site.works("other")
        in_the_way.unlink()
        until(lambda: site.works("gate") and site.photos("gate"))


def test_a_database_that_is_kept_busy_delays_no_look(site, start):
    camera = start(HttpCamera(live()))
    site.add("gate", camera)
    with site.rounds():
        until(lambda: site.works("gate"))
        other = sqlite3.connect(site.db)
        other.execute("begin immediate")
        time.sleep(0.5)  # so that the rounds wait for it
        looks, photos, busy_at = camera.looks, len(site.photos("gate")), datetime.now(UTC)
        until(lambda: camera.looks >= looks + 3)
        assert len(site.photos("gate")) > photos
        assert site.state("gate").last_success_at < busy_at, "it could not be written down"
        other.rollback()
        other.close()
        until(lambda: site.state("gate").last_success_at > busy_at)


def test_looks_in_progress_are_given_up_when_the_rounds_end(site, start):
    cameras = [
        start(kind(lambda: JPEG, mode=mode))
        for kind, mode in ((HttpCamera, "mute"), (HttpCamera, "drip"), (RtspCamera, "noframes"))
    ]
    for number, camera in enumerate(cameras):
        site.add(f"cam{number}", camera, schedule=Schedule(3600))
    with site.rounds(timeout_s=60):
        until(lambda: all(camera.looks for camera in cameras))
        until(lambda: len(children()) == 1, "the process for RTSP runs")
        ended_at = time.monotonic()
    assert time.monotonic() - ended_at < 5
    assert children() == []


def children() -> list[psutil.Process]:
    """The processes that take pictures by RTSP for us."""
    found = []
    for child in psutil.Process().children(recursive=True):
        with suppress(psutil.NoSuchProcess):  # it has just ended
            if grab.__file__ in child.cmdline():
                found.append(child)
    return found


def add_cameras_with_passwords(site: Site, start: Callable[[Camera], Camera]) -> None:
    login = (USER, PASSWORD)
    for name, login_given in (("right", login), ("wrong", (USER, f"other {MARK}"))):
        for kind in (HttpCamera, RtspCamera):
            camera = start(kind(live(), login=login, scheme="digest"))
            path = HttpCamera.paths[0] if kind is HttpCamera else "/cam1"
            address = camera.address(f"{path}?pwd={MARK}", login=login_given)
            site.add(f"{name} {camera.protocol}", address)
    for mode in ("mute", "redirect", "missing"):
        camera = start(HttpCamera(live(), mode=mode))
        site.add(mode, camera.address(f"/snapshot.jpg?pwd={MARK}", login=login))
    site.add("off", f"rtsp://{USER}:{MARK}@127.0.0.1:{free_port()}/?pwd={MARK}")


def test_no_password_comes_into_the_database_or_the_log(site, start, caplog):
    caplog.set_level(logging.DEBUG, "parkcore")
    add_cameras_with_passwords(site, start)
    with site.rounds():
        until(lambda: len(site.states()) == 8)
        files = [*site.db.parent.glob("parkcore.db*"), *site.storage.root.rglob("*")]
        assert len(files) > 4
        assert [path for path in files if MARK in path.name] == []
        assert [
            path for path in files if path.is_file() and MARK.encode() in path.read_bytes()
        ] == []
    assert {name for name, state in site.states().items() if not state.failures_in_row} == {
        "right http",
        "right rtsp",
    }
    assert "wrong password" in caplog.text
    assert MARK not in caplog.text
    assert MARK not in site.db.read_bytes().decode("latin-1")
    assert MARK in site.credentials.file.read_text()


def test_nor_does_it_when_the_whole_program_is_to_tell_more(site, start, caplog):
    caplog.set_level(logging.INFO)
    site.add("gate", start(HttpCamera(live())).address(f"/snapshot.jpg?pwd={MARK}"))
    with site.rounds():
        until(lambda: site.works("gate"))
    assert MARK not in caplog.text


def test_the_log_tells_a_fault_once_and_its_end(site, start, caplog):
    caplog.set_level(logging.INFO, "parkcore")
    camera = start(HttpCamera(live(), mode="missing"))
    site.add("gate", camera)
    with site.rounds():
        until(lambda: site.state("gate").failures_in_row >= 3)
        camera.mode = "ok"
        until(lambda: site.works("gate"))
    said = [
        record.getMessage() for record in caplog.records if record.name == "parkcore.cameras.rounds"
    ]
    assert len([each for each in said if "(HTTP 404)" in each]) == 1
    assert [each for each in said if "works again" in each] == ["camera north/gate: works again"]


def test_a_camera_in_the_database_that_cannot_be_used_stops_no_other(site, start):
    camera = start(HttpCamera(live()))
    site.add("gate", camera)
    site.add("roof", camera)
    with sqlite3.connect(site.db) as db:
        db.execute("update ip_cameras set address = 'file:///etc/passwd' where camera_id = 'roof'")
    db.close()
    with site.rounds() as thread:
        until(lambda: site.works("gate") or not thread.is_alive())


# -- what the rounds reckon with ------------------------------------------------------------

intervals = st.floats(1, 86_400) | st.integers(1, 86_400)
timeouts = st.floats(0.5, 120) | st.integers(1, 120)


def camera_every(interval_s: float) -> IpCamera:
    return IpCamera("north", "gate", "http://cam/a", Schedule(interval_s))


@given(intervals, timeouts, st.integers(1, 10**9))
def test_a_look_and_the_pause_after_it_fit_into_an_interval(interval_s, timeout_s, failures):
    camera = camera_every(interval_s)
    look_s, pause = deadline_s(camera, timeout_s), pause_s(camera, failures, timeout_s)
    assert 0 < look_s <= timeout_s
    assert look_s >= min(timeout_s, LEAST_DEADLINE_S)
    assert pause >= 1, "no camera is beset"
    if interval_s >= 4:
        assert look_s + pause <= interval_s * (1 + 1e-9)
    assert pause <= pause_s(camera, failures + 1, timeout_s), "longer each time"


@pytest.mark.parametrize(
    "interval_s, timeout_s, look_s, pauses",
    [
        (60, 10, 10, [5, 10, 20, 40, 50, 50]),
        (3600, 10, 10, [5, 10, 20, 40, 80, 160]),
        (10, 10, 5, [5, 5, 5, 5, 5, 5]),
        (4, 10, 2, [2, 2, 2, 2, 2, 2]),
        (1, 10, 2, [1, 1, 1, 1, 1, 1]),
        (60, 1, 1, [5, 10, 20, 40, 59, 59]),
    ],
)
def test_how_long_looks_and_pauses_are(interval_s, timeout_s, look_s, pauses):
    camera = camera_every(interval_s)
    assert deadline_s(camera, timeout_s) == look_s
    assert [pause_s(camera, n, timeout_s) for n in range(1, 7)] == pauses


NEW = CameraState("north", "gate")
FROZEN_AFTER = timedelta(hours=6)


def picture(image: Image, hours: float = 0) -> Look:
    return Look(b"", image, NOON + timedelta(hours=hours), {"answer": 0.25, "decode": 0.5})


def after(state: CameraState, *looks: Look) -> CameraState:
    for each in looks:
        state = seen(state, each, frozen_after=FROZEN_AFTER)
    return state


def test_a_picture_that_came():
    failing = missed(NEW, "refused: …", NOON)
    assert after(failing, picture(draw_lot(3), 1)) == CameraState(
        "north",
        "gate",
        last_success_at=NOON + timedelta(hours=1),
        last_failure_at=NOON,
        last_failure="refused: …",
        milliseconds=750,
        fingerprint=fingerprint(draw_lot(3)),
        same_since=NOON + timedelta(hours=1),
    )


def test_a_look_that_failed_leaves_what_was_known():
    good = after(NEW, picture(draw_lot(3)))
    later = NOON + timedelta(minutes=1)
    bad = missed(missed(good, "forbidden", NOON), "refused", later)
    assert bad == replace(good, last_failure_at=later, last_failure="refused", failures_in_row=2)


@pytest.mark.parametrize(
    "looks, is_frozen",
    [
        ([(3, 0), (3, 5.9)], False),
        ([(3, 0), (3, 6)], True),
        ([(3, 0), (3, 3), (3, 7)], True),
        ([(3, 0), (20, 5), (20, 7)], False),
        ([(3, 0), (20, 5), (20, 11)], True),
        ([(3, 0), (3, 7), (20, 8)], False),
        ([(3, 0), (3, 7), (20, 8), (3, 9)], False),
        ([(3, 0), (3, -7), (3, -6)], False),
        ([(3, 0), (3, -7), (3, -1)], True),
    ],
    ids=[
        "not long enough",
        "long enough",
        "since the first of them",
        "another picture between",
        "frozen later",
        "another picture ends it",
        "back at the first is no standstill",
        "a clock that was put back begins anew",
        "and counts from there",
    ],
)
def test_a_picture_that_stays_the_same(looks, is_frozen):
    """Of each look how many vehicles it shows, and its hour."""
    state = after(NEW, *(picture(draw_lot(vehicles), hours) for vehicles, hours in looks))
    assert bool(state.failures_in_row) is is_frozen


def test_how_long_it_has_been_the_same_is_told():
    state = after(NEW, *(picture(draw_lot(3), hours) for hours in (0, 6.5, 7.5)))
    assert state.last_failure == (
        "the picture has been the same for 7.5 hours: the camera is frozen; restart it, its"
        " picture is not counted"
    )
    assert state.failures_in_row == 2
    assert state.last_success_at == state.same_since == NOON
