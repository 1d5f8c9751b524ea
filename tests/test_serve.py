"""The service: one process that keeps the others alive, and what is left when any of them dies."""

from __future__ import annotations

import io
import itertools
import os
import random
import signal
import subprocess
import sys
import threading
import time
from collections import Counter, deque
from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import cache, partial
from pathlib import Path

import httpx
import numpy as np
import patience
import PIL.Image
import psutil
import pytest
from conftest import ROOT, SAMPLES, draw_lot, encode
from simulators import RtspCamera, free_port
from test_processes import is_whole
from unprivileged import no_privileges, reachable_folder

from parkcore.cameras.schedule import Schedule
from parkcore.domain import IpCamera, Lot, PartState
from parkcore.errors import AlreadyRunning, StoreError
from parkcore.folder import find_photos, pending, scan
from parkcore.ingest import Analyser, content_id
from parkcore.intake import receive
from parkcore.service import serve, stopping
from parkcore.service.lock import only_one
from parkcore.service.serve import Part, supervise
from parkcore.service.watcher import Watcher
from parkcore.storage import Storage
from parkcore.store import Store

WAIT_S = 60
"""No test waits that long unless it fails."""

WATCHER, CAMERAS, GRAB, APP = "parkcore watch", "parkcore camera run", "grab.py", "streamlit run"
"""How the parts are known by their command lines."""


wait_until = partial(patience.wait_until, at_most_s=WAIT_S)


@cache
def sample() -> np.ndarray:
    """A photo with cars, made small."""
    with PIL.Image.open(SAMPLES / "sample-north/gate/2026-05-04_12-30.jpg") as photo:
        return np.asarray(photo.resize((640, 360)))


def small_photo(number: int) -> bytes:
    """The sample, marked in a corner so that each number is another photo."""
    marked = sample().copy()
    for bit in range(16):
        marked[:8, 8 * bit : 8 * bit + 8] = 255 * (number >> bit & 1)
    out = io.BytesIO()
    PIL.Image.fromarray(marked).save(out, "JPEG", quality=80)
    return out.getvalue()


class Service:
    """The commands on a database and a storage folder of their own, and all their processes."""

    def __init__(self, folder: Path) -> None:
        self.db, self.root, self._log = folder / "history.db", folder / "photos", folder / "log"
        self.root.mkdir()
        own = {
            "DB": self.db,
            "STORAGE": self.root,
            "CREDENTIALS": folder / "credentials.json",
            "TIME_ZONE": "UTC",
            "IMGSZ": 320,
        }
        self._environ = {**os.environ, "OMP_NUM_THREADS": "1"}
        self._environ |= {f"PARKCORE_{name}": str(value) for name, value in own.items()}
        self._mark = str(folder)
        self._environ["TEST_SERVICE"] = self._mark  # every process inherits it

    def start(self, *words: str) -> subprocess.Popen[bytes]:
        with self._log.open("ab") as log:
            return subprocess.Popen(
                [sys.executable, "-m", "parkcore", *words],
                env=self._environ,
                cwd=ROOT,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )

    @property
    def said(self) -> str:
        return self._log.read_text()

    def processes(self, kind: str = "") -> list[psutil.Process]:
        """All that run for this service, whoever started them."""
        found = []
        for process in psutil.process_iter():
            try:
                is_ours = process.environ().get("TEST_SERVICE") == self._mark
                if is_ours and kind in " ".join(process.cmdline()):
                    found.append(process)
            except psutil.Error:
                pass
        return found

    def end(self) -> None:
        for process in self.processes():
            process.kill()

    def states(self) -> dict[str, PartState]:
        with Store.open(self.db) as store:
            return {state.name: state for state in store.parts()}

    def count(self) -> int:
        with Store.open(self.db) as store:
            return store.count()

    def wait_until_it_works(self) -> None:
        """Until watcher and cameras that live now say that they are at work."""

        def works() -> bool:
            states, alive = self.states(), pids(self)
            return "watching" in getattr(states.get("watcher"), "note", "") and all(
                getattr(states.get(name), "pid", None) in alive for name in ("watcher", "cameras")
            )

        wait_until(works, lambda: self.said)

    def drop(self, photo: bytes, name: str) -> Path:
        path = self.root / "north" / "gate" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(photo)
        return path


