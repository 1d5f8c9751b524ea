"""Which spaces are asked about, what is kept of the answers, and for how long."""

from __future__ import annotations

import hashlib
import sqlite3
from collections import Counter
from contextlib import closing
from datetime import UTC, date, datetime, timedelta
from itertools import islice
from pathlib import Path

import numpy as np
import pytest
from conftest import MADRID
from test_store import record, snapshot

from parkcore.accuracy.asking import (
    Question,
    answered_about,
    correct,
    day_of_questions,
    questions,
    take_back,
)
from parkcore.accuracy.close_up import HEIGHT, WIDTH, close_up
from parkcore.accuracy.spot_checks import day_asked, random_order, seed_of
from parkcore.domain import Correction, Vehicles
from parkcore.errors import StoreError
from parkcore.spaces.layout import Layout, Space
from parkcore.spaces.verdict import MOVED, Judged, Judgement, SpaceState
from parkcore.sqlite.retention_store import Old
from parkcore.sqlite.schema import NAMES
from parkcore.store import Store

DAY = date(2026, 5, 4)
NOW = datetime(2026, 5, 5, 7, tzinfo=UTC)
PLACE = ("north", "gate")
NAMED = [f"A{n}" for n in range(8)]


def space(name: str, x: float) -> Space:
    return Space(name, ((x, 0.4), (x + 0.1, 0.4), (x + 0.1, 0.6), (x, 0.6)))


LAYOUT = Layout(tuple(space(name, 0.01 + 0.12 * n) for n, name in enumerate(NAMED)))
STATES = tuple(
    SpaceState(name, "occupied" if n % 2 == 0 else "vacant", 0.9, "", 0.9 if n % 2 == 0 else 0.1)
    for n, name in enumerate(NAMED)
)


def look(store: Store, at: datetime, *, note: str = "", homography=None) -> int:
    layout = store.layout(*PLACE) or store.save_layout(*PLACE, LAYOUT, None, based_on=0)
    judged = Judged(layout.id, Judgement(STATES), homography, note, "spaces 1")
    name = hashlib.sha256(f"{at}".encode()).hexdigest()[:8]
    return record(store, snapshot(name, at=at), judged=judged)[0].id


def recorded(store: Store, minute: int) -> Question:
    """A question about a photo of its own, whose space is judged occupied."""
    at = datetime(2026, 5, 4, 8, minute, tzinfo=UTC)
    number = look(store, at)
    kept = store.snapshot(number)
    return Question(kept, STATES[0], LAYOUT.spaces[0].polygon, store.judged(number).second_opinion)


def asked(store: Store, number: int, day: date = DAY) -> list[tuple[int, str]]:
    found = islice(questions(store, *PLACE, day, MADRID), number)
    return [(each.snapshot.id, each.space.id) for each in found]


# -- by chance ------------------------------------------------------------------------------


def test_every_space_of_every_photo_is_as_likely_as_any_other() -> None:
    """Chi-squared over 40 pairs, five asked on each of 4,000 days; photos of unequal size."""
    photos = [(11, 5), (7, 25), (500, 10)]
    days = 4_000
    drawn = Counter(
        pair
        for number in range(days)
        for pair in islice(
            random_order(photos, seed_of("lot", "camera", DAY + timedelta(number))), 5
        )
    )
    assert set(drawn) == {(photo, n) for photo, spaces in photos for n in range(spaces)}
    expected = 5 * days / 40
    spread = sum((count - expected) ** 2 / expected for count in drawn.values())
    assert spread < 72.1, "less likely than one in a thousand, by 39 degrees of freedom"


def test_the_order_is_the_same_again_and_another_on_another_day_and_camera() -> None:
    photos = [(n, 30) for n in range(1, 50)]
    first = list(random_order(photos, seed_of("north", "gate", DAY)))
    assert first == list(random_order(photos, seed_of("north", "gate", DAY)))
    assert len(first) == len(set(first)) == 1000, "none twice"
    for other in (
        ("north", "door", DAY),
        ("south", "gate", DAY),
        ("north", "gate", date(2026, 5, 5)),
    ):
        assert first[:5] != list(islice(random_order(photos, seed_of(*other)), 5))


