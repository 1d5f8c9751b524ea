"""What programs ask the app: photos handed in, health and metrics. The real server each time."""

from __future__ import annotations

import base64
import json
import socket
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from pathlib import Path
from typing import Any

import httpx
import pytest
from browser.app import NORTH, App, another
from conftest import NOON
from prometheus_client.parser import text_string_to_metric_families

from parkcore.domain import LABELS
from parkcore.service import metrics
from parkcore.service.camera_health import CameraHealth
from parkcore.service.health import Health

TOKEN = "a secret: of gate-7"  # noqa: S105 – made up
BEARER = {"Authorization": f"Bearer {TOKEN}"}
PLACE = ("photo", "lot", "camera", "milliseconds", "capacity", "rate", "level")
"""What a photo's record need not have in common wherever it is analysed."""


@pytest.fixture(scope="module")
def make_app(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[..., App]]:
    made: list[App] = []

    def make(**settings: str) -> App:
        made.append(App(tmp_path_factory.mktemp("api"), {"PARKCORE_IMGSZ": "320", **settings}))
        made[-1].storage.mkdir()
        return made[-1]

    yield make
    for app in made:
        app.stop()


@pytest.fixture(scope="module")
def app(make_app: Callable[..., App]) -> App:
    made = make_app(PARKCORE_API_TOKEN=TOKEN)
    made.start()
    return made


def client(app: App, **options: Any) -> httpx.Client:
    return httpx.Client(base_url=app.url, trust_env=False, timeout=60, **options)


@pytest.fixture(scope="module")
def sender(app: App) -> Iterator[httpx.Client]:
    """A program that knows the token."""
    with client(app, headers=BEARER) as opened:
        yield opened


def photo(seed: int) -> bytes:
    """A photo with EXIF that nobody has handed in yet."""
    return another(NORTH / "2026-05-04_10-00.jpg", seed, width=640)


def recorded(app: App) -> int:
    with app.store() as store:
        return store.count()


def analysed(app: App, file: Path) -> dict[str, Any]:
    """What the command line says of a photo."""
    return json.loads(app.command("analyse", "--json", str(file)))


def elsewhere(record: dict[str, Any]) -> dict[str, Any]:
    """What does not depend on where a photo is kept."""
    return {name: value for name, value in record.items() if name not in PLACE}


# -- photos -------------------------------------------------------------------------------


@pytest.mark.parametrize("form", ["raw", "multipart", "put"])
def test_a_photo_is_answered_like_analyse_and_recorded_once(
    app: App, sender: httpx.Client, tmp_path: Path, form: str
) -> None:
    data = photo({"raw": 1, "multipart": 2, "put": 3}[form])
    body = (
        {"files": {"picture": ("gate 1.jpg", data)}} if form == "multipart" else {"content": data}
    )
    where = {"lot": "north", "camera": "gate"}
    ask = {"method": "PUT" if form == "put" else "POST", "url": "/api/photos", "params": where}
    before = recorded(app)
    first = sender.request(**ask, **body)
    assert first.status_code == 201, first.text
    record = first.json()
    file = tmp_path / "same.jpg"
    file.write_bytes(data)
    expected = analysed(app, file)
    assert list(record) == list(expected)
    assert elsewhere(record) == elsewhere(expected)
    assert record["time_source"] == "exif" and record["error"] is None
    assert record["total"] > 20 and len(record["detections"]) == record["total"]
    assert (record["lot"], record["camera"]) == ("north", "gate")
    assert (app.storage / record["photo"]).read_bytes() == data
    assert record["photo"].startswith("north/gate/2026-05-04/")
    assert record["photo"].endswith("_gate 1.jpg" if form == "multipart" else "_photo.jpg")

    again = sender.request(**ask, **body)
    assert again.status_code == 200
    assert again.json() == record
    assert recorded(app) == before + 1
    assert app.history()[-1]["vehicles"] == record["vehicles"]


def test_a_photo_without_a_place_goes_to_the_default_lot(app: App, sender: httpx.Client) -> None:
    answer = sender.post("/api/photos", params={"name": "x.jpg"}, content=photo(4))
    assert answer.status_code == 201
    record = answer.json()
    assert (record["lot"], record["camera"]) == ("default", "main")
    assert record["photo"].endswith("_x.jpg")