@pytest.fixture
def service(tmp_path: Path) -> Iterator[Service]:
    service = Service(tmp_path)
    yield service
    service.end()


@pytest.fixture
def supervisor(service: Service) -> Iterator[subprocess.Popen[bytes]]:
    """The whole service but the app, at work."""
    supervisor = service.start("serve", "--no-app")
    service.wait_until_it_works()
    yield supervisor
    supervisor.kill()
    supervisor.wait()


def pids(service: Service) -> set[int]:
    return {process.pid for process in service.processes()}


# -- the real command ---------------------------------------------------------------------------


def test_it_watches_and_ends_with_all_its_parts(service, supervisor):
    for number in range(10):
        service.drop(small_photo(number), f"{number}.jpg")
    wait_until(lambda: service.count() >= 2, lambda: service.said)
    parts = psutil.Process(supervisor.pid).children()
    assert len(parts) == 2
    # A part calls others for a moment, such as ldconfig, to find a library.
    expected = {supervisor.pid, *(part.pid for part in parts)}
    wait_until(lambda: pids(service) == expected, lambda: str(service.processes()))
    supervisor.terminate()
    assert supervisor.wait(20) == 0
    assert service.processes() == []
    assert "killed" not in service.said
    assert is_whole(service.db)


def test_it_ends_while_its_parts_are_still_starting(service):
    supervisor = service.start("serve", "--no-app")
    wait_until(lambda: bool(service.processes(WATCHER)), lambda: service.said)
    supervisor.send_signal(signal.SIGINT)
    assert supervisor.wait(20) == 0
    assert service.processes() == []


@pytest.mark.parametrize(
    "words, said",
    [
        (["serve", "--no-app"], "`parkcore serve` runs already"),
        (["serve"], "`parkcore serve` runs already"),
        (["watch"], "`parkcore watch` runs already"),
        (["camera", "run"], "`parkcore camera run` runs already"),
    ],
    ids=["serve", "serve with the app", "watch", "camera run"],
)
def test_nothing_runs_twice_on_one_database(tmp_path, words, said):
    """The lock alone says so, whoever holds it; a real service is started beside the others."""
    service = Service(tmp_path)
    lock = "camera-run" if words[0] == "camera" else words[0]
    with only_one(service.db, lock):
        started = time.monotonic()
        assert service.start(*words).wait(30) == 1
        assert time.monotonic() - started < 15
    assert said in service.said
    assert str(service.db) in service.said
    assert "Traceback" not in service.said


def test_a_second_service_does_not_disturb_the_first(service, supervisor):
    parts = psutil.Process(supervisor.pid).children()
    for words in (["serve", "--no-app"], ["watch"], ["camera", "run"]):
        assert service.start(*words).wait(30) == 1
    assert service.said.count("runs already") == 3
    expected = {supervisor.pid, *(part.pid for part in parts)}
    wait_until(lambda: pids(service) == expected, lambda: str(service.processes()))


def test_parts_end_by_themselves_when_the_supervisor_is_killed(service, supervisor):
    supervisor.kill()
    supervisor.wait()
    wait_until(lambda: service.processes() == [], lambda: str(service.processes()))


def test_parts_end_by_themselves_when_the_supervisor_is_killed_while_they_start(service):
    supervisor = service.start("serve", "--no-app")
    wait_until(lambda: len(service.processes()) == 3, lambda: service.said)
    supervisor.kill()
    supervisor.wait()
    wait_until(lambda: service.processes() == [], lambda: str(service.processes()))


@pytest.mark.parametrize("kind", [WATCHER, CAMERAS])
def test_a_part_that_is_killed_is_started_again(service, supervisor, kind):
    [killed] = service.processes(kind)
    killed.kill()
    wait_until(lambda: [p.pid for p in service.processes(kind)] != [killed.pid], "still there")
    service.wait_until_it_works()
    assert "killed by signal 9" in service.said
    service.drop(small_photo(1), "a.jpg")
    wait_until(lambda: service.count() == 1, lambda: service.said)


def test_a_database_that_cannot_be_used_is_said_once(service):
    service.db.write_bytes(b"this is a note and no database, and long enough to be seen as one" * 9)
    assert service.start("serve", "--no-app").wait(30) == 1
    assert service.said.count("is not a SQLite database") == 1
    assert service.processes() == []


