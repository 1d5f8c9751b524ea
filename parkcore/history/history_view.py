"""What the page History shows, as its address says it: a view that can be shared as a link.

Pure: no I/O, no clock.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from datetime import date, datetime, time, timedelta, tzinfo
from typing import Any, Literal, Self, get_args

from parkcore.domain import LABELS, Label
from parkcore.history.calendar_days import By
from parkcore.sqlite.filters import HistoryFilter

Shown = Literal["days", "table"]
Only = Literal["corrected", "deleted"]

MOST_TEXT = 200


@dataclass(frozen=True, slots=True)
class HistoryView:
    """What is chosen; None leaves it open."""

    show: Shown = "days"
    lot: str | None = None
    camera: str | None = None
    day: date | None = None
    month: date | None = None
    """A first day."""
    by: By = "mean"
    since: date | None = None
    until: date | None = None
    """The last day, which is included."""
    type: Label | None = None
    text: str | None = None
    only: Only | None = None
    after: int | None = None
    """The last snapshot of the table's page before this one."""

    @classmethod
    def read(cls, address: Mapping[str, str]) -> Self:
        """What an address asks for; what cannot be used of it is passed over."""
        show: Shown = "table" if address.get("show") == "table" else "days"
        if "show" not in address and TABLE_ONLY & address.keys():
            show = "table"
        month = _day(f"{address.get('month', '')}-01")
        return cls(
            show,
            address.get("lot") or None,
            address.get("camera") or None,
            _day(address.get("day")),
            month,
            "peak" if address.get("by") == "peak" else "mean",
            _day(address.get("from")),
            _day(address.get("to")),
            next((label for label in LABELS if label == address.get("type")), None),
            address.get("text", "")[:MOST_TEXT] or None,
            next((only for only in get_args(Only) if only == address.get("only")), None),
            _number(address.get("after")),
        )

    def address(self) -> dict[str, str]:
        """The same as an address; what is not used for what is shown is left out."""
        unused = DAYS_ONLY if self.show == "table" else TABLE_ONLY
        return {
            name: _text(name, value)
            for name, value in ((NAMES.get(f.name, f.name), getattr(self, f.name)) for f in _FIELDS)
            if value is not None
            and name not in unused
            and (name, value) not in (("show", "days"), ("by", "mean"))
        }

    def filter(self, zone: tzinfo) -> HistoryFilter:
        """The snapshots of the table."""
        return HistoryFilter(
            self.lot,
            self.camera,
            beginning(self.since, zone) if self.since else None,
            end(self.until, zone) if self.until else None,
            self.type,
            self.text,
            deleted=self.only == "deleted",
            corrected=self.only == "corrected",
        )


NAMES = {"since": "from", "until": "to"}
TABLE_ONLY = {"from", "to", "type", "text", "only", "after"}
DAYS_ONLY = {"day", "month", "by"}
_FIELDS = fields(HistoryView)


def beginning(day: date, zone: tzinfo) -> datetime:
    """When a day of the site's clock begins."""
    return datetime.combine(day, time(), zone)


def end(day: date, zone: tzinfo) -> datetime:
    """When it is over."""
    return beginning(day + timedelta(days=1), zone)


def _text(name: str, value: Any) -> str:
    return f"{value:%Y-%m}" if name == "month" else str(value)


def _day(text: str | None) -> date | None:
    try:
        found = date.fromisoformat(text or "")
    except ValueError:
        return None
    # neither end of the calendar can be given another zone
    return found if 1 < found.year < date.max.year else None


def _number(text: str | None) -> int | None:
    return int(text) if text and text.isascii() and text.isdigit() and len(text) < 19 else None
