"""The storage folder: whose photos these are, which are new, and reading them one by one."""

from __future__ import annotations

import os
import re
import shutil
from collections import deque
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
from conftest import NOON, PaintDetector, draw_lot, encode
from unprivileged import no_privileges, reachable_folder

from parkcore.domain import Lot
from parkcore.errors import FolderError, ModelError
from parkcore.folder import Tally, find_photos, pending, scan
from parkcore.storage import Storage

PHOTO = encode(draw_lot(3))


def write(path: Path, data: bytes = PHOTO) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)
    return path


def read_all(storage, analyser, store, **options) -> Tally:
    queue = deque(pending(storage.root, storage, store).sources)
    return scan(queue, analyser, store, root=storage.root, **options)


def tally(found: Tally) -> tuple[int, int, int]:
    return found.new, found.known, found.failed


# -- whose photo --------------------------------------------------------------------------------

PLACES = {
    "right in the storage folder": ("a.jpg", "default", "main"),
    "in a lot's folder": ("north/a.jpg", "north", "main"),
    "in a camera's folder": ("north/gate/a.jpg", "north", "gate"),
    "deeper than a camera": ("north/gate/more/a.jpg", "north", "gate"),
    "a day below a camera": ("north/gate/2026-05-04/a.jpg", "north", "gate"),
    "a day below a lot": ("north/2026-05-04/a.jpg", "north", "main"),
    "a day alone": ("2026-05-04/a.jpg", "default", "main"),
    "a day with a space behind it": ("2026-05-04 /a.jpg", "default", "main"),
    "a day that cannot name a folder everywhere": ("2026:05:04/a.jpg", "default", "main"),
    "a day with a dot below a lot": ("north/2026-05-04./a.jpg", "north", "main"),
    "a day in one number": ("north/20260504/a.jpg", "north", "main"),
    "a day with dots": ("north/2026.05.04/a.jpg", "north", "main"),
    "a month": ("north/2026-05/a.jpg", "north", "main"),
    "a year": ("north/2026/a.jpg", "north", "main"),
    "a camera below a day": ("north/2026-05-04/gate/a.jpg", "north", "gate"),
    "year, month and day below a camera": ("north/gate/2026/05/04/a.jpg", "north", "gate"),
    "year, month and day below a lot": ("north/2026/05/04/a.jpg", "north", "main"),
    "year and month below a lot": ("north/2026/05/a.jpg", "north", "main"),
    "year, month and day alone": ("2026/05/04/a.jpg", "default", "main"),
    "a camera with a number": ("north/05/a.jpg", "north", "05"),
    "a Dahua recorder's folders": (
        "north/gate/2026-05-04/001/jpg/10/30/00[M][0@0][0].jpg",
        "north",
        "gate",
    ),
    "spaces and umlauts": ("Süd 2/Einfahrt Ost/a.jpg", "Süd 2", "Einfahrt Ost"),
    "emoji": ("🅿️/🚗/a.jpg", "🅿️", "🚗"),
    "a name that not every system can have": ("north?/gate:1/a.jpg", "north_", "gate_1"),
    "a newline": ("two\nlines/a.jpg", "two_lines", "main"),
    "a name of spaces": (" /  /a.jpg", "default", "main"),
    "a name with a dot at its end": ("no. 1./a.jpg", "no. 1", "main"),
    "a name that hides twice": (" . .north/a.jpg", "north", "main"),
}


@pytest.mark.parametrize("file, lot, camera", PLACES.values(), ids=PLACES.keys())
def test_a_photos_place_says_whose_it_is(storage, file, lot, camera):
    source = storage.source(storage.root / file)
    assert (source.lot.id, source.camera_id) == (lot, camera)
    assert source.file == file
    assert storage.path(source.file) == source.path


def test_a_folder_elsewhere_is_read_the_same_way(storage, tmp_path):
    path = tmp_path / "elsewhere" / "north" / "gate" / "a.jpg"
    source = storage.source(path, base=tmp_path / "elsewhere")
    assert (source.lot.id, source.camera_id) == ("north", "gate")
    assert source.file == str(path)
    assert storage.path(source.file) == path


