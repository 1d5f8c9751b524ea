"""The accuracy meter: what a person answered about spaces, held against what was judged. Pure.

The spaces are drawn at random (see `spot_checks`), so the share of right ones estimates how right
all of them are judged. Corrections are none of it: people correct what is wrong.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta, tzinfo
from typing import Any, Literal, TypeAlias, TypeVar

from parkcore.accuracy.intervals import (
    Interval,
    difference_interval,
    trials_needed,
    wilson_interval,
)
from parkcore.spaces.verdict import State

Answer: TypeAlias = Literal["occupied", "vacant", "unclear"]
"""What a person said; `unclear` where they cannot tell either."""

WANTED_HALF_WIDTH = 0.02
"""How near the figure is to be: ± 2 points."""

USUAL = (0.97, 30)
"""What a camera's accuracy is taken to be before its answers say more, and the answers that this
is worth: the figure of unseen car parks in `models/README.md`. It only plans, and is in no figure.
"""

BAND_H = 3
RECENT_WEEKS = 4

_Key = TypeVar("_Key", str, int, date)


@dataclass(frozen=True, slots=True)
class Check:
    """One space on one photo: what was judged, and what a person answered."""

    lot_id: str
    camera_id: str
    captured_at: datetime
    space_id: str
    state: State
    probability: float | None
    """Of being occupied, as it was judged."""
    answer: Answer
    answered_at: datetime
    model: str
    model_version: str
    second_opinion: str = ""
    """Name and version of the classifier that took part; empty where none did."""
    light: str = ""
    """`day`, `dusk` or `night`; empty where it was not measured."""
    snapshot_id: int | None = None
    """None where the snapshot is not kept any more."""
    layout_id: int | None = None
    """The layout that the space is of."""

    @property
    def judged_by(self) -> str:
        """What judged, each with its version."""
        detector = f"{self.model} {self.model_version}"
        return f"{detector} + {self.second_opinion}" if self.second_opinion else detector

    @property
    def agrees(self) -> bool:
        return self.state == self.answer


@dataclass(frozen=True, slots=True)
class Tally:
    """How many answers agree with what was judged."""

    right_occupied: int = 0
    right_vacant: int = 0
    false_occupied: int = 0
    """Judged occupied, but free."""
    false_vacant: int = 0
    """Judged free, but occupied."""
    unknown: int = 0
    """Left open by the machine, though the person could tell."""
    unclear: int = 0
    """The person could not tell."""

    @classmethod
    def of(cls, checks: Iterable[Check]) -> Tally:
        return cls.of_pairs((check.state, check.answer) for check in checks)

    @classmethod
    def of_pairs(cls, pairs: Iterable[tuple[State, Answer]]) -> Tally:
        """Of what was judged and what is right."""
        kinds = Counter(_kind(*pair) for pair in pairs)
        return cls(**{name: kinds[name] for name in cls.__slots__})

    @property
    def judged(self) -> int:
        """Answers about spaces that were judged; accuracy is of these."""
        return self.right + self.false_occupied + self.false_vacant

    @property
    def right(self) -> int:
        return self.right_occupied + self.right_vacant

    @property
    def told(self) -> int:
        """Answers of people who could tell."""
        return self.judged + self.unknown

    @property
    def accuracy(self) -> float | None:
        """0..1; None without an answer about a space that was judged."""
        return self.right / self.judged if self.judged else None

    @property
    def interval(self) -> Interval | None:
        """Holds the true accuracy 95 times of 100.

        What is asked is drawn by chance from all that was judged on a day, so answers tell as much
        as independent trials, however alike the judgements of one photo are.
        """
        return wilson_interval(self.right, self.judged)

    @property
    def missing(self) -> int:
        """How many more answers it takes until the accuracy is known to ± 2 points."""
        usual, weight = USUAL
        share = (self.right + usual * weight) / (self.judged + weight)
        needed = trials_needed(share, half_width=WANTED_HALF_WIDTH)
        low, high = self.interval or (0.0, 1.0)
        return 0 if high - low <= 2 * WANTED_HALF_WIDTH else max(1, needed - self.judged)

    def record(self) -> dict[str, Any]:
        """The figures for programs; shares 0..1 of what stands beside them."""
        return {
            "answers": self.told + self.unclear,
            "judged": self.judged,
            "right": self.right,
            "accuracy": _rounded(self.accuracy),
            "accuracy_interval": self.interval and [_rounded(each) for each in self.interval],
            "false_occupied": self.false_occupied,
            "false_vacant": self.false_vacant,
            "unknown": self.unknown,
            "unknown_share": _rounded(self.unknown / self.told) if self.told else None,
            "unclear": self.unclear,
            "answers_missing": self.missing,
        }


def _kind(state: State, answer: Answer) -> str:
    if answer == "unclear":
        return "unclear"
    if state == "unknown":
        return "unknown"
    return f"{'right' if state == answer else 'false'}_{state}"


@dataclass(frozen=True, slots=True)
class Drift:
    """The latest weeks beside those before."""

    before: Tally
    lately: Tally
    since: date
    """The Monday from which on it is lately."""

    @property
    def change(self) -> Interval | None:
        """Of the accuracy, lately less before: holds the true change 95 times of 100."""
        return difference_interval(
            (self.before.right, self.before.judged), (self.lately.right, self.lately.judged)
        )

    @property
    def verdict(self) -> Literal["better", "worse", "same", "open"]:
        """`same` where chance alone would do it; `open` where one of the two has no answers."""
        if self.change is None:
            return "open"
        low, high = self.change
        return "better" if low > 0 else "worse" if high < 0 else "same"


@dataclass(frozen=True, slots=True)
class Meter:
    """All figures of one camera, or of several together."""

    checks: tuple[Check, ...]
    zone: tzinfo
    """Of the site's clock."""

    @property
    def all(self) -> Tally:
        return Tally.of(self.checks)

    def by_hours(self) -> dict[str, Tally]:
        """By the time of day, in bands of three hours; bands without an answer are left out."""

        def first_hour(check: Check) -> int:
            return BAND_H * (check.captured_at.astimezone(self.zone).hour // BAND_H)

        return {
            f"{hour}–{hour + BAND_H}": tally
            for hour, tally in _grouped(self.checks, first_hour).items()
        }

    def by_light(self) -> dict[str, Tally]:
        """By the light of the photo, lightest first; photos that were not measured are left out."""
        lit = [check for check in self.checks if check.light]
        found = _grouped(lit, lambda check: check.light)
        return {light: found[light] for light in ("day", "dusk", "night") if light in found}

    def by_week(self) -> dict[date, Tally]:
        """By the Monday of the week in which the photo was taken, oldest first."""
        return _grouped(self.checks, self._monday)

    def by_model(self) -> dict[str, Tally]:
        """By what judged, model and version; the one whose photos are oldest first."""
        ordered = sorted(self.checks, key=lambda check: check.captured_at)
        names = dict.fromkeys(check.judged_by for check in ordered)
        found = _grouped(ordered, lambda check: check.judged_by)
        return {name: found[name] for name in names}

    def drift(self) -> Drift | None:
        """The four weeks up to the newest answer beside all before; None without answers."""
        if not self.checks:
            return None
        since = max(map(self._monday, self.checks)) - timedelta(weeks=RECENT_WEEKS - 1)
        lately = [check for check in self.checks if self._monday(check) >= since]
        before = [check for check in self.checks if self._monday(check) < since]
        return Drift(Tally.of(before), Tally.of(lately), since)

    def _monday(self, check: Check) -> date:
        day = check.captured_at.astimezone(self.zone).date()
        return day - timedelta(days=day.weekday())

    def record(self) -> dict[str, Any]:
        """The figures for programs."""
        drift = self.drift()
        return {
            **self.all.record(),
            "by_hours": {name: tally.record() for name, tally in self.by_hours().items()},
            "by_light": {name: tally.record() for name, tally in self.by_light().items()},
            "by_week": {f"{day}": tally.record() for day, tally in self.by_week().items()},
            "by_model": {name: tally.record() for name, tally in self.by_model().items()},
            "drift": None if drift is None else drift.verdict,
        }


def _grouped(checks: Sequence[Check], key: Callable[[Check], _Key]) -> dict[_Key, Tally]:
    found: dict[_Key, list[Check]] = {}
    for check in checks:
        found.setdefault(key(check), []).append(check)
    return {name: Tally.of(found[name]) for name in sorted(found)}


def _rounded(share: float | None) -> float | None:
    return None if share is None else round(share, 4)
