"""Reports as files: on demand, and by themselves after every week and month."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from parkcore.domain import Lot
from parkcore.reports.report import Report, make_report
from parkcore.reports.report_html import report_html
from parkcore.reports.report_pdf import report_pdf
from parkcore.reports.report_period import Kind, ReportPeriod
from parkcore.reports.whole_file import whole_file
from parkcore.settings import Settings
from parkcore.store import Store

SETTLED_AFTER = timedelta(hours=3)
"""So long after a period its report is made: what was taken last may still be on its way."""

SILENT_DAYS = 92
"""A lot that was not seen for longer gets no report by itself any more."""


@dataclass(frozen=True, slots=True)
class Due:
    """A report that should be in the folder, and is not."""

    lot_id: str
    period: ReportPeriod
    files: tuple[Path, ...]
    """What is missing of it: the PDF, the HTML file, or both."""


def due_reports(store: Store, settings: Settings, now: datetime) -> list[Due]:
    """The reports on last week and last month that are not in the folder of the settings yet.

    What is there is never made again. Samples get none, and nobody where no folder is set.
    """
    if settings.reports is None:
        return []
    kinds: tuple[Kind, ...] = ("week", "month")
    settled = (now - SETTLED_AFTER).astimezone(settings.zone)
    found = []
    for lot in store.lots():
        for kind in kinds:
            period = ReportPeriod.around(kind, settled.date()).before
            files = tuple(path for path in _files(settings.reports, lot, period)
                          if not path.exists())  # fmt: skip
            if files and _was_seen(store, settings, lot, period):
                found.append(Due(lot.id, period, files))
    return found


def _files(folder: Path, lot: Lot, period: ReportPeriod) -> Iterator[Path]:
    for suffix in ("pdf", "html"):
        yield folder / lot.id / file_name(lot.id, period, suffix)


def file_name(lot_id: str, period: ReportPeriod, suffix: str) -> str:
    """Such as `north_2026-W19.pdf`."""
    return f"{lot_id}_{period}.{suffix}"


def _was_seen(store: Store, settings: Settings, lot: Lot, period: ReportPeriod) -> bool:
    span = None if lot.is_sample else store.span([lot.id])
    if span is None:
        return False
    since, until = period.since(settings.zone), period.until(settings.zone)
    return span[0] < until.astimezone(UTC) and span[1] > since - timedelta(days=SILENT_DAYS)


def write_due(store: Store, settings: Settings, due: Due, now: datetime) -> tuple[Path, ...]:
    """Make what is missing of a report.

    Raises:
        OutputError: the folder cannot be written.

    Returns:
        The files that were written.
    """
    report = make_report(store, settings, due.lot_id, due.period, now=now)
    for path in due.files:
        write_report(path, report)
    return due.files


def write_report(path: Path, report: Report) -> None:
    """Write a report to a file, whole or not at all: PDF where it ends in `.pdf`, else HTML.

    Raises:
        OutputError: the file cannot be written.
    """
    is_pdf = path.suffix.lower() == ".pdf"
    data = report_pdf(report) if is_pdf else report_html(report).encode()
    with whole_file(path, make_folder=True) as unfinished:
        unfinished.write_bytes(data)