def test_a_file_elsewhere_belongs_to_the_default_lot(storage, tmp_path):
    source = storage.source(tmp_path / "north" / "gate" / "a.jpg")
    assert (source.lot.id, source.camera_id) == ("default", "main")


def test_a_relative_path_is_the_same_file(storage, monkeypatch):
    monkeypatch.chdir(storage.root)
    assert storage.source(Path("north/./gate/../a.jpg")).file == "north/a.jpg"


def test_a_name_that_is_no_text_is_escaped(storage):
    path = Path(os.fsdecode(os.fsencode(storage.root) + b"/caf\xe9.jpg"))
    assert storage.source(path).file == "caf\\xe9.jpg"


# -- lot.toml -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "text, lot",
    [
        (b'name = "North car park"\ncapacity = 40', Lot("north", "North car park", 40)),
        (b"capacity = 40", Lot("north", "north", 40)),
        (b'name = "\xf0\x9f\x85\xbf"', Lot("north", "🅿")),
        (b"", Lot("north", "north")),
        (b"colour = 'green'", Lot("north", "north")),
        (b'sample_photos = ["abc"]', Lot("north", "north", is_sample=True)),
        (b"\xef\xbb\xbfcapacity = 40", Lot("north", "north", 40)),
        (b"capacity = 40\r\n", Lot("north", "north", 40)),
    ],
    ids=[
        "name and capacity",
        "a capacity alone",
        "a name alone",
        "nothing",
        "something else",
        "sample photos",
        "with the mark that Notepad puts first",
        "with Windows' line ends",
    ],
)
def test_a_lot_is_described_by_its_file(storage, text, lot):
    write(storage.root / "north" / "lot.toml", text)
    assert storage.lot("north") == lot


@pytest.mark.parametrize("missing", ["folder", "file", "a file in the folder's place"])
def test_a_lot_without_a_file_has_its_id_for_a_name(storage, missing):
    if missing == "file":
        (storage.root / "north").mkdir()
    elif missing != "folder":
        write(storage.root / "north")
    assert storage.lot("north") == Lot("north", "north")


@pytest.mark.parametrize(
    "text, said",
    [
        (b"capacity = ", "line 1|Invalid"),
        (b"capacity = 0", "1 to 1,000,000, but got 0"),
        (b"capacity = -5", "but got -5"),
        (b"capacity = 40.5", "whole number"),
        (b'capacity = "40"', "whole number"),
        (b"capacity = true", "whole number"),
        (b"name = 'caf\xe9'", "utf-8|UTF-8"),
    ],
    ids=[
        "no value",
        "no space",
        "fewer than none",
        "half a space",
        "a capacity in quotes",
        "a capacity that is true",
        "not UTF-8",
    ],
)
def test_a_broken_lot_file_is_explained(storage, store, add_photo, text, said):
    file = write(storage.root / "north" / "lot.toml", text)
    add_photo("north/a.jpg")
    found = pending(storage.root, storage, store)
    assert re.search(said, found.skipped[0])
    assert str(file) in found.skipped[0]
    assert [source.lot for source in found.sources] == [Lot("north", "north")]


def test_a_lots_file_is_taken_over_when_the_lot_is_first_seen(storage, store, analyser, add_photo):
    write(storage.root / "north" / "lot.toml", b'name = "North"\ncapacity = 40')
    add_photo("north/a.jpg", seed=1)
    read_all(storage, analyser, store)
    assert store.lots() == [Lot("north", "North", 40)]
    store.change_lot(Lot("north", "Changed in the app", 41))
    add_photo("north/b.jpg", seed=2)
    read_all(storage, analyser, store)
    assert store.lots() == [Lot("north", "Changed in the app", 41)]


def test_a_lots_file_is_found_whatever_the_folders_name(storage, add_photo):
    """The lot's id differs from the folder's name where not every system could have that."""
    write(storage.root / "no. 1." / "lot.toml", b"capacity = 40")
    source = storage.source(add_photo("no. 1./a.jpg"))
    assert source.lot == Lot("no. 1", "no. 1", 40)


