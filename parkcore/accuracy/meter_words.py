"""The accuracy meter in words: the page and the command line say the same. Pure."""

from __future__ import annotations

import math

from parkcore.accuracy.meter import WANTED_HALF_WIDTH, Drift, Tally

POINTS = round(100 * WANTED_HALF_WIDTH)


def percent(share: float) -> str:
    """A share, 0..1, with one decimal; never 100 where one was wrong, never 0 where one was right.

    So it is rounded towards the middle.
    """
    tenths = 1000 * share
    whole = math.floor(tenths + 1e-9) if share > 0.5 else math.ceil(tenths - 1e-9)
    return f"{whole / 10:g}\N{NO-BREAK SPACE}%"


def say_accuracy(tally: Tally) -> str:
    """How right, between what, of how many, in one line."""
    if tally.accuracy is None or tally.interval is None:
        return "no answer yet about a space that was judged"
    low, high = tally.interval
    return (
        f"{percent(tally.accuracy)} right (between {100 * low:.1f} and {100 * high:.1f} %) of"
        f" {answers(tally.judged)}"
    )


def say_missing(tally: Tally) -> str:
    """How many more answers it takes for ± 2 points."""
    if not tally.missing:
        return f"Known to ±{POINTS} points."
    return f"About {answers(tally.missing, more=True)} and it is known to ±{POINTS} points."


def say_wrong(tally: Tally) -> str:
    """Which way it was wrong, and what was left open."""
    said = [
        f"{tally.false_occupied} free called occupied",
        f"{tally.false_vacant} occupied called free",
    ]
    if tally.told:
        said.append(f"{tally.unknown} left open ({percent(tally.unknown / tally.told)})")
    if tally.unclear:
        said.append(f"{tally.unclear} that nobody could tell")
    return ", ".join(said)


def say_drift(drift: Drift) -> str:
    """Whether it got better or worse, and whether that is more than chance."""
    lately, before = drift.lately.accuracy, drift.before.accuracy
    if lately is None or before is None:
        return "Whether it changes, four weeks and more of answers will tell."
    both = (
        f"{percent(lately)} since {drift.since.day} {drift.since:%b %Y}, {percent(before)} before"
    )
    match drift.verdict:
        case "worse":
            return f"It got worse: {both}. Look at the photos of late, and consider training."
        case "better":
            return f"It got better: {both}."
        case _:
            return f"No change that is more than chance: {both}."


def answers(number: int, *, more: bool = False) -> str:
    """A number of answers in words."""
    return f"{number:,}{' more' if more else ''} {'answer' if number == 1 else 'answers'}"
