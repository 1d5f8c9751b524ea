"""What people put right: in every figure, and as training data that `evaluate` reads."""

from __future__ import annotations

import csv
import errno
import io
import json
import zipfile
from dataclasses import replace
from datetime import date, timedelta
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner
from conftest import MADRID, NOON, PaintDetector, draw_lot, encode

from parkcore.accuracy.labelled_sets import read_truth
from parkcore.accuracy.meter import Check
from parkcore.accuracy.training_export import export_training, split_of_day, zip_training
from parkcore.cli import cli
from parkcore.domain import Correction, Snapshot, Vehicles
from parkcore.errors import NothingLabelled, OutputError
from parkcore.export import Exporter
from parkcore.ingest import Analyser
from parkcore.occupancy import Thresholds
from parkcore.spaces.corrections import corrected, same_places
from parkcore.spaces.layout import Layout, Space
from parkcore.spaces.layout_files import read_layout
from parkcore.spaces.layout_writing import write_layout
from parkcore.spaces.verdict import Judged, Judgement, SpaceState
from parkcore.sqlite.filters import HistoryFilter
from parkcore.storage import Storage
from parkcore.store import Store

LAYOUT = Layout(
    tuple(
        Space(name, ((x, 0.02), (x + 0.1, 0.02), (x + 0.1, 0.18), (x, 0.18)))
        for name, x in (("A1", 0.01), ("A2", 0.135), ("A3", 0.26))
    ),
    (),
    (320, 200),
)
JUDGED = Judgement(
    (
        SpaceState("A1", "occupied", 0.9, "seen", 0.9),
        SpaceState("A2", "vacant", 0.8, "empty", 0.2),
        SpaceState("A3", "unknown", 0.0, "hidden", None),
    )
)


@pytest.fixture
def seen(add_photo, analyser, storage: Storage, store: Store):
    """Record a drawn photo; with spaces where its camera's were marked before."""

    def see(name: str, vehicles: int, *, judged: bool = False, moved=None) -> Snapshot:
        source = storage.source(add_photo(name, vehicles=vehicles, seed=vehicles))
        found = analyser.ingest(source, store).snapshot
        if judged:
            of = found.photo.lot_id, found.photo.camera_id
            layout = store.layout(*of) or store.save_layout(*of, LAYOUT, None, based_on=0)
            store.save_judged(found.id, Judged(layout.id, JUDGED, moved))
        return found

    return see


def test_a_corrected_count_is_in_every_record_and_says_so(seen, store: Store) -> None:
    found = seen("north/gate/a.jpg", 4)
    store.correct(found.id, Correction(Vehicles(car=5, truck=1)))
    kept = store.snapshot(found.id)
    exporter = Exporter(store.capacity_history(), Thresholds(), MADRID)
    looks = store.looks([found.id])
    record = exporter.history_record(kept, looks[found.id])
    assert (record["total"], record["vehicles"]["truck"], record["corrected"]) == (6, 1, True)
    assert exporter.occupancy(kept).vehicles.total == 6
    assert kept.vehicles.total == 4, "what the machine saw stays"
    assert (looks[found.id].taken, looks[found.id].vehicles) == (6, (5, 0, 0, 1))


def test_a_person_may_count_none(seen, store: Store) -> None:
    found = seen("north/gate/a.jpg", 4)
    store.correct(found.id, Correction(Vehicles()))
    assert store.snapshot(found.id).counted == Vehicles()
    assert store.hours(["north"], NOON.replace(year=1990), NOON.replace(year=2090))[0]["most"] == 0


def test_what_the_machine_said_of_a_space_is_still_there(seen, store: Store) -> None:
    found = seen("north/gate/a.jpg", 4, judged=True)
    store.correct(found.id, Correction(spaces={"A2": "occupied", "B9": "vacant"}))
    states = {space.id: space.state for space in store.judged(found.id).judgement.spaces}
    assert states == {"A1": "occupied", "A2": "occupied", "A3": "unknown"}
    raw = store.judged_by_machine(found.id).judgement
    assert raw == JUDGED
    assert corrected(raw, {"A2": "occupied"}) == store.judged(found.id).judgement
    assert store.judged_by_machine(99) is None


