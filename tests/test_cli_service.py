"""The commands of the unattended service: cameras kept and tried, its state told, one of each."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from conftest import ROOT, draw_lot, encode
from simulators import HttpCamera, RtspCamera, free_port

from parkcore.cameras.credentials import Credentials
from parkcore.cameras.schedule import Schedule
from parkcore.cli import cli
from parkcore.domain import CameraState, PartState
from parkcore.store import Store

LOGIN = ("admin", "p@ss:w/o?rd #%")
PLACE = ("north", "gate")


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Result]:
    """Run a command in an empty folder of its own. No password is ever printed."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PARKCORE_TIME_ZONE", "Europe/Madrid")
    monkeypatch.setenv("PARKCORE_CAMERA_TIMEOUT_S", "5")
    (tmp_path / "storage_photo").mkdir()

    def invoke(*words: object, stdin: str | None = None) -> Result:
        result = CliRunner().invoke(cli, [str(word) for word in words], input=stdin)
        assert LOGIN[1] not in result.output
        return result

    return invoke


@pytest.fixture
def camera() -> Iterator[HttpCamera]:
    """A camera that shows eleven vehicles to who knows its password."""
    with HttpCamera(lambda: encode(draw_lot(11)), login=LOGIN, scheme="digest") as started:
        yield started


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with Store.open(tmp_path / "parkcore.db") as opened:
        yield opened


def done(result: Result) -> str:
    assert result.exit_code == 0, result.output
    return result.stdout


def login(tmp_path: Path):
    return Credentials(tmp_path / "parkcore-credentials.json").get(*PLACE)


# -- cameras ------------------------------------------------------------------------------


@pytest.mark.parametrize("how", ["stdin", "prompt", "address"])
def test_a_camera_is_added_and_its_password_put_aside(
    run: Callable[..., Result], camera: HttpCamera, tmp_path: Path, how: str
) -> None:
    words = ["camera", "add", *PLACE, camera.address(login=LOGIN if how == "address" else None)]
    if how != "address":
        words += ["--user", LOGIN[0], *(["--password-stdin"] if how == "stdin" else [])]
    said = done(run(*words, "--every", "5m", stdin=f"{LOGIN[1]}\n"))
    assert f"added north/gate: {camera.address()}, every 5 min" in said
    assert (login(tmp_path).user, login(tmp_path).password) == LOGIN
    assert (tmp_path / "parkcore-credentials.json").stat().st_mode & 0o077 == 0
    for path in tmp_path.glob("parkcore.db*"):
        assert LOGIN[1].encode() not in path.read_bytes()
    said = done(run("camera", "test", *PLACE))
    assert said.startswith("north/gate: 320 × 200 pixels; ")
    assert [step.split()[0] for step in said.partition("; ")[2].split(", ")] == [
        "name",
        "connect",
        "answer",
        "picture",
        "decode",
    ]
    assert list((tmp_path / "storage_photo").iterdir()) == [], "a test keeps nothing"


def test_list_hides_logins(run: Callable[..., Result], store: Store) -> None:
    assert done(run("camera", "list")) == ""
    done(run("camera", "add", *PLACE, "rtsp://admin:p%40ss@10.0.0.2:554/cam1"))
    done(run("camera", "add", "north", "roof", "http://10.0.0.3/snap.cgi?user=a&pwd=sesame"))
    done(run("camera", "add", "south", "gate", "http://10.0.0.4/a.jpg", "--hours", "7:00-21:30"))
    done(run("camera", "pause", "north", "roof"))
    shown = run("camera", "list").stdout.splitlines()
    assert shown == [
        "north/gate: rtsp://***@10.0.0.2:554/cam1, every 1 min",
        "north/roof: http://10.0.0.3/snap.cgi?user=a&pwd=***, every 1 min, paused",
        "south/gate: http://10.0.0.4/a.jpg, every 1 min, 07:00–21:30",
    ]
    records = [json.loads(line) for line in done(run("camera", "list", "--json")).splitlines()]
    assert records[0] == {
        "lot": "north",
        "camera": "gate",
        "address": "rtsp://***@10.0.0.2:554/cam1",
        "schedule": "every 1 min",
        "interval_s": 60,
        "paused": False,
        "verify_tls": True,
    }
    assert [each["paused"] for each in records] == [False, True, False]
    for words in (["camera", "list"], ["camera", "list", "--json"], ["status", "--json"]):
        assert "p%40ss" not in run(*words).output and "sesame" not in run(*words).output


