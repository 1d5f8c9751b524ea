"""The logins of cameras: for their owner alone, and none is lost."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import traceback
from dataclasses import replace
from pathlib import Path

import psutil
import pytest
from conftest import ROOT
from filelock import FileLock
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from unprivileged import no_privileges, reachable_folder

from parkcore.cameras import credentials as module
from parkcore.cameras.addresses import Login
from parkcore.cameras.credentials import Credentials, variable
from parkcore.errors import SettingsError

GATE = Login("admin", "p@s:s/w?rd %# ñ€🚗", {"pwd": "a=b"})
ROOF = Login("viewer", "other")
MANY = 25


@pytest.fixture
def kept(tmp_path: Path) -> Credentials:
    return Credentials(tmp_path / "credentials.json")


def said_of(error: BaseException) -> str:
    return "".join(traceback.format_exception(error))


def test_what_was_put_is_got(kept):
    assert kept.get("north", "gate") == Login()
    assert not kept.file.exists(), "to look makes no file"
    kept.put("north", "gate", GATE)
    kept.put("north", "roof", ROOF)
    assert (kept.get("north", "gate"), kept.get("north", "roof")) == (GATE, ROOF)
    assert kept.get("south", "gate") == Login()
    assert Credentials(kept.file).get("north", "gate") == GATE
    kept.put("north", "gate", ROOF)
    assert kept.get("north", "gate") == ROOF
    assert kept.check() == 2


@settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(st.text(), st.text(), st.dictionaries(st.text(), st.text(), max_size=2))
def test_any_login_is_kept_as_it_is(kept, user, password, query):
    kept.put("north", "gate", Login(user, password, query))
    assert kept.get("north", "gate") == Login(user, password, query)


@pytest.mark.parametrize("umask", [0o000, 0o077])
def test_only_its_owner_may_read_the_file(tmp_path, umask):
    before = os.umask(umask)
    try:
        kept = Credentials(tmp_path / "new" / "folder" / "credentials.json")
        for login in (GATE, ROOF):
            kept.put("north", "gate", login)
            assert kept.file.stat().st_mode & 0o777 == 0o600
    finally:
        os.umask(before)
    others = [each.name for each in kept.file.parent.iterdir() if each != kept.file]
    assert others in ([], ["credentials.json.lock"]), "nothing half-written is left"


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o660, 0o644, 0o610])
def test_a_file_that_others_may_use_is_refused(kept, mode):
    kept.put("north", "gate", GATE)
    kept.file.chmod(mode)
    for use in (lambda: kept.get("north", "gate"), lambda: kept.put("north", "roof", ROOF)):
        with pytest.raises(SettingsError) as refused:
            use()
        assert f"mode {mode:o}" in str(refused.value)
        assert f"run: chmod 600 {kept.file}" in str(refused.value)
        assert GATE.password not in said_of(refused.value)
    kept.file.chmod(0o600)
    assert kept.get("north", "gate") == GATE, "as it says"
    assert kept.get("north", "roof") == Login()


def test_a_file_that_only_its_owner_may_read_and_not_write_will_do(kept):
    kept.put("north", "gate", GATE)
    kept.file.chmod(0o400)
    assert kept.get("north", "gate") == GATE


@pytest.mark.parametrize(
    "given, expected",
    [
        ("root:secret", Login("root", "secret")),
        ("root:a:b@c", Login("root", "a:b@c")),
        ("root", Login("root")),
        (":secret", Login("", "secret")),
        ("", Login()),
    ],
    ids=["user and password", "a colon in it", "a user", "a password", "none on purpose"],
)
def test_the_environment_wins(kept, monkeypatch, given, expected):
    kept.put("north", "gate", GATE)
    kept.put("north", "roof", ROOF)
    monkeypatch.setenv("PARKCORE_LOGIN_NORTH_GATE", given)
    expected = replace(expected, query=GATE.query)  # which the environment cannot say
    assert kept.get("north", "gate") == expected
    assert kept.get("north", "roof") == ROOF
    assert kept.is_in_environment("north", "gate") and not kept.is_in_environment("north", "roof")
    assert kept.kept("north", "gate") == GATE


@pytest.mark.parametrize(
    "lot_id, camera_id, name",
    [
        ("north", "gate", "PARKCORE_LOGIN_NORTH_GATE"),
        ("North7", "Gate", "PARKCORE_LOGIN_NORTH7_GATE"),
        ("sample-north", "gate 2", "PARKCORE_LOGIN_SAMPLE_2DNORTH__GATE_202"),
        ("Aparcamiento Ñ", "cam.1", "PARKCORE_LOGIN_APARCAMIENTO_20_C3_91__CAM_2E1"),
    ],
)
def test_the_name_of_a_variable(lot_id, camera_id, name):
    assert variable(lot_id, camera_id) == name


names = st.text(st.sampled_from("a2éü_-. "), min_size=1, max_size=5)


@given(names, names, names, names)
@example("a_b", "c", "a", "b_c")
@example("x", "20y z", "x y", "20z")
@example("é", "a", "ü", "a")
def test_each_camera_has_a_variable_of_its_own(lot, camera, other_lot, other_camera):
    same = (lot, camera) == (other_lot, other_camera)
    assert (variable(lot, camera) == variable(other_lot, other_camera)) is same


def test_nothing_is_written_where_there_is_nothing_to_remove(kept):
    kept.put("north", "gate", Login())
    assert list(kept.file.parent.iterdir()) == []
    kept.put("north", "roof", ROOF)
    with FileLock(f"{kept.file}.lock"):
        kept.put("north", "gate", Login())


def test_a_link_stays_a_link(tmp_path):
    behind = tmp_path / "elsewhere" / "logins.json"
    kept = Credentials(tmp_path / "credentials.json")
    kept.file.symlink_to(behind)
    kept.put("north", "gate", GATE)
    kept.put("north", "roof", ROOF)
    assert kept.file.is_symlink()
    assert Credentials(behind).get("north", "gate") == kept.get("north", "gate") == GATE
    assert behind.stat().st_mode & 0o777 == 0o600


def test_the_file_is_closed_before_it_gets_its_name(kept, monkeypatch):
    """Windows renames no open file."""
    replaced, opened = Path.replace, []

    def replace_closed(path, target):
        opened.extend(each.path for each in psutil.Process().open_files())
        return replaced(path, target)

    monkeypatch.setattr(Path, "replace", replace_closed)
    kept.put("north", "gate", GATE)
    assert opened and not [path for path in opened if path.endswith(".part")]


def test_what_killed_writers_left_is_cleared_and_nothing_else(kept):
    left = kept.file.with_name(f".{kept.file.name}.x7k2.part")
    others = [kept.file.with_name(name) for name in (".photo.part", "credentials.json.part")]
    for path in (left, *others):
        path.write_text("{}")
    kept.put("north", "gate", GATE)
    assert not left.exists() and all(path.exists() for path in others)


def test_an_empty_login_removes(kept):
    kept.put("north", "gate", GATE)
    kept.put("north", "roof", ROOF)
    kept.put("north", "gate", Login())
    assert (kept.get("north", "gate"), kept.get("north", "roof")) == (Login(), ROOF)
    assert json.dumps(GATE.user)[1:-1] not in kept.file.read_text()
    kept.put("south", "gate", Login())
    assert kept.get("north", "roof") == ROOF, "to remove what is not there is no error"


PUT = """
import sys
from pathlib import Path
from parkcore.cameras.addresses import Login
from parkcore.cameras.credentials import Credentials
kept, who = Credentials(Path(sys.argv[1])), sys.argv[2]
print('ready', flush=True)
sys.stdin.read()
for number in range(int(sys.argv[3])):
    kept.put(who, f"cam{number}", Login(who, f"password {number}"))
    kept.put(who, f"gone{number}", Login(who))
    kept.put(who, f"gone{number}", Login())
