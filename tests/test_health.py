"""How the service is doing, told from what was recorded: by a real store, at a given moment."""

from __future__ import annotations

import itertools
import json
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime, time, timedelta
from pathlib import Path

import pytest
from conftest import NOON, draw_lot, encode

from parkcore.cameras import rounds
from parkcore.cameras.addresses import Login
from parkcore.cameras.credentials import Credentials
from parkcore.cameras.schedule import Schedule
from parkcore.domain import Camera, CameraState, Failure, IpCamera, Lot, PartState
from parkcore.ingest import Analyser, Source
from parkcore.service import health, watcher
from parkcore.service.camera_health import CameraHealth
from parkcore.service.health import LEAST_FREE_BYTES, SILENT_S, Health
from parkcore.settings import Settings, load
from parkcore.store import Store

ADDRESS = "http://192.168.1.20/snapshot.jpg"
INTERVAL_S, TIMEOUT_S = 60, 10


def ago(**span: float) -> datetime:
    return NOON - timedelta(**span)


@pytest.fixture
def settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Settings:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "storage_photo").mkdir()
    return load(
        db=tmp_path / "parkcore.db",
        storage=tmp_path / "storage_photo",
        credentials=tmp_path / "credentials.json",
        time_zone="Europe/Madrid",
        camera_timeout_s=TIMEOUT_S,
        stale_minutes=60,
    )


@pytest.fixture
def store(settings: Settings) -> Iterator[Store]:
    with Store.open(settings.db) as opened:
        yield opened


@pytest.fixture
def look(store: Store, settings: Settings) -> Callable[..., Health]:
    """How everything is doing at noon, or at another moment."""

    def examine(at: datetime = NOON) -> Health:
        return health.examine(store, settings, now=at)

    return examine


@pytest.fixture
def took(store: Store, analyser: Analyser) -> Callable[..., None]:
    """Record a photo of a camera: `took("north", "gate", ago(minutes=5))`."""
    seeds = itertools.count()

    def record(lot: str | Lot, camera: str, at: datetime) -> None:
        lot = lot if isinstance(lot, Lot) else Lot(lot, lot)
        photo = encode(draw_lot(3, seed=next(seeds)))
        source = Source(Path("a.jpg"), "a.jpg", lot, camera)
        seen = analyser.analyse(photo, source)
        taken = replace(seen.snapshot, photo=replace(seen.snapshot.photo, captured_at=at))
        analyser.keep(replace(seen, snapshot=taken), source, store)

    return record


def ip_camera(store: Store, name: str = "gate", **options: object) -> IpCamera:
    camera = IpCamera("north", name, ADDRESS, Schedule(INTERVAL_S), **options)
    store.save_ip_camera(camera)
    return camera


def part(name: str = rounds.NAME, seen_at: datetime = NOON, **said: object) -> PartState:
    return PartState(name, 4711, ago(hours=1), seen_at, **said)


def said_of(store: Store, *states: CameraState, seen_at: datetime = NOON) -> None:
    store.save_service(part(seen_at=seen_at), states)


def only(doing: Health) -> CameraHealth:
    [camera] = doing.cameras
    return camera


# -- IP cameras ---------------------------------------------------------------------------


def test_a_camera_that_was_just_looked_at_works(store: Store, look, took) -> None:
    ip_camera(store)
    took("north", "gate", ago(seconds=30))
    said_of(
        store, CameraState("north", "gate", last_success_at=ago(seconds=30), milliseconds=123.4)
    )
    camera = only(look())
    assert (camera.level, camera.said) == ("ok", "works")
    assert camera.last_picture_at == ago(seconds=30) and camera.photos_last_hour == 1
    assert camera.address == ADDRESS and camera.milliseconds == 123.4
    assert camera.age_s(NOON) == 30


def test_a_camera_that_fails_says_why_and_how_often(store: Store, look) -> None:
    ip_camera(store)
    reason = "refused: the machine is there, but nothing listens on this port"
    failing = CameraState(
        "north", "gate", ago(hours=1), last_failure_at=NOON, last_failure=reason, failures_in_row=1
    )
    said_of(store, failing)
    assert (only(look()).level, only(look()).said) == ("failing", reason)
    said_of(store, replace(failing, failures_in_row=3))
    assert only(look()).said == f"{reason} (3 times in a row)"
    assert look().problems == [f"camera north/gate: {reason} (3 times in a row)"]
    said_of(store, replace(failing, last_success_at=NOON, failures_in_row=0))
    camera = only(look())
    assert (camera.level, camera.last_failure) == ("ok", reason), "what was is still told"
    assert look().ok


