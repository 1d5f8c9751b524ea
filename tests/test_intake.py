"""Photos from elsewhere: refused at the door, known already, or kept and then read."""

from __future__ import annotations

import re
from datetime import UTC, datetime

import pytest
from conftest import MADRID, draw_lot, encode
from unprivileged import no_privileges, reachable_folder

from parkcore.domain import Lot
from parkcore.errors import FolderError
from parkcore.folder import find_photos, pending
from parkcore.ingest import content_id
from parkcore.intake import receive
from parkcore.storage import Storage

PHOTO = encode(draw_lot(3))
NORTH = Lot("north", "North", 40)


@pytest.fixture
def hand_in(analyser, storage, store):
    def hand(data: bytes = PHOTO, name: str = "a.jpg", camera_id: str = "gate"):
        return receive(
            data,
            name,
            lot=NORTH,
            camera_id=camera_id,
            analyser=analyser,
            storage=storage,
            store=store,
        )

    return hand


def test_a_new_photo_is_kept_to_be_read(hand_in, storage, store, analyser):
    received = hand_in()
    assert (received.name, received.sha256) == ("a.jpg", content_id(PHOTO))
    assert received.reason is received.known is None
    assert received.source.path.read_bytes() == PHOTO
    assert received.source.lot == NORTH
    assert store.count() == 0, "reading it comes next"
    assert analyser.ingest(received.source, store).status == "new"
    assert store.lots() == [NORTH]


def test_a_photo_that_was_kept_but_not_read_is_found_by_a_scan(hand_in, storage, store):
    received = hand_in()
    [found] = pending(storage.root, storage, store).sources
    assert found.path == received.source.path
    assert (found.file, found.camera_id) == (received.source.file, "gate")


def test_a_known_photo_is_not_kept_again(hand_in, storage, store, analyser):
    recorded = analyser.ingest(hand_in().source, store).snapshot
    received = hand_in(name="another name.jpg", camera_id="roof")
    assert received.known.id == recorded.id
    assert received.source is received.reason is None
    assert len(list(find_photos(storage.root))) == 1


def test_the_same_photo_twice_at_once_is_kept_once(hand_in, storage):
    assert hand_in().source.path == hand_in().source.path
    assert len(list(find_photos(storage.root))) == 1


@pytest.mark.parametrize(
    "data, said",
    [(b"", "empty"), (b"a note", "not a photo"), (PHOTO[:700], "cut off")],
    ids=["zero bytes", "text", "half a photo"],
)
def test_what_is_no_photo_is_refused_and_not_kept(hand_in, storage, store, data, said):
    received = hand_in(data, "holiday.jpg")
    assert said in received.reason
    assert received.source is received.known is None
    assert list(storage.root.iterdir()) == []
    [failure] = store.failures()
    assert failure.reason == received.reason
    assert failure.file.startswith("holiday.jpg (upload ")
    assert not failure.in_storage
    assert store.count() == 0


def test_two_bad_photos_of_one_name_are_two_failures(hand_in, store):
    hand_in(b"", "image.jpg")
    hand_in(b"a note", "image.jpg")
    assert len(store.failures()) == 2


def test_what_was_refused_twice_is_one_failure(hand_in, store):
    for _ in range(2):
        hand_in(b"", "holiday.jpg")
    assert [failure.attempts for failure in store.failures()] == [2]


def test_a_photo_that_cannot_be_kept_is_no_failure_of_the_photo(analyser, store):
    with reachable_folder() as root:
        root.chmod(0o555)
        with no_privileges(), pytest.raises(FolderError, match="cannot be kept"):
            receive(
                PHOTO,
                "a.jpg",
                lot=NORTH,
                camera_id="gate",
                analyser=analyser,
                storage=Storage(root, "default"),
                store=store,
            )
    assert store.failures() == []
    assert store.count() == 0


def test_it_is_filed_under_the_sites_day(hand_in):
    """22:30 in UTC is the next day in Madrid."""
    received = hand_in(name="2026-05-03T22:30:00Z.jpg")
    assert received.source.path.parent.name == "2026-05-04"


def with_digits_that_look_like_a_time() -> bytes:
    """A photo whose identity begins like 10:30, which goes into its file's name."""
    photos = (encode(draw_lot(1, seed=seed)) for seed in range(5000))
    return next(p for p in photos if re.match(r"[01]\d[0-5]\d[a-f]", content_id(p)))


@pytest.mark.parametrize(
    "data, name, taken, said_by",
    [
        (PHOTO, "2026-05-01_08-15-00.jpg", datetime(2026, 5, 1, 8, 15, tzinfo=MADRID), "filename"),
        (PHOTO, "a.jpg", datetime(2026, 5, 4, 10, 0, tzinfo=UTC), "now"),
        (PHOTO, "2026-05-01.jpg", datetime(2026, 5, 4, 10, 0, tzinfo=UTC), "now"),
        (PHOTO, "01_02.jpg", datetime(2026, 5, 4, 10, 0, tzinfo=UTC), "now"),
        (
            with_digits_that_look_like_a_time(),
            "2026-05-01.jpg",
            datetime(2026, 5, 4, 10, 0, tzinfo=UTC),
            "now",
        ),
        (
            with_digits_that_look_like_a_time(),
            "2026_05_01_08_15.jpg",
            datetime(2026, 5, 1, 8, 15, tzinfo=MADRID),
            "filename",
        ),
        (
            PHOTO,
            "2026-05-01T10:30:00.250-05:00.jpg",
            datetime(2026, 5, 1, 15, 30, 0, 250_000, tzinfo=UTC),
            "filename",
        ),
        (
            PHOTO,
            f"{'entrance of the north car park ' * 4}2026-05-01 08-15-00.jpg",
            datetime(2026, 5, 1, 8, 15, tzinfo=MADRID),
            "filename",
        ),
    ],
    ids=[
        "from its own name",
        "now, where its name has none",
        "a date alone is no time",
        "numbers are no time on the day it came",
        "digits of its identity are no time",
        "digits of its identity are no seconds",
        "with signs that no file's name can have",
        "at the end of a name that is too long",
    ],
)
def test_keeping_a_photo_does_not_change_its_time(
    hand_in, analyser, store, data, name, taken, said_by
):
    received = hand_in(data, name)
    assert received.name == name, "as whoever handed it in knows it"
    photo = analyser.ingest(received.source, store).snapshot.photo
    assert (photo.captured_at, photo.time_source) == (taken, said_by)
