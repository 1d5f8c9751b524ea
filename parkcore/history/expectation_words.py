"""What to expect in words, and as a record for programs: the page and the command line say the
same. Pure: no I/O, no clock."""

from __future__ import annotations

import calendar
from collections.abc import Iterator
from datetime import date, tzinfo
from typing import Any

import numpy as np
import pandas as pd

from parkcore.history.expectation import TRIED_DAYS, Expectation, Rules
from parkcore.history.forecast import FullBy
from parkcore.history.space_change import Changed
from parkcore.history.stats_words import percent, say_moment, say_time
from parkcore.history.usual import UsualDay

UNLIKELY = 0.2
"""A smaller chance to get full is not told in the first line."""


def say_present(seen: Expectation) -> str:
    """Which moment counts as now, where that is not the clock's; else empty."""
    if not seen.present.is_archive:
        return ""
    at = say_moment(seen.present.newest, seen.rules.zone)
    return (
        f"The newest photo is of {at}: its day is taken as today, and this is what was to be"
        " expected then."
    )


def say_full(seen: Expectation, full: FullBy) -> str:
    """`Full by about 09:10 (08:50–09:30)`, or that it is not expected to be."""
    zone, was = seen.rules.zone, seen.full_slots()
    if full.is_full_now:
        return f"Full now, since {_clock(_run(was, seen)[0], zone)}" if len(was) else "Full now"
    again = " again" if len(was) else ""
    if not full.days:
        return f"Not known whether it gets full{again} today"
    if full.at is None or full.earliest is None or full.latest is None:
        past = "" if again else f" ({_past(seen.week()[0])})"
        if full.probability < UNLIKELY:
            return f"Not expected to be full{again} today{past}"
        return f"Rather not full{again} today: a chance of {100 * full.probability:.0f} %{past}"
    by, first, last = (_clock(at, zone) for at in (full.at, full.earliest, full.latest))
    return f"Full{again} by about {by} ({first}–{last})"


def say_basis(seen: Expectation, full: FullBy) -> str:
    """What `say_full` rests on."""
    zone, was, day = seen.rules.zone, seen.full_slots(), seen.week()[0]
    said = []
    if len(was) and not full.is_full_now:
        length = say_time(60 * seen.line.slot_min * len(was))
        said.append(f"It was full today from {_clock(was[0], zone)}, for {length} in all.")
    if not full.days:
        said.append("These hours were never seen on such a day.")
    elif not full.is_full_now:
        after = {0: "none", 1: "one"}.get(full.full, str(full.full))
        chance = f"; the newest count most, which makes a chance of {100 * full.probability:.0f} %"
        chance = chance if 0 < full.full < full.days else ""
        said.append(
            f"Going on from now like each of the last {full.days} {_weekdays(day, full.days)}, it"
            f" would get full after {after} of them{chance}."
        )
    if full.at is not None and not full.is_full_now:
        said.append("Four times out of five it is within the times in brackets.")
    return " ".join(said)


def say_compared(seen: Expectation) -> str:
    """`62 % taken: 12 points fuller than usual at this time`."""
    found = seen.compared()
    if found is None:
        at = say_moment(seen.present.newest, seen.rules.zone)
        return f"How full it is now is not known: the newest photo is of {at}"
    taken = f"{percent(found.rate)} taken"
    if found.usual is None:
        return f"{taken}; what is usual at this time is not known yet"
    points = _points(found.rate - found.usual)
    if not points:
        return f"{taken}, as usual at this time"
    unit, way = ("point" if abs(points) == 1 else "points"), "fuller" if points > 0 else "emptier"
    return f"{taken}: {abs(points)} {unit} {way} than usual at this time"


def say_unlike(day: date) -> str:
    """`Mon 12 Oct 2026 was unlike the other Mondays.`"""
    others = calendar.day_name[day.weekday()]
    return f"{day:%a} {day.day} {day:%b %Y} was unlike the other {others}s."


def say_day(day: UsualDay) -> str:
    """`91 % from 11:00 (84–97 %)`, the peak of a usual day."""
    if day.peak is None or day.low is None or day.high is None or day.minute is None:
        return "not known yet"
    spread = f"{percent(day.low).removesuffix(' %')}–{percent(day.high)}"
    return f"{percent(day.peak)} from {_minute(day.minute)} ({spread})"


def say_full_days(day: UsualDay) -> str:
    """`full on 3 of 8 Tuesdays`."""
    return f"full on {day.full} of {day.days} {_weekdays(day, day.days)}" if day.days else ""


def say_error(row: Any) -> str:
    """How wrong the forecast was, of a row of `forecast.backtest`."""
    ahead = f"{row.ahead / pd.Timedelta(hours=1):.0f} h ahead"
    if not row.slots:
        return f"How good the forecast for {ahead} is, is not known yet."
    return (
        f"Over the last {TRIED_DAYS} days the forecast for {ahead} was off by"
        f" {100 * row.error:.1f} points on average; “same as last week” by"
        f" {100 * row.naive_error:.1f}; the range held the truth {100 * row.held:.0f} % of the"
        " time."
    )


def say_worse(found: pd.DataFrame) -> str:
    """Where the forecast is no better than last week; empty where it is better."""
    worse = found[(found["slots"] > 0) & (found["error"] >= found["naive_error"])]
    if worse.empty:
        return ""
    hours = " and ".join(f"{each / pd.Timedelta(hours=1):.0f} h" for each in worse["ahead"])
    return (
        f"For {hours} ahead it was no better than “same as last week”: look at last week instead."
    )


