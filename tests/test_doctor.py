"""Each check looks at the real thing, and a fault says what to do."""

from __future__ import annotations

import pytest
from conftest import HAS_8_BIT, WEIGHTS, draw_lot, encode
from unprivileged import no_privileges, reachable_folder

from parkcore import doctor
from parkcore.doctor import Check, examine
from parkcore.settings import Settings
from parkcore.store import Store

NAMES = [
    *("Python", "model", "street model", "second opinion", "database", "storage folder", "disk"),
    *("camera logins", "time zone", "web app"),
]


def settings(folder, **changes) -> Settings:
    known = {
        "db": folder / "parkcore.db",
        "storage": folder / "storage_photo",
        "model": str(folder / "none.pt"),
        "time_zone": "Europe/Madrid",
        "credentials": folder / "logins.json",
    }
    return Settings(**{**known, **changes})


def examined(chosen: Settings) -> dict[str, Check]:
    checks = list(examine(chosen))
    assert [check.name for check in checks] == NAMES
    return {check.name: check for check in checks}


def test_where_all_is_well_there_is_no_advice(tmp_path, storage, monkeypatch):
    (storage.root / "a.jpg").write_bytes(encode(draw_lot(1)))
    with Store.open(tmp_path / "parkcore.db"):
        pass
    monkeypatch.setattr(doctor, "LEAST_FREE_GB", 0)
    checks = examined(settings(tmp_path, model=str(WEIGHTS)))
    assert {name: check.advice for name, check in checks.items() if not check.ok} == {}
    form = "in its 8-bit form, " if HAS_8_BIT else ""
    assert f"{WEIGHTS} loads, {form}version " in checks["model"].found
    assert "0 snapshots" in checks["database"].found
    assert "has 1 photos" in checks["storage folder"].found
    assert checks["time zone"].found == "Europe/Madrid"


def test_what_is_not_there_yet_is_no_fault(tmp_path):
    checks = examined(settings(tmp_path))
    assert checks["database"].ok
    assert "the first scan makes it" in checks["database"].found
    assert not (tmp_path / "parkcore.db").exists()


FAULTS = {
    "a model that is missing": ("model", lambda folder: None, "none.pt", "put the file there"),
    "a model that is damaged": (
        "model",
        lambda folder: (folder / "none.pt").write_text("no model"),
        "is not a YOLO model",
        "put a good copy there",
    ),
    "a database that is none": (
        "database",
        lambda folder: (folder / "parkcore.db").write_text("this is not a database" * 99),
        "is not a SQLite database",
        "PARKCORE_DB",
    ),
    "a storage folder that is missing": (
        "storage folder",
        lambda folder: None,
        "is missing",
        "create it",
    ),
    "a file in the storage folder's place": (
        "storage folder",
        lambda folder: (folder / "storage_photo").write_text(""),
        "is missing",
        "create it",
    ),
}


@pytest.mark.parametrize("name, break_it, found, advice", FAULTS.values(), ids=FAULTS.keys())
def test_a_fault_comes_with_advice_and_the_other_checks(tmp_path, name, break_it, found, advice):
    break_it(tmp_path)
    check = examined(settings(tmp_path))[name]
    assert not check.ok
    assert found in check.found
    assert advice in check.advice


def test_damage_inside_the_database_is_found(tmp_path):
    path = tmp_path / "parkcore.db"
    with Store.open(path) as store:
        root = store._db.execute("select rootpage from sqlite_master where name = 'thumbnails'")
        page = root.fetchone()[0]
    whole = bytearray(path.read_bytes())
    whole[(page - 1) * 4096 : page * 4096] = b"\xa5" * 4096
    path.write_bytes(whole)
    check = examined(settings(tmp_path))["database"]
    assert "backup" in check.advice


def test_a_full_disk_is_a_fault(tmp_path, monkeypatch):
    monkeypatch.setattr(doctor, "LEAST_FREE_GB", 1e9)
    check = examined(settings(tmp_path))["disk"]
    assert "free some space" in check.advice
    assert "GB free at" in check.found


def test_the_disk_of_a_folder_that_is_not_there_yet_is_looked_at(tmp_path):
    check = examined(settings(tmp_path, db=tmp_path / "not" / "yet" / "parkcore.db"))["disk"]
    assert str(tmp_path) in check.found


def test_folders_without_permission_are_faults():
    with reachable_folder() as folder:
        storage = folder / "storage_photo"
        storage.mkdir()
        with Store.open(folder / "parkcore.db"):
            pass
        storage.chmod(0o555)
        (folder / "parkcore.db").chmod(0o444)
        folder.chmod(0o555)
        with no_privileges():
            checks = examined(settings(folder))
        assert "make it writable" in checks["storage folder"].advice
        assert not checks["database"].ok
        folder.chmod(0o755)


def test_what_may_not_even_be_looked_at_is_a_fault():
    with reachable_folder() as folder:
        locked = folder / "locked"
        (locked / "storage_photo").mkdir(parents=True)
        locked.chmod(0o000)
        with no_privileges():
            checks = examined(settings(locked))
        assert not checks["database"].ok
        assert not checks["storage folder"].ok
        locked.chmod(0o755)


def test_logins_that_others_may_read_are_a_fault(tmp_path) -> None:
    logins = tmp_path / "logins.json"
    logins.write_text("{}")
    logins.chmod(0o644)
    check = examined(settings(tmp_path))["camera logins"]
    assert not check.ok and "chmod 600" in check.advice


def test_a_second_opinion_that_is_missing_says_what_to_do_and_one_that_is_off_is_no_fault(tmp_path):
    missing = examined(settings(tmp_path, second_opinion="none.pt"))["second opinion"]
    assert not missing.ok and "PARKCORE_SECOND_OPINION" in missing.advice
    assert examined(settings(tmp_path, second_opinion="off"))["second opinion"].ok
