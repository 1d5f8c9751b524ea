"""How spaces were used, from looks at them: how long taken, how often, and for how long at a time.

Pure: no I/O, no clock. For one space and a period [since, until):

- A look stands until the next one, but at most `hold_s`. `seen_s` is the time within the period
  in which the look that stands could tell the space, `occupied_s` that in which it said occupied.
  `utilisation` = occupied_s / seen_s. Both sums are of stretches of time, so that those of two
  halves of a period add up to those of the whole.
- A run is an unbroken row of occupied looks: none of them vacant, and none more than `hold_s`
  after the occupied one before it. So a look that can tell nothing does not end a run, as a missed
  look is no departure, but its time is not seen; a longer gap does end it.
- `turnover` is the number of runs with a look in the period, `dwell` the time from the first to
  the last look of one.

Both are lower bounds, as looks are samples. Between two looks one vehicle may leave and another
come: there were `turnover` arrivals at least. A run began after the look before its first and
ended before the look after its last: the space was taken for `dwell` at least, and where two
vehicles in a row look like one run, that is the time of both. A run is cut where a gap, or an end
of the period, hides how it began or ended; its length is what was seen of it.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Self, TypeAlias

import numpy as np
import numpy.typing as npt
from shapely import Polygon

from parkcore.spaces.layout import Layout, Space

Floats: TypeAlias = npt.NDArray[np.float64]
Ints: TypeAlias = npt.NDArray[np.int64]
Letters: TypeAlias = npt.NDArray[np.uint8]
Look: TypeAlias = tuple[datetime, int, str]
"""When it was taken, the id of the layout it was judged by, and a letter for each of its spaces:
o, v or u for occupied, vacant and unknown."""

OCCUPIED, VACANT, UNKNOWN = b"ovu"

SAME_FROM = 0.5
"""Share of the larger of two outlines that both have, above which they are of one space."""


@dataclass(frozen=True, slots=True, eq=False)
class SpaceUse:
    """How one space, or several together, were used; see the module's docstring."""

    seen_s: float = 0.0
    occupied_s: float = 0.0
    days_seen: int = 0
    """Calendar days with a look that could tell it; of several spaces their sum."""
    dwells_s: Floats = field(default_factory=lambda: np.empty(0))
    """The length of each run, by time."""
    cut: int = 0
    """Runs of which the beginning or the end was not seen."""

    @property
    def utilisation(self) -> float | None:
        """0..1; None where it was not seen."""
        return self.occupied_s / self.seen_s if self.seen_s else None

    @property
    def turnover(self) -> int:
        return len(self.dwells_s)

    @property
    def turnover_per_day(self) -> float | None:
        """Runs per day on which it was seen (and, of several, per space)."""
        return self.turnover / self.days_seen if self.days_seen else None

    @property
    def dwell_median_s(self) -> float | None:
        return float(np.median(self.dwells_s)) if self.turnover else None

    @property
    def dwell_longest_s(self) -> float | None:
        return float(self.dwells_s.max()) if self.turnover else None

    @classmethod
    def together(cls, uses: Iterable[Self]) -> Self:
        """Of several spaces: each second of each counts the same."""
        each = list(uses)
        return cls(
            math.fsum(use.seen_s for use in each),
            math.fsum(use.occupied_s for use in each),
            sum(use.days_seen for use in each),
            np.concatenate([np.empty(0), *(use.dwells_s for use in each)]),
            sum(use.cut for use in each),
        )


@dataclass(frozen=True, slots=True, eq=False)
class Looks:
    """Looks at the same spaces, oldest first."""

    at_s: Floats
    """Epoch seconds, shape (looks,)."""
    day: Ints
    """The number of each look's calendar day, shape (looks,)."""
    letters: Letters
    """Shape (looks, spaces), of `OCCUPIED`, `VACANT` and `UNKNOWN`."""


@dataclass(frozen=True, slots=True, eq=False)
class Span:
    """A period, and the parts of it that count, such as opening hours."""

    since_s: float
    parts: Floats
    """Starts and ends in epoch seconds by time, shape (parts, 2); none overlap."""

    @classmethod
    def whole(cls, since_s: float, until_s: float) -> Self:
        return cls(since_s, np.array([[since_s, until_s]]))

    @property
    def seconds(self) -> float:
        return float(np.diff(self.parts, axis=1).sum())

    def before(self, at_s: Floats) -> Floats:
        """How many seconds that count lie before each moment."""
        if not len(self.parts):
            return np.zeros(len(at_s))
        lengths = np.diff(self.parts, axis=1).ravel()
        ends = np.cumsum(lengths)
        known = np.column_stack([ends - lengths, ends]).ravel()
        return np.asarray(np.interp(at_s, self.parts.ravel(), known), np.float64)

    def holds(self, at_s: Floats) -> npt.NDArray[np.bool_]:
        """Which moments lie in a part that counts; its end does not."""
        if not len(self.parts):
            return np.zeros(len(at_s), bool)
        number = np.searchsorted(self.parts[:, 0], at_s, side="right") - 1
        return np.asarray((number >= 0) & (at_s < self.parts[number, 1]))