@pytest.mark.parametrize(
    "given",
    [
        None,
        "Bearer",
        "Bearer wrong token",
        f"Bearer {TOKEN[:-1]}",
        f"Bearer {TOKEN}x",
        f"Token {TOKEN[1:]}",
        "Basic !!!",
        b"Basic \xe9\xe9",
        b"Bearer \xe9",
        "Basic " + base64.b64encode(b"\xff\xfe").decode(),
        "Basic " + base64.b64encode(b"camera:wrong").decode(),
        "Basic " + base64.b64encode(f"{TOKEN}:".encode()).decode(),
    ],
)
def test_without_the_token_nothing_is_taken(app: App, given: str | bytes | None) -> None:
    before = recorded(app)
    headers = {} if given is None else {"Authorization": given}
    with client(app, headers=headers) as stranger:
        answer = stranger.post("/api/photos", content=photo(5))
    assert answer.status_code == 401
    assert "Bearer" in answer.headers["WWW-Authenticate"]
    assert 'Basic realm="' in answer.headers["WWW-Authenticate"]
    assert "Authorization: Bearer TOKEN" in answer.json()["error"]
    assert recorded(app) == before


@pytest.mark.parametrize("user", ["", "camera"])
def test_basic_with_the_token_as_password_is_taken(app: App, user: str) -> None:
    with client(app, auth=(user, TOKEN)) as camera:
        assert camera.post("/api/photos", content=photo(6)).status_code in (200, 201)


def test_without_a_configured_token_nobody_may_send(make_app: Callable[..., App]) -> None:
    app = make_app()
    app.start()
    with client(app, headers={"Authorization": "Bearer"}) as sender:
        answer = sender.post("/api/photos", content=photo(7))
        assert answer.status_code == 403
        assert "PARKCORE_API_TOKEN" in answer.json()["error"]
        assert sender.get("/api/health").status_code == 200
    assert recorded(app) == 0


def test_too_large_a_photo_is_refused(make_app: Callable[..., App]) -> None:
    app = make_app(PARKCORE_API_TOKEN=TOKEN, PARKCORE_MAX_UPLOAD_MB="0.05")
    app.start()
    large, small = photo(8), another(NORTH / "2026-05-04_10-00.jpg", 8, width=320)
    assert len(small) < 50_000 < len(large)

    def chunks() -> Iterator[bytes]:
        for start in range(0, len(large), 5_000):
            yield large[start : start + 5_000]

    with client(app, headers=BEARER) as sender:
        for body in ({"content": large}, {"content": chunks()}, {"files": {"a": large}}):
            answer = sender.post("/api/photos", **body)
            assert answer.status_code == 413
            assert "0.05 MB" in answer.json()["error"]
            assert "PARKCORE_MAX_UPLOAD_MB" in answer.json()["error"]
        assert recorded(app) == 0
        with app.store() as store:
            assert store.failures() == []
        assert sender.post("/api/photos", content=small).status_code == 201


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"Remember to buy milk.", "not a photo"),
        (b"", "empty (0 bytes)"),
        (photo(9)[:20_000], "damaged or cut off"),
    ],
    ids=["text", "nothing", "truncated"],
)
def test_what_is_no_photo_is_refused_and_recorded_as_a_failure(
    app: App, sender: httpx.Client, data: bytes, reason: str
) -> None:
    before = recorded(app)
    for _ in range(2):
        answer = sender.post("/api/photos", params={"lot": "doubts"}, content=data)
        assert answer.status_code == 422
    record = answer.json()
    assert reason in record["error"]
    assert record["vehicles"] == dict.fromkeys(LABELS)
    assert record["total"] is None and record["rate"] is None and record["detections"] == []
    assert record["lot"] == "doubts"
    assert recorded(app) == before
    with app.store() as store:
        [failure] = [each for each in store.failures() if reason in each.reason]
    assert failure.lot_id == "doubts" and failure.attempts == 2
    assert not (app.storage / "doubts").exists()


def test_a_lots_file_that_cannot_be_used_refuses_no_photo(app: App, sender: httpx.Client) -> None:
    folder = app.storage / "typo"
    folder.mkdir()
    (folder / "lot.toml").write_text("name = Typo without quotes")
    answer = sender.post("/api/photos", params={"lot": "typo"}, content=photo(46))
    assert answer.status_code == 201, answer.text
    assert answer.json()["lot"] == "typo"