def test_a_new_camera_is_not_blamed(store: Store, look) -> None:
    ip_camera(store)
    said_of(store)
    assert (only(look()).level, only(look()).said) == ("off", "not looked at yet")
    assert look().ok


@pytest.mark.parametrize("failures", [0, 5])
def test_a_paused_camera_is_meant_to_be_silent(store: Store, look, failures: int) -> None:
    ip_camera(store, paused=True)
    said_of(store, CameraState("north", "gate", ago(days=2), NOON, "refused", failures))
    assert (only(look()).level, only(look()).said) == ("off", "paused")
    assert look().ok


@pytest.mark.parametrize(
    ("schedule", "level"),
    [
        (Schedule(60, time(11, 30), time(12, 30)), "ok"),  # noon in Madrid is 10:00 UTC
        (Schedule(60, time(9, 30), time(10, 30)), "off"),
        (Schedule(60, time(12, 1), time(13)), "off"),
        (Schedule(60, weekdays=frozenset({0})), "ok"),  # a Monday
        (Schedule(60, weekdays=frozenset({1, 2, 3, 4, 5, 6})), "off"),
    ],
    ids=str,
)
def test_a_camera_out_of_its_hours_is_meant_to_be_silent(
    store: Store, look, schedule: Schedule, level: str
) -> None:
    store.save_ip_camera(IpCamera("north", "gate", ADDRESS, schedule))
    said_of(store, CameraState("north", "gate", ago(seconds=20)))
    camera = only(look())
    assert (camera.level, camera.said) == (level, {"ok": "works", "off": "out of its hours"}[level])
    assert look().ok


def test_out_of_its_hours_a_failure_of_before_is_no_problem(store: Store, look) -> None:
    at_night = Schedule(60, time(22), time(6))
    store.save_ip_camera(IpCamera("north", "gate", ADDRESS, at_night))
    said_of(store, CameraState("north", "gate", None, ago(hours=6), "refused", 9))
    assert only(look()).level == "off"
    assert look().ok


def test_a_camera_nobody_looks_at_any_more_is_stale(store: Store, look) -> None:
    ip_camera(store)
    due = 2 * INTERVAL_S + TIMEOUT_S + SILENT_S
    for late, level in ((due, "ok"), (due + 1, "stale")):
        said_of(store, CameraState("north", "gate", ago(seconds=late)))
        assert only(look()).level == level
    [problem] = look().problems
    assert problem.startswith("camera north/gate: not looked at for ")


def test_how_long_a_camera_was_not_looked_at_is_never_said_to_be_nothing(
    store: Store, look, settings: Settings
) -> None:
    store.save_ip_camera(IpCamera("north", "gate", ADDRESS, Schedule(1)))
    said_of(store, CameraState("north", "gate", ago(seconds=2 + TIMEOUT_S + SILENT_S + 1)))
    assert only(look()).level == "stale"
    assert "for 0 s" not in only(look()).said


def test_a_camera_whose_hours_have_just_begun_is_not_stale(store: Store, look) -> None:
    by_day = Schedule(60, time(12), time(22))
    store.save_ip_camera(IpCamera("north", "gate", ADDRESS, by_day))
    said_of(store, CameraState("north", "gate", ago(hours=14)))
    assert look(NOON + timedelta(seconds=1)).ok, "the first look of the day is still to come"
    assert only(look(NOON + timedelta(minutes=10))).level == "stale"


def test_logins_are_not_told(store: Store, look, settings: Settings) -> None:
    address = "http://192.168.1.20/snapshot.cgi?user=admin&pwd=***"
    store.save_ip_camera(IpCamera("north", "gate", address))
    credentials = Credentials(settings.credentials)
    credentials.put("north", "gate", Login("admin", "p@ss:w/o?rd", {"pwd": "another"}))
    assert only(look()).address == "http://***@192.168.1.20/snapshot.cgi?user=admin&pwd=***"
    settings.credentials.chmod(0o644)  # then it cannot be used, which is said where it is used
    assert only(look()).address == "http://***@192.168.1.20/snapshot.cgi?user=admin&pwd=***"
    assert "p@ss" not in json.dumps(look().record())
    assert "another" not in json.dumps(look().record())


# -- cameras that are folders -------------------------------------------------------------


