"""`parkcore forecast` and `parkcore what-if`: the same figures as on the page, and refusals."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest
from click.testing import CliRunner, Result
from conftest import MADRID
from made_weeks import NOW, ODD, looks, record

from parkcore.cli import cli
from parkcore.domain import Lot
from parkcore.history import expectation_words as words
from parkcore.history.expectation import Rules, expect
from parkcore.history.seasonal import EXPLAINED
from parkcore.history.space_change import change_spaces
from parkcore.store import Store

RULES = Rules(MADRID, 0.95)
AT = "2026-06-02T07:30"


@pytest.fixture(scope="module")
def db(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("forecast") / "parkcore.db"
    record(path, looks())
    record(path, looks(since=NOW - pd.DateOffset(days=3)), lot="new")
    record(path, looks(since=NOW - pd.DateOffset(days=3)), lot="endless", capacity=None)
    with Store.open(path) as store:
        store.ensure_lot(Lot("empty", "Empty", 10))
    return path


@pytest.fixture
def run(db: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Result]:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PARKCORE_TIME_ZONE", "Europe/Madrid")
    monkeypatch.setenv("PARKCORE_DB", str(db))

    def invoke(*words: object) -> Result:
        return CliRunner().invoke(cli, [str(word) for word in words])

    return invoke


def test_the_forecast_in_words(run: Callable[..., Result], db: Path) -> None:
    result = run("forecast", "--lot", "yard", "--at", AT)
    assert result.exit_code == 0, result.stderr
    with Store.open(db) as store:
        seen = expect(store, "yard", NOW, RULES)
    lines = [line.strip() for line in result.stdout.splitlines()]
    assert lines[0] == "The yard, Tue 2026-06-02 07:30, times of Europe/Madrid"
    for said in (
        words.say_full(seen, seen.full()),
        "32 % taken: 12 points fuller than usual at this time",
        "Tue 21 Apr 2026 was unlike the other Tuesdays. If it was an exception:"
        " --without 2026-04-21",
        "Thu 2026-06-04  70 % from 10:00 (70–70 %); full on 0 of 8 Thursdays",
        *map(words.say_error, seen.back_test().itertuples()),
        *words.say_ahead(seen),
    ):
        assert said in lines
    assert EXPLAINED in lines


def test_the_forecast_for_programs(run: Callable[..., Result], db: Path) -> None:
    result = run("forecast", "--lot", "yard", "--at", AT, "--json")
    found = json.loads(result.stdout)
    with Store.open(db) as store:
        seen = expect(store, "yard", NOW, RULES)
    assert found == words.record(seen)
    assert found["now"] == found["newest_photo"] == "2026-06-02T07:30:00+02:00"
    assert found["full"]["by"] == "2026-06-02T09:10:00+02:00"
    assert (found["full"]["would_be_full"], found["full"]["days"]) == (7, 8)
    assert (found["rate"], found["usual_rate"]) == (0.32, 0.2)
    assert found["unlike"] == [str(ODD.date())]
    assert len(found["usual"]) == 288
    assert found["week"][0]["day"] == "2026-06-02"
    assert [row["ahead_h"] for row in found["back_test"]] == [1, 3, 24]


def test_days_that_are_left_out(run: Callable[..., Result]) -> None:
    result = run(
        "forecast", "--lot", "yard", "--at", AT, "--json", "--without", "2026-04-21",
        "--without", "2026-05-13",
    )  # fmt: skip
    found = json.loads(result.stdout)
    assert found["without"] == ["2026-04-21", "2026-05-13"]
    assert found["unlike"] == []
    assert (found["full"]["would_be_full"], found["full"]["days"]) == (7, 7)
    assert [(day["full"], day["days"]) for day in found["week"]][:2] == [(7, 7), (0, 7)]


def test_an_archive_needs_no_moment(run: Callable[..., Result]) -> None:
    result = run("forecast", "--lot", "yard")
    assert "The newest photo is of Tue 2 Jun 2026 at 07:30" in result.stdout
    assert "Full by about 09:10" in result.stdout


def test_what_if(run: Callable[..., Result], db: Path) -> None:
    given = ("--lot", "yard", "--at", AT, "--spaces", "-27", "--weeks", "4")
    result = run("what-if", *given)
    assert result.exit_code == 0, result.stderr
    with Store.open(db) as store:
        changed = change_spaces(store, "yard", NOW, RULES, change=-27, weeks=4)
    assert result.stdout == f"{changed.found.text}\n{words.say_changed(changed, RULES)}\n"
    assert result.stdout.startswith(
        "With 27 spaces fewer it would have been full 44.2 hours a week instead of 11.0 (100 % of"
    )
    found = json.loads(run("what-if", *given, "--json").stdout)
    assert found == words.changed_record("yard", changed)
    assert (found["spaces"], found["change"]) == (100, -27)


@pytest.mark.parametrize(
    "given, status, said",
    [
        (["forecast", "--lot", "new", "--at", AT], 1, "After 3 more Tuesdays there will be one"),
        (["forecast", "--lot", "new", "--at", AT, "--json"], 1, "a forecast needs 3 Tuesdays"),
        (["forecast", "--lot", "endless"], 1, "number of spaces is known; none is set"),
        (["forecast", "--lot", "empty"], 1, "there is no photo of this lot yet"),
        (["forecast", "--lot", "nowhere"], 1, "there is no lot 'nowhere'"),
        (["forecast"], 2, "--lot"),
        (["forecast", "--lot", "yard", "--without", "Easter"], 2, "'Easter' is not a day"),
        (["forecast", "--lot", "yard", "--at", "noon"], 2, "'noon' is not a time"),
        (["what-if", "--lot", "new", "--spaces", "3"], 1, "needs 7 days that were seen"),
        (["what-if", "--lot", "yard", "--spaces", "-100"], 2, "leaves none"),
        (["what-if", "--lot", "yard", "--spaces", "0"], 2, "change nothing"),
        (["what-if", "--lot", "yard", "--spaces", "few"], 2, "'few' is not a valid integer"),
        (["what-if", "--lot", "yard", "--spaces", "1", "--weeks", "0"], 2, "1<=x<=520"),
    ],
)
def test_refusals(run: Callable[..., Result], given: list[str], status: int, said: str) -> None:
    result = run(*given)
    assert result.exit_code == status
    assert said in result.stderr
    assert result.stdout == ""


def test_without_a_history_nothing_is_made(
    run: Callable[..., Result], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PARKCORE_DB", str(tmp_path / "none.db"))
    result = run("forecast", "--lot", "yard")
    assert result.exit_code == 1
    assert "there is no lot 'yard'" in result.stderr
    assert not (tmp_path / "none.db").exists()