def test_set_changes_what_is_given_and_nothing_else(
    run: Callable[..., Result], store: Store, camera: HttpCamera, tmp_path: Path
) -> None:
    add = ["camera", "add", *PLACE, camera.address(login=LOGIN)]
    done(run(*add, "--every", "30s", "--hours", "22:00-06:00", "--weekdays", "mon-fri"))
    said = done(run("camera", "set", *PLACE, "--every", "2m"))
    assert said.endswith("every 2 min, 22:00–06:00, Mon Tue Wed Thu Fri\n")
    assert login(tmp_path).password == LOGIN[1]
    done(run("camera", "set", *PLACE, "--hours", "", "--weekdays", "sat,sun", "--no-verify-tls"))
    changed = store.ip_camera(*PLACE)
    assert changed.schedule == Schedule.read("120", "", "sat,sun")
    assert not changed.verify_tls and changed.address == camera.address()
    done(run("camera", "set", *PLACE, "--every", "10s"))
    assert not store.ip_camera(*PLACE).verify_tls

    done(run("camera", "set", *PLACE, "--password-stdin", stdin="wrong\n"))
    assert (login(tmp_path).user, login(tmp_path).password) == (LOGIN[0], "wrong")
    refused = run("camera", "test", *PLACE)
    assert refused.exit_code == 1 and "wrong password" in refused.stderr
    moved = camera.address(login=LOGIN).replace("/snapshot.jpg", "/video.mjpg")
    done(run("camera", "set", *PLACE, "--address", moved))
    assert store.ip_camera(*PLACE).address == camera.address("/video.mjpg")
    assert "320 × 200 pixels" in done(run("camera", "test", *PLACE))


def test_pause_and_resume(run: Callable[..., Result], store: Store) -> None:
    done(run("camera", "add", *PLACE, "http://10.0.0.2/a.jpg", "--every", "7s"))
    assert done(run("camera", "pause", *PLACE)) == "paused north/gate\n"
    assert store.ip_camera(*PLACE).paused
    assert done(run("camera", "set", *PLACE, "--every", "8s"))
    assert store.ip_camera(*PLACE).paused, "changing it does not resume it"
    assert done(run("camera", "resume", *PLACE)) == "resumed north/gate\n"
    assert not store.ip_camera(*PLACE).paused
    assert store.ip_camera(*PLACE).schedule.interval_s == 8


def test_remove_asks_and_forgets_the_login(
    run: Callable[..., Result], store: Store, tmp_path: Path
) -> None:
    done(run("camera", "add", *PLACE, "http://admin:sesame@10.0.0.2/a.jpg"))
    kept = run("camera", "remove", *PLACE, stdin="n\n")
    assert kept.exit_code == 1 and store.ip_cameras()
    assert done(run("camera", "remove", "--yes", *PLACE)) == "removed north/gate\n"
    assert store.ip_cameras() == [] and store.cameras() == []
    assert not login(tmp_path)
    assert "sesame" not in (tmp_path / "parkcore-credentials.json").read_text()


@pytest.mark.parametrize("words", ["set", "pause", "resume", "remove --yes", "test"])
def test_an_unknown_camera_is_said_with_the_known_ones(
    run: Callable[..., Result], words: str
) -> None:
    done(run("camera", "add", "north", "roof", "http://10.0.0.2/a.jpg"))
    result = run("camera", *words.split(), *PLACE)
    assert result.exit_code == 1
    assert "there is no IP camera north/gate; there are: north/roof" in result.stderr


@pytest.mark.parametrize(
    "words",
    [
        [*PLACE, "file:///etc/passwd"],
        [*PLACE, "ftp://admin:sesame@10.0.0.2/a.jpg"],
        [*PLACE, "http://admin:se@same/x@10.0.0.2:0/a.jpg"],
        [*PLACE, "10.0.0.2"],
        ["../x", "gate", "http://10.0.0.2/a.jpg"],
        [*PLACE, "http://10.0.0.2/a.jpg", "--every", "often"],
        [*PLACE, "http://10.0.0.2/a.jpg", "--every", "0.5s"],
        [*PLACE, "http://10.0.0.2/a.jpg", "--every", "25h"],
        [*PLACE, "http://10.0.0.2/a.jpg", "--hours", "7-25"],
        [*PLACE, "http://10.0.0.2/a.jpg", "--weekdays", "someday"],
        [*PLACE, "http://10.0.0.2/a.jpg", "--password", "sesame"],
    ],
    ids=lambda words: " ".join(words[2:]),
)
def test_wrong_usage_ends_with_status_2_and_keeps_nothing(
    run: Callable[..., Result], tmp_path: Path, words: list[str]
) -> None:
    result = run("camera", "add", *words)
    assert result.exit_code == 2
    assert "sesame" not in result.output and "se@same" not in result.output
    assert [path.name for path in tmp_path.iterdir()] == ["storage_photo"]


