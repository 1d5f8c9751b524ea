"""Which snapshots of the history, and that as SQL."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from parkcore.domain import LABELS, Label
from parkcore.sqlite.records import to_text


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
    corrected: bool = False
    """Only those that a person put right."""

    @property
    def is_few(self) -> bool:
        """What people marked by hand is found by its mark; all else in the order of time."""
        return self.deleted or self.corrected

    @property
    def is_search(self) -> bool:
        """Whether snapshots must be looked at one by one, as no index tells which they are."""
        return not self.is_few and (self.label is not None or bool(self.text))


EVERYTHING = HistoryFilter()


def where(which: HistoryFilter) -> tuple[str, dict[str, Any]]:
    """The condition for a where clause on `records.SNAPSHOTS`, and the values of its named
    parameters."""
    # SQLite's unary plus keeps a term from choosing the index: the few are found by their mark
    plus = "+" if which.is_few else ""
    criteria: dict[str, tuple[str, Any]] = {
        "lot": (f"{plus}s.lot_id = :lot", which.lot_id),
        "camera": (f"{plus}s.camera_id = :camera", which.camera_id),
        "since": (f"{plus}s.captured_at >= :since", which.since and to_text(which.since)),
        "until": (f"{plus}s.captured_at < :until", which.until and to_text(which.until)),
        "text": ("instr(casefold(s.file), :text) > 0", which.text and which.text.casefold()),
    }
    used = {name: both for name, both in criteria.items() if both[1] is not None}
    clauses = [clause for clause, _ in used.values()]
    if which.label is not None:
        counted = {label: f"coalesce(c.{label}, s.{label}) > 0" for label in LABELS}
        clauses.append(counted[which.label])
    if which.corrected:
        clauses.append("s.id in (select snapshot_id from corrections)")
    # the first is how the index on what is deleted is made, else it would not be used
    clauses.append("s.deleted_at > ''" if which.deleted else "s.deleted_at is null")
    return " and ".join(clauses), {name: value for name, (_, value) in used.items()}