def use_of_spaces(looks: Looks, span: Span, *, hold_s: float) -> list[SpaceUse]:
    """How each space was used in a period.

    Args:
        looks: those of the period and those of `hold_s` before it, which stand into it; none after.
    """
    if not len(looks.at_s):
        return [SpaceUse() for _ in range(looks.letters.shape[1])]
    following = np.append(looks.at_s[1:], np.inf)
    ends = np.minimum(following, looks.at_s + hold_s)
    stood_s = span.before(ends) - span.before(looks.at_s)
    counts = span.holds(looks.at_s)
    found = []
    for column in np.ascontiguousarray(looks.letters.T):
        told = column != UNKNOWN
        dwells_s, cut = _runs(looks.at_s[told], column[told], counts[told], (span.since_s, hold_s))
        days = looks.day[told & counts]
        found.append(
            SpaceUse(
                float(stood_s[told].sum()),
                float(stood_s[column == OCCUPIED].sum()),
                int(1 + np.count_nonzero(np.diff(days))) if len(days) else 0,
                dwells_s,
                cut,
            )
        )
    return found


def _runs(
    at_s: Floats, letters: Letters, counts: npt.NDArray[np.bool_], rules: tuple[float, float]
) -> tuple[Floats, int]:
    """The lengths of a space's runs, and how many of them are cut.

    Args:
        at_s, letters, counts: of the looks that could tell it.
        rules: when the period begins, and how long a look stands.
    """
    since_s, hold_s = rules
    if not len(at_s):
        return np.empty(0), 0
    gaps = np.diff(at_s) > hold_s
    breaks = np.flatnonzero(gaps | (np.diff(letters.astype(np.int16)) != 0))
    first, last = np.append(0, breaks + 1), np.append(breaks, len(at_s) - 1)
    unseen = np.concatenate([[True], gaps[breaks], [True]])
    within = np.append(0, np.cumsum(counts))
    kept = (letters[first] == OCCUPIED) & (within[last + 1] > within[first])
    is_cut = unseen[:-1] | unseen[1:] | (at_s[first] < since_s)
    lengths = at_s[last] - np.maximum(at_s[first], since_s)
    return lengths[kept], int(np.count_nonzero(is_cut & kept))


def letters_of(
    looks: Sequence[Look], layouts: Mapping[int, Layout], shown: Layout
) -> tuple[Letters, list[datetime | None]]:
    """What looks by several versions of a layout say of the spaces of one of them.

    A space of another version is the same where it has the same name and their outlines lie on one
    another by more than half (`SAME_FROM`); what other looks say of it is unknown.

    Args:
        layouts: by id, every one that a look was judged by.

    Returns:
        Shape (looks, spaces), and per space when the first look was taken that says something of
        it as it is drawn now; None where all do.
    """
    letters = np.full((len(looks), len(shown.spaces)), UNKNOWN, np.uint8)
    by = np.array([layout_id for _, layout_id, _ in looks], np.int64)
    fitting = np.array([len(said) == len(layouts[of].spaces) for _, of, said in looks], bool)
    drawn_in: list[list[int]] = [[] for _ in shown.spaces]
    versions = np.unique(by).tolist()
    for layout_id in versions:
        other = layouts[layout_id]
        rows = np.flatnonzero((by == layout_id) & fitting)
        said = "".join(looks[row][2] for row in rows.tolist()).encode("ascii")
        own = np.frombuffer(said, np.uint8).reshape(len(rows), len(other.spaces))
        pairs = np.array(_same(shown.spaces, other.spaces), np.int64).reshape(-1, 2)
        letters[np.ix_(rows, pairs[:, 0])] = own[:, pairs[:, 1]]
        for column in pairs[:, 0].tolist():
            drawn_in[column].append(layout_id)
    return letters, [
        None if of == versions else looks[int(np.isin(by, of).argmax())][0] for of in drawn_in
    ]


def _same(spaces: Sequence[Space], others: Sequence[Space]) -> list[tuple[int, int]]:
    """Which spaces are which of another version, as their numbers."""
    numbers = {other.id: number for number, other in enumerate(others)}
    return [
        (number, numbers[space.id])
        for number, space in enumerate(spaces)
        if space.id in numbers and is_same(space, others[numbers[space.id]])
    ]


def is_same(space: Space, other: Space) -> bool:
    if space.polygon == other.polygon:
        return True
    one, two = Polygon(space.polygon), Polygon(other.polygon)
    return bool(one.intersection(two).area > SAME_FROM * max(one.area, two.area))
