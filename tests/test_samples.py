"""The samples go without a trace, and take nothing of the user's with them."""

from __future__ import annotations

import json
import shutil
import tomllib
from collections import deque

import pytest
from conftest import SAMPLES, draw_lot, encode
from unprivileged import no_privileges, reachable_folder

from parkcore.cameras.addresses import Login
from parkcore.cameras.credentials import Credentials
from parkcore.domain import Box, Detection, IpCamera, Lot
from parkcore.errors import FolderError
from parkcore.folder import find_photos, pending, scan
from parkcore.ingest import content_id
from parkcore.samples import remove_samples
from parkcore.spaces.judgement import judge
from parkcore.spaces.layout import overlapping
from parkcore.spaces.layout_files import read_layout
from parkcore.storage import Storage

SAMPLE_PHOTOS = [encode(draw_lot(n + 1, seed=n)) for n in range(3)]

SPACES = json.dumps(
    {
        "image_size": [320, 200],
        "spaces": [{"id": "A1", "polygon": [[0, 0], [40, 0], [40, 60], [0, 60]]}],
    }
)


def bring_samples(root, lot: str = "sample-north") -> None:
    folder = root / lot / "gate"
    folder.mkdir(parents=True)
    for n, data in enumerate(SAMPLE_PHOTOS):
        (folder / f"{n}.jpg").write_bytes(data)
    (folder / "spaces.json").write_text(SPACES)
    hashes = json.dumps([content_id(data) for data in SAMPLE_PHOTOS])
    (root / lot / "lot.toml").write_text(
        f'name = "North"\ncapacity = 9\nsample_photos = {hashes}\n'
        f'sample_spaces = ["{content_id(SPACES.encode())}"]\n'
    )


@pytest.fixture
def samples(storage):
    bring_samples(storage.root)
    return storage.root / "sample-north"


@pytest.fixture
def read(storage, analyser, store):
    def read_everything() -> None:
        queue = deque(pending(storage.root, storage, store).sources)
        scan(queue, analyser, store, root=storage.root)

    return read_everything


def test_samples_go_without_a_trace(samples, storage, store, read):
    read()
    assert [lot.is_sample for lot in store.lots()] == [True]
    assert remove_samples(store, storage) == 3
    assert store.count() == 0
    assert store.lots() == store.cameras() == store.failures() == []
    assert store.layouts() == {}
    assert store.files() == {}
    assert not samples.exists()
    assert storage.root.is_dir()


def test_removing_twice_is_fine(samples, storage, store, read):
    read()
    remove_samples(store, storage)
    assert remove_samples(store, storage) == 0


def test_own_lots_are_left_alone(samples, storage, store, read, add_photo):
    own = add_photo("north/gate/a.jpg", vehicles=5, seed=77)
    read()
    assert remove_samples(store, storage) == 3
    assert own.exists()
    assert [lot.id for lot in store.lots()] == ["north"]
    assert store.count() == 1


def test_own_photos_in_a_sample_lot_stay(samples, storage, store, read, add_photo):
    own = add_photo("sample-north/gate/own.jpg", vehicles=7, seed=77)
    read()
    assert remove_samples(store, storage) == 3
    assert list(find_photos(storage.root)) == [own]
    [snapshot] = store.snapshots()
    assert snapshot.vehicles.total == 7
    assert store.lots() == [Lot("sample-north", "North", 9, is_sample=False)]


def test_own_photos_that_were_not_read_yet_stay_too(samples, storage, store, read, add_photo):
    read()
    own = add_photo("sample-north/gate/own.jpg", vehicles=7, seed=77)
    remove_samples(store, storage)
    assert own.exists()
    read()
    assert store.count() == 1


def test_an_ip_camera_of_the_users_in_a_sample_lot_stays_with_its_login(
    samples, storage, store, read, tmp_path
):
    """Who wants to be rid of it removes it, which asks, and forgets its login."""
    read()
    own, login = IpCamera("sample-north", "roof", "http://10.0.0.2/a.jpg"), Login("admin", "sesame")
    store.save_ip_camera(own)
    credentials = Credentials(tmp_path / "credentials.json")
    credentials.put("sample-north", "roof", login)
    assert remove_samples(store, storage) == 3
    assert store.ip_cameras() == [own]
    assert store.lots() == [Lot("sample-north", "North", 9, is_sample=False)]
    assert credentials.get("sample-north", "roof") == login


@pytest.mark.parametrize(
    "name",
    ["contract.pdf", "gate/video.mp4", ".hidden", "gate/half.jpg.part"],
    ids=["a document", "a video", "a hidden file", "a photo that is still coming"],
)
def test_other_files_of_the_users_stay(samples, storage, store, read, name):
    read()
    (samples / name).write_bytes(b"mine")
    remove_samples(store, storage)
    assert (samples / name).read_bytes() == b"mine"
    assert list(find_photos(storage.root)) == []
    assert store.count() == 0


def test_a_photo_of_the_users_own_that_was_named_like_a_sample_stays(samples, storage, store, read):
    mine = samples / "gate" / "0.jpg"
    mine.write_bytes(encode(draw_lot(9, seed=99)))
    read()
    remove_samples(store, storage)
    assert mine.exists()
    assert store.count() == 1