@pytest.mark.parametrize("name", ["../x", "..", "a/b", ".hidden", "x\0y", "x\ny", "x" * 81])
def test_a_name_that_is_no_folders_is_refused(app: App, sender: httpx.Client, name: str) -> None:
    before = written(app)
    for kind in ("lot", "camera"):
        answer = sender.post("/api/photos", params={kind: name}, content=photo(10))
        assert answer.status_code == 400
        assert f"cannot name a {kind}" in answer.json()["error"]
    assert written(app) == before


def test_a_files_name_leads_nowhere_else(app: App, sender: httpx.Client) -> None:
    before = written(app)
    for number, name in enumerate(["../../../evil.jpg", "/etc/evil.jpg", "a\\..\\evil.jpg\0"]):
        raw = sender.post("/api/photos", params={"name": name}, content=photo(20 + number))
        form = sender.post("/api/photos", files={"photo": (name, photo(30 + number))})
        assert [raw.status_code, form.status_code] == [201, 201]
    new = written(app) - before
    kept = {path for path in new if path.suffix == ".jpg"}
    assert len(kept) == 6
    assert all(path.is_relative_to(app.storage / "default" / "main") for path in kept)
    assert all(path.is_relative_to(app.storage) for path in new)


def written(app: App) -> set[Path]:
    """Every file and folder beside the database."""
    return {path for path in app.root.rglob("*") if not path.name.startswith(app.db.name)}


@pytest.mark.parametrize("number", [0, 2])
def test_a_form_has_exactly_one_photo(app: App, sender: httpx.Client, number: int) -> None:
    before = recorded(app), written(app)
    files: list[Any] = [("photos", (f"{n}.jpg", photo(40 + n))) for n in range(number)]
    answer = sender.post("/api/photos", files=[*files, ("said", (None, b"hello"))])
    assert answer.status_code == 400
    assert answer.json()["error"] == f"one photo a request, but this has {number} files"
    assert (recorded(app), written(app)) == before


@pytest.mark.parametrize("kind", ["multipart/form-data", "multipart/form-data; boundary=x"])
def test_a_broken_form_is_the_senders_fault(sender: httpx.Client, kind: str) -> None:
    answer = sender.post("/api/photos", content=b"--y\r\n", headers={"Content-Type": kind})
    assert answer.status_code == 400
    assert answer.json()["error"]


def test_a_form_is_known_however_its_type_is_spelt(sender: httpx.Client) -> None:
    body = b'--x\r\nContent-Disposition: form-data; name="a"; filename="a.jpg"\r\n\r\n'
    answer = sender.post(
        "/api/photos",
        content=body + photo(45) + b"\r\n--x--\r\n",
        headers={"Content-Type": "Multipart/Form-Data; boundary=x"},
    )
    assert answer.status_code == 201


@pytest.mark.parametrize("method", ["GET", "DELETE"])
def test_photos_are_handed_in_and_nothing_else(sender: httpx.Client, method: str) -> None:
    answer = sender.request(method, "/api/photos")
    assert answer.status_code == 405
    assert "POST" in answer.headers["Allow"]


def test_many_at_once_record_each_photo_once(app: App, sender: httpx.Client, tmp_path) -> None:
    before = recorded(app)
    photos = [photo(50 + number) for number in range(10)]
    with ThreadPoolExecutor(20) as pool:
        answers = list(
            pool.map(lambda data: sender.post("/api/photos", content=data), photos + photos)
        )
    assert recorded(app) == before + 10
    for one, same in zip(answers[:10], answers[10:], strict=True):
        assert {201} <= {one.status_code, same.status_code} <= {200, 201}
        assert one.json() == same.json()
    file = tmp_path / "one.jpg"
    file.write_bytes(photos[3])
    assert elsewhere(answers[3].json()) == elsewhere(analysed(app, file))


def test_a_sender_that_leaves_in_the_middle_is_no_fault_of_the_app(app: App) -> None:
    written_before = len(app.log)
    head = f"POST /api/photos HTTP/1.1\r\nHost: app\r\nAuthorization: Bearer {TOKEN}\r\n"
    port = httpx.URL(app.url).port
    with socket.create_connection(("127.0.0.1", port)) as connection:
        connection.sendall(head.encode() + b"Content-Length: 1000\r\n\r\nabc")
        time.sleep(0.3)
    with client(app) as other:
        for _ in range(5):
            assert other.get("/api/health").status_code == 200
            time.sleep(0.1)
    assert "Traceback" not in app.log[written_before:]