def test_the_app_answers_and_is_started_again_and_ends_with_the_supervisor(service):
    port = free_port()
    supervisor = service.start("serve", "--port", str(port))

    def answer(path: str) -> httpx.Response | None:
        try:
            return httpx.get(f"http://127.0.0.1:{port}{path}", timeout=10, trust_env=False)
        except httpx.HTTPError:
            return None

    def is_up() -> bool:
        found = answer("/_stcore/health")
        return found is not None and found.text == "ok"

    wait_until(is_up, lambda: service.said)
    service.wait_until_it_works()
    health = answer("/api/health")
    assert health.headers["content-type"].startswith("application/json")
    assert health.json()["status"] in ("ok", "degraded")
    assert health.json()["parts"]["watcher"]["level"] == "ok"
    [app] = service.processes(APP)
    app.kill()
    wait_until(lambda: [p.pid for p in service.processes(APP)] not in ([], [app.pid]), "none")
    wait_until(is_up, lambda: service.said)
    assert answer("/api/health").json()["snapshots"] == 0
    supervisor.kill()
    supervisor.wait()
    wait_until(lambda: service.processes() == [], lambda: str(service.processes()))


# -- chaos --------------------------------------------------------------------------------------

PHOTOS = 120
KILLS = {"supervisor": 7, WATCHER: 9, CAMERAS: 7, GRAB: 7}


@pytest.mark.timeout(400)
def test_nothing_is_lost_or_recorded_twice_however_often_anything_is_killed(service):
    rng, frames = random.Random(4711), itertools.count(1000)  # noqa: S311
    with RtspCamera(lambda: small_photo(next(frames)), fps=5) as camera:
        asked = IpCamera("north", "roof", camera.address(), Schedule(interval_s=2))
        with Store.open(service.db) as store:
            store.save_ip_camera(asked)
        supervisor = service.start("serve", "--no-app")
        service.wait_until_it_works()
        dropping = threading.Thread(target=drop_little_by_little, args=(service, random.Random(1)))  # noqa: S311
        dropping.start()
        victims = list(itertools.chain(*([kind] * times for kind, times in KILLS.items())))
        rng.shuffle(victims)
        for kind in victims:
            time.sleep(rng.choice([0.1, 0.5, 1, 2, 3, 7]))
            if kind == "supervisor":
                supervisor.kill()
                supervisor.wait()
                supervisor = service.start("serve", "--no-app")
            else:
                kill_one(service, kind)
        assert len(victims) == 30
        recorded_meanwhile = service.count()
        dropping.join(WAIT_S)
        with Store.open(service.db) as store:
            store.save_ip_camera(replace(asked, paused=True))
        wait_until_quiet(service)
        supervisor.terminate()
        assert supervisor.wait(30) == 0
    assert service.processes() == []
    assert recorded_meanwhile > 0, "the watcher never got to do anything"

    photos = {path: content_id(path.read_bytes()) for path in find_photos(service.root)}
    with Store.open(service.db) as store:
        snapshots, failures = store.snapshots(), store.failures()
        assert store.check() == "ok"
    assert is_whole(service.db)
    recorded = Counter(snapshot.photo.sha256 for snapshot in snapshots)
    assert recorded == Counter(photos.values())
    assert {service.root / s.photo.file: s.photo.sha256 for s in snapshots} == photos
    assert failures == []
    cameras = Counter(snapshot.photo.camera_id for snapshot in snapshots)
    assert cameras["gate"] == PHOTOS
    assert cameras["roof"] >= 5
    assert not any(snapshot.photo.file.endswith(".part") for snapshot in snapshots)
    assert len(list(service.root.rglob("*.part"))) >= 5, "the test leaves some that stay"


def drop_little_by_little(service: Service, rng: random.Random) -> None:
    """Copied, written slowly, or written aside and renamed; and some are never finished."""
    for number in range(PHOTOS):
        photo = small_photo(number)
        name = f"2026-05-04_{6 + number // 60:02}-{number % 60:02}.jpg"
        way = rng.choice(["at once", "slowly", "aside"])
        if way == "at once":
            service.drop(photo, name)
        elif way == "slowly":
            half = len(photo) // 2
            with service.drop(photo[:half], name).open("ab") as file:
                time.sleep(0.2)
                file.write(photo[half:])
        else:
            part = service.drop(photo, f"{name}.part")
            time.sleep(0.2)
            part.rename(part.with_suffix(""))
        if number % 20 == 0:
            service.drop(photo[:-1], f"{number}.jpg.part")
        time.sleep(rng.uniform(0.1, 0.9))


