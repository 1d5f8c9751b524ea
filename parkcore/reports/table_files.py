"""Tables as files: CSV, Excel, Parquet and JSON, written part by part and whole or not at all."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, tzinfo
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import IO, Any, Literal, Protocol, TypeAlias, get_args

import numpy as np
import pandas as pd

from parkcore.errors import OutputError
from parkcore.export import unformula
from parkcore.reports.columns import COLUMNS, Column, Kind, TableName, shown
from parkcore.reports.excel import SHEET_ROWS, ExcelWriter
from parkcore.reports.whole_file import whole_file

Form: TypeAlias = Literal["csv", "xlsx", "parquet", "json", "jsonl"]
FORMS: tuple[Form, ...] = get_args(Form)

MIME: Mapping[Form, str] = {
    "csv": "text/csv",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "parquet": "application/vnd.apache.parquet",
    "json": "application/json",
    "jsonl": "application/jsonl",
}


@dataclass(frozen=True, slots=True)
class Written:
    """What became of a table."""

    rows: int
    sheets: int = 1
    """Of a workbook; 1 elsewhere."""

    def __str__(self) -> str:
        rows = "1 row" if self.rows == 1 else f"{self.rows:,} rows"
        if self.sheets == 1:
            return rows
        return f"{rows} on {self.sheets} sheets, as Excel takes {SHEET_ROWS:,} rows on one"


class _Writer(Protocol):
    def add(self, part: pd.DataFrame) -> None: ...

    def close(self) -> int:
        """How many sheets there are."""

    def drop(self) -> None:
        """Let go of what is half written."""


def form_of(path: Path, form: str | None = None) -> Form:
    """The form of a file by its ending, where it is not said.

    Raises:
        OutputError: there is no such form.
    """
    said = (form or path.suffix.removeprefix(".")).lower()
    if said not in FORMS:
        raise OutputError(
            f"{path.name!r} has no ending that says its form; end it in one of"
            f" {', '.join(f'.{each}' for each in FORMS)}, or say it with --format"
        )
    return said


def write_table(
    path: Path,
    name: TableName,
    parts: Iterable[pd.DataFrame],
    *,
    form: Form,
    zone: tzinfo,
    sheet_rows: int = SHEET_ROWS,
    said: Callable[[int], None] = lambda rows: None,
) -> Written:
    """Write a table as `Tables.parts` makes it to a file.

    Args:
        sheet_rows: after so many rows, the heading included, another sheet of Excel begins.
        said: told after each part how many rows are written.

    Raises:
        OutputError: the file cannot be written.
    """
    rows = 0
    with whole_file(path) as unfinished:
        writer = _writer(unfinished, name, form, zone=zone, sheet_rows=sheet_rows)
        try:
            for part in parts:
                writer.add(part)
                rows += len(part)
                said(rows)
            sheets = writer.close()
        except BaseException:
            writer.drop()
            raise
    return Written(rows, sheets)


def table_bytes(
    name: TableName, parts: Iterable[pd.DataFrame], *, form: Form, zone: tzinfo
) -> bytes:
    """A table as the bytes of a file, such as for a download."""
    with TemporaryDirectory(prefix="parkcore-") as folder:
        path = Path(folder) / f"{name}.{form}"
        write_table(path, name, parts, form=form, zone=zone)
        return path.read_bytes()


def _writer(path: Path, name: TableName, form: Form, *, zone: tzinfo, sheet_rows: int) -> _Writer:
    if form == "csv":
        return _Csv(path, COLUMNS[name], str(zone))
    if form == "xlsx":
        return ExcelWriter(path, name, str(zone), sheet_rows)
    if form == "parquet":
        return _Parquet(path, COLUMNS[name], str(zone))
    return _Json(path, in_lines=form == "jsonl")


class _Csv:
    """With a byte order mark, without which Excel takes the text for another alphabet."""

    def __init__(self, path: Path, columns: Sequence[Column], zone: str) -> None:
        self._file, self._columns = path.open("w", encoding="utf-8-sig", newline=""), columns
        headings = pd.DataFrame(columns=[column.heading(zone) for column in columns])
        headings.to_csv(self._file, index=False, lineterminator="\r\n")

    def add(self, part: pd.DataFrame) -> None:
        texts = {
            number: _text(part[column.name], column.kind)
            for number, column in enumerate(self._columns)
        }
        pd.DataFrame(texts, part.index).to_csv(
            self._file, index=False, header=False, lineterminator="\r\n"
        )

    def close(self) -> int:
        self._file.close()
        return 1

    def drop(self) -> None:
        self._file.close()


def _text(values: pd.Series[Any], kind: Kind) -> pd.Series[Any]:
    if kind == "text":
        return values.map(unformula, na_action="ignore")
    if kind == "truth":
        return values.map({True: "yes", False: "no"})
    if kind in ("time", "utc"):
        return _clock(values, kind)
    return shown(values, kind)


def _clock(values: pd.Series[Any], kind: Kind) -> pd.Series[Any]:
    """Times as `2026-05-04 12:00:00`, which spreadsheets read as such."""
    wall = values.dt.tz_convert("UTC") if kind == "utc" else values
    texts = np.datetime_as_string(wall.dt.tz_localize(None).to_numpy(), unit="s")
    clock = pd.Series(np.char.replace(texts, "T", " "), values.index, dtype=object)
    return clock.where(values.notna(), None)


class _Json:
    """One array of objects, or one object a line."""

    def __init__(self, path: Path, *, in_lines: bool) -> None:
        self._file: IO[str] = path.open("w", encoding="utf-8", newline="\n")
        self._in_lines, self._is_first = in_lines, True
        self._file.write("" if in_lines else "[")

    def add(self, part: pd.DataFrame) -> None:
        for record in _plain(part).to_dict("records"):
            if not self._in_lines:
                self._file.write("\n" if self._is_first else ",\n")
            self._is_first = False
            json.dump(record, self._file, ensure_ascii=False, default=_iso, allow_nan=False)
            self._file.write("\n" if self._in_lines else "")

    def close(self) -> int:
        self._file.write("" if self._in_lines else "\n]\n")
        self._file.close()
        return 1

    def drop(self) -> None:
        self._file.close()


def _iso(at: datetime) -> str:
    return at.isoformat()


def _plain(part: pd.DataFrame) -> pd.DataFrame:
    return part.astype(object).where(part.notna(), None)


class _Parquet:
    """A row group a part. Times are UTC, with the site's zone beside them."""

    def __init__(self, path: Path, columns: Sequence[Column], zone: str) -> None:
        import pyarrow as pa
        from pyarrow.parquet import ParquetWriter

        types = {
            "text": pa.string(), "whole": pa.int64(), "number": pa.float64(),
            "share": pa.float64(), "truth": pa.bool_(), "time": pa.timestamp("us", tz=zone),
        }  # fmt: skip
        self._schema = pa.schema(
            pa.field(each.name, types[each.kind], metadata={"heading": each.heading(zone)})
            for each in columns
            if each.kind != "utc"
        )
        self._writer = ParquetWriter(path, self._schema)

    def add(self, part: pd.DataFrame) -> None:
        import pyarrow as pa

        self._writer.write_table(pa.Table.from_pandas(part, self._schema, False))

    def close(self) -> int:
        self._writer.close()
        return 1

    def drop(self) -> None:
        self._writer.close()
