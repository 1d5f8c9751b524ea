"""From single looks to what holds: over time, and over several cameras. Pure."""

from __future__ import annotations

from collections.abc import Sequence

from parkcore.judgement import Judgement, SpaceState

LOOKS = 50
"""A state that so many looks do not settle is not worth looking further back for."""


def settled(looks: Sequence[Judgement], *, to_fill: int, to_empty: int) -> dict[str, SpaceState]:
    """The state of each space over several looks, so that a car that drives through fills none.

    A space changes its state after so many looks in a row that say so; unknown ones neither count
    nor interrupt, and the first known look counts at once. A space that was not told on the
    latest look keeps its state, but is unknown with that said.

    Args:
        looks: of one layout, oldest first.
        to_fill, to_empty: looks in a row, 1 or more.
    """
    now: dict[str, SpaceState] = {}
    runs: dict[str, list[SpaceState]] = {}
    for look in looks:
        for space in look.spaces:
            if space.state == "unknown":
                continue
            run = runs.setdefault(space.id, [])
            if run and run[-1].state != space.state:
                run.clear()
            run.append(space)
            needed = to_fill if space.state == "occupied" else to_empty
            if space.id not in now or len(run) >= needed or now[space.id].state == space.state:
                now[space.id] = space
    latest = {space.id: space for space in looks[-1].spaces} if looks else {}
    return {
        name: space if space.state == "unknown" else now.get(name, space)
        for name, space in latest.items()
    }


def fuse(views: Sequence[Sequence[SpaceState]]) -> list[SpaceState]:
    """The spaces of a lot that several cameras see; those of one name are one space.

    The surer view of those that agree is taken; where known states disagree, the space is unknown.
    """
    seen: dict[str, list[SpaceState]] = {}
    for view in views:
        for space in view:
            seen.setdefault(space.id, []).append(space)
    return [_fused(states) for states in seen.values()]


def _fused(states: list[SpaceState]) -> SpaceState:
    known = [each for each in states if each.state != "unknown"]
    if not known:
        return states[0]
    best = max(known, key=lambda each: each.confidence)
    if len({each.state for each in known}) > 1:
        middle = sum(each.probability for each in known) / len(known)
        return SpaceState(best.id, "unknown", 0.0, "the cameras that see it disagree", middle)
    return best