def test_photos_that_come_later_do_not_change_the_order_of_the_others() -> None:
    photos = [(n, 7) for n in range(1, 30)]
    before = list(random_order(photos, 5))
    after = list(random_order([*photos, (99, 7)], 5))
    assert [pair for pair in after if pair[0] != 99] == before
    assert list(random_order([], 5)) == []


@pytest.mark.parametrize(
    "newest, over, asked",
    [
        (date(2026, 5, 3), date(2026, 5, 3), date(2026, 5, 3)),
        (DAY, date(2026, 5, 3), date(2026, 5, 3)),
        (DAY, date(2026, 4, 27), date(2026, 4, 27)),
        (DAY, date(2026, 4, 26), DAY),
        (DAY, None, DAY),
    ],
)
def test_the_newest_day_that_is_over_is_asked_about(newest, over, asked) -> None:
    assert day_asked(newest, over, DAY) == asked


# -- questions ------------------------------------------------------------------------------


def test_the_day_is_one_of_the_sites_clock(store: Store) -> None:
    assert day_of_questions(store, *PLACE, now=NOW, zone=MADRID) is None
    look(store, datetime(2026, 5, 4, 21, 59, tzinfo=UTC))  # 23:59 in Madrid
    look(store, datetime(2026, 5, 4, 22, 1, tzinfo=UTC))
    assert day_of_questions(store, *PLACE, now=NOW, zone=MADRID) == DAY
    assert len(asked(store, 99)) == 8
    assert len(asked(store, 99, date(2026, 5, 5))) == 8


def test_who_comes_back_is_asked_the_same_and_nothing_twice(store: Store) -> None:
    for hour in range(6, 18):
        look(store, datetime(2026, 5, 4, hour, tzinfo=UTC))
    first = asked(store, 5)
    assert asked(store, 5) == first
    question = next(questions(store, *PLACE, DAY, MADRID))
    check = question.check("vacant", light="day", now=NOW)
    store.save_check(check)
    assert asked(store, 4) == first[1:]
    assert answered_about(store, *PLACE, DAY, MADRID) == 1
    store.remove_check(check)
    assert asked(store, 5) == first, "what was taken back is asked first"
    assert len(asked(store, 999)) == 12 * 8


def test_only_spaces_that_can_be_seen_are_asked_about(store: Store) -> None:
    elsewhere = look(store, datetime(2026, 5, 4, 8, tzinfo=UTC), note=f"{MOVED} by 40 %")
    gone = look(store, datetime(2026, 5, 4, 9, tzinfo=UTC))
    deleted = look(store, datetime(2026, 5, 4, 10, tzinfo=UTC))
    shifted = np.array([[1, 0, 0.5], [0, 1, 0], [0, 0, 1.0]])
    there = look(store, datetime(2026, 5, 4, 11, tzinfo=UTC), homography=shifted)
    store.delete([deleted])
    [photo] = [each for each in store.stored_photos(*PLACE) if each.snapshot_id == gone]
    store.mark_gone([photo])
    found = list(questions(store, *PLACE, DAY, MADRID))
    assert {each.snapshot.id for each in found} == {there} != {elsewhere}
    assert sorted(each.space.id for each in found) == ["A0", "A1", "A2", "A3"]
    assert min(x for each in found for x, _ in each.outline) == pytest.approx(0.51)


# -- answers --------------------------------------------------------------------------------


