"""Reports: figures that add up, gaps that are said, names of every kind, and no outside address."""

from __future__ import annotations

import re
import unicodedata
from datetime import UTC, date, datetime, timedelta
from html import unescape
from pathlib import Path

import pymupdf
import pytest
from conftest import MADRID, NOON
from test_store import record, snapshot
from unprivileged import no_privileges, reachable_folder

from parkcore.domain import Correction, Lot, Vehicles
from parkcore.errors import OutputError, UnknownLot
from parkcore.history import stats
from parkcore.reports.report import Report, make_report
from parkcore.reports.report_charts import NARROW, charts
from parkcore.reports.report_files import due_reports, write_due, write_report
from parkcore.reports.report_html import report_html
from parkcore.reports.report_notes import LONGEST
from parkcore.reports.report_pdf import report_pdf
from parkcore.reports.report_period import ReportPeriod
from parkcore.reports.report_words import seen_percent
from parkcore.settings import Settings
from parkcore.store import Store

WEEK = ReportPeriod.week("2026-W19")
"""That of NOON, a Monday; 4 to 10 May."""
LATER = datetime(2026, 6, 20, 10, tzinfo=UTC)
NORTH = Lot("north", "North yard", 10)


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(db=tmp_path / "p.db", time_zone="Europe/Madrid", reports=tmp_path / "reports")


def look(store: Store, at: datetime, *, cars: int = 0, trucks: int = 0, lot: Lot = NORTH, **more):
    labels = ("car",) * cars + ("truck",) * trucks
    camera = more.pop("camera", "gate")
    what = snapshot(f"{lot.id}{camera}{at}", at=at, lot=lot.id, camera=camera, labels=labels)
    return record(store, what, lot=lot)[0]


@pytest.fixture
def seen(store: Store) -> Store:
    """From Monday 12:00 for 20 h: half an hour each 10 of 10 and 5 of 10 taken; and in the week
    before for 10 h 6 of 10."""
    for n in range(40):
        look(store, NOON + timedelta(minutes=30 * n), cars=4 + 5 * (n % 2), trucks=1)
    for n in range(10):
        look(store, NOON - timedelta(days=7) + timedelta(hours=n), cars=6)
    return store


def made(store: Store, settings: Settings, period: ReportPeriod = WEEK, now=LATER) -> Report:
    return make_report(store, settings, "north", period, now=now)


def text_of(pdf: bytes) -> str:
    """The text of a PDF, without ligatures and with plain spaces."""
    with pymupdf.open("pdf", pdf) as document:
        pages = [page.get_text() for page in document]
    return " ".join(unicodedata.normalize("NFKC", "\n".join(pages)).split())


def html_text(page: str) -> str:
    plain = unescape(re.sub(r"<style>.*?</style>|<[^>]+>", " ", page, flags=re.S))
    return " ".join(plain.replace("\u00a0", " ").split())


# -- periods ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "text, first, last, words",
    [
        ("2026-W19", date(2026, 5, 4), date(2026, 5, 10), "Monday 4 to Sunday 10 May 2026"),
        ("2026-w1", date(2025, 12, 29), date(2026, 1, 4),
         "Monday 29 December 2025 to Sunday 4 January 2026"),
        ("2026W18", date(2026, 4, 27), date(2026, 5, 3), "Monday 27 April to Sunday 3 May 2026"),
    ],
)  # fmt: skip
def test_weeks_are_those_of_the_calendar(text, first, last, words) -> None:
    period = ReportPeriod.week(text)
    assert (period.first, period.last, period.words) == (first, last, words)
    assert ReportPeriod.week(str(period)) == period
    assert period.before.last == first - timedelta(days=1)
    assert period.before.next == period


def test_months_are_those_of_the_calendar() -> None:
    months = [ReportPeriod.month(f"2026-{number:02}") for number in range(1, 13)]
    assert [(month.last.day, str(month)) for month in months][:3] == [
        (31, "2026-01"), (28, "2026-02"), (31, "2026-03"),
    ]  # fmt: skip
    assert months[0].before == ReportPeriod.month("2025-12") and months[1].before == months[0]
    assert months[4].title == "May 2026"


@pytest.mark.parametrize("text", ["2026-W54", "2026-W00", "2026-5-4", "W19", "0000-W01", "soon"])
def test_what_is_no_week_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="is no week; expected one such as 2026-W19"):
        ReportPeriod.week(text)
    with pytest.raises(ValueError, match="is no month"):
        ReportPeriod.month(text)


# -- figures ------------------------------------------------------------------------------------


