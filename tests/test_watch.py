"""What a folder tells: the paths that changed, by the system's events and by polling."""

from __future__ import annotations

import ctypes
import os
import re
import shutil
import threading
import time
from collections import namedtuple
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import pytest
from patience import wait_until
from unprivileged import no_privileges, reachable_folder

from parkcore.errors import FolderError
from parkcore.service import watch
from parkcore.service.watch import Changes, remote_type

# Folders that appear in a hurry are watched twice by watchdog, which says so and goes on.
pytestmark = pytest.mark.filterwarnings("ignore:Callback with id:RuntimeWarning")


@pytest.fixture(params=["events", "polling"])
def mode(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    monkeypatch.setattr(watch, "POLL_S", 0.2)
    return request.param


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A watched folder with a photo and a folder in it."""
    root = tmp_path / "root"
    (root / "lot").mkdir(parents=True)
    (root / "there.jpg").write_bytes(b"there")
    return root


@pytest.fixture
def outside(tmp_path: Path) -> Path:
    """A folder beside, with photos that may come from there."""
    outside = tmp_path / "outside"
    (outside / "tree" / "deep").mkdir(parents=True)
    for name in ("a.jpg", "tree/b.jpg", "tree/deep/c.jpg"):
        (outside / name).write_bytes(b"a photo")
    return outside


@pytest.fixture
def watched(root: Path, mode: str) -> Iterator[Changes]:
    changes = Changes(root, mode)
    yield changes
    changes.stop()


def told_by(changes: Changes, root: Path) -> set[str]:
    """All that is told up to now: whatever came before this mark has been told when it is."""
    mark, told = root / f"mark-{time.monotonic_ns()}", set()
    mark.write_bytes(b"")

    def is_marked() -> bool:
        told.update(changes.take())
        return mark in told

    wait_until(is_marked, f"{mark.name} is not told, only {told}")
    time.sleep(0.3)  # the mark may be told while the rest of the same moment is still on its way
    told.update(changes.take())
    names = {path.relative_to(root).as_posix() for path in told}
    return {name for name in names if not name.startswith("mark-")}


# -- how a file arrives -------------------------------------------------------------------------


def write(root: Path, outside: Path) -> None:
    (root / "a.jpg").write_bytes(b"a photo")


def write_slowly(root: Path, outside: Path) -> None:
    with (root / "a.jpg").open("wb") as file:
        for _ in range(5):
            file.write(b"a part of a photo")
            file.flush()
            time.sleep(0.1)


def append(root: Path, outside: Path) -> None:
    with (root / "there.jpg").open("ab") as file:
        file.write(b"and more")


def rewrite(root: Path, outside: Path) -> None:
    (root / "there.jpg").write_bytes(b"another photo")


def replace(root: Path, outside: Path) -> None:
    (outside / "a.jpg").replace(root / "there.jpg")


def move_in(root: Path, outside: Path) -> None:
    (outside / "a.jpg").rename(root / "a.jpg")


def rename(root: Path, outside: Path) -> None:
    (root / "there.jpg").rename(root / "lot" / "here.jpg")


def write_aside_and_rename(root: Path, outside: Path) -> None:
    (root / ".a.part").write_bytes(b"a photo")
    time.sleep(0.5)
    (root / ".a.part").rename(root / "a.jpg")


def link(root: Path, outside: Path) -> None:
    (root / "a.jpg").hardlink_to(outside / "a.jpg")


def link_and_unlink(root: Path, outside: Path) -> None:
    """How some programs rename without ever overwriting."""
    (root / "lot" / "here.jpg").hardlink_to(root / "there.jpg")
    (root / "there.jpg").unlink()


def link_softly(root: Path, outside: Path) -> None:
    (root / "a.jpg").symlink_to(outside / "a.jpg")


def write_into_a_new_folder(root: Path, outside: Path) -> None:
    (root / "new").mkdir()
    time.sleep(0.5)
    (root / "new" / "a.jpg").write_bytes(b"a photo")


def write_into_a_renamed_folder(root: Path, outside: Path) -> None:
    (root / "lot").rename(root / "new")
    time.sleep(0.5)
    (root / "new" / "a.jpg").write_bytes(b"a photo")


def copy_a_tree(root: Path, outside: Path) -> None:
    shutil.copytree(outside / "tree", root / "tree")


def move_a_tree_in(root: Path, outside: Path) -> None:
    (outside / "tree").rename(root / "tree")


def write_a_name_that_is_no_text(root: Path, outside: Path) -> None:
    (root / os.fsdecode(b"\xff.jpg")).write_bytes(b"a photo")


ARRIVALS: dict[str, tuple[Callable[[Path, Path], None], set[str]]] = {
    "written": (write, {"a.jpg"}),
    "written slowly": (write_slowly, {"a.jpg"}),
    "grown": (append, {"there.jpg"}),
    "rewritten": (rewrite, {"there.jpg"}),
    "replaced": (replace, {"there.jpg"}),
    "moved in": (move_in, {"a.jpg"}),
    "renamed": (rename, {"lot/here.jpg"}),
    "written aside, then renamed": (write_aside_and_rename, {".a.part", "a.jpg"}),
    "linked": (link, {"a.jpg"}),
    "linked, its old name removed": (link_and_unlink, {"lot/here.jpg"}),
    "a link": (link_softly, {"a.jpg"}),
    "into a new folder": (write_into_a_new_folder, {"new", "new/a.jpg"}),
    "into a renamed folder": (write_into_a_renamed_folder, {"new", "new/a.jpg"}),
    "a copied tree": (copy_a_tree, {"tree", "tree/b.jpg", "tree/deep", "tree/deep/c.jpg"}),
    "a moved tree": (move_a_tree_in, {"tree"}),
    "a name that is no text": (write_a_name_that_is_no_text, {os.fsdecode(b"\xff.jpg")}),
}


@pytest.mark.parametrize("act, expected", ARRIVALS.values(), ids=ARRIVALS)
def test_however_a_file_arrives_its_path_is_told(watched, root, outside, act, expected):
    act(root, outside)
    told = told_by(watched, root)
    assert told >= expected
    assert all((root / name).exists() or name == ".a.part" for name in told), "and nothing else"


def test_a_tree_that_is_made_in_a_hurry_is_told_whole(watched, root, outside):
    """Folders that fill up faster than they can be watched."""
    made = set()
    for number in range(40):
        folder = root / f"lot{number}" / "camera" / "2026-05-04"
        folder.mkdir(parents=True)
        (folder / "a.jpg").write_bytes(b"a photo")
        made.add((folder / "a.jpg").relative_to(root).as_posix())
    assert told_by(watched, root) >= made


# -- what is not told ---------------------------------------------------------------------------


def read(root: Path, outside: Path) -> None:
    for _ in range(3):
        assert (root / "there.jpg").read_bytes() == b"there"


def open_only(root: Path, outside: Path) -> None:
    with (root / "there.jpg").open("rb"):
        pass


def look_around(root: Path, outside: Path) -> None:
    assert [path.stat().st_size for path in root.rglob("*.jpg")] == [5]


def remove(root: Path, outside: Path) -> None:
    (root / "there.jpg").unlink()
    (root / "lot").rmdir()


def move_out(root: Path, outside: Path) -> None:
    (root / "there.jpg").rename(outside / "gone.jpg")


def write_beside(root: Path, outside: Path) -> None:
    (outside / "b.jpg").write_bytes(b"a photo")


@pytest.mark.parametrize("act", [read, open_only, look_around, remove, move_out, write_beside])
def test_what_makes_no_new_photo_is_not_told(watched, root, outside, act):
    """Listening to its own reading, a watcher would never end."""
    act(root, outside)
    assert told_by(watched, root) == set()


def test_what_was_there_before_is_not_told(watched, root):
    assert told_by(watched, root) == set()


def test_taking_empties(watched, root, outside):
    write(root, outside)
    assert told_by(watched, root) == {"a.jpg"}
    assert watched.take() == set()
    assert told_by(watched, root) == set()


def test_a_photo_read_after_it_was_told_is_not_told_again(watched, root, outside):
    write(root, outside)
    assert told_by(watched, root) == {"a.jpg"}
    (root / "a.jpg").read_bytes()
    assert told_by(watched, root) == set()


def test_a_photo_that_may_be_read_now_is_told(watched, root):
    (root / "there.jpg").chmod(0o600)
    assert told_by(watched, root) == {"there.jpg"}


# -- the folder itself --------------------------------------------------------------------------


def test_it_says_how_it_watches(watched, mode):
    assert watched.how.startswith(f"by {mode}")
    assert watched.is_alive


def test_polling_is_the_rarer_the_longer_it_takes():
    assert [watch.pause_after(took_s) for took_s in (0, 0.2, 0.5, 5, 15, 600)] == [
        1,
        1,
        2,
        20,
        60,
        60,
    ]


def test_a_folder_that_takes_long_to_look_through_is_polled_rarely(root, monkeypatch):
    """Each file's state comes from far away, as on a slow network drive."""
    looked = list[str]()

    def look_slowly(path: str) -> os.stat_result:
        looked.append(path)
        time.sleep(0.02)
        return Path(path).stat()

    monkeypatch.setattr(watch, "POLL_S", 0.01)
    monkeypatch.setattr(watch, "_stat", look_slowly)
    for number in range(20):
        (root / f"{number}.jpg").write_bytes(b"a photo")
    changes = Changes(root, "polling")
    try:
        wait_until(lambda: looked.count(str(root)) >= 2, "there is no second pass")
        pause_s = float(re.search(r"every ([\d.]+) s", changes.how)[1])
        assert pause_s >= watch.SPARING * 20 * 0.02
        (root / "new.jpg").write_bytes(b"a photo")
        wait_until(lambda: root / "new.jpg" in changes.take(), "what comes then is not told")
    finally:
        changes.stop()


def test_a_folder_that_was_removed_and_made_again_is_not_watched(watched, root):
    shutil.rmtree(root)
    root.mkdir()
    if watched.how == "by events":
        wait_until(lambda: not watched.is_alive, "it takes a new folder for the old one")
        return
    (root / "a.jpg").write_bytes(b"a photo")  # polling may not have noticed: then it goes on
    told: set[Path] = set()

    def is_noticed() -> bool:
        told.update(watched.take())
        return root / "a.jpg" in told or not watched.is_alive

    wait_until(is_noticed, "neither the removal nor the new photo is noticed")


def test_a_folder_that_was_removed_is_not_watched(watched, root):
    shutil.rmtree(root)
    wait_until(lambda: not watched.is_alive, "the removal is not noticed")


def test_stopping_ends_all_threads(root, mode):
    before = threading.active_count()
    changes = Changes(root, mode)
    assert threading.active_count() > before
    changes.stop()
    assert not changes.is_alive
    wait_until(lambda: threading.active_count() <= before, "a thread is left")


def test_a_missing_folder_is_explained(tmp_path, mode):
    with pytest.raises(FolderError, match=r"nowhere is missing"):
        Changes(tmp_path / "nowhere", mode)


def test_a_missing_folder_leaves_no_threads(tmp_path, mode):
    before = threading.active_count()
    for _ in range(3):
        with pytest.raises(FolderError):
            Changes(tmp_path / "nowhere", mode)
    assert threading.active_count() == before


def test_a_folder_without_permission_is_explained(mode):
    with reachable_folder() as folder:
        (folder / "closed").mkdir(0)
        with no_privileges(), pytest.raises(FolderError, match="Permission denied"):
            Changes(folder / "closed", mode).stop()


def test_a_folder_inside_without_permission_does_not_matter(mode):
    with reachable_folder() as folder:
        folder.chmod(0o777)
        (folder / "closed").mkdir(0)
        with no_privileges():
            changes = Changes(folder, mode)
            try:
                (folder / "a.jpg").write_bytes(b"a photo")
                assert told_by(changes, folder) == {"a.jpg"}
            finally:
                changes.stop()


def test_a_link_to_a_folder_is_watched_like_the_folder(tmp_path, root, outside, mode):
    (tmp_path / "link").symlink_to(root)
    changes = Changes(tmp_path / "link", mode)
    try:
        write(root, outside)
        assert told_by(changes, tmp_path / "link") == {"a.jpg"}
        assert changes.is_alive
    finally:
        changes.stop()


def test_a_relative_folder_tells_relative_paths(root, outside, mode, monkeypatch):
    monkeypatch.chdir(root.parent)
    changes = Changes(Path("root"), mode)
    try:
        write(root, outside)
        assert told_by(changes, Path("root")) == {"a.jpg"}
    finally:
        changes.stop()


def test_links_in_a_circle_are_not_followed(root, outside, mode):
    (root / "lot" / "circle").symlink_to(root)
    changes = Changes(root, mode)
    try:
        write(root, outside)
        assert told_by(changes, root) == {"a.jpg"}
    finally:
        changes.stop()


def test_where_the_system_refuses_events_the_folder_is_polled(monkeypatch):
    """Every user may have so many watching programs and no more."""
    monkeypatch.setattr(watch, "POLL_S", 0.2)
    limit = int(Path("/proc/sys/fs/inotify/max_user_instances").read_text())
    if limit > 512:
        pytest.skip(f"{limit} watching programs are too many to start")
    libc, taken = ctypes.CDLL(None, use_errno=True), []
    with reachable_folder() as folder:
        folder.chmod(0o777)
        with no_privileges():
            try:
                while (instance := libc.inotify_init()) >= 0:
                    taken.append(instance)
                changes = Changes(folder)
                try:
                    assert changes.how.startswith("by polling")
                    assert "refuses events" in changes.how
                    (folder / "a.jpg").write_bytes(b"a photo")
                    assert told_by(changes, folder) == {"a.jpg"}
                finally:
                    changes.stop()
            finally:
                for instance in taken:
                    os.close(instance)


# -- file systems of other machines -------------------------------------------------------------

Partition = namedtuple("Partition", "mountpoint fstype")


@pytest.fixture
def mounts(monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """Say what is mounted where: no test may mount a network drive."""

    def mount(**types: str) -> None:
        found = [Partition("/", "ext4"), *(Partition(at, kind) for at, kind in types.items())]
        monkeypatch.setattr(psutil, "disk_partitions", lambda all: found)

    return mount


@pytest.mark.parametrize(
    "kind",
    [
        *("nfs", "nfs4", "cifs", "smb3", "smbfs", "9p", "virtiofs", "vboxsf", "drvfs", "davfs"),
        *("fuse", "fuse.sshfs", "fuseblk", "fuse.vmhgfs-fuse", "ceph", "NFS"),
    ],
)
def test_a_network_drive_is_polled(mounts, root, outside, kind):
    mounts(**{str(root): kind})
    assert remote_type(root / "lot") == kind.lower()
    changes = Changes(root)
    try:
        assert changes.how.startswith("by polling every 1 s")
        assert kind.lower() in changes.how
    finally:
        changes.stop()


@pytest.mark.parametrize("kind", ["ext4", "xfs", "btrfs", "zfs", "overlay", "tmpfs", "apfs"])
def test_a_disk_of_this_machine_tells_events(mounts, root, kind):
    mounts(**{str(root): kind})
    assert remote_type(root) is None
    changes = Changes(root)
    changes.stop()
    assert changes.how == "by events"


def test_the_nearest_mount_counts(mounts, root):
    mounts(**{str(root.parent): "nfs4", str(root): "ext4"})
    assert remote_type(root) is None
    assert remote_type(root.parent) == "nfs4"
    mounts(**{str(root.parent): "ext4", str(root): "nfs4"})
    assert remote_type(root / "lot") == "nfs4"
    assert remote_type(root.parent) is None


def test_what_is_mounted_later_at_a_place_counts(mounts, root, monkeypatch):
    both = [Partition(str(root), "ext4"), Partition(str(root), "cifs")]
    monkeypatch.setattr(psutil, "disk_partitions", lambda all: both)
    assert remote_type(root) == "cifs"


def test_a_link_is_where_it_leads(mounts, root, tmp_path):
    (tmp_path / "link").symlink_to(root)
    mounts(**{str(root): "nfs"})
    assert remote_type(tmp_path / "link") == "nfs"


def test_a_network_drive_can_be_watched_by_events_all_the_same(mounts, root):
    mounts(**{str(root): "nfs"})
    changes = Changes(root, "events")
    changes.stop()
    assert changes.how == "by events"


def test_a_local_disk_can_be_polled_all_the_same(root):
    changes = Changes(root, "polling")
    changes.stop()
    assert changes.how == "by polling every 1 s (by setting)"


def test_this_machines_folders_of_the_kernel_are_local():
    assert remote_type(Path("/proc/self")) is None
    assert remote_type(Path("/nowhere/at/all")) == remote_type(Path("/"))
