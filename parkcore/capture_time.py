"""When was a photo taken? EXIF, else the file's name, else its modification time, else now."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, timezone, tzinfo
from pathlib import PurePath

from parkcore.domain import TimeSource

EARLIEST = datetime(1990, 1, 1, tzinfo=UTC)
"""Earlier times come from cameras whose clock was reset."""

CLOCK_TOLERANCE = timedelta(minutes=5)
"""A capture time this far ahead of our clock is still believed."""

_TIMESTAMP = re.compile(
    r"""(?<!\d)
    (?P<Y>(?:19|20)\d\d) (?P<s>[-_.]?) (?P<m>0[1-9]|1[0-2]) (?P=s) (?P<d>0[1-9]|[12]\d|3[01])
    (?: [-_.T\ ]{0,3} | [_\ ]at[_\ ] )
    (?P<H>[01]\d|2[0-3]|\d(?=[.:])) (?P<t>[-_.:h]?) (?P<M>[0-5]\d)
    (?: (?P=t) (?P<S>[0-5]\d) (?: [.,]? (?P<f>\d{3,6}) )? )?
    (?: [\ \u00a0\u202f]? (?P<half>[AaPp]) \.? [Mm] )?
    (?P<zone> Z | \+\d\d:?\d\d | -\d\d:\d\d )?
    (?!\d)""",
    re.VERBOSE,
)
"""2026-05-04_10-30-00, IMG_20260504_103000, 192.168.1.64_01_20260504103000123_MOTION, …"""

_SHORT_YEAR = re.compile(
    r"(?<!\d)(?P<Y>\d\d)-(?P<m>\d\d)-(?P<d>\d\d)_(?P<H>\d\d)-(?P<M>\d\d)-(?P<S>\d\d)(?!\d)"
)
"""image26-05-04_10-30-00-12, as Axis cameras name their uploads."""

_DATED_FOLDER = re.compile(
    r"""(?:^|/|(?<=\D))
    (?P<Y>(?:19|20)\d\d) (?P<s>[-_./]?) (?P<m>0[1-9]|1[0-2]) (?P=s) (?P<d>0[1-9]|[12]\d|3[01])
    /(?:.*/)?
    (?P<H>[01]\d|2[0-3]) (?P<t>[-_.:h/]) (?P<M>[0-5]\d) (?: (?P=t) (?P<S>[0-5]\d) )?
    (?!\d)[^/]*$""",
    re.VERBOSE,
)
"""2026-05-04/10-30-00.jpg and 2026-05-04/001/jpg/10/30/00[M][0@0][0].jpg, as recorders do."""

_UNIX = re.compile(r"(?<![\d.])(?P<seconds>1\d{9})(?:\.(?P<f>\d{1,6})|(?P<ms>\d{3}))?(?!\d)")
"""north-1778000000.123456-abc, as Frigate names its snapshots; 13 digits are milliseconds."""


_ASKED_FOR = re.compile(r"(?:^|/)[0-9a-f]{8}_\d{8}T\d{6}\.\d{3}Z\.jpg$")
"""A picture that Parkcore asked a camera for, as `rounds.keep` names it: it knows the moment, while
the camera's own clock, in EXIF, may be wrong by years."""


@dataclass(frozen=True, slots=True)
class CaptureTime:
    """A moment, where it comes from, and which better sources were not believed, and why."""

    at: datetime
    source: TimeSource
    doubts: tuple[str, ...] = ()


def capture_time(
    *, exif: datetime | None, path: str, mtime: datetime | None, now: datetime, zone: tzinfo
) -> CaptureTime:
    """The best believable capture time of a photo.

    Args:
        exif: what the camera wrote into the photo; without a zone it is the site's wall clock.
        path: the file's name, with the folders above it where they may hold the date.
        mtime: the file's modification time, None where the file has none (an upload).
        now: the time to hold the candidates against, and the last resort.
        zone: the site's time zone.
    """
    doubts: list[str] = []
    in_name = time_in_name(path, zone)
    candidates: list[tuple[TimeSource, datetime | None]] = [
        ("exif", exif),
        ("filename", in_name),
        ("mtime", mtime),
    ]
    if _ASKED_FOR.search(path):
        candidates.insert(0, ("filename", in_name))
    for source, found in candidates:
        if found is None:
            continue
        at = found if found.tzinfo else found.replace(tzinfo=zone)
        doubt = _doubt(at, now)
        if doubt is None:
            return CaptureTime(at.astimezone(UTC), source, tuple(doubts))
        doubts.append(f"the time from {_SAID_BY[source]}, {found:%Y-%m-%d %H:%M}, {doubt}")
    return CaptureTime(now.astimezone(UTC), "now", tuple(doubts))