def test_the_token_is_not_in_the_log(app: App, sender: httpx.Client) -> None:
    sender.post("/api/photos", content=photo(70))
    sender.post("/api/photos", content=b"no photo")
    with client(app, auth=("camera", TOKEN)) as camera:
        camera.post("/api/photos", params={"lot": "../x"}, content=photo(71))
    basic = base64.b64encode(f"camera:{TOKEN}".encode()).decode()
    assert app.log
    assert TOKEN not in app.log and basic not in app.log


# -- health and metrics -------------------------------------------------------------------


def test_health_says_whether_something_needs_to_be_seen_to(app: App) -> None:
    with client(app) as anybody:
        fine = anybody.get("/api/health")
        assert fine.status_code == 200
        assert fine.headers["Content-Type"] == "application/json"
        assert (fine.json()["status"], fine.json()["problems"]) == ("ok", [])
        assert fine.json()["snapshots"] == recorded(app)
        away = app.root / "away"
        app.storage.rename(away)
        try:
            degraded = anybody.get("/api/health")
        finally:
            away.rename(app.storage)
        assert degraded.status_code == 200
        assert degraded.json()["status"] == "degraded"
        assert "storage folder is missing" in degraded.json()["problems"][0]
        assert degraded.json()["disk_free_bytes"] is None
        assert anybody.get("/api/health").json()["status"] == "ok"


def test_a_broken_database_is_said_and_photos_may_come_again(
    make_app: Callable[..., App],
) -> None:
    app = make_app(PARKCORE_API_TOKEN=TOKEN)
    app.db.write_bytes(bytes(range(256)) * 64)
    app.start()
    with client(app, headers=BEARER) as sender:
        health = sender.get("/api/health")
        assert health.status_code == 503
        assert health.json()["status"] == "failing"
        assert "parkcore.db" in health.json()["problems"][0]
        told = sender.get("/metrics")
        assert told.status_code == 503
        assert all(line.startswith("#") for line in told.text.splitlines())
        answer = sender.post("/api/photos", content=photo(80))
        assert answer.status_code == 503
        assert "parkcore.db" in answer.json()["error"]
        assert int(answer.headers["Retry-After"]) > 0
    assert "Traceback" not in app.log


def samples(text: str) -> dict[tuple[str, ...], float]:
    """Every sample by its metric's name and the values of its labels, in this order of them."""
    order = ("part", "lot", "camera", "type", "state")
    return {
        (each.name, *(each.labels[name] for name in order if name in each.labels)): each.value
        for family in text_string_to_metric_families(text)
        for each in family.samples
    }


def test_metrics_hold_the_vehicles_of_the_latest_photo(app: App, sender: httpx.Client) -> None:
    place = {"lot": "Métro's lot", "camera": "mast 1"}
    record = sender.post("/api/photos", params=place, content=photo(90)).json()
    with client(app) as anybody:
        told = anybody.get("/metrics")
    assert told.status_code == 200
    assert told.headers["Content-Type"].startswith("text/plain; version=0.0.4")
    found = samples(told.text)
    for label, number in record["vehicles"].items():
        assert found["parkcore_vehicles", "Métro's lot", "mast 1", label] == number
    assert found["parkcore_snapshots",] == recorded(app)
    assert found["parkcore_healthy",] == 1
    taken = found["parkcore_camera_last_picture_timestamp_seconds", "Métro's lot", "mast 1"]
    assert taken == datetime.fromisoformat(record["captured_at"]).timestamp()
    assert found["parkcore_part_up", "watcher"] == 0
    assert found["parkcore_disk_free_bytes",] > 0