# -- which files --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "name, data, found",
    [
        ("a.jpg", PHOTO, True),
        ("a.JPEG", PHOTO, True),
        ("a.HEIC", encode(draw_lot(1), "HEIF"), True),
        ("a.b.c.png", PHOTO, True),
        ("north/gate/deep/deeper/a.tif", PHOTO, True),
        ("a", PHOTO, True),
        ("a.dat", PHOTO, True),
        ("a.jpg", b"", True),
        ("a.jpg", b"text", True),
        ("🚗 \n.jpg", PHOTO, True),
        ("a.txt", b"a note", False),
        ("a", b"", False),
        ("lot.toml", b"capacity = 1", False),
        ("a.mp4", b"\0\0\0\x20ftypisom" + bytes(20), False),
        (".a.jpg", PHOTO, False),
        ("._a.jpg", PHOTO, False),
        (".trash/a.jpg", PHOTO, False),
        ("a.jpg.part", PHOTO, False),
        ("a.jpg.PART", PHOTO, False),
        ("a.tmp", PHOTO, False),
        ("a.jpg.crdownload", PHOTO, False),
        ("a.jpg.filepart", PHOTO, False),
        ("a.jpg~", PHOTO, False),
    ],
    ids=[
        "a photo",
        "a suffix in capitals",
        "a phone's photo",
        "dots in the name",
        "at any depth",
        "a photo without a suffix",
        "a photo with another suffix",
        "an empty file with a photo's suffix",
        "text with a photo's suffix",
        "emoji and a newline",
        "a note",
        "an empty file",
        "the lot's own file",
        "a video",
        "a hidden file",
        "what a Mac leaves beside a file",
        "in a hidden folder",
        "half a file",
        "half a file in capitals",
        "a temporary file",
        "a browser's download",
        "an upload by WinSCP",
        "an editor's backup",
    ],
)
def test_what_is_a_photo(storage, name, data, found):
    path = write(storage.root / name, data)
    assert list(find_photos(storage.root)) == ([path] if found else [])


def test_photos_come_in_the_order_of_their_names(storage, add_photo):
    for name in ("b/2.jpg", "b/10.jpg", "a/3.jpg", "z.jpg", "b/c/1.jpg"):
        add_photo(name)
    found = [path.relative_to(storage.root).as_posix() for path in find_photos(storage.root)]
    assert found == ["z.jpg", "a/3.jpg", "b/10.jpg", "b/2.jpg", "b/c/1.jpg"]


def test_a_link_in_a_circle_is_not_followed(storage, add_photo):
    add_photo("north/a.jpg")
    (storage.root / "north" / "again").symlink_to(storage.root)
    assert len(list(find_photos(storage.root))) == 1


@pytest.mark.timeout(5)
def test_a_pipe_is_not_waited_for(storage):
    os.mkfifo(storage.root / "pipe")
    assert list(find_photos(storage.root)) == []


def test_a_missing_folder_is_explained(storage, store):
    with pytest.raises(FolderError) as refusal:
        pending(storage.root / "none", storage, store)
    assert str(storage.root / "none") in str(refusal.value)
    assert "PARKCORE_STORAGE" in str(refusal.value)


def test_a_file_in_the_folders_place_is_explained(tmp_path, store):
    write(tmp_path / "file")
    with pytest.raises(FolderError, match="Not a directory"):
        pending(tmp_path / "file", Storage(tmp_path / "file", "default"), store)


def test_a_folder_without_permission_is_said_and_the_others_are_read(store):
    with reachable_folder() as root:
        write(root / "north" / "a.jpg")
        locked = root / "south"
        locked.mkdir()
        locked.chmod(0o000)
        with no_privileges():
            found = pending(root, Storage(root, "default"), store)
        locked.chmod(0o755)
        assert [source.file for source in found.sources] == ["north/a.jpg"]
        assert found.skipped == [f"{locked} cannot be read (Permission denied)"]