def kill_one(service: Service, kind: str) -> None:
    """Wait for such a process, as it may just be starting again, and kill it."""

    def is_killed() -> bool:
        for process in service.processes(kind):
            try:
                process.kill()
            except psutil.NoSuchProcess:
                continue
            return True
        return False

    wait_until(is_killed, lambda: f"no {kind}: {service.said}")


def wait_until_quiet(service: Service) -> None:
    """Until nothing has come and everything has been recorded for some seconds."""
    since, before = time.monotonic(), -1

    def is_quiet() -> bool:
        nonlocal since, before
        photos = {content_id(path.read_bytes()) for path in find_photos(service.root)}
        with Store.open(service.db) as store:
            recorded = {snapshot.photo.sha256 for snapshot in store.snapshots()}
        if photos != recorded or len(photos) != before:
            since, before = time.monotonic(), len(photos)
        time.sleep(0.3)
        return time.monotonic() - since > 5

    deadline = time.monotonic() + 2 * WAIT_S
    while not is_quiet():
        assert time.monotonic() < deadline, service.said


# Folders that appear in a hurry are watched twice by watchdog, which says so and goes on.
@pytest.mark.filterwarnings("ignore:Callback with id:RuntimeWarning")
def test_a_flood_a_scan_and_photos_handed_in_all_at_once_are_recorded_once_each(
    storage: Storage, analyser: Analyser, tmp_path: Path
) -> None:
    db, stop = tmp_path / "history.db", threading.Event()
    Store.open(db).close()
    errors: list[BaseException] = []

    def work(task: Callable[[], object]) -> threading.Thread:
        def run() -> None:
            try:
                task()
            except BaseException as error:  # noqa: BLE001 – told by the test
                errors.append(error)

        thread = threading.Thread(target=run, daemon=True)
        thread.start()
        return thread

    def look_through() -> None:
        for _ in range(3):
            with Store.open(db) as store:
                queue = deque(pending(storage.root, storage, store).sources)
                scan(queue, analyser, store, root=storage.root)

    def hand_in(number: int) -> None:
        photo = encode(draw_lot(7, seed=5000 + number))
        with Store.open(db) as store:
            received = receive(
                photo,
                f"{number}.jpg",
                lot=Lot("north", "North"),
                camera_id="phone",
                analyser=analyser,
                storage=storage,
                store=store,
            )
            assert received.source is not None
            analyser.ingest(received.source, store)

    watcher = Watcher(storage, analyser, lambda: Store.open(db))
    watching = work(lambda: watcher.run(stop))
    photos = [encode(draw_lot(n % 20, seed=n)) for n in range(1000)]
    folder = storage.root / "north" / "gate"
    folder.mkdir(parents=True)
    at_work = []
    for number, photo in enumerate(photos):
        (folder / f"{number}.jpg").write_bytes(photo)
        if number == 300:
            at_work.append(work(look_through))
        if number % 100 == 50:
            at_work.append(work(lambda n=number: hand_in(n)))
    for thread in at_work:
        thread.join(WAIT_S)

    def count() -> int:
        with Store.open(db) as store:
            return store.count()

    wait_until(lambda: count() >= 1010, lambda: f"only {count()}")
    time.sleep(1.5)
    stop.set()
    watching.join(WAIT_S)
    assert errors == []
    with Store.open(db) as store:
        snapshots = store.snapshots()
        assert store.failures() == []
        assert pending(storage.root, storage, store).sources == []
    assert len(snapshots) == 1010
    assert len({snapshot.photo.sha256 for snapshot in snapshots}) == 1010
    assert sum(snapshot.photo.camera_id == "phone" for snapshot in snapshots) == 10
    assert is_whole(db)


# -- the supervisor by itself -------------------------------------------------------------------


@pytest.fixture
def supervised() -> Iterator[Callable[..., threading.Event]]:
    """Supervise parts in a thread."""
    stops: list[tuple[threading.Event, threading.Thread]] = []

    def start(*parts: Part) -> Callable[[], None]:
        stop = threading.Event()
        thread = threading.Thread(target=supervise, args=(parts, stop), daemon=True)
        thread.start()
        stops.append((stop, thread))

        def end() -> None:
            stop.set()
            thread.join(WAIT_S)
            assert not thread.is_alive()

        return end

    yield start
    for stop, thread in stops:
        stop.set()
        thread.join(WAIT_S)


