"""How spaces were used: tables computed by hand, and what holds for any looks."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from parkcore.spaces.layout import Layout, Space
from parkcore.spaces.utilisation import (
    Looks,
    SpaceUse,
    Span,
    is_same,
    letters_of,
    use_of_spaces,
)

MIN = 60
HOLD_S = 60 * MIN
DAY_MIN = 1440


def looks(*said: tuple[float, str]) -> Looks:
    """Looks at (minute, a letter per space); days begin at minute 0, 1440, …"""
    minutes = np.array([minute for minute, _ in said], float)
    letters = np.array([list(letters.encode()) for _, letters in said], np.uint8)
    return Looks(MIN * minutes, (minutes // DAY_MIN).astype(np.int64), letters)


def use(text: str, since: float = 0, until: float = 240) -> SpaceUse:
    """Of one space, from looks such as `0o 30v`, in a period of minutes."""
    said = [(float(each[:-1]), each[-1]) for each in text.split()]
    [found] = use_of_spaces(looks(*said), Span.whole(MIN * since, MIN * until), hold_s=HOLD_S)
    return found


def minutes(found: SpaceUse) -> tuple[float, float, list[float], int]:
    return (
        found.seen_s / MIN,
        found.occupied_s / MIN,
        [dwell / MIN for dwell in found.dwells_s],
        found.cut,
    )


TABLE = [
    # looks, period;                           seen, occupied, dwells, cut
    ("0v 30o 60o 90o 120v", 0, 150, (150, 90, [60], 0)),
    ("0v 30o 60v 90o 120v", 0, 150, (150, 60, [0, 0], 0)),  # one photo each: at least 0 min
    ("0o 30v", 0, 60, (60, 30, [0], 1)),  # nobody saw it come
    ("0v 30o 60o", 0, 90, (90, 60, [30], 1)),  # nobody saw it go
    ("0v 30o 50u 60o 90v", 0, 100, (90, 50, [30], 0)),  # a missed look is no departure
    ("0v 30o 50u 91o 100v", 0, 110, (69, 29, [0, 0], 2)),  # 61 minutes without: maybe another
    ("0v 30o 50u 90o 100v", 0, 110, (70, 30, [60], 0)),  # 60 minutes: still the same
    ("0v 30o 40u 50v", 0, 60, (50, 10, [0], 0)),
    ("0o", 0, 240, (60, 60, [0], 1)),  # stands for an hour
    ("0u 30u", 0, 60, (0, 0, [], 0)),
    ("0v 60v", 0, 120, (120, 0, [], 0)),
    ("0o 30o 60v 90o 100u 120o 200o 230v", 0, 240, (200, 160, [30, 30, 0], 3)),
    # looks before the period stand into it, and say whether a run began before
    ("0o 40o 80o 100v", 30, 120, (90, 70, [50], 1)),
    ("0v 40o 80o 100v", 30, 120, (90, 60, [40], 0)),
    ("0o 40v", 30, 60, (30, 10, [], 0)),  # its last photo is before the period
    ("0o 100o 110v", 50, 120, (30, 20, [0], 1)),
]


@pytest.mark.parametrize(("text", "since", "until", "expected"), TABLE)
def test_the_table_computed_by_hand(text, since, until, expected) -> None:
    assert minutes(use(text, since, until)) == expected


def test_what_follows_from_the_sums() -> None:
    found = use("0v 30o 60o 90v 120o 180o 240o 300v 330o 350v", until=360)
    assert minutes(found) == (360, 60 + 180 + 20, [30, 120, 0], 0)
    assert found.utilisation == pytest.approx(260 / 360)
    assert (found.turnover, found.turnover_per_day) == (3, 3)
    assert (found.dwell_median_s, found.dwell_longest_s) == (30 * MIN, 120 * MIN)


def test_turnover_is_per_day_on_which_it_was_seen() -> None:
    found = use("0v 30o 60v 1500v 1530o 1540v 4300u", until=5 * DAY_MIN)
    assert (found.days_seen, found.turnover, found.turnover_per_day) == (2, 2, 1)


def test_what_was_not_seen_has_no_figures() -> None:
    for found in (use("0u"), SpaceUse()):
        assert found.utilisation is found.turnover_per_day is None
        assert found.dwell_median_s is found.dwell_longest_s is None
    [none] = use_of_spaces(
        Looks(np.empty(0), np.empty(0, np.int64), np.empty((0, 1), np.uint8)),
        Span.whole(0, 60), hold_s=HOLD_S,
    )  # fmt: skip
    assert (none.seen_s, none.turnover) == (0, 0)


def test_each_space_has_its_own_figures_and_together_they_are_weighted_by_time() -> None:
    found = use_of_spaces(
        looks((0, "ov"), (30, "ou"), (60, "vo")), Span.whole(0, 90 * MIN), hold_s=HOLD_S
    )
    assert [minutes(each) for each in found] == [(90, 60, [30], 1), (60, 30, [0], 1)]
    both = SpaceUse.together(found)
    assert minutes(both) == (150, 90, [30, 0], 2)
    assert both.utilisation == pytest.approx(0.6)  # not the mean of 2/3 and 1/2
    assert both.turnover_per_day == 1


def test_only_the_parts_that_count() -> None:
    """Open from minute 60 to 120 and from 180 to 240; runs keep their length."""
    span = Span(0, MIN * np.array([[60.0, 120], [180, 240]]))
    said = looks((0, "ov"), (40, "ov"), (90, "oo"), (130, "vo"), (170, "vv"), (200, "vo"))
    found = use_of_spaces(said, span, hold_s=HOLD_S)
    # the first: 60–120 taken, 180–240 free; the second: 60–90 free, 90–120 taken, 180–200 free
    assert [minutes(each) for each in found] == [(120, 60, [90], 1), (120, 70, [40, 0], 1)]
    assert span.seconds == 120 * MIN


def test_hours_when_nothing_is_open() -> None:
    span = Span(0, np.empty((0, 2)))
    [found] = use_of_spaces(looks((0, "o"), (30, "v")), span, hold_s=HOLD_S)
    assert (minutes(found), span.seconds) == ((0, 0, [], 0), 0)


SAID = st.lists(
    st.tuples(st.integers(0, 600), st.text("ovu", min_size=3, max_size=3)), min_size=1, max_size=40
).map(lambda said: sorted(said, key=lambda look: look[0]))


def between(said: list[tuple[int, str]], since: int, until: int) -> list[SpaceUse]:
    """As it is asked of the store: what stands into the period is read too."""
    read = [look for look in said if since - HOLD_S / MIN <= look[0] < until]
    if not read:
        return [SpaceUse()] * 3
    return use_of_spaces(looks(*read), Span.whole(MIN * since, MIN * until), hold_s=HOLD_S)


@given(SAID, st.lists(st.integers(0, 700), min_size=3, max_size=3, unique=True).map(sorted))
def test_a_period_is_the_sum_of_its_parts(said, ends) -> None:
    since, middle, until = ends
    parts = zip(between(said, since, middle), between(said, middle, until), strict=True)
    for whole, both in zip(between(said, since, until), parts, strict=True):
        assert whole.seen_s == pytest.approx(sum(part.seen_s for part in both), abs=1e-6)
        assert whole.occupied_s == pytest.approx(sum(part.occupied_s for part in both), abs=1e-6)
        # a run over the middle is one in each half
        assert 0 <= sum(part.turnover for part in both) - whole.turnover <= 1


@given(SAID, st.integers(0, 300), st.integers(301, 700))
def test_it_equals_a_minute_by_minute_recount(said, since, until) -> None:
    for space, found in enumerate(between(said, since, until)):
        seen = occupied = 0
        for minute in range(since, until):
            standing = [look for look in said if look[0] <= minute]
            if standing and minute - standing[-1][0] < HOLD_S / MIN:
                letter = standing[-1][1][space]
                seen += letter != "u"
                occupied += letter == "o"
        assert minutes(found)[:2] == pytest.approx((seen, occupied), abs=1e-6)
        assert found.occupied_s <= found.seen_s + 1e-6
        assert found.dwells_s.sum() <= MIN * (until - since)
        assert found.cut <= found.turnover


# -- versions of a layout -----------------------------------------------------------------------

NOON = datetime(2026, 5, 3, 12, tzinfo=UTC)


def space(name: str, x: float, width: float = 0.1) -> Space:
    return Space(name, ((x, 0.4), (x + width, 0.4), (x + width, 0.5), (x, 0.5)))


@pytest.mark.parametrize(
    ("other", "same"),
    [
        (space("A", 0.1), True),
        (space("A", 0.14), True),  # 60 % of each
        (space("A", 0.16), False),  # 40 %
        (space("A", 0.1, 0.3), False),  # a third of the larger one
        (space("A", 0.5), False),
    ],
)
def test_which_outlines_are_of_one_space(other, same) -> None:
    assert is_same(space("A", 0.1), other) is same
    assert is_same(other, space("A", 0.1)) is same


def test_spaces_of_several_versions_are_joined_by_name_and_place() -> None:
    """B was drawn anew elsewhere, C is new, D is gone, and the order is another."""
    old = Layout((space("A", 0.1), space("B", 0.3), space("D", 0.7)))
    new = Layout((space("C", 0.9), space("B", 0.5), space("A", 0.11)))
    said = [(NOON + timedelta(hours=n), of, letters) for n, (of, letters) in enumerate(
        [(1, "ovo"), (1, "voo"), (2, "vov"), (2, "ouv")]
    )]  # fmt: skip
    letters, since = letters_of(said, {1: old, 2: new}, new)
    assert [row.tobytes().decode() for row in letters] == ["uuo", "uuv", "vov", "ouv"]
    assert since == [NOON + timedelta(hours=2), NOON + timedelta(hours=2), None]


def test_letters_of_another_number_of_spaces_tell_nothing() -> None:
    layout = Layout((space("A", 0.1), space("B", 0.3)))
    letters, _ = letters_of([(NOON, 1, "ov"), (NOON, 1, "o")], {1: layout}, layout)
    assert [row.tobytes().decode() for row in letters] == ["ov", "uu"]