def test_figures_are_weighted_by_time_and_say_their_coverage(seen, settings) -> None:
    report = made(seen, settings)
    figures = report.figures
    assert (figures.photos, figures.seen_s, figures.period_s) == (40, 20.5 * 3600, 168 * 3600)
    mean = (20 * 0.5 + 20 * 1.0 + 1.0) / 41
    assert figures.mean_rate == pytest.approx(mean)
    assert (figures.highest_rate, figures.highest_rate_at) == (1.0, NOON + timedelta(minutes=30))
    assert figures.full_s == figures.busy_s == 10.5 * 3600
    assert figures.by_type == pytest.approx((10 * mean - 1, 0, 0, 1))
    tiles = {tile.label: (tile.value, tile.remark) for tile in report.tiles}
    assert tiles == {
        "Mean occupancy": ("75.6 %", "+15.6 points against the week before (60.0 %), of which"
                           " only 5 % was seen"),
        "Fullest": ("100 %", "Mon 4 May, 12:30"),
        "Full (from 95 %)": ("10 h 30 min", "from 80 %: 10 h 30 min"),
        "Seen": ("12 %", "20 h 30 min of 168 h"),
    }  # fmt: skip
    assert report.types[0] == ("Cars", "6.6", "87 %", "6.0")
    assert report.headline.startswith("On average 75.6 % of the places were taken; +15.6 points")


def test_figures_are_those_of_the_statistics(seen, settings) -> None:
    since, until = WEEK.since(MADRID), WEEK.until(MADRID)
    hours = stats.hours_frame(seen.hours(["north"], since, until, held=True))
    row = stats.summary(hours, since, until, threshold=0.95).iloc[0]
    figures = made(seen, settings).figures
    assert figures.mean_rate == row["mean_rate"]
    assert (figures.seen_s, figures.full_s) == (row["seen_s"], row["over_s"])


def test_what_was_not_seen_and_what_was_put_right_is_said(seen, settings) -> None:
    photo = look(seen, NOON + timedelta(days=2), cars=1)
    seen.correct(photo.id, Correction(Vehicles(car=3)))
    seen.delete([look(seen, NOON + timedelta(days=3), cars=9).id])
    notes = made(seen, settings).notes
    assert notes[0].startswith("41 photos; 12 % of the time was seen (21 h 30 min of 168 h).")
    assert notes[1] == (
        "Whole hours that nobody saw: Mon 4 May, 00:00 to Mon 4 May, 12:00 (12 h);"
        " Tue 5 May, 09:00 to Wed 6 May, 12:00 (27 h);"
        " Wed 6 May, 13:00 to Mon 11 May, 00:00 (107 h)."
    )
    assert "1 photo was corrected by hand; the figures use what was said there." in notes
    assert "1 photo was deleted and do not count." not in notes
    assert "1 photo was deleted; it does not count." in notes


def test_many_gaps_are_not_all_named(store, settings) -> None:
    for n in range(9):
        look(store, NOON + timedelta(hours=3 * n), cars=1)
    gaps = made(store, settings).notes[1]
    assert gaps.count(" to ") == LONGEST and gaps.endswith("; and 6 shorter ones.")


def test_a_lot_that_nobody_saw_gets_a_report_that_says_so(store, settings) -> None:
    store.ensure_lot(Lot("north", "North", 10))
    report = made(store, settings)
    assert report.headline == (
        "Nothing was seen of this car park in this week, so there are no figures."
    )
    assert [tile.value for tile in report.tiles] == ["0 %"]
    assert charts(report) == [] and report.types == ()
    for text in (html_text(report_html(report)), text_of(report_pdf(report))):
        assert "Nothing was seen of this car park" in text
        assert "No photo of this time was counted" in text


def test_without_a_capacity_vehicles_are_counted(store, settings) -> None:
    lot = Lot("north", "North")
    for days, cars in ((0, 7), (-7, 9)):
        look(store, NOON + timedelta(days=days), cars=cars, lot=lot)
    report = made(store, settings)
    assert report.headline.startswith(
        "On average 7.0 vehicles were there; −2.0 vehicles against the week before (9.0)"
    )
    assert any("How many places there are is not known" in note for note in report.notes)
    assert [chart.title for chart in charts(report)] == [
        "Hour by hour", "The week", "Vehicles by type",
    ]  # fmt: skip
    assert "7.0" in text_of(report_pdf(report))


def test_several_cameras_and_capacities_are_told(store, settings) -> None:
    look(store, NOON, cars=3)
    look(store, NOON, cars=2, camera="roof")
    half_past = NOON + timedelta(minutes=30)
    store.change_lot(Lot("north", "North", 20), capacity_since=half_past)
    look(store, half_past, cars=3)
    look(store, half_past, cars=2, camera="roof")
    report = made(store, settings)
    assert report.figures.mean_taken == 5
    assert report.figures.mean_rate == pytest.approx((0.5 * 30 + 0.25 * 60) / 90)
    said = " ".join(report.notes)
    assert "2 cameras are added up: gate, roof." in said
    assert "The number of places changed on Mon 4 May, 12:30: from then on it is 20." in said