@pytest.fixture
def log(caplog: pytest.LogCaptureFixture) -> pytest.LogCaptureFixture:
    caplog.set_level("INFO", "parkcore")
    return caplog


def shell(name: str, script: str, **environment: str) -> Part:
    return Part(name, ["sh", "-c", script], environment)


def test_a_part_that_keeps_ending_is_started_after_pauses_that_grow(supervised, log, tmp_path):
    starts = tmp_path / "starts"
    end = supervised(shell("brief", f"date +%s.%N >> {starts}; exit 3"))
    wait_until(lambda: log.text.count("brief ended") >= 4, lambda: log.text)
    end()
    for pause in ("0.5", "1", "2", "4"):
        assert f"brief ended (exit status 3); again in {pause} s" in log.text
    times = list(map(float, starts.read_text().split()))
    gaps = [later - earlier for earlier, later in itertools.pairwise(times)]
    assert all(gap >= pause for gap, pause in zip(gaps, (0.5, 1, 2), strict=False))


def test_the_pauses_end_somewhere(supervised, log, monkeypatch):
    monkeypatch.setattr(serve, "LONGEST_PAUSE_S", 0.6)
    supervised(shell("brief", "exit 0"))
    wait_until(lambda: log.text.count("again in 0.6 s") >= 3, lambda: log.text)
    assert "brief ended (exit status 0)" in log.text


def test_a_part_that_ran_well_is_started_again_soon(supervised, log, monkeypatch):
    monkeypatch.setattr(serve, "RUNS_WELL_S", 0.2)
    supervised(shell("fair", "sleep 0.5"))
    wait_until(lambda: log.text.count("fair ended") >= 3, lambda: log.text)
    assert log.text.count("again in 0.5 s") >= 3


def test_a_part_that_cannot_be_started_is_logged_and_tried_again(supervised, log, tmp_path):
    command = tmp_path / "command"
    supervised(Part("late", [str(command)]), shell("good", "sleep 60"))
    wait_until(lambda: log.text.count("late cannot be started") >= 2, lambda: log.text)
    assert "No such file" in log.text
    command.write_text(f"#!/bin/sh\ntouch {tmp_path / 'it-runs'}\nsleep 60\n")
    command.chmod(0o755)
    wait_until((tmp_path / "it-runs").exists, lambda: log.text)
    assert log.text.count("good started") == 1


def test_a_part_that_ends_does_not_disturb_the_others(supervised, log):
    supervised(shell("brief", "exit 1"), shell("good", "sleep 60"))
    wait_until(lambda: log.text.count("brief started") >= 3, lambda: log.text)
    assert log.text.count("good started") == 1


def test_the_parts_are_asked_to_end_and_may_finish(supervised, log, tmp_path):
    done = tmp_path / "done"
    waits = f"trap 'sleep 0.5; touch {done}; exit 0' TERM; while :; do sleep 0.1; done"
    end = supervised(shell("tidy", waits))
    wait_until(lambda: "tidy started" in log.text, lambda: log.text)
    time.sleep(0.5)
    end()
    assert done.exists()
    assert "stopped" in log.text
    assert "is killed" not in log.text


def test_a_part_that_does_not_end_is_killed(supervised, log, monkeypatch):
    monkeypatch.setattr(serve, "STOP_S", 1.0)
    end = supervised(shell("stubborn", "trap '' TERM; while :; do sleep 0.1; done"))
    wait_until(lambda: "stubborn started" in log.text, lambda: log.text)
    time.sleep(0.5)
    end()
    assert "stubborn does not end and is killed" in log.text


def test_the_parts_know_that_they_are_supervised_and_their_settings(supervised, tmp_path):
    said = tmp_path / "said"
    supervised(shell("told", f"echo $PARKCORE_SUPERVISED $OWN > {said}; sleep 60", OWN="value"))
    wait_until(lambda: said.exists() and "\n" in said.read_text(), "nothing is said")
    assert said.read_text().split() == ["1", "value"]


# -- one process for one kind of work -----------------------------------------------------------