def test_a_folder_says_whether_photos_arrive(store: Store, look, took) -> None:
    took("north", "fresh", ago(minutes=60))
    took("north", "archive", ago(minutes=61))
    store.save_camera(Camera("north", "empty", 20))
    found = {each.camera_id: each for each in look().cameras}
    assert {name: each.level for name, each in found.items()} == {
        "fresh": "ok",
        "archive": "off",  # it was read long after it was taken
        "empty": "off",
    }
    assert found["fresh"].said == "photos arrive" and found["empty"].said == "no photo yet"
    assert look().ok
    assert all(each.address is None for each in look().cameras)


def test_a_folder_whose_photos_stay_away_is_a_problem(store: Store, look, took) -> None:
    now = datetime.now(UTC)
    took("north", "recorder", now - timedelta(minutes=2))
    took("north", "archive", now - timedelta(days=2))
    assert look(now).ok
    late = look(now + timedelta(hours=2))
    assert {each.camera_id: each.level for each in late.cameras} == {
        "recorder": "stale",
        "archive": "off",
    }
    [problem] = late.problems
    assert problem.startswith("camera north/recorder: no new photo")


def test_photos_of_the_last_hour_are_counted_by_camera(store: Store, look, took) -> None:
    for minutes in (1, 30, 59, 61):
        took("north", "gate", ago(minutes=minutes))
    took("south", "gate", ago(minutes=2))
    doing = look()
    assert {each.lot_id: each.photos_last_hour for each in doing.cameras} == {
        "north": 3,
        "south": 1,
    }
    assert doing.photos_last_hour == 4 and doing.snapshots == 5


def test_samples_are_no_cameras_of_ours(store: Store, look, took) -> None:
    took(Lot("sample-north", "North", is_sample=True), "gate", ago(days=30))
    took("north", "gate", ago(minutes=1))
    assert only(look()).lot_id == "north"
    assert [each["lot"] for each in look().record()["cameras"]] == ["north"]


# -- the parts of the service -------------------------------------------------------------


def levels(doing: Health) -> dict[str, str]:
    return {each.name: each.level for each in doing.parts}


def test_what_was_never_started_is_no_problem(look) -> None:
    assert levels(look()) == {watcher.NAME: "off", rounds.NAME: "off"}
    assert all("parkcore serve" in each.said for each in look().parts)
    assert look().ok


@pytest.mark.parametrize("off_s", [0, 5, SILENT_S, -5, -SILENT_S])
def test_a_part_that_spoke_just_now_runs_though_the_clock_was_set(
    store: Store, look, off_s: float
) -> None:
    store.save_service(part(watcher.NAME, ago(seconds=off_s), note="watching by events", queue=7))
    [seen, _] = look().parts
    assert (seen.level, seen.said) == ("ok", "watching by events")
    assert look().ok
    assert look().record()["parts"]["watcher"]["queue"] == 7


def test_a_silent_part_is_a_problem(store: Store, look) -> None:
    store.save_service(part(watcher.NAME, ago(minutes=20), note="watching by events"))
    store.save_service(part(rounds.NAME, ago(seconds=SILENT_S + 1)))
    assert levels(look()) == {watcher.NAME: "failing", rounds.NAME: "failing"}
    first, second = look().problems
    assert first.startswith("watcher: silent for 20 min") and "`parkcore serve`" in first
    assert second.startswith("cameras: ")


def test_a_watcher_without_its_folder_is_a_problem(store: Store, look) -> None:
    gone = "the folder /mnt/photos is missing"
    store.save_service(part(watcher.NAME, fault=gone))
    assert levels(look())[watcher.NAME] == "failing"
    assert look().problems == [f"watcher: {gone}"]


def test_whether_a_part_runs_at_present(store: Store) -> None:
    now = datetime.now(UTC)
    assert not health.runs(store, watcher.NAME)
    store.save_service(part(watcher.NAME, now))
    assert health.runs(store, watcher.NAME) and not health.runs(store, rounds.NAME)
    store.save_service(part(watcher.NAME, now - timedelta(minutes=1)))
    assert not health.runs(store, watcher.NAME)