def test_an_answer_is_kept_with_what_was_judged(store: Store) -> None:
    question = recorded(store, 0)
    assert question.second_opinion == "spaces 1"
    store.save_check(question.check("vacant", light="dusk", now=NOW))
    [kept] = store.checks()
    assert kept.judged_by == "m.pt abc + spaces 1"
    assert (kept.state, kept.probability, kept.answer, kept.light) == (
        "occupied", 0.9, "vacant", "dusk",
    )  # fmt: skip
    assert (kept.model, kept.model_version) == (
        question.snapshot.detector.model, question.snapshot.detector.version,
    )  # fmt: skip
    assert (kept.captured_at, kept.answered_at) == (question.snapshot.photo.captured_at, NOW)
    assert not kept.agrees
    store.save_check(question.check("occupied", light="dusk", now=NOW))
    assert [each.answer for each in store.checks(*PLACE)] == ["occupied"], "the last one counts"
    assert store.checks("south") == store.checks("north", "door") == []
    assert [each.space_id for each in store.checks_of([question.snapshot.id])] == ["A0"]


def test_the_machine_is_asked_not_the_correction(store: Store) -> None:
    number = look(store, datetime(2026, 5, 4, 8, tzinfo=UTC))
    store.correct(number, Correction(spaces=dict.fromkeys(NAMED, "vacant")))
    states = {each.space.id: each.space.state for each in questions(store, *PLACE, DAY, MADRID)}
    assert states == {each.id: each.state for each in STATES}


def test_an_answer_puts_the_history_right_where_it_is_wanted(store: Store) -> None:
    question = recorded(store, 0)
    number = question.snapshot.id
    store.correct(number, Correction(Vehicles(car=3), {"A5": "occupied"}))
    check = question.check("vacant", light="", now=NOW)
    store.save_check(check)
    assert store.snapshot(number).correction.spaces == {"A5": "occupied"}, "not by itself"
    correct(store, check)
    kept = store.snapshot(number).correction
    assert (kept.spaces, kept.vehicles) == ({"A5": "occupied", "A0": "vacant"}, Vehicles(car=3))
    correct(store, question.check("unclear", light="", now=NOW))
    assert store.snapshot(number).correction.spaces == kept.spaces


def test_answers_outlive_thinning_but_not_deletion(store: Store) -> None:
    thinned, deleted, newest = (recorded(store, minute) for minute in (0, 1, 2))
    for each in (thinned, deleted, newest):
        store.save_check(each.check("occupied", light="", now=NOW))
    store.delete([deleted.snapshot.id])
    assert len(store.checks()) == 2
    store.restore([deleted.snapshot.id])
    assert len(store.checks()) == 3
    store.delete([deleted.snapshot.id])
    store.purge(datetime.now(UTC) + timedelta(days=1))
    assert len(store.checks()) == 2
    for photo in list(store.stored_photos(*PLACE)):
        store.mark_gone([photo])
    gone = Old("north", datetime(2026, 6, 1, tzinfo=UTC), True, datetime(1990, 1, 1, tzinfo=UTC))
    store.drop_snapshots(gone)
    assert store.snapshot(thinned.snapshot.id) is None
    assert [each.snapshot_id for each in store.checks()] == [None, newest.snapshot.id]


def test_answers_about_a_deleted_photo_do_not_come_back_when_it_is_thinned(store: Store) -> None:
    kept, deleted, _newest = (recorded(store, minute) for minute in (0, 1, 2))
    for each in (kept, deleted):
        store.save_check(each.check("occupied", light="", now=NOW))
    store.delete([deleted.snapshot.id])
    for photo in list(store.stored_photos(*PLACE)):
        store.mark_gone([photo])
    gone = Old("north", datetime(2026, 6, 1, tzinfo=UTC), True, datetime(1990, 1, 1, tzinfo=UTC))
    store.drop_snapshots(gone)
    assert store.snapshot(deleted.snapshot.id) is None
    assert [each.captured_at for each in store.checks()] == [kept.snapshot.photo.captured_at]


