"""A report as one HTML file that needs nothing from outside: styles and charts are in it."""

from __future__ import annotations

from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from parkcore import __version__
from parkcore.reports.report import Report
from parkcore.reports.report_charts import NARROW, charts
from parkcore.reports.report_words import together

TEMPLATE = "report.html"


def report_html(report: Report) -> str:
    """The whole file. Names are escaped; its own rule (CSP) forbids scripts and requests."""
    environment = Environment(
        loader=FileSystemLoader(Path(__file__).parent), autoescape=True, undefined=StrictUndefined
    )
    environment.filters["together"] = together
    return environment.get_template(TEMPLATE).render(
        report=report,
        charts=list(zip(charts(report), charts(report, width=NARROW), strict=True)),
        version=__version__,
        made=made(report),
    )


def made(report: Report) -> str:
    """The last line of a report."""
    at = report.made_at.astimezone(report.zone)
    return f"Made with Parkcore {__version__} on {at:%A} {at.day} {at:%B %Y}, {at:%H:%M}."