def test_what_people_said_becomes_training_data_that_evaluate_reads(
    seen, store: Store, storage: Storage, tmp_path: Path
) -> None:
    spaces = seen("north/gate/a.jpg", 1, judged=True)
    counts = seen("south/gate/b.jpg", 4)
    untouched = seen("south/gate/c.jpg", 5)
    store.correct(spaces.id, Correction(spaces={"A2": "occupied", "A1": "vacant"}))
    store.correct(counts.id, Correction(Vehicles(car=3, bus=1)))
    folder = tmp_path / "sets" / "corrections"
    done = export_training(store, storage, folder, MADRID)
    assert (done.photos, done.by_hand, done.counts, done.gone) == (2, 2, 1, 0)

    [truth] = read_truth(folder)
    assert truth.occupied == (False, True), "what nobody spoke of is not a label"
    with pytest.raises(NothingLabelled, match="put right by hand measure nothing"):
        read_truth(folder, to_measure=True)
    assert truth.photo.read_bytes() == storage.path(spaces.photo.file).read_bytes()
    for space, marked in zip(truth.layout.spaces, LAYOUT.spaces[:2], strict=True):
        assert sum(space.polygon, ()) == pytest.approx(sum(marked.polygon, ()), abs=1e-3)
    labels = json.loads((folder / "spaces.json").read_text())[truth.photo.name]
    assert [space["by"] for space in labels["spaces"]] == ["hand", "hand", "model"]
    with (folder / "counts.csv").open() as file:
        [row] = csv.DictReader(file)
    assert row == {"photo": row["photo"], "car": "3", "motorcycle": "0", "bus": "1", "truck": "0"}
    assert len(list((folder / "images").iterdir())) == 2
    assert untouched.photo.sha256[:16] not in str(list((folder / "images").iterdir()))
    assert not list(folder.parent.glob(".parkcore-*"))
    with zipfile.ZipFile(io.BytesIO(zip_training(store, storage, MADRID))) as archive:
        assert {"training/spaces.json", "training/counts.csv"} < set(archive.namelist())


def test_samples_are_training_data_only_where_there_is_nothing_else(
    seen, store: Store, storage: Storage, tmp_path: Path
) -> None:
    (storage.root / "drawn").mkdir()
    (storage.root / "drawn" / "lot.toml").write_text("sample_photos = true")
    store.correct(seen("drawn/gate/a.jpg", 1).id, Correction(Vehicles(car=2)))
    assert export_training(store, storage, tmp_path / "drawn", MADRID).counts == 1
    real = seen("north/gate/b.jpg", 4)
    store.correct(real.id, Correction(Vehicles(car=3)))
    assert export_training(store, storage, tmp_path / "real", MADRID).counts == 1
    [kept] = (tmp_path / "real" / "images").iterdir()
    assert kept.stem == real.photo.sha256[:16]


def test_a_zip_file_that_has_no_room_is_said(seen, store, storage, monkeypatch) -> None:
    store.correct(seen("north/gate/a.jpg", 1).id, Correction(Vehicles(car=9)))

    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(zipfile.ZipFile, "write", full)
    with pytest.raises(OutputError, match=r"No space left on device.*TMPDIR"):
        zip_training(store, storage, MADRID)


def asked(found: Snapshot, space_id: str, answer: str) -> Check:
    photo, detector = found.photo, found.detector
    return Check(
        photo.lot_id, photo.camera_id, photo.captured_at, space_id, "occupied", 0.9, answer, NOON,
        detector.model, detector.version, "", "day", found.id,
    )  # fmt: skip


def test_answers_are_training_data_too_and_corrections_come_first(
    seen, store: Store, storage: Storage, tmp_path: Path
) -> None:
    both = seen("north/gate/a.jpg", 1, judged=True)
    only_asked = seen("north/gate/b.jpg", 2, judged=True)
    nobody_could_tell = seen("north/gate/c.jpg", 3, judged=True)
    store.correct(both.id, Correction(spaces={"A2": "occupied"}))
    store.save_check(asked(both, "A2", "vacant"))
    store.save_check(asked(both, "A3", "vacant"))
    store.save_check(asked(only_asked, "A1", "occupied"))
    store.save_check(asked(only_asked, "A2", "unclear"))
    store.save_check(asked(nobody_could_tell, "A1", "unclear"))
    done = export_training(store, storage, tmp_path / "set", MADRID)
    assert (done.photos, done.by_hand, done.by_check, done.spaces) == (2, 1, 2, 3)
    entries = json.loads((tmp_path / "set" / "spaces.json").read_text())
    said = {
        name[:16]: [(space["occupied"], space["by"]) for space in entry["spaces"]]
        for name, entry in entries.items()
    }
    assert said == {
        both.photo.sha256[:16]: [(None, "model"), (1, "hand"), (0, "check")],
        only_asked.photo.sha256[:16]: [(1, "check"), (None, "model"), (None, "model")],
    }
    splits = {entry["split"] for entry in entries.values()}
    assert splits == {split_of_day("north", "gate", both.photo.captured_at.date())}
    assert done.held_back == (3 if splits == {"valid"} else 0), "one of them put right as well"
    drawn = {
        name[:16]: [space["asked"] for space in entry["spaces"]] for name, entry in entries.items()
    }
    assert drawn == {
        both.photo.sha256[:16]: [False, True, True],
        only_asked.photo.sha256[:16]: [True, False, False],
    }