def test_a_storage_folder_without_permission_is_an_error(store):
    with reachable_folder() as parent:
        root = parent / "storage_photo"
        root.mkdir(mode=0o000)
        with no_privileges(), pytest.raises(FolderError, match="Permission denied"):
            pending(root, Storage(root, "default"), store)
        root.chmod(0o755)


def test_a_linked_folder_is_followed_once(storage, store, tmp_path):
    write(tmp_path / "mounted" / "a.jpg")
    (storage.root / "north").mkdir()
    (storage.root / "north" / "gate").symlink_to(tmp_path / "mounted")
    (tmp_path / "mounted" / "again").symlink_to(storage.root)
    found = pending(storage.root, storage, store)
    assert [(s.file, s.camera_id) for s in found.sources] == [("north/gate/a.jpg", "gate")]


@pytest.mark.parametrize("name", ["@eaDir", "lost+found", "#recycle", ".hidden"])
def test_folders_of_the_system_are_passed_over(storage, store, name):
    write(storage.root / "north" / name / "a.jpg")
    assert pending(storage.root, storage, store).sources == []


# -- what is still to be read -------------------------------------------------------------------


def test_what_was_read_is_not_read_again(storage, store, analyser, add_photo):
    for seed, name in enumerate(("a.jpg", "north/b.jpg")):
        add_photo(name, seed=seed)
    write(storage.root / "bad.jpg", b"")
    assert tally(read_all(storage, analyser, store)) == (2, 0, 1)
    found = pending(storage.root, storage, store)
    assert (found.sources, found.known, found.failed_before) == ([], 2, 1)


def test_a_changed_file_is_read_again(storage, store, analyser, add_photo):
    path = add_photo("a.jpg", seed=1)
    read_all(storage, analyser, store)
    before = path.stat()
    path.write_bytes(encode(draw_lot(4, seed=2)))
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns + 1_000_000))
    assert tally(read_all(storage, analyser, store)) == (1, 0, 0)
    assert store.count() == 2


def test_a_touched_file_is_known_again(storage, store, analyser, add_photo):
    path = add_photo("a.jpg")
    read_all(storage, analyser, store)
    os.utime(path, (1, 1))
    assert tally(read_all(storage, analyser, store)) == (0, 1, 0)
    assert pending(storage.root, storage, store).known == 1


def test_forgotten_failures_are_read_again(storage, store, analyser):
    write(storage.root / "bad.jpg", b"")
    read_all(storage, analyser, store)
    store.forget_failures(["bad.jpg"])
    assert len(pending(storage.root, storage, store).sources) == 1


def test_a_part_of_the_folder_can_be_read(storage, store, add_photo):
    add_photo("north/gate/a.jpg")
    add_photo("south/b.jpg")
    found = pending(storage.root / "north", storage, store)
    [source] = found.sources
    assert (source.file, source.lot.id, source.camera_id) == ("north/gate/a.jpg", "north", "gate")


def test_a_link_to_nowhere_does_not_stop_a_scan(storage, store, analyser, add_photo):
    (storage.root / "a.jpg").symlink_to(storage.root / "nowhere.jpg")
    add_photo("b.jpg")
    assert tally(read_all(storage, analyser, store)) == (1, 0, 0)


# -- reading them -------------------------------------------------------------------------------


def test_a_bad_photo_does_not_stop_those_behind_it(storage, store, analyser, add_photo):
    add_photo("a.jpg", seed=1, vehicles=2)
    write(storage.root / "b.jpg", PHOTO[:500])
    write(storage.root / "c.jpg", b"")
    add_photo("d.jpg", seed=2, vehicles=3)
    found = read_all(storage, analyser, store)
    assert tally(found) == (2, 0, 2)
    failed = [each.source.file for each in found.problems if each.status == "failed"]
    assert failed == ["b.jpg", "c.jpg"]
    assert sum(one.vehicles.total for one in store.snapshots()) == 5


