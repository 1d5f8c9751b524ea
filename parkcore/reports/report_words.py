"""Figures as a report says them, beside what `stats_words` has. Pure."""

from __future__ import annotations

import re
from datetime import datetime, tzinfo

from parkcore.history.stats_words import percent, say_time


def mean_percent(rate: float) -> str:
    """A mean share, to a tenth of a percent, as the page Statistics shows it."""
    return f"{100 * rate:.1f} %"


def seen_percent(coverage: float) -> str:
    """The share that was seen."""
    return "less than 1 %" if 0 < coverage < 0.01 else percent(coverage)


def count(mean: float | None) -> str:
    """A mean number of vehicles."""
    return "–" if mean is None else f"{mean:,.1f}"


def share_of(seconds: float, whole_s: float) -> str:
    """Such as `151 h 20 min of 168 h`."""
    return f"{say_time(seconds)} of {say_time(whole_s)}"


def when(at: datetime, zone: tzinfo) -> str:
    """A moment on the site's wall clock."""
    here = at.astimezone(zone)
    return f"{here:%a} {here.day} {here:%b}, {here:%H:%M}"


def change(
    now: tuple[float | None, float | None], then: tuple[float | None, float | None], than: str
) -> str:
    """How a mean compares with one before: `+4.1 points against the week before (63.0 %)`.

    Args:
        now, then: the mean rate and the mean number of vehicles; None where it is not known.
        than: what it is compared with.
    """
    if now[0] is not None and then[0] is not None:
        points = round(100 * now[0], 1) - round(100 * then[0], 1)
        return _said(points, "points", f"{than} ({mean_percent(then[0])})")
    if now[1] is not None and then[1] is not None:
        more = round(now[1], 1) - round(then[1], 1)
        return _said(more, "vehicles", f"{than} ({count(then[1])})")
    return f"it cannot be compared with {than}"


def _said(difference: float, unit: str, than: str) -> str:
    if not round(difference, 1):
        return f"as in {than}"
    return f"{difference:+.1f} {unit} against {than}".replace("-", "−")


def together(text: str) -> str:
    """The same text, whose numbers no line end parts from their units."""
    return _BEFORE_UNIT.sub("\\1\u00a0", text)


_BEFORE_UNIT = re.compile(r"(\d) (?=%|h\b|min\b)")
