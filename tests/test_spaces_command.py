"""`parkcore spaces`: how each space was used, in words and for programs."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from conftest import MADRID
from test_store import snapshot

from parkcore.cli import cli
from parkcore.domain import Correction, Lot
from parkcore.history.ranges import Days
from parkcore.spaces.layout import Layout, Space
from parkcore.spaces.space_use import SpaceAnswer, SpaceQuestion, say_extremes
from parkcore.spaces.verdict import Judged, Judgement, SpaceState, State
from parkcore.store import Store

DAY = datetime(2026, 5, 4, tzinfo=MADRID)
SAID: dict[str, tuple[State, float, float | None]] = {
    "o": ("occupied", 0.9, 0.9), "v": ("vacant", 0.9, 0.1), "u": ("unknown", 0.0, None),
}  # fmt: skip


def space(name: str, x: float, **more: str) -> Space:
    return Space(name, ((x, 0.4), (x + 0.1, 0.4), (x + 0.1, 0.5), (x, 0.5)), **more)


LAYOUT = Layout((space("=A1", 0.1, group="front"), space("A2", 0.3), space("B1", 0.5, type="ev")))


def look(store: Store, layout: Layout, minute: float, letters: str, *, day: datetime = DAY) -> int:
    """Record a photo of the camera `gate` that says a letter of each space."""
    states = zip(layout.spaces, letters, strict=True)
    judged = tuple(SpaceState(each.id, *SAID[said][:2], "", SAID[said][2]) for each, said in states)
    at = day + timedelta(minutes=minute)
    what = snapshot(f"{at.isoformat()}", at=at, labels=("car",) * letters.count("o"))
    stored, _ = store.record(
        what, b"small", lot=Lot("north", "North"), judged=Judged(layout.id, Judgement(judged))
    )
    return stored.id


def fill(store: Store) -> Layout:
    layout = store.save_layout("north", "gate", LAYOUT, None, based_on=0)
    for minute, letters in ((480, "vou"), (510, "ovu"), (540, "ovu"), (570, "vou"), (600, "vov")):
        look(store, layout, minute, letters)
    return layout


def answer(store: Store, first: int = 4, last: int = 4) -> SpaceAnswer | None:
    days = Days(DAY.date().replace(day=first), DAY.date().replace(day=last))
    question = SpaceQuestion("north", "gate", days, MADRID, hold_s=3600)
    return question.answer(store, datetime(2026, 5, 20, tzinfo=UTC))


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Result]:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PARKCORE_TIME_ZONE", "Europe/Madrid")
    with Store.open(tmp_path / "parkcore.db") as store:
        fill(store)

    def invoke(*words: str) -> Result:
        return CliRunner().invoke(cli, ["spaces", *words])

    return invoke


IN_MAY = ("--lot", "north", "--from", "2026-05-04", "--to", "2026-05-04")


def test_a_row_for_each_space(run) -> None:
    """Photos at 8:00, 8:30, 9:00, 9:30 and 10:00; the last one stands for an hour."""
    result = run(*IN_MAY, "--json")
    assert result.exit_code == 0, result.output
    first, second, third = map(json.loads, result.stdout.splitlines())
    assert first == {
        "lot": "north", "camera": "gate", "space": "=A1", "type": "car", "group": "front",
        "from": "2026-05-04", "to": "2026-05-04", "time_zone": "Europe/Madrid",
        "utilisation": 0.333333, "occupied_s": 3600, "seen_s": 10800, "period_s": 86400,
        "turnover": 1, "turnover_per_day": 1, "dwell_median_s": 1800, "dwell_longest_s": 1800,
        "cut": 0, "drawn_anew": None,
    }  # fmt: skip
    # 8:00–8:30, of which nobody saw the beginning, and from 9:30 on, of which nobody saw the end
    assert (second["occupied_s"], second["turnover"], second["cut"]) == (7200, 2, 2)
    assert (second["dwell_median_s"], second["dwell_longest_s"]) == (900, 1800)
    assert (third["seen_s"], third["utilisation"], third["turnover"]) == (3600, 0, 0)
    assert third["dwell_median_s"] is None


def test_csv_is_for_people_and_runs_no_formula(run) -> None:
    found = list(csv.DictReader(io.StringIO(run(*IN_MAY, "--csv").stdout)))
    assert [row["Space"] for row in found] == ["'=A1", "A2", "B1"]
    assert found[0]["Utilisation (%)"] == "33.33"
    assert found[2]["Median dwell, at least (s)"] == ""
    assert found[0]["Drawn anew, seen from (Europe/Madrid)"] == ""


def test_in_words(run) -> None:
    said = run(*IN_MAY).stdout
    assert "north/gate, Mon 4 May 2026, times of Europe/Madrid\n" in said
    assert "  =A1: 33.3 % of 3 h seen; taken once at least, for 30 min or more\n" in said
    assert (
        "  A2: 66.6 % of 3 h seen; taken 2 times at least, half of them for 15 min or more, the"
        " longest for 30 min or more\n"
    ) in said
    assert "  B1: 0.0 % of 1 h seen\n" in said
    assert "Most used: A2 (66 %)\nLeast used: =A1 (33 %)\n" in said  # B1 was seen too little
    assert "Seen 9 % of the time of 3 spaces, in 5 photos." in said  # 7 of 72 hours


def test_only_the_opening_hours(run, monkeypatch) -> None:
    assert run(*IN_MAY, "--open").exit_code == 2
    monkeypatch.setenv("PARKCORE_OPENING_HOURS", "mon-fri 9-14")
    first, *_ = map(json.loads, run(*IN_MAY, "--open", "--json").stdout.splitlines())
    assert (first["occupied_s"], first["seen_s"], first["period_s"]) == (1800, 7200, 18000)
    assert (first["turnover"], first["dwell_longest_s"]) == (1, 1800)  # as it is: from 8:30 on
    monkeypatch.setenv("PARKCORE_OPENING_HOURS", "sun 9-14")
    first, *_ = map(json.loads, run(*IN_MAY, "--open", "--json").stdout.splitlines())
    assert (first["utilisation"], first["seen_s"], first["period_s"]) == (None, 0, 0)


@pytest.mark.parametrize(
    ("words", "status", "said"),
    [
        (("--lot", "nowhere"), 1, "nowhere"),
        (("--lot", "north", "--camera", "back"), 1, "no spaces are marked at north/back"),
        (("--lot", "north", "--from", "2026-05-05", "--to", "2026-05-04"), 2, "is after the last"),
        (("--lot", "north", "--from", "May"), 2, "is not a day"),
        (("--lot", "north", "--from", "2020-01-01", "--to", "2020-01-02"), 0, "No photos that say"),
        ((), 2, "--lot"),
    ],
)
def test_what_cannot_be_answered_is_said(run, words, status, said) -> None:
    result = run(*words)
    assert result.exit_code == status
    assert said in result.output
    assert "Traceback" not in result.output


def test_the_latest_week_without_days(run) -> None:
    first, *_ = map(json.loads, run("--lot", "north", "--json").stdout.splitlines())
    assert (first["from"], first["to"], first["seen_s"]) == ("2026-04-28", "2026-05-04", 10800)


# -- what the store says ------------------------------------------------------------------------


def test_corrections_count_and_deleted_photos_do_not(store) -> None:
    layout = fill(store)
    late = look(store, layout, 630, "ooo")
    store.correct(late, Correction(spaces={"=A1": "vacant", "B1": "vacant"}))
    used = {each.space.id: each.use for each in answer(store).spaces}
    assert (used["=A1"].occupied_s, used["B1"].occupied_s) == (3600, 0)
    store.correct(late, None)
    assert answer(store).spaces[0].use.occupied_s == 7200
    store.delete([late])
    assert answer(store).spaces[0].use.occupied_s == 3600
    store.restore([late])
    assert answer(store).spaces[0].use.occupied_s == 7200


def test_looks_come_oldest_first_and_of_too_many_the_newest(store) -> None:
    layout = fill(store)
    since, until = DAY, DAY + timedelta(days=1)

    def letters(limit: int) -> list[str]:
        found = store.looks_between("north", "gate", since, until, limit=limit)
        assert {of for _, of, _ in found} == {layout.id}
        assert [at for at, _, _ in found] == sorted(at for at, _, _ in found)
        return [said for _, _, said in found]

    assert letters(100) == ["vou", "ovu", "ovu", "vou", "vov"]
    assert letters(2) == ["vou", "vov"]
    assert store.looks_between("north", "back", since, until, limit=9) == []


def test_a_night_before_stands_into_the_day_and_a_day_has_23_hours(store) -> None:
    layout = store.save_layout("north", "gate", LAYOUT, None, based_on=0)
    look(store, layout, -10, "ovu", day=datetime(2026, 3, 29, tzinfo=MADRID))
    look(store, layout, 20, "ovu", day=datetime(2026, 3, 29, tzinfo=MADRID))
    days = Days(date(2026, 3, 29), date(2026, 3, 29))
    question = SpaceQuestion("north", "gate", days, MADRID, hold_s=3600)
    found = question.answer(store, datetime(2026, 5, 20, tzinfo=UTC))
    assert (found.period_s, found.photos) == (23 * 3600, 1)
    first = found.spaces[0].use
    assert (first.occupied_s, first.turnover, first.cut) == (80 * 60, 1, 1)
    assert first.dwell_longest_s == 20 * 60  # from midnight on


def test_a_space_that_was_drawn_anew_begins_there(store) -> None:
    fill(store)
    moved = Layout((space("A2", 0.31), space("B1", 0.8, type="ev"), space("C1", 0.9)))
    new = store.save_layout("north", "gate", moved, None, based_on=1)
    tuesday = DAY + timedelta(days=1)
    look(store, new, 480, "ovv", day=tuesday)
    found = answer(store, 4, 5)
    assert found.layout.id == new.id
    assert [each.space.id for each in found.spaces] == ["A2", "B1", "C1"]
    at = tuesday + timedelta(minutes=480)
    assert [each.since for each in found.spaces] == [None, at, at]
    assert [each.use.seen_s for each in found.spaces] == [14400, 3600, 3600]
    anew = [row["drawn_anew"] for row in found.records()]
    assert anew == [None, "2026-05-05T08:00:00+02:00", "2026-05-05T08:00:00+02:00"]
    before = answer(store, 4, 4)  # of the days before, the spaces as they were
    assert [each.space.id for each in before.spaces] == ["=A1", "A2", "B1"]


def test_types_and_groups_and_too_few_to_rank(store) -> None:
    layout = fill(store)
    found = answer(store)
    assert {name: use.seen_s for name, use in found.by(lambda each: each.type).items()} == {
        "car": 21600, "ev": 3600,
    }  # fmt: skip
    assert found.by(lambda each: each.group)["front"].utilisation == pytest.approx(1 / 3)
    look(store, layout, 600, "ouu", day=DAY + timedelta(days=1))
    assert say_extremes(answer(store, 5, 5)) == []
    assert answer(store, 6, 7) is None