def test_of_copies_that_were_read_one_takes_the_place_of_the_original(
    storage, store, analyser, add_photo
):
    original = add_photo("north/a.jpg")
    copy = storage.root / "north" / "b.jpg"
    copy.write_bytes(original.read_bytes())
    read_all(storage, analyser, store)
    original.unlink()
    assert [each.file for each in pending(storage.root, storage, store).sources] == ["north/b.jpg"]
    read_all(storage, analyser, store)
    [kept] = store.snapshots()
    assert kept.photo.file == "north/b.jpg"
    assert pending(storage.root, storage, store).sources == []
    copy.rename(original)
    read_all(storage, analyser, store)
    assert store.snapshots()[0].photo.file == "north/a.jpg", "and back again"


def test_duplicates_in_two_folders_count_once(storage, store, analyser, add_photo):
    add_photo("north/a.jpg", vehicles=6)
    add_photo("south/copy of a.jpg", vehicles=6)
    assert tally(read_all(storage, analyser, store)) == (1, 1, 0)
    [one] = store.snapshots()
    assert (one.photo.lot_id, one.vehicles.total) == ("north", 6)
    assert pending(storage.root, storage, store).known == 2


@pytest.mark.parametrize(
    "name",
    [
        b"caf\xe9.jpg",
        "🚗🚙.jpg".encode(),
        b"two\nlines.jpg",
        b" .jpg",
        b"%s{}'\".jpg",
        b"a" * 251 + b".jpg",
    ],
    ids=["not text", "emoji", "two lines", "a space", "signs", "as long as can be"],
)
def test_any_name_is_read_once(storage, store, analyser, name):
    path = os.fsencode(storage.root) + b"/" + name
    with open(path, "wb") as out:  # noqa: PTH123 – bytes are no Path
        out.write(PHOTO)
    assert tally(read_all(storage, analyser, store)) == (1, 0, 0)
    assert tally(read_all(storage, analyser, store)) == (0, 0, 0)
    assert pending(storage.root, storage, store).known == 1


def test_photos_and_outcomes_are_told_as_they_come(storage, store, analyser, add_photo):
    add_photo("a.jpg")
    write(storage.root / "b.jpg", b"")
    told = []
    read_all(
        storage,
        analyser,
        store,
        on_photo=lambda source: told.append(source.file),
        on_outcome=lambda outcome: told.append(outcome.status),
    )
    assert told == ["a.jpg", "new", "b.jpg", "failed"]


def test_a_scan_that_was_stopped_goes_on_where_it_stopped(storage, store, analyser, add_photo):
    for seed in range(5):
        add_photo(f"{seed}.jpg", seed=seed)
    first = read_all(storage, analyser, store, cancelled=lambda: store.count() == 2)
    assert tally(first) == (2, 0, 0)
    assert tally(read_all(storage, analyser, store)) == (3, 0, 0)
    assert store.count() == 5


def test_a_file_that_vanished_does_not_stop_a_scan(storage, store, analyser, add_photo):
    first, second = add_photo("a.jpg", seed=1), add_photo("b.jpg", seed=2)
    queue = deque(pending(storage.root, storage, store).sources)
    first.unlink()
    assert tally(scan(queue, analyser, store, root=storage.root)) == (1, 0, 0)
    assert second.exists()
    assert store.failures() == []


def test_a_folder_that_vanishes_during_a_scan_is_told(storage, store, analyser, add_photo):
    for seed in range(3):
        add_photo(f"{seed}.jpg", seed=seed)
    queue = deque(pending(storage.root, storage, store).sources)
    with pytest.raises(FolderError) as refusal:
        scan(
            queue,
            analyser,
            store,
            root=storage.root,
            on_outcome=lambda outcome: shutil.rmtree(storage.root, ignore_errors=True),
        )
    assert "vanished during the scan; 1 photos were recorded" in str(refusal.value)
    assert store.count() == 1
    assert store.failures() == []


