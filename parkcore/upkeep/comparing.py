"""How a run over recorded photos compares with what it replaces, or replaced."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from parkcore.domain import LABELS, Snapshot, Vehicles
from parkcore.errors import RunError
from parkcore.history.capacities import Capacities
from parkcore.occupancy import Thresholds
from parkcore.sqlite.records import figures_row
from parkcore.store import Store
from parkcore.upkeep.runs import Pair, Run, Verdict

SHOWN = 20
"""Photos on which the verdicts differ most that a comparison names."""


@dataclass(frozen=True, slots=True)
class Change:
    """A photo on which the verdicts differ."""

    snapshot: Snapshot
    before: int
    after: int
    spaces: int
    """How many spaces are another state."""

    @property
    def weight(self) -> int:
        return abs(self.after - self.before) + self.spaces


@dataclass(frozen=True, slots=True)
class Comparison:
    """The old verdicts against the run's, of the machine both."""

    run: Run
    snapshots: int = 0
    before: Vehicles = field(default_factory=Vehicles)
    after: Vehicles = field(default_factory=Vehicles)
    counts_changed: int = 0
    """Photos on which another number of vehicles is seen."""
    rated: int = 0
    """Photos of which both say how full it was."""
    levels_changed: int = 0
    spaces: int = 0
    """Marked spaces that both judged, each photo's counted."""
    spaces_changed: int = 0
    corrected: int = 0
    """Photos whose count a person put right."""
    error_before: int = 0
    """Vehicles between the old counts and theirs, in all."""
    error_after: int = 0
    changes: tuple[Change, ...] = ()
    """The largest."""

    @property
    def growth(self) -> float | None:
        """By which share of the old number more vehicles are seen; None where there were none."""
        old, new = self.before.total, self.after.total
        return (new - old) / old if old else None

    @property
    def said(self) -> list[str]:
        """In sentences."""
        old, new, growth = self.before.total, self.after.total, self.growth
        share = "" if growth is None else f"{100 * growth:+.1f} % vehicles "
        lines = [
            f"new verdicts: {share}({old:,} before, {new:,} after);"
            f" another count on {self.counts_changed:,} of {self.snapshots:,} snapshots"
        ]
        if self.rated:
            lines.append(
                f"{self.levels_changed:,} of {self.rated:,} snapshots changed level"
                " (quiet, moderate, busy, full)"
            )
        if self.spaces:
            lines.append(f"{self.spaces_changed:,} of {self.spaces:,} looks at spaces changed")
        if self.corrected:
            before, after = (e / self.corrected for e in (self.error_before, self.error_after))
            lines.append(
                f"against the {self.corrected:,} counts that people put right: {before:.1f}"
                f" vehicles off before, {after:.1f} after"
            )
        return lines


def compare(store: Store, run: Run, thresholds: Thresholds) -> Comparison:
    """Hold a run against what it replaces, or, where it is in use, what it replaced.

    Raises:
        RunError: it judged nothing.
    """
    tally = _Tally(run, thresholds, store.capacity_history())
    for pair in store.run_pairs(run):
        tally.add(pair)
    if not tally.snapshots:
        raise RunError(f"run {run.id} has judged no snapshot that is in the history")
    return tally.result()


@dataclass(slots=True)
class _Tally:
    run: Run
    thresholds: Thresholds
    capacities: Capacities
    snapshots: int = 0
    _vehicles: tuple[Vehicles, Vehicles] = (Vehicles(), Vehicles())
    _sums: dict[str, int] = field(default_factory=dict)
    _changes: list[Change] = field(default_factory=list)

    def add(self, pair: Pair) -> None:
        old, new = pair.in_use, pair.beside
        if self.run.used_at is not None:
            old, new = new, old
        self.snapshots += 1
        self._vehicles = self._vehicles[0] + old.vehicles, self._vehicles[1] + new.vehicles
        before, after = old.vehicles.total, new.vehicles.total
        self._count("counts_changed", old.vehicles != new.vehicles)
        levels = [self._level(pair.snapshot, verdict) for verdict in (old, new)]
        self._count("rated", None not in levels)
        self._count("levels_changed", None not in levels and levels[0] != levels[1])
        states = _states(old), _states(new)
        both = states[0].keys() & states[1].keys()
        changed = sum(states[0][name] != states[1][name] for name in both)
        self._count("spaces", len(both))
        self._count("spaces_changed", changed)
        said = pair.snapshot.correction
        if said is not None and said.vehicles is not None:
            self._count("corrected", 1)
            self._count("error_before", _distance(said.vehicles, old.vehicles))
            self._count("error_after", _distance(said.vehicles, new.vehicles))
        if before != after or changed:
            self._changes.append(Change(pair.snapshot, before, after, changed))
            self._changes = sorted(self._changes, key=lambda change: -change.weight)[:SHOWN]

    def _count(self, name: str, number: int) -> None:
        self._sums[name] = self._sums.get(name, 0) + number

    def _level(self, snapshot: Snapshot, verdict: Verdict) -> str | None:
        photo = snapshot.photo
        taken, room = verdict.vehicles.total, None
        if verdict.judged is not None:
            figures = figures_row(verdict.judged.judgement)
            states = figures["states"]
            room = len(states) - states.count("u") + figures["area_room"]
            taken = states.count("o") + (figures["in_areas"] or 0)
            if not room and figures["in_areas"] is None:
                return None
        room = room or self.capacities.seen_by(photo.lot_id, photo.camera_id, photo.captured_at)
        return self.thresholds.level(taken / room) if room else None

    def result(self) -> Comparison:
        before, after = self._vehicles
        none = Comparison(self.run, self.snapshots, before, after, changes=tuple(self._changes))
        counted: dict[str, Any] = dict(self._sums)
        return replace(none, **counted)


def _states(verdict: Verdict) -> Mapping[str, str]:
    if verdict.judged is None:
        return {}
    return {space.id: space.state for space in verdict.judged.judgement.spaces}


def _distance(one: Vehicles, other: Vehicles) -> int:
    mine, theirs = one.as_dict(), other.as_dict()
    return sum(abs(mine[label] - theirs[label]) for label in LABELS)
