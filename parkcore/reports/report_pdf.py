"""A report as PDF, on A4.

Text is set by MuPDF, which brings fonts for every script along; charts stay drawings.
"""

from __future__ import annotations

import html
import re
from dataclasses import dataclass

import pymupdf

from parkcore.reports.report import Report, Tile
from parkcore.reports.report_charts import Chart, charts
from parkcore.reports.report_html import made
from parkcore.reports.report_words import together

WIDTH, HEIGHT = pymupdf.paper_size("a4")
MARGIN = 42.0
BOTTOM = HEIGHT - MARGIN - 14
GAP = 9.0
TILE_HEIGHT = 66.0
BRAND, LINE = (0.06, 0.46, 0.43), (0.9, 0.91, 0.92)
LONGEST_NAME = 160
"""Longer names are cut, as they would push the figures off the page."""

CSS = """
* { font-family: sans-serif; color: #1f2937; font-size: 10pt; line-height: 1.35; }
body, p, h1, h2, ul, table { margin: 0; padding: 0; }
ul { padding-left: 14pt; }
.kind { color: #0f766e; font-weight: bold; }
h1 { font-size: 20pt; line-height: 1.2; margin: 2pt 0; }
h2 { font-size: 12.5pt; }
.soft { color: #4b5563; font-size: 9pt; }
.headline { font-size: 11.5pt; }
.label { color: #4b5563; font-size: 8pt; }
.value { margin: 2pt 0; font-size: 15pt; font-weight: bold; line-height: 1.2; }
.remark { color: #4b5563; font-size: 8pt; line-height: 1.25; }
table { width: 100%; border-collapse: collapse; }
th, td { width: 25%; text-align: right; padding: 2.5pt 4pt; border-bottom: 0.5pt solid #e5e7eb; }
th { color: #4b5563; font-size: 8.5pt; }
.first { text-align: left; padding-left: 0; }
li { color: #4b5563; font-size: 9pt; margin-bottom: 2pt; }
"""


def report_pdf(report: Report) -> bytes:
    """The whole file, of one page or more."""
    sheet = _Sheet(pymupdf.open())
    title, span = _cut(report.title), f"{report.span} · times of {report.zone}"
    sheet.text(
        f'<p class="kind">Parking report</p><h1>{_safe(title)}</h1>'
        f'<p class="soft">{_safe(span)}</p>'
    )
    sheet.text(f'<p class="headline">{_safe(report.headline)}</p>')
    sheet.tiles(report.tiles)
    for chart in charts(report):
        sheet.chart(chart)
    if report.types:
        sheet.text(_types(report))
    notes = "".join(f"<li>{_safe(note)}</li>" for note in report.notes)
    sheet.text(f"<h2>Notes</h2><ul>{notes}</ul>")
    return sheet.finish(made(report), f"{title} · {report.period.title}")


def _types(report: Report) -> str:
    heads = ("Mean", "Share", report.than.capitalize())
    head = "".join(f"<th>{_safe(each)}</th>" for each in heads)
    rows = "".join(
        f'<tr><td class="first">{_safe(name)}</td>'
        + "".join(f"<td>{_safe(each)}</td>" for each in figures)
        + "</tr>"
        for name, *figures in report.types
    )
    return f'<table><tr><th class="first">Type</th>{head}</tr>{rows}</table>'


def _safe(text: str) -> str:
    """With places at which a word may be parted that is longer than a line."""
    return html.escape(_LONG_WORD.sub("\\g<0>\u200b", together(text)))


_LONG_WORD = re.compile(r"\S{25}(?=\S)")


def _cut(text: str) -> str:
    return text if len(text) <= LONGEST_NAME else f"{text[:LONGEST_NAME]}…"


@dataclass(slots=True)
class _Sheet:
    """Pages that are filled from above; what does not fit begins the next one."""

    document: pymupdf.Document
    y: float = HEIGHT

    def text(self, body: str) -> None:
        height = _height(body, WIDTH - 2 * MARGIN)
        self._make_room(height)
        self._put(body, MARGIN, WIDTH - MARGIN, height)
        self.y += height + GAP

    def tiles(self, tiles: tuple[Tile, ...]) -> None:
        self._make_room(TILE_HEIGHT)
        width = (WIDTH - 2 * MARGIN + GAP) / max(3, len(tiles))
        for number, tile in enumerate(tiles):
            left = MARGIN + number * width
            right = left + width - GAP
            box = pymupdf.Rect(left, self.y, right, self.y + TILE_HEIGHT)
            self._page.draw_rect(box, color=LINE, width=0.8)
            self._page.draw_line(box.tl, box.tr, color=BRAND, width=2)
            body = (
                f'<p class="label">{_safe(tile.label)}</p><p class="value">{_safe(tile.value)}</p>'
                f'<p class="remark">{_safe(tile.remark)}</p>'
            )
            self.y += 5
            self._put(body, left + 6, right - 4, TILE_HEIGHT - 6)
            self.y -= 5
        self.y += TILE_HEIGHT + GAP

    def chart(self, chart: Chart) -> None:
        body = f'<h2>{_safe(chart.title)}</h2><p class="soft">{_safe(chart.caption)}</p>'
        height = _height(body, WIDTH - 2 * MARGIN)
        with pymupdf.open("pdf", chart.pdf()) as drawing:
            size = drawing[0].rect
            drawn = (WIDTH - 2 * MARGIN) * size.height / size.width
            self._make_room(height + drawn)
            self._put(body, MARGIN, WIDTH - MARGIN, height)
            top = self.y + height + 3
            place = pymupdf.Rect(MARGIN, top, WIDTH - MARGIN, top + drawn)
            self._page.show_pdf_page(place, drawing, 0)
        self.y = top + drawn + GAP

    def finish(self, footer: str, title: str) -> bytes:
        pages = len(self.document)
        for number, page in enumerate(self.document, 1):
            of = f" Page {number} of {pages}." if pages > 1 else ""
            place = pymupdf.Rect(MARGIN, HEIGHT - MARGIN - 4, WIDTH - MARGIN, HEIGHT - MARGIN + 16)
            page.insert_htmlbox(place, f'<p class="remark">{_safe(footer + of)}</p>', css=CSS)
        self.document.set_metadata({"title": title, "creator": "Parkcore", "producer": "Parkcore"})
        self.document.subset_fonts()
        made: bytes = self.document.tobytes(garbage=4, deflate=True)
        return made

    @property
    def _page(self) -> pymupdf.Page:
        return self.document[-1]

    def _make_room(self, height: float) -> None:
        if self.y + height > BOTTOM:
            self.document.new_page(width=WIDTH, height=HEIGHT)
            self.y = MARGIN

    def _put(self, body: str, left: float, right: float, height: float) -> None:
        place = pymupdf.Rect(left, self.y, right, self.y + height)
        self._page.insert_htmlbox(place, body, css=CSS)


def _height(body: str, width: float) -> float:
    """What a text of this width takes; at most a page."""
    whole = HEIGHT - 2 * MARGIN - 30
    story = pymupdf.Story(body, user_css=CSS)
    _, filled = story.place(pymupdf.Rect(0, 0, width, whole))
    return float(min(whole, pymupdf.Rect(filled).height + 1))
