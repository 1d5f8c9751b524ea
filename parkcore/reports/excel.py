"""A table as an Excel workbook, however many rows it has."""

from __future__ import annotations

import math
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pandas as pd

from parkcore.reports.columns import COLUMNS, Kind, TableName, shown

SHEET_ROWS = 1_048_576
"""What Excel takes on one sheet, the heading included."""

CELL_CHARACTERS = 32_767
FIRST_YEAR = 1900
"""Excel knows no dates before."""

_WIDTHS: Mapping[Kind, int] = {
    "text": 18, "whole": 11, "number": 13, "share": 13, "truth": 11, "time": 20, "utc": 20,
}  # fmt: skip


class ExcelWriter:
    """A workbook that keeps no more than a row in memory: real dates and numbers, texts that
    Excel never runs, the heading always in sight."""

    def __init__(self, path: Path, name: TableName, zone: str, sheet_rows: int) -> None:
        import xlsxwriter

        self._folder = TemporaryDirectory(prefix=".parkcore-", dir=path.parent)
        self._book = xlsxwriter.Workbook(
            str(path), {"constant_memory": True, "tmpdir": self._folder.name}
        )
        self._name, self._zone, self._sheet_rows = name.capitalize(), zone, sheet_rows
        self._columns = COLUMNS[name]
        form = self._book.add_format
        time = form({"num_format": "yyyy-mm-dd hh:mm:ss"})
        self._formats = {
            "time": time, "utc": time, "share": form({"num_format": "0.0"}),
            "number": form({"num_format": "0.0##"}), "whole": form({"num_format": "0"}),
        }  # fmt: skip
        self._bold = form({"bold": True, "text_wrap": True, "valign": "top"})
        self._sheets, self._row = 0, 0
        self._begin()

    def _begin(self) -> None:
        if self._sheets:
            self._filter()
        self._sheets += 1
        suffix = "" if self._sheets == 1 else f" {self._sheets}"
        self._sheet = self._book.add_worksheet(f"{self._name}{suffix}")
        self._sheet.freeze_panes(1, 0)
        for number, column in enumerate(self._columns):
            heading = column.heading(self._zone)
            width = max(_WIDTHS[column.kind], max(map(len, heading.split())) + 1)
            self._sheet.set_column(number, number, width)
        for number, column in enumerate(self._columns):
            self._sheet.write_string(0, number, column.heading(self._zone), self._bold)
        self._row = 1

    def add(self, part: pd.DataFrame) -> None:
        cells = [_cells(part[column.name], column.kind) for column in self._columns]
        for row in zip(*cells, strict=True):
            if self._row == self._sheet_rows:
                self._begin()
            for number, value in enumerate(row):
                if value is not None:
                    self._write(number, value)
            self._row += 1

    def _write(self, number: int, value: Any) -> None:
        form = self._formats.get(self._columns[number].kind)
        if isinstance(value, bool):
            self._sheet.write_boolean(self._row, number, value)
        elif isinstance(value, datetime) and value.year >= FIRST_YEAR:
            self._sheet.write_datetime(self._row, number, value, form)
        elif isinstance(value, int | float):
            self._sheet.write_number(self._row, number, value, form)
        else:
            self._sheet.write_string(self._row, number, str(value)[:CELL_CHARACTERS])

    def _filter(self) -> None:
        self._sheet.autofilter(0, 0, self._row - 1, len(self._columns) - 1)

    def _about(self) -> None:
        lines = [
            f"{self._name} of Parkcore, the vehicles and car parks that it has seen.",
            f"Times are those of {self._zone}; beside the first of them is UTC, as the wall clock"
            " has an hour twice in autumn.",
            "Where a cell is empty, the figure is not known.",
        ]
        if self._sheets > 1:
            lines.append(
                f"The rows go on over {self._sheets} sheets: Excel takes {self._sheet_rows:,}"
                " on one, the heading included."
            )
        sheet = self._book.add_worksheet("About")
        sheet.set_column(0, 0, 100)
        for number, line in enumerate(lines):
            sheet.write_string(number, 0, line)

    def close(self) -> int:
        from xlsxwriter.exceptions import XlsxFileError

        self._filter()
        self._about()
        try:
            self._book.close()
        except XlsxFileError as error:
            raise OSError(str(error)) from error
        self._folder.cleanup()
        return self._sheets

    def drop(self) -> None:
        for sheet in self._book.worksheets():
            sheet.row_data_fh.close()  # the library has no other way but to finish the book
        self._book.fileclosed = True
        self._folder.cleanup()


def _cells(values: pd.Series[Any], kind: Kind) -> list[Any]:
    if kind in ("time", "utc"):
        wall = values.dt.tz_convert("UTC") if kind == "utc" else values
        return [None if pd.isna(at) else at for at in wall.dt.tz_localize(None).dt.to_pydatetime()]
    figures = shown(values, kind).astype(object)
    return [None if _is_missing(value) else value for value in figures]


def _is_missing(value: Any) -> bool:
    return value is pd.NA or value is None or (isinstance(value, float) and math.isnan(value))