@pytest.mark.parametrize("week, hours, day", [("2026-W13", 167, 29), ("2026-W43", 169, 25)])
def test_weeks_in_which_the_clocks_change(store, settings, week, hours, day) -> None:
    period = ReportPeriod.week(week)
    at = period.since(MADRID)
    for n in range(hours):
        look(store, at.astimezone(UTC) + timedelta(hours=n), cars=5)
    report = made(store, settings, period, datetime(2026, 12, 1, tzinfo=UTC))
    assert report.figures.seen_s == report.figures.period_s == hours * 3600
    assert any(f" {day} " in note and "clocks were changed" in note for note in report.notes)
    assert len(charts(report)) == 3 and report_pdf(report).startswith(b"%PDF")


def test_only_the_opening_hours_count_where_they_are_set(seen, tmp_path) -> None:
    settings = Settings(
        db=tmp_path / "p.db", time_zone="Europe/Madrid", opening_hours="mon-fri 12-14"
    )
    report = made(seen, settings)
    assert (report.figures.seen_s, report.figures.period_s) == (2 * 3600, 10 * 3600)
    assert any("opening hours: mon-fri 12-14" in note for note in report.notes)
    assert len(charts(report)) == 3


def test_a_week_that_is_not_over(seen, settings) -> None:
    now = NOON + timedelta(hours=2, minutes=20)
    report = made(seen, settings, WEEK, now)
    assert report.span.endswith("so far: up to Mon 4 May, 14:00")
    assert (report.figures.seen_s, report.figures.period_s) == (2 * 3600, 14 * 3600)
    assert report.before.seen_s == 2 * 3600, "as far into the week before"
    assert "against the same part of the week before (60.0 %)" in report.headline
    assert "The same part of the week before" in html_text(report_html(report))
    with pytest.raises(OutputError, match="2026-W20 has not begun yet"):
        made(seen, settings, WEEK.next, now)
    with pytest.raises(UnknownLot):
        make_report(seen, settings, "nowhere", WEEK, now=now)


# -- files --------------------------------------------------------------------------------------


@pytest.mark.parametrize("period", [WEEK, ReportPeriod.month("2026-05")], ids=str)
def test_pdf_and_html_say_the_same_figures(seen, settings, period) -> None:
    report = made(seen, settings, period)
    page, pdf = report_html(report), report_pdf(report)
    for text in (html_text(page), text_of(pdf)):
        for said in (report.title, report.span, report.headline, *report.notes):
            assert said in text
        for tile in report.tiles:
            assert tile.label in text and tile.value in text and tile.remark in text
        for row in report.types:
            assert " ".join(row) in text
        assert "Made with Parkcore" in text and "Saturday 20 June 2026, 12:00" in text
    with pymupdf.open("pdf", pdf) as document:
        assert 1 <= len(document) <= 2
        assert document.metadata["title"] == f"North yard · {period.title}"
        for sheet in document:
            for block in sheet.get_text("blocks"):
                assert sheet.rect.contains(pymupdf.Rect(block[:4]))


def test_the_html_file_asks_for_nothing_from_outside(seen, settings) -> None:
    page = report_html(made(seen, settings))
    addresses = set(re.findall(r"https?://[^\s\"'<>)]+", page))
    assert addresses <= {"http://www.w3.org/2000/svg", "http://www.w3.org/1999/xlink"}
    assert not re.search(r"<(script|link|img|iframe|object|image)\b|@import|url\((?!#)", page)
    assert "default-src 'none'" in page
    assert page.count("<svg") == 6, "each chart for a page and for a phone"


NAMES = {
    "markup": '<b>North</b> & "South" <script>alert(1)</script>',
    "template": "{{ report }} {% raw %} ${x} %s",
    "Greek": "Χώρος στάθμευσης",
    "Cyrillic": "Стоянка у вокзала",
    "Chinese": "北京停车场",
    "Arabic": "موقف السيارات",
    "emoji": "P 🚗 yard",
    "control": "a\x00b\x1b[31m\u202ec",
    "long": "North yard " * 40,
    "long word": "N" * 400,
    "one space": " ",
}


