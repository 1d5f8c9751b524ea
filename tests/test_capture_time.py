"""When a photo was taken: what the names of phones and cameras mean, and what is not believed."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from zoneinfo import ZoneInfo

import pytest
from conftest import MADRID, NOON
from hypothesis import given
from hypothesis import strategies as st

from parkcore.capture_time import capture_time, exif_time, time_in_name


def at(*numbers: int, zone=MADRID) -> datetime:
    return datetime(*numbers, tzinfo=zone)


TAKEN = at(2026, 5, 4, 10, 30, 0)
TO_THE_MINUTE_ONLY = at(2026, 5, 4, 10, 30)
PLUS_2, MINUS_330 = timezone(timedelta(hours=2)), timezone(-timedelta(hours=3, minutes=30))

NAMES = {
    "an Android phone": ("IMG_20260504_103000.jpg", TAKEN),
    "an Android phone with milliseconds": (
        "IMG_20260504_103000123.jpg",
        at(2026, 5, 4, 10, 30, 0, 123000),
    ),
    "a Samsung phone": ("20260504_103000.jpg", TAKEN),
    "a Samsung phone's second in a row": ("20260504_103000(1).jpg", TAKEN),
    "a Pixel phone says UTC": (
        "PXL_20260504_103000123.jpg",
        at(2026, 5, 4, 10, 30, 0, 123000, zone=UTC),
    ),
    "a Pixel phone's portrait": (
        "PXL_20260504_103000123.PORTRAIT.jpg",
        at(2026, 5, 4, 10, 30, 0, 123000, zone=UTC),
    ),
    "a Windows phone": ("WP_20260504_10_30_00_Pro.jpg", TAKEN),
    "an Android screenshot": ("Screenshot_20260504-103000_Maps.png", TAKEN),
    "a Mac's screenshot": ("Screenshot 2026-05-04 at 10.30.00.png", TAKEN),
    "a Mac's screenshot in the afternoon": (
        "Screen Shot 2026-05-04 at 1.05.09 PM.png",
        at(2026, 5, 4, 13, 5, 9),
    ),
    "a Mac's screenshot just after midnight": (
        "Screen Shot 2026-05-04 at 12.05.09 AM.png",
        at(2026, 5, 4, 0, 5, 9),
    ),
    "a Mac's screenshot at noon": (
        "Screen Shot 2026-05-04 at 12.05.09 PM.png",
        at(2026, 5, 4, 12, 5, 9),
    ),
    "a Mac's narrow space before PM": (
        "Screenshot 2026-05-04 at 1.05.09\u202fPM.png",
        at(2026, 5, 4, 13, 5, 9),
    ),
    "WhatsApp names the day only": ("IMG-20260504-WA0012.jpg", None),
    "WhatsApp for desktop": ("WhatsApp Image 2026-05-04 at 10.30.00.jpeg", TAKEN),
    "WhatsApp for desktop in the evening": (
        "WhatsApp Image 2026-05-04 at 9.30.00 PM.jpeg",
        at(2026, 5, 4, 21, 30, 0),
    ),
    "Telegram": ("photo_2026-05-04_10-30-00.jpg", TAKEN),
    "Signal": ("signal-2026-05-04-10-30-00-123.jpg", TAKEN),
    "Signal without milliseconds": ("signal-2026-05-04-103000.jpg", TAKEN),
    "Dropbox": ("2026-05-04 10.30.00.jpg", TAKEN),
    "Hikvision over FTP": ("192.168.1.64_01_20260504103000123_MOTION_DETECTION.jpg",
                           at(2026, 5, 4, 10, 30, 0, 123000)),
    "Hikvision's event": ("192.168.1.64_01_20260504103000_TIMING.jpg", TAKEN),
    "Dahua's folders": ("ABC123/2026-05-04/001/jpg/10/30/00[M][0@0][0].jpg", TAKEN),
    "Dahua's folders with the hour in one": ("2026-05-04/001/jpg/10/30.00[R][0@0][0].jpg", TAKEN),
    "Dahua's channel": ("Cam1_ch1_20260504103000_E.jpg", TAKEN),
    "Axis": ("image26-05-04_10-30-00-12.jpg", TAKEN),
    "Axis's day and time": ("axis-ACCC8E000000_2026-05-04_10-30-00.jpg", TAKEN),
    "Reolink": ("Reolink_01_20260504103000.jpg", TAKEN),
    "Reolink's folders": ("2026/05/04/RLC-410_00_20260504103000.jpg", TAKEN),
    "Foscam": ("MDAlarm_20260504-103000.jpg", TAKEN),
    "Amcrest": ("10.30.00-10.30.05[M][0@0][0].jpg", None),
    "Synology": ("Gate-20260504-103000.jpg", TAKEN),
    "UniFi": ("Gate_2026-05-04_10_30_00.jpg", TAKEN),
    "Frigate, in Unix seconds": (
        "north-1777890600.123456-abcdef.jpg",
        at(2026, 5, 4, 10, 30, 0, 123456, zone=UTC),
    ),
    "Unix milliseconds": ("snap_1777890600123.jpg", at(2026, 5, 4, 10, 30, 0, 123000, zone=UTC)),
    "Unix seconds alone": ("1777890600.jpg", at(2026, 5, 4, 10, 30, 0, zone=UTC)),
    "motion": ("01-20260504103000-00.jpg", TAKEN),
    "motioneye's folder of the day": ("Camera1/2026-05-04/10-30-00.jpg", TAKEN),
    "ZoneMinder's folders": ("1/2026-05-04/1234/00001-capture.jpg", None),
    "our own samples": ("sample-north/gate/2026-05-04_10-30.jpg", TO_THE_MINUTE_ONLY),
    "folders of year, month, day": ("2026/05/04/10-30-00.jpg", TAKEN),
    "a folder of the day in one number": ("20260504/10.30.00.jpg", TAKEN),
    "a Windows path": ("2026-05-04\\10-30-00.jpg", TAKEN),
    "ISO 8601": ("2026-05-04T10:30:00.jpg", TAKEN),
    "ISO 8601 in UTC": ("2026-05-04T10:30:00Z.jpg", at(2026, 5, 4, 10, 30, 0, zone=UTC)),
    "ISO 8601 in short, in UTC": ("20260504T103000Z.jpg", at(2026, 5, 4, 10, 30, 0, zone=UTC)),
    "ISO 8601 with an offset": (
        "2026-05-04T10:30:00+02:00.jpg",
        at(2026, 5, 4, 10, 30, 0, zone=PLUS_2),
    ),
    "ISO 8601 with a short offset": (
        "20260504T103000+0200.jpg",
        at(2026, 5, 4, 10, 30, 0, zone=PLUS_2),
    ),
    "ISO 8601 west of Greenwich": (
        "2026-05-04T10:30:00-03:30.jpg",
        at(2026, 5, 4, 10, 30, 0, zone=MINUS_330),
    ),
    "hours and minutes with an h": ("2026-05-04 10h30.jpg", TO_THE_MINUTE_ONLY),
    "a fraction of a second": ("2026-05-04T10:30:00.5004.jpg", at(2026, 5, 4, 10, 30, 0, 500400)),
    "a number behind is no part of it": ("IMG_20260504_103000_2.jpg", TAKEN),
    "a size behind is no part of it": ("20260504_103000_1920x1080.jpg", TAKEN),
    "emoji around it": ("🚗2026-05-04_10-30-00🚗.jpg", TAKEN),
    "the file's name before its folders": ("2020-01-01/12-00-00/IMG_20260504_103000.jpg", TAKEN),
    "the last second of a year": ("20251231_235959.jpg", at(2025, 12, 31, 23, 59, 59)),
    "a leap day": ("20240229_120000.jpg", at(2024, 2, 29, 12)),
    "the first real date of two": ("20260231_103000_20260504_103000.jpg", TAKEN),
    "no leap day in that year": ("20260229_120000.jpg", None),
    "31 February": ("20260231_103000.jpg", None),
    "a month 13": ("20261304_103000.jpg", None),
    "an hour 24": ("20260504_243000.jpg", None),
    "a minute 60": ("20260504_106000.jpg", None),
    "13 o'clock PM": ("2026-05-04 at 13.05.09 PM.jpg", None),
    "a date alone": ("2026-05-04.jpg", None),
    "a date in the folder alone": ("2026-05-04/gate.jpg", None),
    "a time alone": ("10-30-00.jpg", None),
    "a counter": ("DSC_0042.jpg", None),
    "an iPhone's counter": ("IMG_4711.HEIC", None),
    "a telephone number": ("+34 600 123 456.jpg", None),
    "a content hash": ("3f2a9c71b0de4455.jpg", None),
    "a longer number that holds a date": ("920260504103000.jpg", None),
    "a UUID": ("9b2c1e70-11d4-4b5f-8f7e-2a1c0d9e8f76.jpg", None),
    "no name": ("", None),
    "emoji alone": ("🚗🚗🚗.jpg", None),
}  # fmt: skip


@pytest.mark.parametrize("path, expected", NAMES.values(), ids=NAMES.keys())
def test_time_in_name(path, expected):
    found = time_in_name(path, MADRID)
    assert found == expected
    assert found is None or found.utcoffset() == expected.utcoffset()


@given(st.text())
def test_any_name_is_answered(name):
    found = time_in_name(name, MADRID)
    assert found is None or found.tzinfo is not None


@given(st.datetimes(datetime(1990, 1, 1), datetime(2099, 12, 31)))  # noqa: DTZ001
def test_every_moment_is_read_back(moment):
    moment = moment.replace(microsecond=0)
    for form in ("IMG_%Y%m%d_%H%M%S.jpg", "%Y-%m-%d/%H-%M-%S.jpg", "a %Y-%m-%d %H.%M.%S.jpg"):
        found = time_in_name(moment.strftime(form), MADRID)
        assert found is not None
        assert found.replace(tzinfo=None) == moment


@pytest.mark.parametrize(
    "name, utc",
    [
        ("2026-03-29_01-59-59.jpg", (2026, 3, 29, 0, 59, 59)),
        ("2026-03-29_02-30-00.jpg", (2026, 3, 29, 1, 30, 0)),
        ("2026-03-29_03-00-00.jpg", (2026, 3, 29, 1, 0, 0)),
        ("2025-10-26_01-59-59.jpg", (2025, 10, 25, 23, 59, 59)),
        ("2025-10-26_02-30-00.jpg", (2025, 10, 26, 0, 30, 0)),
        ("2025-10-26_03-00-00.jpg", (2025, 10, 26, 2, 0, 0)),
    ],
    ids=[
        "the last second of winter time",
        "an hour that was left out goes on in winter time",
        "the first second of summer time",
        "before the hour that comes twice",
        "an hour that comes twice is its first",
        "the first second after it",
    ],
)
def test_the_days_when_clocks_change(name, utc):
    taken = capture_time(exif=None, path=name, mtime=None, now=NOON, zone=MADRID)
    assert taken.at == datetime(*utc, tzinfo=UTC)
    assert taken.at.tzinfo is UTC


@pytest.mark.parametrize(
    "text, offset, subsecond, expected",
    [
        ("2026:05:04 10:30:00", None, None, datetime(2026, 5, 4, 10, 30)),  # noqa: DTZ001 – naive is meant
        ("2026:05:04 10:30:00", "+02:00", None, at(2026, 5, 4, 10, 30, zone=PLUS_2)),
        ("2026:05:04 10:30:00", "-03:30", None, at(2026, 5, 4, 10, 30, zone=MINUS_330)),
        ("2026:05:04 10:30:00", "Z", None, at(2026, 5, 4, 10, 30, zone=UTC)),
        ("2026:05:04 10:30:00", "", None, datetime(2026, 5, 4, 10, 30)),  # noqa: DTZ001
        ("2026:05:04 10:30:00", "   :  ", None, datetime(2026, 5, 4, 10, 30)),  # noqa: DTZ001
        ("2026:05:04 10:30:00", "+2", None, datetime(2026, 5, 4, 10, 30)),  # noqa: DTZ001
        ("2026:05:04 10:30:00", "+99:00", None, datetime(2026, 5, 4, 10, 30)),  # noqa: DTZ001
        ("2026:05:04 10:30:00", "+02:00", "25", at(2026, 5, 4, 10, 30, 0, 250000, zone=PLUS_2)),
        ("2026:05:04 10:30:00", None, "x", datetime(2026, 5, 4, 10, 30)),  # noqa: DTZ001
        ("2026:05:04 10:30:00\0", "+02:00\0", None, at(2026, 5, 4, 10, 30, zone=PLUS_2)),
        ("0000:00:00 00:00:00", None, None, None),
        ("    :  :     :  :  ", None, None, None),
        ("2026-05-04T10:30:00", None, None, None),
        ("2026:02:31 10:30:00", None, None, None),
        ("", "+02:00", None, None),
        (None, None, None, None),
    ],
    ids=[
        "without an offset it is a wall clock",
        "with an offset",
        "with an offset west of Greenwich",
        "in UTC",
        "an empty offset is none",
        "a blank offset is none",
        "half an offset is none",
        "an offset of four days is none",
        "a fraction of a second",
        "a fraction that is none",
        "ended by zero bytes, as some cameras do",
        "a clock that was never set",
        "a blank time",
        "not EXIF's own form",
        "31 February",
        "an empty time",
        "no time",
    ],
)
def test_exif_time(text, offset, subsecond, expected):
    found = exif_time(text, offset, subsecond)
    assert found == expected
    assert (found and found.tzinfo) == (expected and expected.tzinfo)


EXIF = at(2026, 5, 4, 9, 0)
NAMED = "2026-05-04_10-30-00.jpg"
MTIME = at(2026, 5, 4, 8, 0, zone=UTC)
FUTURE = "lies in the future and was not used"
OLD = "is from before digital cameras and was not used"


@pytest.mark.parametrize(
    "exif, path, mtime, source, taken, doubts",
    [
        (EXIF, NAMED, MTIME, "exif", EXIF, ()),
        (EXIF.replace(tzinfo=None), NAMED, MTIME, "exif", EXIF, ()),
        (None, NAMED, MTIME, "filename", TAKEN, ()),
        (None, "gate.jpg", MTIME, "mtime", MTIME, ()),
        (None, "gate.jpg", None, "now", NOON, ()),
        (
            at(2031, 1, 1),
            NAMED,
            MTIME,
            "filename",
            TAKEN,
            (f"the time from the camera (EXIF), 2031-01-01 00:00, {FUTURE}",),
        ),
        (
            at(1970, 1, 1, 0, 5),
            "gate.jpg",
            MTIME,
            "mtime",
            MTIME,
            (f"the time from the camera (EXIF), 1970-01-01 00:05, {OLD}",),
        ),
        (
            None,
            "2027-01-01_00-00.jpg",
            MTIME,
            "mtime",
            MTIME,
            (f"the time from the file's name, 2027-01-01 00:00, {FUTURE}",),
        ),
        (
            at(1970, 1, 1),
            "2099-01-01_00-00.jpg",
            at(1980, 1, 1, zone=UTC),
            "now",
            NOON,
            (
                f"the time from the camera (EXIF), 1970-01-01 00:00, {OLD}",
                f"the time from the file's name, 2099-01-01 00:00, {FUTURE}",
                f"the time from the file system, 1980-01-01 00:00, {OLD}",
            ),
        ),
        (NOON + timedelta(minutes=5), NAMED, MTIME, "exif", NOON + timedelta(minutes=5), ()),
        (
            NOON + timedelta(minutes=5, seconds=1),
            NAMED,
            None,
            "filename",
            TAKEN,
            (f"the time from the camera (EXIF), 2026-05-04 10:05, {FUTURE}",),
        ),
        (at(1990, 1, 1, zone=UTC), NAMED, MTIME, "exif", at(1990, 1, 1, zone=UTC), ()),
    ],
    ids=[
        "the camera knows best",
        "a camera without a zone shows the site's wall clock",
        "then the file's name",
        "then the file system",
        "then the present",
        "a camera ahead of us is not believed",
        "a camera whose clock was reset is not believed",
        "a name from the future is not believed",
        "nothing is believed, and each reason is given",
        "a clock a little ahead is believed",
        "a clock further ahead is not",
        "the first moment that is believed",
    ],
)
def test_capture_time(exif, path, mtime, source, taken, doubts):
    found = capture_time(exif=exif, path=path, mtime=mtime, now=NOON, zone=MADRID)
    assert (found.source, found.at, found.doubts) == (source, taken, doubts)
    assert found.at.tzinfo is UTC


def test_of_a_picture_that_was_asked_for_the_moment_is_known():
    """Whatever the camera's own clock says."""
    exif = datetime(2010, 1, 1, 0, 3, 12)  # noqa: DTZ001 – naive is meant
    path = "north/gate/2026-05-04/0a1b2c3d_20260504T095959.250Z.jpg"
    found = capture_time(exif=exif, path=path, mtime=None, now=NOON, zone=MADRID)
    asked_at = datetime(2026, 5, 4, 9, 59, 59, 250_000, tzinfo=UTC)
    assert (found.at, found.source, found.doubts) == (asked_at, "filename", ())


def test_a_clock_that_was_never_set_doubts_nobody():
    """A machine without a battery, after a power cut."""
    now = datetime(1970, 1, 1, 0, 5, tzinfo=UTC)
    exif = datetime(2026, 5, 4, 9, tzinfo=UTC)
    found = capture_time(exif=exif, path="a.jpg", mtime=None, now=now, zone=MADRID)
    assert (found.at, found.source) == (exif, "exif")


@pytest.mark.parametrize(
    "exif, zone",
    [
        (datetime.min, MADRID),  # noqa: DTZ901 – naive is meant
        (datetime.min, ZoneInfo("Asia/Tokyo")),  # noqa: DTZ901
        (datetime.max, MADRID),  # noqa: DTZ901
        (datetime.max, ZoneInfo("America/New_York")),  # noqa: DTZ901
    ],
    ids=[
        "the first moment there is",
        "a moment before the first in UTC",
        "the last moment there is",
        "a moment after the last in UTC",
    ],
)
def test_the_ends_of_the_calendar_are_doubted(exif, zone):
    found = capture_time(exif=exif, path="a.jpg", mtime=None, now=NOON, zone=zone)
    assert found.source == "now"
    assert len(found.doubts) == 1
