"""From single looks to what holds: over time, and over several cameras. Pure."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from parkcore.spaces.verdict import Judgement, SpaceState, State

LOOKS = 50
"""A state that so many looks do not settle is not worth looking further back for."""


@dataclass(frozen=True, slots=True)
class Settled:
    """What holds of one space after several looks."""

    state: SpaceState
    known: State | None
    """What it is, or was when it could last be told; None where it never could."""
    since: int | None
    """Number of the look from which on it has been that; 0 may mean longer."""


@dataclass(slots=True)
class _Run:
    """One space while the looks go by; `state` holds, `other` says the same `length` times."""

    state: SpaceState
    since: int
    length: int = 0
    began: int = 0


def settle(looks: Sequence[Judgement], *, to_fill: int, to_empty: int) -> dict[str, Settled]:
    """The state of each space over several looks, so that a car that drives through fills none.

    A space changes its state after so many looks in a row that say so; unknown ones neither count
    nor interrupt, and the first known look counts at once. A space that was not told on the
    latest look keeps its state, but is unknown with that said.

    Args:
        looks: of one layout, oldest first.
        to_fill, to_empty: looks in a row, 1 or more.
    """
    runs: dict[str, _Run] = {}
    for number, look in enumerate(looks):
        for space in look.spaces:
            if space.state == "unknown":
                continue
            run = runs.setdefault(space.id, _Run(space, number))
            if space.state == run.state.state:
                run.state, run.length = space, 0
                continue
            run.began = run.began if run.length else number
            run.length += 1
            if run.length >= (to_fill if space.state == "occupied" else to_empty):
                runs[space.id] = _Run(space, run.began)
    latest = looks[-1].spaces if looks else ()
    return {space.id: _settled(space, runs.get(space.id)) for space in latest}


def _settled(latest: SpaceState, run: _Run | None) -> Settled:
    if run is None:
        return Settled(latest, None, None)
    state = latest if latest.state == "unknown" else run.state
    return Settled(state, run.state.state, run.since)


def fuse(views: Sequence[Sequence[SpaceState]]) -> list[SpaceState]:
    """The spaces of a lot that several cameras see; those of one name are one space.

    The surer view of those that agree is taken; where known states disagree, the space is unknown.
    The order of the views changes nothing but that of the spaces.
    """
    seen: dict[str, list[SpaceState]] = {}
    for view in views:
        for space in view:
            seen.setdefault(space.id, []).append(space)
    return [_fused(states) for states in seen.values()]


def _fused(states: list[SpaceState]) -> SpaceState:
    known = [each for each in states if each.state != "unknown"]
    if not known:
        return max(states, key=_says_most)
    best = max(known, key=lambda each: (each.confidence, each.reason))
    if len({each.state for each in known}) > 1:
        middle = math.fsum(each.probability or 0.0 for each in known) / len(known)
        return SpaceState(best.id, "unknown", 0.0, "the cameras that see it disagree", middle)
    return best


def _says_most(unknown: SpaceState) -> tuple[float, str]:
    """Of views that do not know, the one that is least in doubt says most."""
    if unknown.probability is None:
        return -1.0, unknown.reason
    return abs(unknown.probability - 0.5), unknown.reason