@pytest.mark.parametrize("name", NAMES.values(), ids=NAMES.keys())
def test_names_of_every_kind(store, settings, name: str) -> None:
    look(store, NOON, cars=3, lot=Lot("north", name, 10))
    report = made(store, settings)
    page, pdf = report_html(report), report_pdf(report)
    assert "<script>" not in page and "<b>North" not in page
    shown = " ".join(report.title.split())
    assert shown in html_text(page)
    with pymupdf.open("pdf", pdf) as document:
        blocks = [block for sheet in document for block in sheet.get_text("blocks")]
        assert all(block[0] >= 0 and block[2] <= 596 for block in blocks)
        text = " ".join(" ".join(sheet.get_text() for sheet in document).split())
        sizes = [
            span["size"]
            for block in document[0].get_text("dict")["blocks"]
            for line in block.get("lines", ())
            for span in line["spans"]
        ]
    assert max(sizes) >= 15, "nothing was shrunk to make room for the name"
    if name in (NAMES["Greek"], NAMES["Cyrillic"], NAMES["Chinese"], NAMES["markup"]):
        assert shown in text
    assert "30.0 %" in text.replace("\u00a0", " ")


def test_charts_fit_a_phone_and_are_few_points(seen, settings) -> None:
    report = made(seen, settings)
    for chart in charts(report, width=NARROW):
        width = float(re.search(r'<svg[^>]* width="([\d.]+)"', chart.svg())[1])
        assert width <= NARROW + 1
        assert sum(map(len, chart.spec["datasets"].values())) < 5000


# -- by themselves ------------------------------------------------------------------------------


def names(settings: Settings) -> list[str]:
    return sorted(each.name for each in (settings.reports / "north").iterdir())


def test_due_reports_are_made_once(seen, settings) -> None:
    now = datetime(2026, 5, 11, 1, 30, tzinfo=UTC)  # Monday, 03:30 in Madrid
    due = due_reports(seen, settings, now)
    assert [(each.lot_id, str(each.period)) for each in due] == [
        ("north", "2026-W19"), ("north", "2026-04"),
    ]  # fmt: skip
    for each in due:
        write_due(seen, settings, each, now)
    assert names(settings) == [
        "north_2026-04.html", "north_2026-04.pdf", "north_2026-W19.html", "north_2026-W19.pdf",
    ]  # fmt: skip
    assert due_reports(seen, settings, now) == []
    assert due_reports(seen, settings, now + timedelta(days=6)) == []
    kept = settings.reports / "north" / "north_2026-W19.html"
    before = kept.read_bytes()
    (settings.reports / "north" / "north_2026-W19.pdf").unlink()
    [again] = due_reports(seen, settings, now + timedelta(days=1))
    assert [path.name for path in write_due(seen, settings, again, now)] == ["north_2026-W19.pdf"]
    assert kept.read_bytes() == before
    later = due_reports(seen, settings, now + timedelta(days=7))
    assert [str(each.period) for each in later] == ["2026-W20"]


def test_reports_wait_until_the_night_is_settled(seen, settings) -> None:
    midnight = datetime(2026, 5, 10, 22, tzinfo=UTC)
    before = due_reports(seen, settings, midnight + timedelta(hours=2, minutes=59))
    after = due_reports(seen, settings, midnight + timedelta(hours=3))
    assert [str(each.period) for each in before] == ["2026-W18", "2026-04"]
    assert [str(each.period) for each in after] == ["2026-W19", "2026-04"]


def test_no_reports_of_samples_of_unseen_lots_or_without_a_folder(store, settings) -> None:
    now = datetime(2026, 5, 11, 12, tzinfo=UTC)
    store.ensure_lot(Lot("new", "New"))
    look(store, NOON, cars=1, lot=Lot("sample", "Sample", 10, is_sample=True))
    look(store, NOON - timedelta(days=200), cars=1, lot=Lot("closed", "Closed", 10))
    look(store, NOON + timedelta(days=7), cars=1, lot=Lot("young", "Young", 10))
    assert due_reports(store, settings, now) == []
    look(store, NOON, cars=1)
    assert {each.lot_id for each in due_reports(store, settings, now)} == {"north"}
    without = settings.model_copy(update={"reports": None})
    assert due_reports(store, without, now) == []


def test_a_folder_without_permission_is_said(seen, settings) -> None:
    report = made(seen, settings)
    with reachable_folder() as folder:
        folder.chmod(0o555)
        for path in (folder / "a.pdf", folder / "north" / "a.html"):
            with no_privileges(), pytest.raises(OutputError, match="cannot be written"):
                write_report(path, report)
        assert list(folder.iterdir()) == []


def test_coverage_is_never_rounded_away() -> None:
    said = [seen_percent(each) for each in (0, 0.001, 0.01, 0.999, 1)]
    assert said == ["0 %", "less than 1 %", "1 %", "99 %", "100 %"]