@pytest.mark.parametrize("back", [timedelta(seconds=10), timedelta(hours=1)], ids=str)
def test_a_clock_that_was_set_back_breaks_nothing(store: Store, look, took, back) -> None:
    ip_camera(store)
    took("north", "gate", NOON)
    took("north", "folder", NOON)
    store.save_service(part(watcher.NAME))
    said_of(store, CameraState("north", "gate", NOON, ago(minutes=1), "refused"))
    doing = look(NOON - back)  # all that was recorded lies in the future
    assert {each.camera_id: each.level for each in doing.cameras} == {"gate": "ok", "folder": "ok"}
    expected = "ok" if back.total_seconds() <= SILENT_S else "failing"
    assert levels(doing) == {watcher.NAME: expected, rounds.NAME: expected}
    assert json.loads(json.dumps(doing.record())) == doing.record()
    store.save_service(part(watcher.NAME, NOON - back))  # as a part that runs says at once
    said_of(store, seen_at=NOON - back)
    assert look(NOON - back).ok


# -- everything ---------------------------------------------------------------------------


def test_a_missing_storage_folder_is_a_problem(look, settings: Settings) -> None:
    assert look().disk_free_bytes > 0 and look().ok
    settings.storage.rmdir()
    assert look().disk_free_bytes is None
    assert look().problems == ["the storage folder is missing; create it or mount it again"]
    assert look().record()["disk_free_bytes"] is None


@pytest.mark.parametrize(
    ("free", "ok"), [(0, False), (LEAST_FREE_BYTES - 1, False), (LEAST_FREE_BYTES, True)]
)
def test_a_full_disk_is_a_problem(look, free: int, ok: bool) -> None:
    doing = replace(look(), disk_free_bytes=free)
    assert doing.ok is ok
    if not ok:
        assert "GB are free" in doing.problems[0]


def test_the_record_is_json_that_tells_everything(store: Store, look, took, settings) -> None:
    ip_camera(store)
    took("north", "gate", ago(seconds=90.5))
    reason = "refused: nothing listens “there”\n"
    said_of(
        store, CameraState("north", "gate", ago(seconds=90), ago(seconds=5), reason, 2, 1234.56)
    )
    store.save_service(
        part(
            watcher.NAME,
            queue=3,
            last_success_at=ago(seconds=88),
            last_failure_at=ago(days=1),
            last_failure="north/gate/a.jpg: cut off",
            note="watching by events",
        )
    )
    store.record_failure(Failure("north/gate/a.jpg", "north", "gate", "cut off", NOON))
    doing = look()
    record = json.loads(json.dumps(doing.record()))
    assert record["status"] == "degraded"
    assert record["at"] == "2026-05-04T10:00:00+00:00"
    assert record["problems"] == doing.problems
    assert record["cameras"] == [
        {
            "lot": "north",
            "camera": "gate",
            "level": "failing",
            "said": f"{reason} (2 times in a row)",
            "address": ADDRESS,
            "last_picture_at": "2026-05-04T09:58:29+00:00",
            "age_s": 90.5,
            "photos_last_hour": 1,
            "last_success_at": "2026-05-04T09:58:30+00:00",
            "last_failure_at": "2026-05-04T09:59:55+00:00",
            "last_failure": reason,
            "milliseconds": 1234.6,
        }
    ]
    assert record["parts"]["watcher"] == {
        "level": "ok",
        "said": "watching by events",
        "pid": 4711,
        "queue": 3,
        "started_at": "2026-05-04T09:00:00+00:00",
        "seen_at": "2026-05-04T10:00:00+00:00",
        "last_success_at": "2026-05-04T09:58:32+00:00",
        "last_failure_at": "2026-05-03T10:00:00+00:00",
        "last_failure": "north/gate/a.jpg: cut off",
    }
    assert record["parts"]["cameras"]["level"] == "ok"
    assert (record["snapshots"], record["failures"], record["photos_last_hour"]) == (1, 1, 1)
    assert record["database_bytes"] >= settings.db.stat().st_size > 0
    assert record["disk_free_bytes"] == pytest.approx(doing.disk_free_bytes)


def test_problems_name_parts_then_cameras_then_the_disk(store: Store, look, settings) -> None:
    ip_camera(store, "a")
    ip_camera(store, "b")
    said_of(
        store,
        CameraState("north", "a", ago(hours=5)),
        CameraState("north", "b", None, NOON, "refused", 1),
    )
    store.save_service(part(watcher.NAME, ago(minutes=5)))
    settings.storage.rmdir()
    said = [problem.partition(":")[0] for problem in look().problems]
    assert said == [
        "watcher",
        "camera north/a",
        "camera north/b",
        "the storage folder is missing; create it or mount it again",
    ]
