"""What `parkcore camera` does with logins, lots and rows that cannot be used."""

from __future__ import annotations

import json
import logging
import sqlite3
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from parkcore.cameras.addresses import DROPPED, Login
from parkcore.cameras.credentials import Credentials
from parkcore.cli import cli
from parkcore.domain import IpCamera, Lot
from parkcore.errors import UnknownLot
from parkcore.store import Store

PLACE = ("north", "gate")
HERE = "http://10.0.0.2/a.jpg"
VARIABLE = "PARKCORE_LOGIN_NORTH_GATE"


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Result]:
    """Run a command in an empty folder of its own."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "storage_photo").mkdir()

    def invoke(*words: object, stdin: str | None = None) -> Result:
        result = CliRunner().invoke(cli, ["camera", *map(str, words)], input=stdin)
        assert "sesame" not in result.output, "no password is ever printed"
        return result

    return invoke


@pytest.fixture
def kept(tmp_path: Path) -> Credentials:
    return Credentials(tmp_path / "parkcore-credentials.json")


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with Store.open(tmp_path / "parkcore.db") as opened:
        yield opened


def done(result: Result) -> str:
    assert result.exit_code == 0, result.output
    return result.stderr


def add(run: Callable[..., Result], address: str = HERE) -> None:
    done(run("add", *PLACE, address, "--user", "admin", "--password-stdin", stdin="sesame\n"))


# -- logins -------------------------------------------------------------------------------


@pytest.mark.parametrize("elsewhere", ["http://10.0.0.3/a.jpg", "http://10.0.0.2:81/a.jpg"])
def test_a_login_is_not_taken_to_another_machine(run, kept, elsewhere: str) -> None:
    add(run, f"{HERE}?token=sesame")
    assert kept.get(*PLACE) == Login("admin", "sesame", {"token": "sesame"})
    said = done(run("set", *PLACE, "--address", f"{elsewhere}?token=***"))
    assert DROPPED in said
    assert kept.get(*PLACE) == Login()


def test_a_login_that_is_given_anew_is_not_said_to_be_dropped(run, kept) -> None:
    add(run)
    words = ["--address", "http://10.0.0.3/a.jpg", "--user", "bob", "--password-stdin"]
    assert done(run("set", *PLACE, *words, stdin="other\n")) == ""
    assert kept.get(*PLACE) == Login("bob", "other")


def test_on_the_same_machine_a_login_stays_with_the_keys_that_are_still_asked_for(
    run, kept
) -> None:
    add(run, f"{HERE}?token=sesame&pin=sesame")
    assert done(run("set", *PLACE, "--address", "http://10.0.0.2/b.jpg?pin=***")) == ""
    assert kept.get(*PLACE) == Login("admin", "sesame", {"pin": "sesame"})


def test_a_new_camera_begins_without_a_login(run, kept) -> None:
    kept.put(*PLACE, Login("old", "sesame", {"pwd": "sesame"}))
    done(run("add", *PLACE, "http://10.0.0.9/a.jpg"))
    assert kept.get(*PLACE) == Login()


def test_a_login_of_the_environment_is_not_written_down(run, kept, monkeypatch) -> None:
    monkeypatch.setenv(VARIABLE, "root:sesame")
    done(run("add", *PLACE, f"{HERE}?token=sesame-7"))
    done(run("set", *PLACE, "--every", "5m"))
    assert kept.kept(*PLACE) == Login(query={"token": "sesame-7"})
    assert kept.get(*PLACE) == Login("root", "sesame", {"token": "sesame-7"})
    for words in (["--user", "bob"], ["--address", "http://a:b@10.0.0.2/"], ["--password-stdin"]):
        refused = run("set", *PLACE, *words, stdin="other\n")
        assert refused.exit_code == 2 and f"environment variable {VARIABLE}" in refused.stderr
    assert kept.kept(*PLACE) == Login(query={"token": "sesame-7"})


def test_a_password_in_an_argument_is_warned_of(run, kept) -> None:
    said = done(run("add", *PLACE, "http://admin:sesame@10.0.0.2/a.jpg"))
    assert "can be read by everybody" in said and "--password-stdin" in said
    assert kept.get(*PLACE) == Login("admin", "sesame")
    assert done(run("add", "north", "roof", "http://admin@10.0.0.2/a.jpg")) == ""


def test_a_variable_that_cannot_be_guessed_is_listed(run) -> None:
    for lot, camera in (PLACE, ("north side", "gate")):
        done(run("add", lot, camera, HERE))
    records = [json.loads(line) for line in run("list", "--json").stdout.splitlines()]
    assert [each.get("login_variable") for each in records] == [
        None,
        "PARKCORE_LOGIN_NORTH_20SIDE__GATE",
    ]


def test_a_token_that_is_too_short_is_said_in_our_words(run, monkeypatch) -> None:
    monkeypatch.setenv("PARKCORE_API_TOKEN", "short")
    refused = run("list")
    assert refused.exit_code == 2
    assert "PARKCORE_API_TOKEN: a token has 8 characters or more" in refused.stderr


# -- lots and rows ------------------------------------------------------------------------


def test_a_lot_that_is_new_is_as_its_folder_describes_it(run, store, tmp_path: Path) -> None:
    folder = tmp_path / "storage_photo" / "north"
    folder.mkdir()
    (folder / "lot.toml").write_text('name = "North side"\ncapacity = 60\n')
    add(run)
    assert store.lot("north") == Lot("north", "North side", 60)
    (folder / "lot.toml").write_text("broken")
    done(run("add", "north", "roof", HERE))  # the lot is known, and the file not asked
    assert store.lot("north") == Lot("north", "North side", 60)


def spoil(folder: Path) -> None:
    with sqlite3.connect(folder / "parkcore.db") as db:
        db.execute("update ip_cameras set address = 'file:///a' where camera_id = 'gate'")
    db.close()


def test_a_row_that_cannot_be_used_is_said_once(store, tmp_path: Path, caplog) -> None:
    for camera in ("gate", "roof"):
        store.save_ip_camera(IpCamera("said once", camera, HERE))
    spoil(tmp_path)
    with caplog.at_level(logging.ERROR):
        for _ in range(3):
            assert [each.id for each in store.ip_cameras()] == ["roof"]
    assert len([each for each in caplog.records if "said once/gate" in each.getMessage()]) == 1
    assert "but this with file://" in store.unusable_ip_cameras()["said once", "gate"]
    with pytest.raises(UnknownLot, match=r"cannot be used: .*camera remove"):
        store.ip_camera("said once", "gate")


def test_a_row_that_cannot_be_used_is_removed(run, store, kept, tmp_path: Path) -> None:
    add(run)
    spoil(tmp_path)
    assert run("remove", "--yes", *PLACE).exit_code == 0
    assert store.unusable_ip_cameras() == {} and not kept.get(*PLACE)
    again = run("remove", "--yes", *PLACE)
    assert again.exit_code == 1 and "there is no IP camera north/gate" in again.stderr


def test_a_row_that_cannot_be_used_is_mended_by_adding_it(run, store, kept, tmp_path: Path) -> None:
    add(run)
    spoil(tmp_path)
    done(run("add", *PLACE, "http://10.0.0.3/a.jpg"))
    assert store.ip_camera(*PLACE).address == "http://10.0.0.3/a.jpg"
    assert kept.get(*PLACE) == Login()
