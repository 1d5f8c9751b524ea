"""One photo becomes one recorded snapshot, or a failure with its reason."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import PIL.Image
import pytest
from conftest import MADRID, NOON, PaintDetector, draw_lot, encode
from unprivileged import no_privileges, reachable_folder

from parkcore.analysis_size import ENOUGH
from parkcore.domain import Box, DetectorInfo, Lot, Vehicles
from parkcore.errors import ModelError, UnreadablePhoto
from parkcore.images import decode
from parkcore.ingest import Analyser, Source, content_id, refusal
from parkcore.spaces.layout import Layout, Space
from parkcore.sqlite.file_store import FileStamp
from parkcore.storage import Storage
from parkcore.store import Store


def test_a_new_photo_is_recorded_with_all_that_is_known(storage, store, analyser, add_photo):
    path = add_photo("north/gate/2026-05-04_10-30-00.jpg", vehicles=7)
    outcome = analyser.ingest(storage.source(path), store)
    assert (outcome.status, outcome.reason, outcome.raced) == ("new", None, False)
    snapshot = store.snapshot(outcome.snapshot.id)
    assert snapshot == outcome.snapshot
    assert snapshot.vehicles == Vehicles(car=7)
    assert len(snapshot.detections) == 7
    assert snapshot.detector == PaintDetector.info
    assert snapshot.milliseconds > 0
    photo = snapshot.photo
    assert photo.file == "north/gate/2026-05-04_10-30-00.jpg"
    assert photo.sha256 == content_id(path.read_bytes())
    assert photo.size_bytes == path.stat().st_size
    assert (photo.width, photo.height) == (320, 200)
    assert photo.captured_at == datetime(2026, 5, 4, 10, 30, tzinfo=MADRID)
    assert photo.time_source == "filename"
    assert (photo.lot_id, photo.camera_id) == ("north", "gate")


def test_its_thumbnail_shows_it(storage, store, analyser, add_photo):
    outcome = analyser.ingest(storage.source(add_photo("a.jpg")), store)
    [small] = store.thumbnails([outcome.snapshot.id]).values()
    assert len(PaintDetector().detect(decode(small, max_megapixels=1).image)) == 3


def test_an_empty_lot_is_recorded_as_empty(storage, store, analyser, add_photo):
    outcome = analyser.ingest(storage.source(add_photo("a.jpg", vehicles=0)), store)
    assert outcome.status == "new"
    assert store.snapshot(outcome.snapshot.id).vehicles.total == 0


@pytest.mark.parametrize(
    "again",
    ["north/a.jpg", "north/renamed.jpg", "south/roof/a.jpg"],
    ids=["read again", "under another name", "in another lot"],
)
def test_the_same_photo_counts_once(storage, store, analyser, add_photo, again):
    first = analyser.ingest(storage.source(add_photo("north/a.jpg")), store)
    second = analyser.ingest(storage.source(add_photo(again)), store)
    assert second.status == "known"
    assert second.snapshot == replace(first.snapshot, detections=None)
    assert store.count() == 1
    assert set(store.files()) == {"north/a.jpg", again}


def test_another_photo_under_the_same_name_counts_too(storage, store, analyser, add_photo):
    for seed in (1, 2):
        source = storage.source(add_photo("gate/latest.jpg", seed=seed))
        assert analyser.ingest(source, store).status == "new"
    assert store.count() == 2


BAD = {
    "zero bytes": (b"", "empty"),
    "text": (b"a note", "not a photo"),
    "half a photo": (encode(draw_lot(3))[:2000], "cut off"),
    "a tiny photo": (encode(draw_lot(3)[:10, :10], "PNG"), "10 × 10 pixels"),
}


@pytest.mark.parametrize("data, reason", BAD.values(), ids=BAD.keys())
def test_a_bad_photo_is_a_failure_and_stays(storage, store, analyser, data, reason):
    path = storage.root / "north" / "bad.jpg"
    path.parent.mkdir()
    path.write_bytes(data)
    outcome = analyser.ingest(storage.source(path), store)
    assert outcome.status == "failed"
    assert outcome.snapshot is None
    assert reason in outcome.reason
    [failure] = store.failures()
    assert (failure.file, failure.reason) == ("north/bad.jpg", outcome.reason)
    assert (failure.failed_at, failure.attempts, failure.in_storage) == (NOON, 1, True)
    assert store.count() == 0
    assert path.read_bytes() == data


def test_a_bad_photo_that_was_copied_again_is_read(storage, store, analyser, add_photo):
    path = add_photo("north/a.jpg")
    whole = path.read_bytes()
    path.write_bytes(whole[:900])
    assert analyser.ingest(storage.source(path), store).status == "failed"
    path.write_bytes(whole)
    assert analyser.ingest(storage.source(path), store).status == "new"
    assert store.failures() == []


def test_a_file_that_vanished_is_gone_and_no_failure(storage, store, analyser):
    outcome = analyser.ingest(storage.source(storage.root / "a.jpg"), store)
    assert outcome.status == "gone"
    assert store.failures() == []
    assert store.files() == {}


def test_a_folder_named_like_a_photo_is_a_failure(storage, store, analyser):
    (storage.root / "a.jpg").mkdir()
    outcome = analyser.ingest(storage.source(storage.root / "a.jpg"), store)
    assert outcome.status == "failed"
    assert "Is a directory" in outcome.reason


@pytest.mark.timeout(5)
def test_a_pipe_named_like_a_photo_is_not_waited_for(storage, store, analyser):
    os.mkfifo(storage.root / "a.jpg")
    outcome = analyser.ingest(storage.source(storage.root / "a.jpg"), store)
    assert outcome.status == "failed"


def test_a_photo_without_permission_is_a_failure_until_it_has(store, analyser):
    with reachable_folder() as root:
        path = root / "a.jpg"
        path.write_bytes(encode(draw_lot(2)))
        path.chmod(0o000)
        source = Storage(root, "default").source(path)
        with no_privileges():
            outcome = analyser.ingest(source, store)
        assert outcome.status == "failed"
        assert "Permission denied" in outcome.reason
        assert "check its permissions" in outcome.reason
        assert store.files() == {}, "the next scan tries again, though nothing changed"
        path.chmod(0o644)
        assert analyser.ingest(source, store).status == "new"
        assert store.failures() == []


def test_a_file_too_large_for_any_photo_is_not_read(storage, store):
    path = storage.root / "a.jpg"
    path.write_bytes(encode(draw_lot(2)) + bytes(200_000))
    small = Analyser(PaintDetector(), MADRID, 0.02, now=lambda: NOON)
    outcome = small.ingest(storage.source(path), store)
    assert outcome.status == "failed"
    assert "PARKCORE_MAX_MEGAPIXELS" in outcome.reason


EXIF_TIME = "2026:05:04 09:15:00"


def taken_by_camera(offset: str | None = None) -> bytes:
    exif = PIL.Image.Exif()
    detail = exif.get_ifd(0x8769)
    detail[0x9003] = EXIF_TIME
    if offset:
        detail[0x9011] = offset
    return encode(draw_lot(2), exif=exif.tobytes())


@pytest.mark.parametrize(
    "data, name, just_now, taken, said_by",
    [
        (taken_by_camera(), "20260504_103000.jpg", False, "07:15", "exif"),
        (taken_by_camera("+00:00"), "20260504_103000.jpg", False, "09:15", "exif"),
        (encode(draw_lot(2)), "20260504_103000.jpg", False, "08:30", "filename"),
        (encode(draw_lot(2)), "a.jpg", False, "06:00", "mtime"),
        (encode(draw_lot(2)), "a.jpg", True, "10:00", "now"),
        (encode(draw_lot(2)), "20260504_103000.jpg", True, "08:30", "filename"),
    ],
    ids=[
        "from the camera, on the site's clock",
        "from the camera, with an offset",
        "from the file's name",
        "from the file's change",
        "an upload's change says nothing",
        "an upload's name does",
    ],
)
def test_the_capture_time(storage, store, analyser, data, name, just_now, taken, said_by):
    path = storage.root / name
    path.write_bytes(data)
    six = datetime(2026, 5, 4, 6, 0, tzinfo=UTC).timestamp()
    os.utime(path, (six, six))
    source = replace(storage.source(path), arrived_just_now=just_now)
    photo = analyser.ingest(source, store).snapshot.photo
    assert (f"{photo.captured_at:%H:%M}", photo.time_source) == (taken, said_by)


def test_a_time_that_is_not_believed_is_told(storage, store, analyser, add_photo):
    path = add_photo("2031-01-01_10-00.jpg")
    os.utime(path, (NOON.timestamp(), NOON.timestamp()))
    outcome = analyser.ingest(storage.source(path), store)
    assert "2031-01-01 10:00, lies in the future" in outcome.snapshot.note
    assert store.snapshot(outcome.snapshot.id).note == outcome.snapshot.note


def test_a_time_that_the_database_cannot_hold_becomes_the_nearest(tmp_path):
    """As of a file of Windows without a time: 1601, in nanoseconds more than 64 bits hold."""
    file = tmp_path / "a.jpg"
    file.write_bytes(b"x")
    stat = file.stat()
    for mtime_ns, kept in ((-11644473600 * 10**9, -(2**63)), (2**64, 2**63 - 1), (5, 5)):
        found = FileStamp.of(SimpleNamespace(st_size=stat.st_size, st_mtime_ns=mtime_ns))
        assert found == FileStamp(1, kept)


@pytest.mark.parametrize("when", [-(2**31), 2**33], ids=["long ago", "far ahead"])
def test_a_nonsense_modification_time_does_not_cost_the_photo(
    storage, store, analyser, add_photo, when
):
    path = add_photo("a.jpg")
    os.utime(path, (when, when))
    outcome = analyser.ingest(storage.source(path), store)
    assert outcome.status == "new"
    assert outcome.snapshot.photo.time_source == "now"


def test_looking_records_nothing(storage, store, analyser, add_photo):
    analysis = analyser.analyse_file(storage.source(add_photo("a.jpg", vehicles=4)), store)
    assert analysis.snapshot.vehicles.total == 4
    assert analysis.snapshot.id is None
    assert analysis.image.shape == (200, 320, 3)
    assert store.count() == 0


def test_looking_refuses_what_cannot_be_read(storage, store, analyser):
    path = storage.root / "a.jpg"
    path.write_bytes(b"")
    with pytest.raises(UnreadablePhoto, match="empty"):
        analyser.analyse_file(storage.source(path), store)
    with pytest.raises(FileNotFoundError):
        analyser.analyse_file(storage.source(storage.root / "gone.jpg"), store)


def test_a_photo_that_was_moved_is_found_where_it_is_now(storage, store, analyser, add_photo):
    path = add_photo("north/gate/a.jpg")
    first = analyser.ingest(storage.source(path), store).snapshot
    copy = storage.root / "north" / "gate" / "2026" / "copy.jpg"
    copy.parent.mkdir()
    copy.write_bytes(path.read_bytes())
    assert analyser.ingest(storage.source(copy), store).status == "known"
    assert store.snapshot(first.id).photo.file == "north/gate/a.jpg", "a copy changes nothing"
    path.rename(storage.root / "b.jpg")
    assert analyser.ingest(storage.source(storage.root / "b.jpg"), store).status == "known"
    moved = store.snapshot(first.id).photo
    assert (moved.file, moved.lot_id, moved.camera_id) == ("b.jpg", "north", "gate")


def test_what_is_left_where_a_photo_was_says_whether_it_was_moved(
    storage, store, analyser, add_photo, monkeypatch
):
    def recorded() -> str:
        return store.snapshot(first.id).photo.file

    path = add_photo("north/gate/latest.jpg")
    first = analyser.ingest(storage.source(path), store).snapshot
    (storage.root / "nas").mkdir()
    copy = storage.root / "nas" / "a.jpg"
    copy.write_bytes(path.read_bytes())
    monkeypatch.chdir(storage.root)
    assert analyser.ingest(storage.source(Path("nas/a.jpg")), store).status == "known"
    assert recorded() == "north/gate/latest.jpg", "a path from here means the same file"
    path.unlink()
    path.parent.rmdir()
    analyser.ingest(storage.source(copy), store)
    assert recorded() == "north/gate/latest.jpg", "an empty folder may not be mounted"
    analyser.ingest(storage.source(add_photo("north/gate/latest.jpg", vehicles=5)), store)
    analyser.ingest(storage.source(copy), store)
    assert recorded() == "nas/a.jpg", "another photo has taken its place"


def test_a_photo_outside_of_the_storage_folder_takes_no_other_ones_place(
    tmp_path, storage, store, analyser, add_photo
):
    path = add_photo("a.jpg")
    first = analyser.ingest(storage.source(path), store).snapshot
    outside = path.rename(tmp_path / "a.jpg")
    source = Source(outside, str(outside), storage.source(path).lot, "gate")
    assert analyser.ingest(source, store).status == "known"
    assert store.snapshot(first.id).photo.file == "a.jpg"


def test_two_processes_at_the_same_photo_record_it_once(tmp_path, storage, add_photo):
    """The other one records it while this one is looking at it."""
    path, source = tmp_path / "parkcore.db", storage.source(add_photo("a.jpg"))

    class Slow(PaintDetector):
        def detect(self, image, imgsz=None):
            with Store.open(path) as other:
                Analyser(PaintDetector(), MADRID, 50, now=lambda: NOON).ingest(source, other)
            return super().detect(image, imgsz)

    with Store.open(path) as store:
        outcome = Analyser(Slow(), MADRID, 50, now=lambda: NOON).ingest(source, store)
        assert (outcome.status, outcome.raced) == ("known", True)
        assert store.count() == 1
        assert store.known(outcome.snapshot.photo.sha256) == outcome.snapshot


def test_without_a_model_nothing_is_recorded(storage, store, add_photo):
    class Broken(PaintDetector):
        def detect(self, image, imgsz=None):
            raise ModelError("the weights are gone")

    source = storage.source(add_photo("a.jpg"))
    with pytest.raises(ModelError):
        Analyser(Broken(), MADRID, 50).ingest(source, store)
    assert store.count() == 0
    assert store.failures() == []
    assert store.files() == {}


class LooksAs(PaintDetector):
    """Notes in which size it is told to look at photos of 1600 pixels with vehicles of 8."""

    info = DetectorInfo("paint", "1", 0.5, 640)

    def __init__(self) -> None:
        self.sizes: list[int | None] = []

    def detect(self, image, imgsz=None):
        self.sizes.append(imgsz)
        small = PIL.Image.fromarray(image).resize((320, 200), PIL.Image.Resampling.NEAREST)
        found = super().detect(np.asarray(small), imgsz)
        return [replace(d, box=Box(d.box.x1, d.box.y1, d.box.x1 + 8, d.box.y1 + 8)) for d in found]


@pytest.fixture
def add_large(storage, tmp_path):
    def add(name: str, vehicles: int):
        path = storage.root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        drawn = PIL.Image.fromarray(draw_lot(vehicles))
        path.write_bytes(encode(np.asarray(drawn.resize((1600, 1000)))))
        return storage.source(path)

    return add


@pytest.mark.parametrize("fits, larger", [(True, 1600), (False, None)])
def test_a_camera_with_small_vehicles_is_looked_at_larger(store, add_large, fits, larger):
    detector = LooksAs()
    analyser = Analyser(detector, MADRID, 50, now=lambda: NOON, fits_size=fits)
    for number in range(3):
        outcome = analyser.ingest(add_large(f"north/gate/{number}.jpg", 14 + number), store)
        used = (number and larger) or 640
        assert store.snapshot(outcome.snapshot.id).detector == replace(LooksAs.info, imgsz=used)
    analyser.ingest(add_large("south/gate/0.jpg", 20), store)
    assert detector.sizes == [None, larger, larger, None]
    analyser.analyse_file(add_large("north/gate/3.jpg", 30), store)
    assert detector.sizes[-1] == larger, "also where it is only looked at"


def test_what_was_seen_in_photos_of_another_size_is_in_other_pixels(
    store, analyser, add_large, add_photo, storage
):
    small = add_photo("north/gate/2026-05-04_10-00.jpg", vehicles=3)
    analyser.ingest(storage.source(small), store)
    [seen] = store.vehicles_seen("north", "gate", limit=10)
    assert len(seen) == 3
    analyser.ingest(add_large("north/gate/2026-05-04_11-00.jpg", 0), store)
    assert store.count() == 2
    assert store.vehicles_seen("north", "gate", limit=10) == [[]], "only the newest's size"


def test_marked_spaces_tell_the_size_too(store, add_large):
    """Far spaces may be empty; they must be seen as well."""
    detector = LooksAs()
    analyser = Analyser(detector, MADRID, 50, now=lambda: NOON, fits_size=True)
    analyser.ingest(add_large("north/gate/0.jpg", 0), store)
    analyser.ingest(add_large("north/gate/1.jpg", 1), store)
    corners = [(0.1, 0.1), (0.104, 0.1), (0.104, 0.106), (0.1, 0.106)]
    spaces = tuple(
        Space(str(n), tuple((x + n * 0.05, y) for x, y in corners)) for n in range(ENOUGH)
    )
    layout = Layout(spaces, (), (1600, 1000))
    store.save_layout("north", "gate", layout, None, based_on=0)
    analyser.ingest(add_large("north/gate/2.jpg", 2), store)
    assert detector.sizes == [None, 640, 1600]


SPACES = {
    "image_size": [320, 200],
    "spaces": [{"id": "A1", "polygon": [[0, 0], [40, 0], [40, 60], [0, 60]]}],
}


@pytest.fixture
def describe_lot(storage: Storage) -> Callable[..., None]:
    """Describe a lot and the spaces of its camera `gate`, as the samples' are."""

    def describe(text: str = json.dumps(SPACES), *, is_sample: bool = True) -> None:
        folder = storage.root / "north"
        (folder / "gate").mkdir(parents=True)
        (folder / "gate" / "spaces.json").write_text(text)
        samples = 'sample_photos = ["abc"]' if is_sample else ""
        (folder / "lot.toml").write_text(f'name = "North"\ncapacity = 40\n{samples}')

    return describe