def test_a_copy_of_a_sample_in_an_own_lot_is_read_again(samples, storage, store, read):
    read()
    own = storage.root / "west" / "a.jpg"
    own.parent.mkdir()
    own.write_bytes(SAMPLE_PHOTOS[0])
    read()
    remove_samples(store, storage)
    assert own.exists()
    read()
    assert [one.photo.lot_id for one in store.snapshots()] == ["west"]


def test_samples_whose_folder_is_gone_go_from_the_history(samples, storage, store, read):
    """The user deleted the folder by hand first."""
    read()
    shutil.rmtree(samples)
    assert remove_samples(store, storage) == 3
    assert store.count() == 0
    assert store.lots() == []


@pytest.mark.parametrize(
    "text", [b'name = "Mine now"', b"capacity = ", b"name = 'caf\xe9'"],
    ids=["without the samples", "broken", "not UTF-8"],
)  # fmt: skip
def test_a_changed_lot_file_costs_no_photo(samples, storage, store, read, text):
    read()
    (samples / "lot.toml").write_bytes(text)
    try:
        remove_samples(store, storage)
    except FolderError as refusal:
        assert str(samples / "lot.toml") in str(refusal)
    assert len(list(find_photos(storage.root))) == 3
    assert store.count() == 3


def test_a_sample_that_cannot_be_deleted_is_named(analyser, store):
    with reachable_folder() as root:
        storage = Storage(root, "default")
        bring_samples(root)
        scan(deque(pending(root, storage, store).sources), analyser, store, root=root)
        for folder in (root / "sample-north" / "gate", root / "sample-north", root):
            folder.chmod(0o555)
        with no_privileges(), pytest.raises(FolderError, match="sample-north"):
            remove_samples(store, storage)
        assert store.count() == 3


def test_without_samples_there_is_nothing_to_do(storage, store, read, add_photo):
    add_photo("north/a.jpg")
    read()
    assert remove_samples(store, storage) == 0
    assert store.count() == 1


def test_spaces_stay_where_photos_of_the_user_are(samples, storage, store, read):
    (samples / "gate" / "own.jpg").write_bytes(encode(draw_lot(4, seed=99)))
    read()
    remove_samples(store, storage)
    assert (samples / "gate" / "spaces.json").exists()
    assert len(store.layout("sample-north", "gate").spaces) == 1


def test_spaces_go_where_only_another_camera_of_the_lot_stays(samples, storage, store, read):
    (samples / "roof").mkdir()
    (samples / "roof" / "own.jpg").write_bytes(encode(draw_lot(4, seed=99)))
    read()
    remove_samples(store, storage)
    assert not (samples / "gate" / "spaces.json").exists()
    assert store.layouts() == {}
    assert {camera.id: camera.capacity for camera in store.cameras()} == {
        "gate": None,
        "roof": None,
    }


def test_spaces_that_the_user_drew_anew_stay(samples, storage, store, read):
    (samples / "roof").mkdir()
    (samples / "roof" / "own.jpg").write_bytes(encode(draw_lot(4, seed=99)))
    (samples / "gate" / "spaces.json").write_text(SPACES.replace("A1", "mine"))
    read()
    drawn = store.layout("sample-north", "gate")
    again = store.save_layout("sample-north", "gate", drawn, None, based_on=1)
    remove_samples(store, storage)
    assert "mine" in (samples / "gate" / "spaces.json").read_text()
    assert store.layout("sample-north", "gate") == again


def test_spaces_that_were_left_by_an_interrupted_removal_go(samples, storage, store, read):
    read()
    for photo in (samples / "gate").glob("*.jpg"):
        photo.unlink()
    remove_samples(store, storage)
    assert not samples.exists()


@pytest.mark.parametrize("camera", ["sample-north/gate", "sample-south/kiosk"])
def test_the_spaces_of_the_samples_are_where_their_vehicles_stand(camera, sample_truth):
    """By the exact boxes of the renderer; in the rear rows up to three are in doubt or hidden."""
    layout = read_layout((SAMPLES / camera / "spaces.json").read_text(encoding="utf-8"))
    lot = tomllib.loads((SAMPLES / camera / "../lot.toml").read_text(encoding="utf-8"))
    assert len(layout.spaces) == layout.capacity == lot["capacity"]
    assert overlapping(layout) == []
    for photo, truth in sample_truth.items():
        if photo.startswith(camera):
            seen = [Detection(v["label"], 0.9, Box(*v["box"])) for v in truth["vehicles"]]
            states = judge(layout, seen, layout.image_size).spaces
            taken = sum(each.state == "occupied" for each in states)
            assert truth["occupied"] - 3 <= taken <= truth["occupied"], photo


@pytest.mark.parametrize("lot", ["sample-north", "sample-south"])
def test_the_samples_as_they_are_shipped_are_all_named(lot):
    described = tomllib.loads((SAMPLES / lot / "lot.toml").read_text(encoding="utf-8"))
    named = described["sample_photos"]
    there = [content_id(photo.read_bytes()) for photo in find_photos(SAMPLES / lot)]
    assert sorted(there) == sorted(named)
    [spaces] = (SAMPLES / lot).glob("*/spaces.json")
    assert described["sample_spaces"] == [content_id(spaces.read_bytes())]
