"""`report` and `export` as their users meet them: words in, files and an exit status out."""

from __future__ import annotations

import csv
import json
import os
import subprocess
import sys
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import openpyxl
import pyarrow.parquet as pq
import pymupdf
import pytest
from click.testing import CliRunner, Result
from conftest import MADRID, NOON, ROOT
from test_store import record, snapshot
from unprivileged import no_privileges, reachable_folder

from parkcore.cli import cli
from parkcore.domain import Lot
from parkcore.reports.report_files import SETTLED_AFTER
from parkcore.reports.report_period import ReportPeriod
from parkcore.store import Store

WEEK = "2026-W19"


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Result]:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PARKCORE_TIME_ZONE", "Europe/Madrid")

    def invoke(*words: object) -> Result:
        return CliRunner().invoke(cli, [str(word) for word in words])

    return invoke


@pytest.fixture
def seen(tmp_path: Path) -> Path:
    with Store.open(tmp_path / "parkcore.db") as store:
        for n in range(12):
            at = NOON + timedelta(minutes=30 * n)
            what = snapshot(f"{n}", at=at, labels=("car",) * (3 + n % 5))
            record(store, what, lot=Lot("north", "North yard", 10))
    return tmp_path


def test_a_report_is_printed_with_its_coverage(seen: Path, run) -> None:
    result = run("report", "--lot", "north", "--week", WEEK)
    assert result.exit_code == 0, result.stderr
    assert result.stdout.startswith("North yard\nWeek 19 of 2026: Monday 4 to Sunday 10 May 2026\n")
    assert "Seen: 3 %  6 h 30 min of 168 h" in result.stdout
    [said] = run("stats", "--lot", "north", "--from", "2026-05-04", "--to", "2026-05-10",
                 "--json").stdout.splitlines()  # fmt: skip
    mean = json.loads(said)["mean_rate"]
    assert f"Mean occupancy: {100 * mean:.1f} %" in result.stdout


def test_a_report_is_written_as_pdf_and_html(seen: Path, run) -> None:
    result = run("report", "--month", "2026-05", "--pdf", "a.pdf", "--html", "a.html")
    assert (result.exit_code, result.stdout) == (0, "")
    assert result.stderr == "Wrote a.pdf\nWrote a.html\n"
    with pymupdf.open(seen / "a.pdf") as document:
        assert "North yard" in document[0].get_text()
    assert "<h1>North yard</h1>" in (seen / "a.html").read_text("utf-8")


@pytest.mark.parametrize(
    "words, said, status",
    [
        (["--week", "2026-W54"], "'2026-W54' is no week; expected one such as 2026-W19", 2),
        (["--month", "2026-13"], "'2026-13' is no month; expected one such as 2026-05", 2),
        (["--week", WEEK, "--month", "2026-05"], "a week or a month, not about both", 2),
        (["--week", "2999-W01"], "2999-W01 has not begun yet", 1),
        (["--lot", "nowhere"], "there is no lot 'nowhere'", 1),
        (["--week", WEEK, "--pdf", "a.docx"], "a.docx does not end in .pdf", 2),
        (["--week", WEEK, "--pdf", "no/a.pdf"], "there is no folder", 1),
        (["--due"], "no folder for reports is set; name one in PARKCORE_REPORTS", 1),
    ],
)
def test_what_cannot_be_reported_is_said(seen: Path, run, words, said, status) -> None:
    result = run("report", *words)
    assert result.exit_code == status
    assert said in " ".join(result.stderr.split())


def test_with_several_lots_one_has_to_be_named(seen: Path, run) -> None:
    with Store.open(seen / "parkcore.db") as store:
        store.ensure_lot(Lot("south", "South"))
    result = run("report", "--week", WEEK)
    assert result.exit_code == 2
    assert "say which lot with --lot; there are: north, south" in result.stderr


def test_without_a_history_that_is_said(tmp_path: Path, run) -> None:
    result = run("report", "--week", WEEK)
    assert result.exit_code == 1
    assert "nothing is recorded yet" in result.stderr
    assert not (tmp_path / "parkcore.db").exists()


def last_week(database: Path) -> str:
    """Record something in the week that was over last; its name."""
    settled = (datetime.now(UTC) - SETTLED_AFTER).astimezone(MADRID)
    period = ReportPeriod.around("week", settled.date()).before
    with Store.open(database) as store:
        at = period.since(MADRID) + timedelta(days=2)
        record(store, snapshot("now", at=at), lot=Lot("north", "North yard", 10))
    return str(period)