def test_a_camera_is_not_added_twice(run: Callable[..., Result], store: Store) -> None:
    done(run("camera", "add", *PLACE, "http://10.0.0.2/a.jpg"))
    result = run("camera", "add", *PLACE, "http://10.0.0.3/a.jpg")
    assert result.exit_code == 2 and "camera set" in result.stderr
    assert store.ip_camera(*PLACE).address == "http://10.0.0.2/a.jpg"


@pytest.mark.parametrize(
    ("mode", "said"),
    {
        "mute": "timed out after 1 s: it took the connection but did not answer",
        "broken": "the camera answers with an error: HTTP 500",
        "missing": "no picture at this address (HTTP 404)",
        "html": "not an image: the camera answered with text/html",
        "truncated": "not an image that can be read",
    }.items(),
)
def test_what_is_wrong_with_a_camera_is_said_precisely(
    run: Callable[..., Result], camera: HttpCamera, mode: str, said: str
) -> None:
    done(run("camera", "add", *PLACE, camera.address(login=LOGIN)))
    camera.mode = mode
    result = run("--camera-timeout-s", "1", "camera", "test", *PLACE)
    assert result.exit_code == 1 and result.stdout == ""
    assert result.stderr.startswith(f"north/gate: {said}")


def test_a_camera_that_is_not_there_is_said(run: Callable[..., Result]) -> None:
    done(run("camera", "add", *PLACE, f"http://127.0.0.1:{free_port()}/a.jpg"))
    result = run("camera", "test", *PLACE)
    assert result.exit_code == 1 and "refused: " in result.stderr


def test_a_stream_is_tried_too(run: Callable[..., Result]) -> None:
    photo = encode(draw_lot(11))
    with RtspCamera(lambda: photo, login=LOGIN, scheme="digest") as camera:
        done(run("camera", "add", *PLACE, camera.address(login=LOGIN)))
        assert "320 × 200 pixels" in done(run("camera", "test", *PLACE))


# -- settings and state -------------------------------------------------------------------


def test_secrets_are_no_flags(run: Callable[..., Result], monkeypatch: pytest.MonkeyPatch) -> None:
    refused = run("--api-token", "a long secret", "status")
    assert refused.exit_code == 2 and "No such option" in refused.stderr
    assert "--api-token" not in run("--help").stdout
    monkeypatch.setenv("PARKCORE_API_TOKEN", "short")
    result = run("status")
    assert result.exit_code == 2 and "PARKCORE_API_TOKEN" in result.stderr
    assert "'short'" not in result.stderr and "=short" not in result.stderr
    monkeypatch.setenv("PARKCORE_API_TOKEN", "a long secret")
    assert "a long secret" not in done(run("status"))


def test_status_of_a_fresh_place_is_fine(run: Callable[..., Result], tmp_path: Path) -> None:
    said = done(run("status"))
    assert said.startswith("watcher: never started; `parkcore serve` starts it\ncameras: never")
    assert "0 snapshots, 0 of the last hour, 0 photos could not be read" in said
    record = json.loads(done(run("status", "--json")))
    assert record["status"] == "ok" and record["problems"] == []
    assert [path.name for path in tmp_path.iterdir()] == ["storage_photo"], "it only looks"


def test_status_says_what_needs_to_be_seen_to(
    run: Callable[..., Result], store: Store, tmp_path: Path
) -> None:
    now = datetime.now(UTC)
    done(run("camera", "add", *PLACE, "http://admin:sesame@10.0.0.2/a.jpg"))
    state = CameraState(*PLACE, None, now, "refused: nothing listens on this port", 4)
    store.save_service(PartState("cameras", 1, now, now, note="looking at 1 camera"), [state])
    watching = PartState("watcher", 1, now, now, queue=12, note="watching by events")
    store.save_service(watching)
    result = run("status")
    assert result.exit_code == 1
    problem = "refused: nothing listens on this port (4 times in a row)"
    assert "watcher: watching by events, 12 waiting\ncameras: looking at 1 camera" in result.stdout
    assert f"camera north/gate: {problem}; " in result.stdout
    assert result.stderr == f"→ camera north/gate: {problem}\n"
    as_json = run("status", "--json")
    assert as_json.exit_code == 1
    record = json.loads(as_json.stdout)
    assert record["status"] == "degraded" and record["problems"] == [
        f"camera north/gate: {problem}"
    ]
    assert record["cameras"][0]["address"] == "http://***@10.0.0.2/a.jpg"
    assert "sesame" not in as_json.output

    works = CameraState(*PLACE, now)
    store.save_service(PartState("cameras", 1, now, now), [works])
    assert "camera north/gate: works" in done(run("status"))
    silent = now - timedelta(minutes=5)
    store.save_service(PartState("watcher", 1, silent, silent))
    (tmp_path / "storage_photo").rmdir()
    result = run("status")
    assert result.exit_code == 1
    assert [line[:10] for line in result.stderr.splitlines()] == ["→ watcher:", "→ the stor"]
    assert "? free" in result.stdout