_SAID_BY = {"exif": "the camera (EXIF)", "filename": "the file's name", "mtime": "the file system"}


def _doubt(at: datetime, now: datetime) -> str | None:
    if at > now + CLOCK_TOLERANCE and now > EARLIEST:  # else it is our clock that is wrong
        return "lies in the future and was not used"
    if at < EARLIEST:
        return "is from before digital cameras and was not used"
    return None


def time_in_name(path: str, zone: tzinfo) -> datetime | None:
    """A date with a time of day in a file's name, or in the folders right above it.

    The first of the usual camera and recorder patterns that gives a real date wins; a date
    alone is not a time. Names without a zone are the site's wall clock, but for those that
    are known to be UTC (Pixel phones, Unix seconds).
    """
    parts = PurePath(path.replace("\\", "/")).parts[-7:]
    name = parts[-1] if parts else ""
    for match, base in _matches(name, "/".join(parts)):
        found = _moment(match, base, UTC if re.search(r"(?:^|_)PXL_", name) else zone)
        if found is not None:
            return found
    if unix := _UNIX.search(name):
        fraction = unix["f"] or unix["ms"] or "0"
        return datetime.fromtimestamp(float(f"{unix['seconds']}.{fraction}"), UTC)
    return None


def _matches(name: str, path: str) -> Iterator[tuple[re.Match[str], int]]:
    for match in _TIMESTAMP.finditer(name):
        yield match, 0
    for match in _SHORT_YEAR.finditer(name):
        yield match, 2000
    if dated := _DATED_FOLDER.search(path):
        yield dated, 0


def _moment(match: re.Match[str], base: int, zone: tzinfo) -> datetime | None:
    found = match.groupdict()
    hour = int(found["H"])
    if half := found.get("half"):
        if not 1 <= hour <= 12:
            return None
        hour = hour % 12 + (12 if half in "Pp" else 0)
    try:
        return datetime(
            base + int(found["Y"]),
            int(found["m"]),
            int(found["d"]),
            hour,
            int(found["M"]),
            int(found["S"] or 0),
            int((found.get("f") or "").ljust(6, "0")),
            tzinfo=_offset(found.get("zone")) or zone,
        )
    except ValueError:  # 31 February: digits that only look like a date
        return None


def _offset(text: str | None) -> tzinfo | None:
    if not text:
        return None
    if text == "Z":
        return UTC
    digits = text[1:].replace(":", "")
    delta = timedelta(hours=int(digits[:2]), minutes=int(digits[2:]))
    return timezone(-delta if text[0] == "-" else delta)


def exif_time(text: str | None, offset: str | None, subsecond: str | None) -> datetime | None:
    """The moment in EXIF's own form: `2026:05:04 10:30:00`, `+02:00`, `123`.

    Without an offset the result is naive: the wall clock of wherever the camera stood.
    """
    try:
        at = datetime.strptime((text or "").strip("\0 "), "%Y:%m:%d %H:%M:%S")  # noqa: DTZ007 – the zone follows
    except ValueError:
        return None
    digits = re.match(r"\d{1,6}", (subsecond or "").strip("\0 "))
    if digits:
        at = at.replace(microsecond=int(digits[0].ljust(6, "0")))
    zone = re.fullmatch(r"[+-](?:[01]\d|2[0-3]):[0-5]\d|Z", (offset or "").strip("\0 "))
    return at.replace(tzinfo=_offset(zone[0])) if zone else at