def test_a_name_that_means_another_place_by_now_was_not_spoken_of(
    seen, store: Store, storage: Storage, tmp_path: Path
) -> None:
    """The spaces are marked anew, two names change places, and the photo is judged again."""
    found = seen("north/gate/a.jpg", 1, judged=True)
    before = store.layout("north", "gate")
    store.correct(found.id, Correction(spaces={"A1": "vacant", "A3": "occupied"}))
    store.save_check(replace(asked(found, "A2", "occupied"), layout_id=before.id))
    assert store.checks()[0].layout_id == before.id
    first, second, third = before.spaces
    swapped = (replace(second, id="A1"), replace(first, id="A2"), third)
    layout = store.save_layout(
        "north", "gate", Layout(swapped, (), before.image_size), None, based_on=before.version
    )
    store.save_judged(found.id, Judged(layout.id, JUDGED, None))
    done = export_training(store, storage, tmp_path / "set", MADRID)
    assert (done.by_hand, done.by_check) == (1, 0)
    [entry] = json.loads((tmp_path / "set" / "spaces.json").read_text()).values()
    said = {space["id"]: space["occupied"] for space in entry["spaces"]}
    assert said == {"A1": None, "A2": None, "A3": 1}


def test_places_are_the_same_in_pixels_of_another_photo() -> None:
    rng = np.random.default_rng(0)
    spaces = [
        Space(
            f"A{n}", tuple((x + a, y + b) for a, b in ((0, 0), (0.05, 0), (0.05, 0.05), (0, 0.05)))
        )
        for n, (x, y) in enumerate(rng.uniform(0, 0.9, (50, 2)).tolist())
    ]
    before = Layout(tuple(spaces), (), (1280, 720))
    again = read_layout(write_layout(replace(before, image_size=(1920, 1080))))
    assert same_places(before, again) == {space.id for space in spaces}
    (x, y), *others = spaces[0].polygon
    put_right = replace(spaces[0], polygon=((x + 0.001, y), *others))
    assert same_places(before, Layout((put_right,), (), (1280, 720))) == {"A0"}
    aside = tuple((x + 0.01, y) for x, y in spaces[0].polygon)
    moved = replace(spaces[0], polygon=aside)
    assert same_places(before, Layout((moved,), (), (1280, 720))) == set()


def test_a_correction_follows_its_place_not_its_name(seen, store: Store, tmp_path: Path) -> None:
    """Marked anew, two names change places: what was said of them counts for neither, in every
    figure, until the former layout judges the photo again."""
    found = seen("north/gate/a.jpg", 1, judged=True)
    before = store.layout("north", "gate")
    store.correct(found.id, Correction(spaces={"A1": "vacant", "A3": "occupied"}))
    assert taken(store, found.id) == (["A3"], 1)
    first, second, third = before.spaces
    swapped = (replace(second, id="A1"), replace(first, id="A2"), third)
    now = store.save_layout(
        "north", "gate", Layout(swapped, (), before.image_size), None, based_on=before.version
    )
    store.save_judged(found.id, Judged(now.id, JUDGED, None))
    assert store.snapshot(found.id).correction.spaces == {"A3": "occupied"}
    assert taken(store, found.id) == (["A1", "A3"], 2)

    store.save_judged(found.id, Judged(before.id, JUDGED, None))
    assert taken(store, found.id) == (["A3"], 1), "nothing that was said is lost"


def taken(store: Store, snapshot_id: int) -> tuple[list[str], float]:
    """The occupied spaces of a photo, and how many places it counts for in the hours."""
    spaces = store.judged(snapshot_id).judgement.spaces
    names = [space.id for space in spaces if space.state == "occupied"]
    [page] = store.judged_pages(HistoryFilter("north", "gate"))
    [(_, judged, said)] = page
    again = corrected(judged.judgement, said).spaces
    assert [space.id for space in again if space.state == "occupied"] == names
    return names, store.looks([snapshot_id])[snapshot_id].taken