def say_ahead(seen: Expectation) -> Iterator[str]:
    """`10:00  87 % (80–94 %)`, of the full hours that come and of what begins now.

    Raises:
        NotEnoughHistory: as `forecast.forecast`.
    """
    ahead, zone = seen.ahead(), seen.rules.zone
    is_shown = ahead["at"].dt.tz_convert(zone).dt.minute == 0
    is_shown.iloc[0] = True
    for row in ahead[is_shown & ahead["expected"].notna()].itertuples():
        spread = f"{percent(row.low).removesuffix(' %')}–{percent(row.high)}"
        yield f"{_clock(row.at, zone)}  {percent(row.expected)} ({spread})"


def say_changed(changed: Changed, rules: Rules) -> str:
    """The period that a what-if is of, and what full means."""
    first, last = (f"{day:%a} {day.day} {day:%b %Y}" for day in (changed.first, changed.last))
    return (
        f"{first} – {last}. Now there are {changed.found.capacity} spaces, and the lot is full when"
        f" {percent(rules.full_from)} of them are taken."
    )


def record(seen: Expectation) -> dict[str, Any]:
    """Everything for programs: rates are 0..1, times have their distance from UTC, and what is
    not known is None.

    Raises:
        NotEnoughHistory: as `forecast.forecast`.
    """
    zone, compared, full = seen.rules.zone, seen.compared(), seen.full()
    moments = {"by": full.at, "earliest": full.earliest, "latest": full.latest}
    return {
        "lot": seen.lot.id,
        "time_zone": str(zone),
        "now": _iso(seen.present.now, zone),
        "newest_photo": _iso(seen.present.newest, zone),
        "is_archive": seen.present.is_archive,
        "full_from": seen.rules.full_from,
        "without": sorted(map(str, seen.rules.without)),
        "unlike": list(map(str, seen.unlike())),
        "rate": compared and _number(compared.rate),
        "usual_rate": compared and _number(compared.usual),
        "full": {
            "text": say_full(seen, full),
            "is_full_now": full.is_full_now,
            **{name: _iso(at, zone) for name, at in moments.items()},
            "probability": _number(full.probability),
            "would_be_full": full.full,
            "days": full.days,
        },
        "ahead": [_slot(row, zone) for row in seen.ahead().to_dict("records")],
        "usual": [_usual(row) for row in seen.usual().to_dict("records")],
        "week": [_day(day) for day in seen.week()],
        "back_test": [_tried(row) for row in seen.back_test().itertuples()],
    }


def changed_record(lot_id: str, changed: Changed) -> dict[str, Any]:
    """A what-if for programs."""
    found = changed.found
    return {
        "lot": lot_id,
        "from": str(changed.first),
        "to": str(changed.last),
        "spaces": found.capacity,
        "change": found.change,
        "full_h_a_week": round(found.now_h, 2),
        "then_full_h_a_week": round(found.then_h, 2),
        "seen": _number(found.seen),
        "unseen_hours_of_week": found.unseen_h,
        "text": found.text,
    }


def _slot(row: dict[Any, Any], zone: tzinfo) -> dict[str, Any]:
    rates = {name: _number(row[name]) for name in ("expected", "low", "high")}
    return {"at": _iso(row["at"], zone), **rates}


def _usual(row: dict[Any, Any]) -> dict[str, Any]:
    rates = {name: _number(row[name]) for name in ("usual", "low", "high")}
    return {"time": _minute(int(row["minute"])), **rates, "weeks": row["weeks"]}


def _day(day: UsualDay) -> dict[str, Any]:
    rates = {name: _number(getattr(day, name)) for name in ("peak", "low", "high")}
    at = None if day.minute is None else _minute(day.minute)
    return {"day": str(day.day), **rates, "from": at, "full": day.full, "days": day.days}


def _tried(row: Any) -> dict[str, Any]:
    shares = {name: _number(getattr(row, name)) for name in ("error", "naive_error", "held")}
    return {"ahead_h": row.ahead / pd.Timedelta(hours=1), "slots": row.slots, **shares}


def _run(was: pd.DatetimeIndex, seen: Expectation) -> pd.DatetimeIndex:
    """The last slots in which it was full without a break."""
    breaks = np.flatnonzero(np.diff(was) > pd.Timedelta(minutes=seen.line.slot_min))
    return was[breaks[-1] + 1 :] if len(breaks) else was


def _past(day: UsualDay) -> str:
    return f"it was on {day.full} of {day.days} {_weekdays(day, day.days)}"


def _weekdays(day: UsualDay, number: int) -> str:
    name = calendar.day_name[day.day.weekday()]
    return name if number == 1 else f"{name}s"


def _clock(at: pd.Timestamp, zone: tzinfo) -> str:
    return f"{at.tz_convert(zone):%H:%M}"


def _minute(minute: int) -> str:
    return f"{minute // 60:02}:{minute % 60:02}"


def _points(rate: float) -> int:
    return round(100 * rate)


def _iso(at: pd.Timestamp | None, zone: tzinfo) -> str | None:
    return None if at is None else str(at.tz_convert(zone).isoformat(timespec="seconds"))


def _number(rate: float | None) -> float | None:
    return None if rate is None or np.isnan(rate) else round(float(rate), 4)