def test_status_of_a_broken_database_is_an_error(
    run: Callable[..., Result], tmp_path: Path
) -> None:
    (tmp_path / "parkcore.db").write_bytes(bytes(range(256)) * 64)
    for words in (["status"], ["status", "--json"], ["camera", "list"]):
        result = run(*words)
        assert result.exit_code == 1 and "parkcore.db" in result.stderr


# -- one of each --------------------------------------------------------------------------


@pytest.fixture
def start() -> Iterator[Callable[..., subprocess.Popen[str]]]:
    """Start a command on a folder of its own; what still runs at the end is killed."""
    started: list[subprocess.Popen[str]] = []

    def begin(folder: Path, *words: str) -> subprocess.Popen[str]:
        environ = {name: value for name, value in os.environ.items() if name[:9] != "PARKCORE_"}
        settings = {
            "PARKCORE_DB": str(folder / "parkcore.db"),
            "PARKCORE_STORAGE": str(folder / "storage_photo"),
            "PARKCORE_CREDENTIALS": str(folder / "credentials.json"),
            "PARKCORE_TIME_ZONE": "Europe/Madrid",
            "PARKCORE_IMGSZ": "320",
        }
        process = subprocess.Popen(
            [sys.executable, "-m", "parkcore", *words],
            env={**environ, **settings}, cwd=ROOT, text=True,
            stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        )  # fmt: skip
        started.append(process)
        return process

    yield begin
    for process in started:
        if process.poll() is None:
            process.kill()
            process.communicate()


def speaks(folder: Path, part: str, process: subprocess.Popen[str]) -> None:
    """Wait until a part that a process runs, or has started, says that it is at work."""
    begun, deadline = datetime.now(UTC), time.monotonic() + 60
    while True:
        assert process.poll() is None and time.monotonic() < deadline, process.communicate()
        with Store.open(folder / "parkcore.db") as store:
            if any(each.name == part and each.seen_at > begun for each in store.parts()):
                return
        time.sleep(0.1)


def end(process: subprocess.Popen[str]) -> str:
    """Ask a process to end, which it does in an orderly way; what it had said."""
    process.send_signal(signal.SIGTERM)
    _, said = process.communicate(timeout=60)
    assert process.returncode == 0 and "Traceback" not in said, said
    return said


@pytest.mark.parametrize(
    ("words", "part"),
    [(["watch"], "watcher"), (["camera", "run"], "cameras"), (["serve", "--no-app"], "cameras")],
    ids=["watch", "camera run", "serve"],
)
def test_there_is_one_of_each_for_a_database(
    tmp_path: Path, start, words: list[str], part: str
) -> None:
    (tmp_path / "storage_photo").mkdir()
    first = start(tmp_path, *words)
    speaks(tmp_path, part, first)
    second = start(tmp_path, *words)
    out, err = second.communicate(timeout=30)
    assert second.returncode == 1
    assert f"runs already for the database {tmp_path / 'parkcore.db'}" in err
    assert "PARKCORE_DB" in err and "Traceback" not in err and out == ""
    assert first.poll() is None, "the first one goes on"
    end(first)


def test_another_database_may_have_its_own_and_the_right_ends_with_its_holder(
    tmp_path: Path, start
) -> None:
    one, other = tmp_path / "one", tmp_path / "other"
    for folder in (one, other):
        (folder / "storage_photo").mkdir(parents=True)
    first, second = start(one, "camera", "run"), start(other, "camera", "run")
    speaks(one, "cameras", first)
    speaks(other, "cameras", second)
    end(second)
    first.kill()
    first.communicate()
    again = start(one, "camera", "run")
    speaks(one, "cameras", again)
    end(again)