def test_every_fifth_day_of_a_camera_is_held_back_and_stays_so() -> None:
    days = [date(2026, 1, 1) + timedelta(n) for n in range(70)]
    held = [day for day in days if split_of_day("north", "gate", day) == "valid"]
    assert len(held) == 14
    assert {second - first for first, second in pairwise(held)} == {timedelta(5)}
    assert {day.weekday() for day in held} == set(range(7))
    cameras = {tuple(split_of_day("north", f"c{n}", day) for day in days) for n in range(40)}
    assert len(cameras) == 5, "not all cameras on the same days"


def test_spaces_are_where_the_nudged_camera_sees_them(
    seen, store: Store, storage: Storage, tmp_path: Path
) -> None:
    shift = np.array([[1, 0, 0.1], [0, 1, 0.2], [0, 0, 1.0]])
    found = seen("north/gate/a.jpg", 1, judged=True, moved=shift)
    store.correct(found.id, Correction(spaces={"A1": "vacant"}))
    export_training(store, storage, tmp_path / "set", MADRID)
    [truth] = read_truth(tmp_path / "set")
    assert truth.layout.spaces[0].polygon[0] == pytest.approx((0.11, 0.22), abs=1e-3)


def test_photos_that_changed_or_went_are_left_out(
    seen, store: Store, storage: Storage, tmp_path: Path
) -> None:
    gone, other, kept = (seen(f"north/gate/{n}.jpg", n) for n in (1, 2, 3))
    for each in (gone, other, kept):
        store.correct(each.id, Correction(Vehicles(car=9)))
    storage.path(gone.photo.file).unlink()
    storage.path(other.photo.file).write_bytes(b"another photo")
    done = export_training(store, storage, tmp_path / "set", MADRID)
    assert (done.photos, done.gone) == (1, 2)
    assert [p.name[:16] for p in (tmp_path / "set" / "images").iterdir()] == [
        kept.photo.sha256[:16]
    ]


def test_it_is_written_whole_or_not_at_all(
    seen, store: Store, storage: Storage, tmp_path: Path
) -> None:
    folder = tmp_path / "set"
    with pytest.raises(OutputError, match="no correction and no answer to export yet"):
        export_training(store, storage, folder, MADRID)
    found = seen("north/gate/a.jpg", 1)
    store.correct(found.id, Correction(Vehicles(car=9)))
    folder.mkdir()
    (folder / "mine.txt").write_text("mine")
    with pytest.raises(OutputError, match="is there already"):
        export_training(store, storage, folder, MADRID)
    assert [path.name for path in folder.iterdir()] == ["mine.txt"]
    with pytest.raises(OutputError, match="cannot be written"):
        export_training(store, storage, folder / "mine.txt" / "set", MADRID)
    assert not list(tmp_path.rglob(".parkcore-*"))
    empty = tmp_path / "empty"
    empty.mkdir()
    assert export_training(store, storage, empty, MADRID).photos == 1


def test_the_commands(seen, store: Store, storage: Storage, tmp_path: Path, monkeypatch) -> None:
    path = tmp_path / "p.db"
    with Store.open(path) as own:
        for number in range(3):
            source = storage.source(_added(storage, number))
            analyser = Analyser(PaintDetector(), MADRID, 50, now=lambda: NOON)
            found = analyser.ingest(source, own).snapshot
            if number == 0:
                own.correct(found.id, Correction(Vehicles(car=7)))
            if number == 1:
                own.delete([found.id])
    settings = ["--db", str(path), "--storage", str(storage.root), "--time-zone", "UTC"]

    def run(*words: str) -> str:
        done = CliRunner().invoke(cli, [*settings, *words])
        assert done.exit_code == 0, done.output
        return done.output

    lines = run("history").splitlines()
    assert len(lines) == 2 and sum("corrected by hand" in line for line in lines) == 1
    assert "7 vehicles" in run("history", "--corrected")
    assert [json.loads(run("history", "--deleted", "--json"))["photo"]] == ["north/gate/1.jpg"]
    rows = list(csv.DictReader(io.StringIO(run("history", "--csv"))))
    assert [(row["total"], row["corrected"]) for row in rows] == [("7", "True"), ("3", "False")]
    said = run("export-training", str(tmp_path / "set"))
    assert said.startswith("1 photo in") and said.endswith("1 counts\n")


def _added(storage: Storage, number: int) -> Path:
    path = storage.root / "north" / "gate" / f"{number}.jpg"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(encode(draw_lot(number + 1, seed=number)))
    return path
