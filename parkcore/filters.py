"""Which snapshots of the history, and that as SQL."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from parkcore.domain import LABELS, Label
from parkcore.records import to_text


@dataclass(frozen=True, slots=True)
class HistoryFilter:
    """Which snapshots; None leaves a criterion out. `since` is inclusive, `until` is not."""

    lot_id: str | None = None
    camera_id: str | None = None
    since: datetime | None = None
    until: datetime | None = None
    label: Label | None = None
    text: str | None = None
    deleted: bool = False
    """Only those that were deleted and can be brought back; else only the others."""


EVERYTHING = HistoryFilter()


def where(which: HistoryFilter) -> tuple[str, dict[str, Any]]:
    """The condition for a where clause on `records.SNAPSHOTS`, and the values of its named
    parameters."""
    criteria: dict[str, tuple[str, Any]] = {
        "lot": ("s.lot_id = :lot", which.lot_id),
        "camera": ("s.camera_id = :camera", which.camera_id),
        "since": ("s.captured_at >= :since", which.since and to_text(which.since)),
        "until": ("s.captured_at < :until", which.until and to_text(which.until)),
        "text": ("instr(casefold(s.file), :text) > 0", which.text and which.text.casefold()),
    }
    used = {name: both for name, both in criteria.items() if both[1] is not None}
    clauses = [clause for clause, _ in used.values()]
    if which.label is not None:
        counted = {label: f"coalesce(c.{label}, s.{label}) > 0" for label in LABELS}
        clauses.append(counted[which.label])
    clauses.append("s.deleted_at is not null" if which.deleted else "s.deleted_at is null")
    return " and ".join(clauses), {name: value for name, (_, value) in used.items()}