def test_the_spaces_of_a_sample_judge_its_first_photo(
    storage, store, analyser, add_photo, describe_lot
):
    describe_lot()
    first = analyser.ingest(storage.source(add_photo("north/gate/a.jpg")), store)
    layout = store.layout("north", "gate")
    assert [space.id for space in layout.spaces] == ["A1"] and layout.version == 1
    judged = store.judged(first.snapshot.id)
    assert judged.layout_id == layout.id and len(judged.judgement.spaces) == 1
    assert decode(store.layout_reference(layout.id), max_megapixels=1).width == 320
    assert store.lot("north") == Lot("north", "North", 40, is_sample=True)
    second = analyser.ingest(storage.source(add_photo("north/gate/b.jpg", seed=1)), store)
    assert store.layout("north", "gate") == layout
    assert store.judged(second.snapshot.id).layout_id == layout.id


@pytest.mark.parametrize("drawn", [Layout(()), Layout((Space("B7", ((0, 0), (1, 0), (1, 1))),))])
def test_spaces_that_a_user_drew_or_took_away_stay_so(
    storage, store, analyser, add_photo, describe_lot, drawn, caplog
):
    describe_lot("no JSON, but nobody reads it")
    saved = store.save_layout("north", "gate", drawn, None, based_on=0)
    analyser.ingest(storage.source(add_photo("north/gate/a.jpg")), store)
    assert store.layout("north", "gate") == saved
    assert not caplog.records


