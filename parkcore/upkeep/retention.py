"""How long photos, small photos and snapshots are kept, and what goes when that is over. Pure.

Photos go first, then the snapshots: only the hours of a lot stay for ever.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from datetime import datetime, timedelta, tzinfo
from typing import Any, Self

EVERY_LOT = ""
"""Stands for all lots that have no rule of their own."""

BIN = timedelta(days=30)
"""For so long what was deleted can be brought back."""

LEAP = timedelta(days=7)
"""The clock is not believed to have gone on by more between two runs that nobody looks at."""

MOST_DAYS = 100 * 366


@dataclass(frozen=True, slots=True)
class Retention:
    """How long what is kept; None is for ever. Days count from a lot's newest photo backwards."""

    photos_days: int | None = None
    photos_mb: int | None = None
    """Megabytes (a million bytes) that the photos may take in all; the oldest go first."""
    thumbnails_days: int | None = None
    snapshots_days: int | None = None
    """Older ones go, and only the hours that were made of them stay."""
    corrected_too: bool = False
    """Whether those go that a person put right; they can teach a model."""

    def __post_init__(self) -> None:
        for name in ("photos_days", "photos_mb", "thumbnails_days", "snapshots_days"):
            value = getattr(self, name)
            if value is not None and not 1 <= value <= MOST_DAYS * (1000 if "mb" in name else 1):
                raise ValueError(f"{name.replace('_', ' ')}: expected 1 or more, but got {value}")
        if self.snapshots_days is None:
            return
        if self.photos_days is None or self.photos_days > self.snapshots_days:
            raise ValueError(
                "photos go before their snapshots: keep photos for no longer than"
                f" {self.snapshots_days} days, or snapshots for ever"
            )
        if self.thumbnails_days is not None and self.thumbnails_days > self.snapshots_days:
            raise ValueError(
                "small photos go with their snapshots at the latest: keep them for no longer than"
                f" {self.snapshots_days} days"
            )

    @property
    def keeps_all(self) -> bool:
        return replace(self, corrected_too=False) == Retention()

    @property
    def said(self) -> str:
        """In words, such as "photos 90 days; snapshots for ever"."""
        if self.keeps_all:
            return "everything for ever"
        parts = {
            "photos": self.photos_days,
            "small photos": self.thumbnails_days,
            "snapshots": self.snapshots_days,
        }
        words = [f"{what} {_days(days)}" for what, days in parts.items()]
        if self.photos_mb is not None:
            words.append(f"photos of {self.photos_mb:,} MB at most")
        words.append("corrected ones too" if self.corrected_too else "corrected ones for ever")
        return "; ".join(words)


def _days(days: int | None) -> str:
    return "for ever" if days is None else f"{days:,} day{'' if days == 1 else 's'}"


KEEP_ALL = Retention()


@dataclass(frozen=True, slots=True)
class Share:
    """Some photos or snapshots: how many, how large, and from when to when."""

    number: int = 0
    size_bytes: int = 0
    first: datetime | None = None
    last: datetime | None = None

    def __add__(self, other: Share) -> Share:
        firsts = [at for at in (self.first, other.first) if at is not None]
        lasts = [at for at in (self.last, other.last) if at is not None]
        return Share(
            self.number + other.number,
            self.size_bytes + other.size_bytes,
            min(firsts, default=None),
            max(lasts, default=None),
        )

    def said(self, kind: str, zone: tzinfo) -> str:
        """Such as "3 photos (0.1 MB) from 2026-01-24 to 2026-02-13"."""
        size = f" ({self.size_bytes / 1e6:,.1f} MB)" if self.size_bytes else ""
        first, last = (
            "" if at is None else f"{at.astimezone(zone):%Y-%m-%d}"
            for at in (self.first, self.last)
        )
        days = f"of {first}" if first == last else f"from {first} to {last}"
        return f"{self.number:,} {kind}{size} {days}"

    def record(self) -> dict[str, Any]:
        return {name: _text(value) for name, value in asdict(self).items()}

    @classmethod
    def of(cls, record: Mapping[str, Any]) -> Self:
        times = {name: record[name] and datetime.fromisoformat(record[name]) for name in _TIMES}
        return cls(record["number"], record["size_bytes"], **times)


_TIMES = ("first", "last")


@dataclass(frozen=True, slots=True)
class LotThinned:
    """What goes, or went, of one lot."""

    lot_id: str
    photos: Share = field(default_factory=Share)
    thumbnails: Share = field(default_factory=Share)
    snapshots: Share = field(default_factory=Share)
    corrected: int = 0
    """Photos that would have gone, but for what a person put right on them."""
    missing: int = 0
    """Photos whose file is gone already, or holds another photo now."""

    @property
    def is_nothing(self) -> bool:
        return not (self.photos.number or self.thumbnails.number or self.snapshots.number)


@dataclass(frozen=True, slots=True)
class Thinning:
    """What goes, or went, in one run."""

    at: datetime
    """The time that ages were counted with."""
    lots: tuple[LotThinned, ...] = ()
    purged: int = 0
    """Snapshots that were deleted so long ago that nobody brings them back any more."""
    problems: tuple[str, ...] = ()

    @property
    def is_nothing(self) -> bool:
        return not self.purged and all(lot.is_nothing for lot in self.lots)

    def lines(self, zone: tzinfo) -> list[str]:
        """What goes, a line for each lot and kind; what stays are sentences with a full stop."""
        lines = []
        for lot in self.lots:
            kinds = {
                "photos": lot.photos,
                "small photos": lot.thumbnails,
                "snapshots": lot.snapshots,
            }
            lines += [
                f"{lot.lot_id}: {share.said(kind, zone)}"
                for kind, share in kinds.items()
                if share.number
            ]
            if lot.corrected:
                lines.append(f"{lot.lot_id}: {lot.corrected:,} photos that people put right stay.")
            if lot.missing:
                lines.append(f"{lot.lot_id}: {lot.missing:,} photos are gone already.")
        if self.purged:
            lines.append(f"{self.purged:,} snapshots that were deleted 30 days ago or before")
        return lines

    @property
    def photos(self) -> Share:
        return sum((lot.photos for lot in self.lots), Share())

    def record(self) -> dict[str, Any]:
        """As `parkcore keep dry-run --json` gives it, and as it is stored. Times are UTC."""
        kinds = ("photos", "thumbnails", "snapshots")
        return {
            "at": _text(self.at),
            "lots": [
                {
                    "lot": lot.lot_id,
                    **{kind: getattr(lot, kind).record() for kind in kinds},
                    "corrected": lot.corrected,
                    "missing": lot.missing,
                }
                for lot in self.lots
            ],
            "purged": self.purged,
            "problems": list(self.problems),
        }

    @classmethod
    def of(cls, record: Mapping[str, Any]) -> Self:
        lots = tuple(
            LotThinned(
                lot["lot"],
                Share.of(lot["photos"]),
                Share.of(lot["thumbnails"]),
                Share.of(lot["snapshots"]),
                lot["corrected"],
                lot["missing"],
            )
            for lot in record["lots"]
        )
        at = datetime.fromisoformat(record["at"])
        return cls(at, lots, record["purged"], tuple(record["problems"]))


def believed(now: datetime, before: datetime | None) -> datetime:
    """The time as far as a clock is believed that nobody looks at: one that leaps ahead must not
    make a year of photos old at once.

    Args:
        before: what was believed at the run before.
    """
    return now if before is None else min(now, before + LEAP)


def _text(value: object) -> object:
    return value.isoformat() if isinstance(value, datetime) else value
