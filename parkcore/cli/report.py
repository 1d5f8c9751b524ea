"""`report`: a lot's week or month on a page, to be sent on."""

from __future__ import annotations

import logging
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import click

from parkcore.cli.words import one_line
from parkcore.errors import OutputError, ParkcoreError, SettingsError
from parkcore.reports.report_period import ReportPeriod
from parkcore.settings import Settings

log = logging.getLogger(__name__)


class _Period(click.ParamType[ReportPeriod]):
    def __init__(self, name: str) -> None:
        self.name = name

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> ReportPeriod:
        read = ReportPeriod.week if self.name == "week" else ReportPeriod.month
        try:
            return read(value)
        except ValueError as error:
            self.fail(str(error), param, ctx)


_FILE = click.Path(path_type=Path, dir_okay=False)


@click.command()
@click.option("--lot", help="The lot; may be left out where there is only one.")
@click.option("--week", type=_Period("week"), metavar="WEEK", help="Such as 2026-W19.")
@click.option("--month", type=_Period("month"), metavar="MONTH", help="Such as 2026-05.")
@click.option("--pdf", type=_FILE, help="Write the report to this file, as PDF.")
@click.option("--html", type=_FILE, help="Write it to this file, as one HTML page.")
@click.option("--due", is_flag=True, help="Write what is missing in the folder of the settings.")
@click.pass_obj
def report(
    settings: Settings,
    lot: str | None,
    week: ReportPeriod | None,
    month: ReportPeriod | None,
    pdf: Path | None,
    html: Path | None,
    due: bool,
) -> None:
    """Report on a lot's week or month: how full, when fullest, compared with the one before.

    Without --week and --month: the last whole week. Without a file, its figures are printed.
    With --due: the reports on every lot's last week and month go to the folder PARKCORE_REPORTS,
    those that are not there yet, as `parkcore serve` does by itself.
    """
    if due:
        sys.exit(write_due_reports(settings))
    if week and month:
        raise click.UsageError("a report is about a week or a month, not about both")
    period = week or month or _last_week(settings)
    for path, suffix in ((pdf, ".pdf"), (html, ".html")):
        if path and path.suffix.lower() not in (suffix, suffix[:-1]):
            raise click.UsageError(f"{path} does not end in {suffix}")

    from parkcore.reports.report import make_report
    from parkcore.reports.report_files import write_report
    from parkcore.wiring import read_store

    with read_store(settings) as store:
        lots = [each.id for each in store.lots()]
        if not lots:
            raise OutputError("nothing is recorded yet, so there is nothing to report on")
        if lot is None and len(lots) != 1:
            raise click.UsageError(f"say which lot with --lot; there are: {', '.join(lots)}")
        made = make_report(store, settings, lot or lots[0], period, now=datetime.now(UTC))
    for path in filter(None, (pdf, html)):
        if not path.absolute().parent.is_dir():
            raise OutputError(f"there is no folder {path.absolute().parent} to write to")
        write_report(path, made)
        click.echo(f"Wrote {path}", err=True)
    if not pdf and not html:
        _say(made.title, made.span, made.headline)
        _say(*(f"{tile.label}: {tile.value}  {tile.remark}".strip() for tile in made.tiles))
        _say(*(f"{name}: {mean} on average, {share}" for name, mean, share, _ in made.types))
        _say(*made.notes)


def _say(*lines: str) -> None:
    for line in lines:
        click.echo(one_line(line))
    if lines:
        click.echo()


def _last_week(settings: Settings) -> ReportPeriod:
    return ReportPeriod.around("week", datetime.now(settings.zone).date()).before


def write_due_reports(settings: Settings) -> int:
    """Write what is missing; what fails is said, and tried again the next time.

    Returns:
        The exit status: 0, 1 if something could not be written.
    """
    from parkcore.cli.service import log_to_terminal
    from parkcore.reports.report_files import due_reports, write_due
    from parkcore.wiring import read_store

    if settings.reports is None:
        raise SettingsError("no folder for reports is set; name one in PARKCORE_REPORTS")
    log_to_terminal("reports")
    status = 0
    with read_store(settings) as store:
        for due in due_reports(store, settings, datetime.now(UTC)):
            try:
                files = write_due(store, settings, due, datetime.now(UTC))
            except ParkcoreError as error:
                log.error("%s %s: %s", due.lot_id, due.period, error)
                status = 1
            else:
                log.info("wrote %s", ", ".join(map(str, files)))
    return status