@pytest.mark.parametrize("text", ["{", '{"spaces": []}', "\x00"])
def test_spaces_that_cannot_be_used_cost_no_photo(
    storage, store, analyser, add_photo, describe_lot, caplog, text
):
    describe_lot(text)
    outcome = analyser.ingest(storage.source(add_photo("north/gate/a.jpg")), store)
    assert outcome.status == "new" and store.layouts() == {}
    assert "north/gate are not marked" in caplog.text


def test_only_samples_bring_their_spaces_along(storage, store, analyser, add_photo, describe_lot):
    describe_lot(is_sample=False)
    analyser.ingest(storage.source(add_photo("north/gate/a.jpg")), store)
    assert store.count() == 1 and store.layouts() == {}


def test_samples_that_are_removed_while_one_is_looked_at(
    storage, store, analyser, add_photo, describe_lot
):
    """Its spaces are gone when it is recorded, and the photo counts all the same."""
    describe_lot()
    source = storage.source(add_photo("north/gate/a.jpg"))
    analysis = analyser.analyse_file(source, store)
    analyser.ingest(storage.source(add_photo("north/gate/b.jpg", seed=1)), store)
    judged = analyser.judged(analysis, store)
    store.delete_snapshots([one.photo.sha256 for one in store.snapshots()])
    store.delete_lot("north")
    snapshot, is_new = store.record(analysis.snapshot, b"", lot=source.lot, judged=judged)
    assert is_new and judged is not None
    assert store.judged(snapshot.id) is None


def test_the_clock_is_the_present_in_utc():
    now = Analyser(PaintDetector(), MADRID, 50).now()
    assert now.utcoffset() == timedelta(0)


@pytest.mark.parametrize(
    "file, said",
    [
        ("north/a.jpg", "north/a.jpg"),
        ("a\nb\x1b[31m\u202egpj.jpg", "a�b�[31m�gpj.jpg"),
        ("🚗", "🚗"),
    ],
    ids=["a plain name", "control characters", "emoji"],
)
def test_a_name_is_said_on_one_line(tmp_path, file, said):
    assert Source(tmp_path, file, Lot("a", "a"), "main").said == said


def test_a_refusal_names_its_source(tmp_path):
    source = Source(tmp_path, "north/a.jpg", Lot("north", "North"), "gate")
    failure = refusal(source, "empty", NOON, in_storage=False)
    assert (failure.lot_id, failure.camera_id, failure.in_storage) == ("north", "gate", False)