HOLD = """
import sys, time, pathlib
from parkcore.service.lock import only_one
with only_one(pathlib.Path(sys.argv[1]), "watch"):
    print("held", flush=True)
    time.sleep(60)
"""


def test_a_lock_is_free_again_when_its_process_is_killed(tmp_path):
    db = tmp_path / "history.db"
    holder = subprocess.Popen([sys.executable, "-c", HOLD, db], cwd=ROOT, stdout=subprocess.PIPE)
    try:
        assert holder.stdout.readline() == b"held\n"
        with pytest.raises(AlreadyRunning, match="end that one first"), only_one(db, "watch"):
            pytest.fail("two at once")
    finally:
        holder.kill()
        holder.communicate()
    with only_one(db, "watch"):
        assert holder.returncode == -signal.SIGKILL


def test_locks_are_for_one_work_and_one_database(tmp_path):
    with (
        only_one(tmp_path / "a.db", "watch"),
        only_one(tmp_path / "a.db", "serve"),
        only_one(tmp_path / "b.db", "watch"),
        pytest.raises(AlreadyRunning),
        only_one(tmp_path / "a.db", "watch"),
    ):
        pytest.fail("two at once")
    with only_one(tmp_path / "a.db", "watch"):
        assert not (tmp_path / "a.db").exists(), "the lock is no database"


def test_an_error_frees_the_lock(tmp_path):
    with pytest.raises(ZeroDivisionError), only_one(tmp_path / "a.db", "watch"):
        _ = 1 / 0
    with only_one(tmp_path / "a.db", "watch"):
        assert list(tmp_path.glob("a.db.watch.lock"))


def test_the_databases_folder_is_made_for_the_lock(tmp_path):
    with only_one(tmp_path / "new" / "a.db", "watch"):
        assert (tmp_path / "new").is_dir()


def test_a_lock_that_cannot_be_made_is_explained():
    with reachable_folder() as folder:
        folder.chmod(0o555)
        with (
            no_privileges(),
            pytest.raises(StoreError, match="folder writable"),
            only_one(folder / "a.db", "watch"),
        ):
            pytest.fail("there is no lock")


# -- when to end --------------------------------------------------------------------------------

WAIT = """
from parkcore.service import stopping
stop = stopping.on_signals()
stopping.with_supervisor(stop)
print("ready", flush=True)
stop.wait(60)
print("stopped" if stop.is_set() else "never told")
"""


@pytest.fixture
def waiting() -> Iterator[Callable[..., subprocess.Popen[bytes]]]:
    """A process that waits to be told to end, as a part of the service does."""
    started: list[subprocess.Popen[bytes]] = []

    def start(**environment: str) -> subprocess.Popen[bytes]:
        pipe = subprocess.PIPE
        started.append(
            subprocess.Popen(
                [sys.executable, "-c", WAIT],
                cwd=ROOT,
                env={**os.environ, **environment},
                stdin=pipe,
                stdout=pipe,
            )
        )
        assert started[-1].stdout.readline() == b"ready\n"
        return started[-1]

    yield start
    for process in started:
        process.kill()
        process.wait()
        process.stdout.close()
        process.stdin.close()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
@pytest.mark.parametrize("environment", [{}, {stopping.SUPERVISED: "1"}], ids=["alone", "part"])
def test_a_signal_ends_in_an_orderly_way(waiting, number, environment):
    process = waiting(**environment)
    process.send_signal(number)
    assert process.wait(WAIT_S) == 0
    assert process.stdout.read() == b"stopped\n"


def test_a_part_ends_when_its_supervisor_is_gone(waiting):
    """Then the system closes the other end of its standard input."""
    process = waiting(**{stopping.SUPERVISED: "1"})
    process.stdin.close()
    assert process.wait(WAIT_S) == 0
    assert process.stdout.read() == b"stopped\n"


def test_a_part_goes_on_while_its_supervisor_lives(waiting):
    process = waiting(**{stopping.SUPERVISED: "1"})
    process.stdin.write(b"a line that says nothing\n")
    process.stdin.flush()
    with pytest.raises(subprocess.TimeoutExpired):
        process.wait(1.5)


def test_without_a_supervisor_a_closed_input_ends_nothing(waiting):
    """As when it is started in the background."""
    process = waiting()
    process.stdin.close()
    with pytest.raises(subprocess.TimeoutExpired):
        process.wait(1.5)