def test_taking_an_answer_back_takes_back_what_it_put_right(store: Store) -> None:
    question = recorded(store, 0)
    number = question.snapshot.id or 0
    check = question.check("vacant", light="", now=NOW)
    before = correct(store, check)
    assert store.snapshot(number).correction.spaces == {question.space.id: "vacant"}
    take_back(store, check, before)
    assert store.snapshot(number).correction is None

    store.correct(number, Correction(spaces={question.space.id: "occupied"}))
    before = correct(store, check)
    since = {**store.snapshot(number).correction.spaces, "A5": "occupied"}
    store.correct(number, Correction(Vehicles(car=2), since))
    take_back(store, check, before)
    kept = store.snapshot(number).correction
    assert kept.spaces == {question.space.id: "occupied", "A5": "occupied"}
    assert kept.vehicles == Vehicles(car=2)


def test_an_answer_about_what_is_gone_is_refused(store: Store) -> None:
    question = recorded(store, 0)
    store.delete_snapshots([question.snapshot.photo.sha256])
    with pytest.raises(StoreError, match="removed meanwhile"):
        store.save_check(question.check("vacant", light="", now=NOW))


def test_an_older_database_gets_the_table(tmp_path: Path) -> None:
    path = tmp_path / "p.db"
    with Store.open(path) as store:
        number = look(store, datetime(2026, 5, 4, 8, tzinfo=UTC))
    with sqlite3.connect(path) as older:
        older.execute("insert into corrections (snapshot_id, spaces, corrected_at)"
                      f" values ({number}, '{{}}', '2026-05-04T09:00:00Z')")  # fmt: skip
        older.execute("drop table checks")
        older.execute("alter table corrections drop column layout_id")
        older.execute("delete from _sqlite_migrations where name in"
                      " ('m007_checks', 'm008_layouts_spoken_of')")  # fmt: skip
    older.close()
    with Store.open(path) as store:
        assert store.checks() == []
        judged = store.judged_by_machine(number)
        with closing(sqlite3.connect(path)) as db:
            assert db.execute("select layout_id from corrections").fetchall() == [
                (judged.layout_id,)
            ]
        question = Question(
            store.snapshot(number), STATES[0], LAYOUT.spaces[0].polygon, "", judged.layout_id
        )
        store.save_check(question.check("vacant", light="", now=NOW))
        assert store.checks()[0].layout_id == judged.layout_id
    assert {"m007_checks", "m008_layouts_spoken_of"} <= NAMES


# -- the picture ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    "outline",
    [
        ((0.4, 0.4), (0.5, 0.4), (0.5, 0.5), (0.4, 0.5)),
        ((0.0, 0.0), (0.02, 0.0), (0.02, 0.03), (0.0, 0.03)),
        ((0.9, 0.8), (1.05, 0.8), (1.05, 1.1), (0.9, 1.1)),
        ((0.0, 0.0), (1.0, 0.0), (1.0, 1.0), (0.0, 1.0)),
    ],
)
def test_a_close_up_shows_the_framed_space_and_what_is_around_it(outline) -> None:
    image = np.full((480, 640, 3), 90, np.uint8)
    x, y = (round(np.mean([corner[n] for corner in outline]) * (640, 480)[n]) for n in (0, 1))
    x, y = min(x, 639), min(y, 479)
    image[max(0, y - 3) : y + 4, max(0, x - 3) : x + 4] = (20, 20, 240)
    seen = close_up(image, outline)
    assert seen.shape[1] == WIDTH and abs(seen.shape[0] - HEIGHT) < 4
    blue = (seen[:, :, 2] > 200) & (seen[:, :, 0] < 60)
    frame = (seen[:, :, 0] > 200) & (seen[:, :, 2] < 130)
    assert blue.any() and frame.any()
    assert not ((seen[:, :, 0] > 150) & (seen[:, :, 1] < 60)).any(), "no red gives it away"
    if outline[0] == (0.4, 0.4):
        rows, columns = np.nonzero(frame)
        assert 0.25 < np.ptp(columns) / WIDTH < 0.5
        assert abs(np.mean(columns) - WIDTH / 2) < 12 and abs(np.mean(rows) - HEIGHT / 2) < 12