def test_which_spaces_are_free_is_told_to_other_programs(
    app: App, sender: httpx.Client, tmp_path: Path
) -> None:
    place = {"lot": "yard", "camera": "gate"}
    unmarked = sender.post("/api/photos", params=place, content=photo(91)).json()
    assert "spaces" not in unmarked
    nearest = max(unmarked["detections"], key=lambda seen: seen["box"][3])
    layout = tmp_path / "spaces.json"
    layout.write_text(json.dumps(two_spaces(nearest["box"])))
    app.command("layout", "import", "yard", "gate", str(layout))
    app.command("lot", "set", "yard", "--name", "The yard")

    answer = sender.post("/api/photos", params=place, content=photo(92)).json()
    states = {space["id"]: space["state"] for space in answer["spaces"]}
    assert states == {"taken": "occupied", "free": "vacant"}
    assert (answer["occupied"], answer["vacant"], answer["unknown"]) == (1, 1, 0)
    again = sender.post("/api/photos", params=place, content=photo(92)).json()
    assert again["spaces"] == answer["spaces"], "a known photo is told about as well"

    with client(app) as anybody:
        lots = {lot["lot"]: lot for lot in anybody.get("/api/lots").json()}
        found = samples(anybody.get("/metrics").text)
    yard = lots["yard"]
    assert (yard["name"], yard["capacity"], yard["rate"]) == ("The yard", 2, 0.5)
    assert (yard["free"], yard["taken"], yard["unknown"]) == (1, 1, 0)
    assert yard["interval"][0] <= 1 <= yard["interval"][1]
    assert (yard["vehicles"], yard["total"]) == (answer["vehicles"], answer["total"])
    assert yard["seen_at"] == answer["captured_at"]
    assert yard["stale"], "the photo is of May"
    for state in ("free", "taken", "unknown"):
        assert found["parkcore_places", "yard", state] == yard[state]


def test_a_lot_without_photos_or_capacity_has_no_number_of_places(
    app: App, sender: httpx.Client
) -> None:
    app.command("lot", "add", "empty lot", "--capacity", "9")
    counted = sender.post("/api/photos", params={"lot": "uncounted"}, content=photo(93)).json()
    with client(app) as anybody:
        lots = {lot["lot"]: lot for lot in anybody.get("/api/lots").json()}
        found = samples(anybody.get("/metrics").text)
    unseen, unknown = lots["empty lot"], lots["uncounted"]
    assert unseen["seen_at"] is None and unseen["total"] is None and unseen["stale"]
    assert unseen["free"] is None and unseen["rate"] is None
    assert unknown["total"] == counted["total"] > 0
    assert unknown["free"] is None and unknown["capacity"] is None
    assert not [key for key in found if key[:2] == ("parkcore_places", "uncounted")]


def two_spaces(box: list[float]) -> dict[str, Any]:
    """A layout of the sample photo: the space of one of its vehicles, and one before them."""
    left, top, right, bottom = box
    below = top + 0.4 * (bottom - top)
    standing = [[left, below], [right, below], [right, bottom], [left, bottom]]
    before = [[300, 285], [340, 285], [340, 320], [300, 320]]
    return {
        "image_size": [640, 360],
        "spaces": [{"id": "taken", "polygon": standing}, {"id": "free", "polygon": before}],
    }


def test_names_in_metrics_are_escaped() -> None:
    name = 'the "north"\\side\nsecond line'
    camera = CameraHealth(name, "a\\nb", "failing", 'said "no"', NOON, 3, last_success_at=NOON)
    health = Health(
        at=NOON, cameras=(camera,), parts=(), photos_last_hour=3, snapshots=5, failures=1,
        disk_free_bytes=None, database_bytes=10,
    )  # fmt: skip
    text = metrics.exposition(health, {(name, "a\\nb", "car"): 7}, {(name, "free"): 3}).decode()
    found = samples(text)
    assert found["parkcore_vehicles", name, "a\\nb", "car"] == 7
    assert found["parkcore_places", name, "free"] == 3
    assert found["parkcore_camera_up", name, "a\\nb"] == 0
    at = found["parkcore_camera_last_success_timestamp_seconds", name, "a\\nb"]
    assert at == NOON.timestamp()
    assert found["parkcore_healthy",] == 0
    assert ("parkcore_disk_free_bytes",) not in found, "unknown is not 0"


def test_the_pages_are_served_beside_it(app: App) -> None:
    with client(app) as anybody:
        page = anybody.get("/")
        assert page.status_code == 200 and "<!doctype html>" in page.text.lower()
        assert anybody.get("/_stcore/health").text == "ok"
        assert "<html" in anybody.get("/history").text