"""


def test_two_processes_at_once_lose_nothing(kept):
    command = [sys.executable, "-c", PUT, str(kept.file)]
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
    writers = [
        subprocess.Popen([*command, who, str(MANY)], cwd=ROOT, text=True, **pipes)
        for who in ("north", "south")
    ]
    assert [writer.stdout.readline() for writer in writers] == ["ready\n"] * 2
    for writer in writers:
        writer.stdin.close()
    while any(writer.poll() is None for writer in writers):
        kept.get("north", "cam0")  # a reader never meets half a file
    for writer in writers:
        with writer.stdout, writer.stderr:
            assert (writer.returncode, writer.stderr.read()) == (0, "")
    expected = {f"{who}/cam{n}" for who in ("north", "south") for n in range(MANY)}
    assert set(json.loads(kept.file.read_text())) == expected
    assert kept.get("south", "cam7") == Login("south", "password 7")


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"{",
        b"[]",
        b"null",
        b'{"north/gate": "Xq7Zk2"}',
        b'{"north/gate": ["Xq7Zk2"]}',
        b'{"north/gate": {"user": "a", "passwort": "Xq7Zk2"}}',
        b'{"north/gate": {"user": "a", "password": "Xq7Zk2"',
        pytest.param(
            b'{"north/gate": {"user": "a", "password": "Xq7Zk2\xff"}}',
        ),
        pytest.param(
            b'{"north/gate": {"user": 5, "password": "Xq7Zk2"}}',
        ),
        pytest.param(
            b'{"north/gate": {"user": "a", "query": "Xq7Zk2"}}',
        ),
    ],
    ids=[
        "empty",
        "cut off",
        "a list",
        "null",
        "a text for a login",
        "a list for a login",
        "a key that is none",
        "cut off behind a password",
        "not UTF-8",
        "a number for the user",
        "a text for the query",
    ],
)
def test_a_damaged_file_is_said_to_be_so_and_kept(kept, content):
    kept.file.write_bytes(content)
    kept.file.chmod(0o600)
    for use in (lambda: kept.get("north", "gate"), lambda: kept.put("north", "roof", ROOF)):
        with pytest.raises(SettingsError) as refused:
            use()
        assert str(kept.file) in str(refused.value)
        assert "is not a file of logins" in str(refused.value)
        assert "Xq7Zk2" not in said_of(refused.value)
    assert kept.file.read_bytes() == content, "it may be mended by hand"


def test_a_folder_in_place_of_the_file(tmp_path):
    with pytest.raises(SettingsError, match=r"cannot be read \(Is a directory\)"):
        Credentials(tmp_path).get("north", "gate")


def test_a_folder_that_cannot_be_written():
    with reachable_folder() as folder:
        folder.chmod(0o555)
        kept = Credentials(folder / "credentials.json")
        below = Credentials(folder / "new" / "credentials.json")
        with no_privileges():
            for each in (kept, below):
                with pytest.raises(SettingsError) as refused:
                    each.put("north", "gate", GATE)
                assert f"written to {each.file} (Permission denied)" in str(refused.value)
                assert "PARKCORE_CREDENTIALS" in str(refused.value)
                assert GATE.password not in said_of(refused.value)
            assert kept.get("north", "gate") == Login()


def test_a_file_of_another_user():
    with reachable_folder() as folder:
        kept = Credentials(folder / "credentials.json")
        kept.put("north", "gate", GATE)
        kept.file.chmod(0o000)
        with no_privileges(), pytest.raises(SettingsError, match=r"cannot be read \(Permission"):
            kept.get("north", "gate")


def test_a_lock_that_another_program_keeps(kept, monkeypatch):
    monkeypatch.setattr(module, "LOCK_S", 0.1)
    with (
        FileLock(f"{kept.file}.lock"),
        pytest.raises(SettingsError, match="kept locked by another program"),
    ):
        kept.put("north", "gate", GATE)
    kept.put("north", "gate", GATE)
    assert kept.get("north", "gate") == GATE