def test_a_model_that_breaks_stops_the_scan_and_keeps_what_is_recorded(
    storage, store, analyser, add_photo
):
    class BreaksAtTheThird(PaintDetector):
        seen = 0

        def detect(self, image, imgsz=None):
            self.seen += 1
            if self.seen == 3:
                raise ModelError("out of memory")
            return super().detect(image, imgsz)

    for seed in range(4):
        add_photo(f"{seed}.jpg", seed=seed)
    with pytest.raises(ModelError):
        read_all(storage, replace(analyser, detector=BreaksAtTheThird()), store)
    assert store.count() == 2
    assert store.failures() == []
    assert tally(read_all(storage, analyser, store)) == (2, 0, 0)


# -- keeping photos from elsewhere --------------------------------------------------------------

SHA = "0123456789abcdef" * 4


def keep(storage, name: str, data: bytes = PHOTO):
    return storage.add(data, name, lot=Lot("north", "N"), camera_id="gate", at=NOON, sha256=SHA)


@pytest.mark.parametrize(
    "name, stem, suffix",
    [
        ("IMG_1.jpg", "IMG_1", ".jpg"),
        ("Einfahrt Süd.PNG", "Einfahrt Süd", ".PNG"),
        ("photo", "photo", ".jpg"),
        ("photo.exe", "photo", ".jpg"),
        ("2026-05-04 10.30", "2026-05-04 10.30", ".jpg"),
        ("../../etc/passwd", "etc_passwd", ".jpg"),
        ("C:\\Users\\me\\a.jpg", "C__Users_me_a", ".jpg"),
        ("/a.jpg", "_a", ".jpg"),
        ("..", "photo", ".jpg"),
        ("", "photo", ".jpg"),
        ("two\nlines.jpg", "two_lines", ".jpg"),
        ("x" * 300 + ".png", "x" * 40, ".png"),
        ("🚗" * 100 + ".jpg", "🚗" * 20, ".jpg"),
        ("停" * 100 + ".jpg", "停" * 20, ".jpg"),
    ],
    ids=[
        "a phone's name",
        "a suffix in capitals",
        "without a suffix",
        "with the suffix of something else",
        "a time with a dot is no suffix",
        "a path upwards",
        "a path on Windows",
        "an absolute path",
        "the folder above",
        "no name",
        "two lines",
        "a long name keeps its suffix",
        "a long name of emoji",
        "a long name in Chinese",
    ],
)
def test_a_photo_from_elsewhere_is_kept(storage, name, stem, suffix):
    source = keep(storage, name)
    assert source.path.read_bytes() == PHOTO
    assert source.path.parent == storage.root / "north" / "gate" / "2026-05-04"
    assert stem in source.path.stem
    assert SHA[:8] in source.path.stem
    assert source.path.suffix == suffix
    assert source.file == source.path.relative_to(storage.root).as_posix()
    assert source.arrived_just_now
    again = storage.source(source.path)
    assert (again.file, again.lot.id, again.camera_id) == (source.file, "north", "gate")
    assert list(find_photos(storage.root)) == [source.path]


def test_keeping_the_same_photo_twice_leaves_one_file(storage):
    assert keep(storage, "a.jpg").path == keep(storage, "a.jpg").path
    assert len(list(find_photos(storage.root))) == 1


def test_a_photo_that_cannot_be_kept_leaves_nothing():
    with reachable_folder() as root:
        root.chmod(0o555)
        with no_privileges(), pytest.raises(FolderError) as refusal:
            keep(Storage(root, "default"), "a.jpg")
        assert "Permission denied" in str(refusal.value)
        assert str(root / "north") in str(refusal.value)
        assert list(root.iterdir()) == []


def test_a_file_in_the_lots_place_is_explained(storage):
    write(storage.root / "north")
    with pytest.raises(FolderError, match="cannot be kept in"):
        keep(storage, "a.jpg")


def test_it_is_filed_under_the_day_it_was_taken(storage):
    source = storage.add(
        PHOTO,
        "a.jpg",
        lot=Lot("north", "N"),
        camera_id="gate",
        at=datetime(2025, 12, 31, 23, 30, tzinfo=UTC),
        sha256=SHA,
    )
    assert source.path.parent.name == "2025-12-31"