def test_due_reports_go_to_the_folder_once(seen: Path, run) -> None:
    week = last_week(seen / "parkcore.db")
    result = run("--reports", "out/reports", "report", "--due")
    assert result.exit_code == 0, result.output
    files = {each.name: each.stat().st_mtime_ns for each in (seen / "out/reports/north").iterdir()}
    assert {f"north_{week}.pdf", f"north_{week}.html"} <= set(files)
    assert run("--reports", "out/reports", "report", "--due").exit_code == 0
    again = {each.name: each.stat().st_mtime_ns for each in (seen / "out/reports/north").iterdir()}
    assert again == files


def test_a_reports_folder_without_permission_is_said(run, monkeypatch) -> None:
    with reachable_folder() as folder:
        monkeypatch.chdir(folder)
        last_week(folder / "parkcore.db")
        reports = folder / "reports"
        reports.mkdir()
        folder.chmod(0o777)
        for file in folder.glob("parkcore.db*"):
            file.chmod(0o666)
        reports.chmod(0o555)
        with no_privileges():
            result = run("--db", folder / "parkcore.db", "--reports", reports, "report", "--due")
        assert result.exit_code == 1
        assert "cannot be written" in result.stderr and "make the folder writable" in " ".join(
            result.stderr.split()
        )
        assert list(reports.iterdir()) == []
        monkeypatch.chdir(ROOT)


def test_the_service_makes_due_reports(seen: Path) -> None:
    """The chore that `serve` runs, as a process of its own."""
    week = last_week(seen / "parkcore.db")
    own = {
        "PARKCORE_DB": str(seen / "parkcore.db"),
        "PARKCORE_REPORTS": str(seen / "reports"),
        "PARKCORE_TIME_ZONE": "Europe/Madrid",
    }
    command = [sys.executable, "-m", "parkcore", "report", "--due"]
    done = subprocess.run(
        command, cwd=ROOT, env={**os.environ, **own}, capture_output=True, text=True, timeout=150
    )
    assert done.returncode == 0, done.stderr
    assert (seen / "reports" / "north" / f"north_{week}.pdf").exists()


@pytest.mark.parametrize("form", ["csv", "xlsx", "parquet", "json", "jsonl"])
def test_export_writes_a_file_by_its_ending(seen: Path, run, form: str) -> None:
    path = seen / f"out.{form}"
    result = run("export", "snapshots", "--lot", "north", "--to-file", path)
    assert result.exit_code == 0, result.stderr
    assert result.stderr == f"Wrote 12 rows to {path}\n"
    vehicles = [3 + n % 5 for n in range(12)]
    if form == "csv":
        with path.open(encoding="utf-8-sig", newline="") as file:
            found = [int(row["Vehicles"]) for row in csv.DictReader(file)]
    elif form == "xlsx":
        sheet = openpyxl.load_workbook(path).worksheets[0]
        [heads, *cells] = sheet.iter_rows(values_only=True)
        found = [row[heads.index("Vehicles")] for row in cells]
    elif form == "parquet":
        found = pq.read_table(path)["vehicles"].to_pylist()
    else:
        text = path.read_text("utf-8")
        read = json.loads(text) if form == "json" else map(json.loads, text.splitlines())
        found = [row["vehicles"] for row in read]
    assert found == vehicles


def test_export_keeps_to_its_range(seen: Path, run) -> None:
    words = ("--from", "2026-05-04T13:00", "--to", "2026-05-04T14:00")
    assert run("export", "snapshots", *words, "--to-file", "a.jsonl").exit_code == 0
    lines = (seen / "a.jsonl").read_text("utf-8").splitlines()
    times = [json.loads(line)["taken_at"][11:16] for line in lines]
    assert times == ["13:00", "13:30"]


@pytest.mark.parametrize(
    "words, said",
    [
        (["--to-file", "a.doc"], "'a.doc' has no ending that says its form"),
        (["--to-file", "no/a.csv"], "there is no folder"),
        (["--to-file", "a.csv", "--lot", "nowhere"], "there is no lot 'nowhere'"),
        (["--to-file", "a.csv", "--from", "2026-06-01", "--to", "2026-05-01"], "is not before"),
        (["--to-file", "a.csv", "--format", "doc"], "'a.csv' has no ending"),
    ],
)
def test_what_cannot_be_exported_is_said(seen: Path, run, words, said) -> None:
    result = run("export", "hours", *words)
    assert result.exit_code == 1
    assert said in result.stderr
    assert not list(seen.glob("a.*"))
