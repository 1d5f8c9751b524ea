"""The accuracy meter's figures, reckoned by hand."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner
from conftest import MADRID
from hypothesis import given
from hypothesis import strategies as st

from parkcore.accuracy import meter_charts, meter_words
from parkcore.accuracy.intervals import (
    clustered_interval,
    difference_interval,
    trials_needed,
    wilson_interval,
)
from parkcore.accuracy.meter import Check, Meter, Tally
from parkcore.cli import cli
from parkcore.store import Store

MONDAY = datetime(2026, 5, 4, 10, tzinfo=UTC)


def check(
    state: str, answer: str, *, at: datetime = MONDAY, model: str = "one", light: str = ""
) -> Check:
    return Check("north", "gate", at, "A1", state, 0.9, answer, at, model, "v", "", light)


def answers(right: int, wrong: int, *, at: datetime = MONDAY, **more: str) -> list[Check]:
    told = [check("occupied", "occupied", at=at, **more)] * right
    return told + [check("vacant", "occupied", at=at, **more)] * wrong


def meter(*checks: Check) -> Meter:
    return Meter(checks, MADRID)


# -- intervals ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "right, of, low, high",
    [
        (81, 263, 0.2553, 0.3662),  # Newcombe 1998, "Two-sided confidence intervals …", table I
        (15, 148, 0.0624, 0.1605),
        (0, 20, 0.0, 0.1611),
        (1, 29, 0.0061, 0.1718),
    ],
)
def test_wilson_is_that_of_the_literature(right: int, of: int, low: float, high: float) -> None:
    assert wilson_interval(right, of) == pytest.approx((low, high), abs=5e-5)


@given(st.integers(0, 500), st.integers(1, 500))
def test_wilson_holds_the_share(right: int, of: int) -> None:
    right = min(right, of)
    low, high = wilson_interval(right, of)
    assert 0 <= low <= right / of + 1e-12 and right / of <= high + 1e-12 and high <= 1
    others = wilson_interval(of - right, of)
    assert (1 - others[1], 1 - others[0]) == pytest.approx((low, high), abs=1e-9)


def test_clusters_that_are_alike_are_as_good_as_none() -> None:
    assert clustered_interval([9] * 12, [10] * 12) == wilson_interval(108, 120)
    assert clustered_interval([7], [10]) == wilson_interval(7, 10), "one tells nothing of others"
    assert clustered_interval([10] * 3, [10] * 3) == wilson_interval(30, 30)
    assert clustered_interval([0, 0], [0, 0]) is None


def test_clusters_that_are_right_and_wrong_as_a_whole_count_as_one_each() -> None:
    """Ten of them tell as much as nine independent trials: one makes the mean known."""
    found = clustered_interval([10, 0] * 5, [10] * 10)
    assert found == pytest.approx(wilson_interval(4.5, 9))


def test_it_holds_the_truth_where_photos_differ_and_wilsons_alone_does_not() -> None:
    """30 photos of 45 spaces, each photo judged as rightly as it may be: mean 0.97, of a beta
    distribution in which the spaces of a photo correlate by 0.05."""
    random = np.random.default_rng(0)
    strength = 1 / 0.05 - 1
    held = {"clustered": 0, "alone": 0}
    for _ in range(600):
        right = random.binomial(45, random.beta(0.97 * strength, 0.03 * strength, 30)).tolist()
        for name, interval in (
            ("clustered", clustered_interval(right, [45] * 30)),
            ("alone", wilson_interval(sum(right), 45 * 30)),
        ):
            held[name] += interval[0] <= 0.97 <= interval[1]
    assert held["clustered"] / 600 > 0.9
    assert held["alone"] / 600 < 0.8


def test_no_trials_say_nothing() -> None:
    assert wilson_interval(0, 0) is None
    assert difference_interval((0, 0), (3, 4)) is None


def test_the_difference_is_that_of_the_literature() -> None:
    """Newcombe 1998, "Interval estimation for the difference …", table II: 56/70 less 48/80."""
    low, high = difference_interval((48, 80), (56, 70))
    assert (low, high) == pytest.approx((0.0524, 0.3339), abs=5e-5)


@pytest.mark.parametrize("share", [0.5, 0.9, 0.97, 1.0])
def test_so_many_trials_make_the_interval_narrow_and_one_fewer_does_not(share: float) -> None:
    needed = trials_needed(share, half_width=0.02)

    def half(trials: int) -> float:
        low, high = wilson_interval(share * trials, trials)
        return (high - low) / 2

    assert half(needed) <= 0.02 < half(needed - 1)


# -- figures --------------------------------------------------------------------------------


def test_a_tally_by_hand() -> None:
    tally = Tally.of([
        *[check("occupied", "occupied")] * 3,
        *[check("vacant", "vacant")] * 4,
        check("occupied", "vacant"),
        *[check("vacant", "occupied")] * 2,
        check("unknown", "occupied"),
        check("unknown", "vacant"),
        check("vacant", "unclear"),
        check("unknown", "unclear"),
    ])  # fmt: skip
    assert tally == Tally(3, 4, 1, 2, 2, 2)
    assert (tally.judged, tally.right, tally.told, tally.accuracy) == (10, 7, 12, 0.7)
    assert tally.interval == pytest.approx((0.3968, 0.8922), abs=1e-4)
    record = tally.record()
    assert (record["answers"], record["unknown_share"]) == (14, 0.1667)


def test_nothing_is_known_without_answers() -> None:
    empty = Tally()
    assert (empty.accuracy, empty.interval) == (None, None)
    assert empty.missing == trials_needed(0.97, half_width=0.02)
    assert meter().drift() is None
    assert meter_words.say_accuracy(empty) == "no answer yet about a space that was judged"


def test_enough_answers_are_enough() -> None:
    low, high = wilson_interval(980, 1000)
    assert high - low <= 0.04
    assert Tally(right_occupied=980, false_vacant=20).missing == 0
    assert Tally(right_occupied=98, false_vacant=2).missing > 100
    worse = Tally(right_occupied=70, false_vacant=30)
    assert worse.missing > Tally(right_occupied=98, false_vacant=2).missing


def test_hours_are_those_of_the_sites_clock() -> None:
    late = datetime(2026, 5, 4, 22, 30, tzinfo=UTC)  # 00:30 in Madrid
    found = meter(*answers(1, 0, at=late), *answers(2, 1, at=MONDAY)).by_hours()
    assert {name: (tally.right, tally.judged) for name, tally in found.items()} == {
        "0–3": (1, 1),
        "12–15": (2, 3),
    }


def test_light_goes_from_day_to_night() -> None:
    lit = (answers(1, 0, light=light) for light in ("night", "day", "", "dusk"))
    found = meter(*[each for group in lit for each in group]).by_light()
    assert list(found) == ["day", "dusk", "night"]


def test_weeks_begin_on_monday_of_the_sites_clock() -> None:
    before = datetime(2026, 5, 3, 21, 59, tzinfo=UTC)  # Sunday, 23:59 in Madrid
    after = datetime(2026, 5, 3, 22, 1, tzinfo=UTC)
    found = meter(*answers(1, 0, at=before), *answers(1, 1, at=after)).by_week()
    assert list(found) == [date(2026, 4, 27), date(2026, 5, 4)]
    assert found[date(2026, 5, 4)].judged == 2


def test_models_stand_in_the_order_in_which_they_came() -> None:
    new = answers(1, 0, at=MONDAY + timedelta(days=1), model="a-new")
    assert list(meter(*new, *answers(1, 0, model="b-old")).by_model()) == ["b-old v", "a-new v"]


@pytest.mark.parametrize(
    "before, lately, verdict",
    [
        ((95, 5), (75, 25), "worse"),
        ((75, 25), (95, 5), "better"),
        ((95, 5), (93, 7), "same"),
        ((0, 0), (93, 7), "open"),
    ],
)
def test_a_change_is_more_than_chance(before, lately, verdict: str) -> None:
    old = answers(*before, at=MONDAY - timedelta(weeks=4))
    new = answers(*lately, at=MONDAY - timedelta(weeks=2)) + answers(0, 0, at=MONDAY)
    newest = [check("unknown", "vacant", at=MONDAY)]
    drift = meter(*old, *new, *newest).drift()
    assert drift.since == date(2026, 4, 13)
    assert (drift.before.judged, drift.lately.judged) == (sum(before), sum(lately))
    assert drift.verdict == verdict
    assert ("worse" in meter_words.say_drift(drift)) == (verdict == "worse")


@pytest.mark.parametrize(
    "share, said",
    [(1, "100"), (0.9996, "99.9"), (0.5, "50"), (0.0001, "0.1"), (0, "0"), (0.973, "97.3")],
)
def test_percent_never_hides_that_one_was_wrong(share: float, said: str) -> None:
    assert meter_words.percent(share) == f"{said}\N{NO-BREAK SPACE}%"


def test_charts_have_a_point_for_each_week_with_its_interval() -> None:
    weeks = meter(*answers(3, 1), *answers(1, 1, at=MONDAY + timedelta(weeks=2))).by_week()
    data = meter_charts.weeks(weeks).to_dict()["datasets"].popitem()[1]
    assert [row["accuracy"] for row in data] == [0.75, 0.5]
    assert all(row["low"] < row["accuracy"] < row["high"] for row in data)
    hours = meter_charts.groups(meter(*answers(3, 1)).by_hours(), "Hour")
    assert hours.to_dict()["datasets"].popitem()[1][0]["name"] == "12–15"


# -- the command ----------------------------------------------------------------------------


def run(path: Path, *words: str):
    return CliRunner().invoke(cli, ["--db", str(path), "--time-zone", "Europe/Madrid", *words])


def test_the_command_says_what_the_page_says(tmp_path: Path) -> None:
    from test_spot_checks import recorded

    path = tmp_path / "p.db"
    assert "No answers yet" in run(path, "accuracy").output
    with Store.open(path) as store:
        for number, answer in enumerate(["occupied", "occupied", "vacant", "unclear"]):
            store.save_check(recorded(store, number).check(answer, light="day", now=MONDAY))
    said = run(path, "accuracy", "--lot", "north")
    assert said.exit_code == 0, said.output
    first, wrong, *_ = said.output.splitlines()
    assert first == (
        "north/gate: 66.6\N{NO-BREAK SPACE}% right (between 20.8 and 93.9 %) of 3 answers"
    )
    assert "1 free called occupied, 0 occupied called free" in wrong
    record = json.loads(run(path, "accuracy", "--json", "--camera", "gate").output)
    assert (record["lot"], record["camera"], record["judged"]) == ("north", "gate", 3)
    assert record["by_light"]["day"]["right"] == 2
    assert run(path, "accuracy", "--camera", "elsewhere", "--json").output == ""
    unknown = run(path, "accuracy", "--lot", "nowhere")
    assert unknown.exit_code == 1 and "nowhere" in unknown.output
