"""The training command: which weights are blended, and in what shares."""

from __future__ import annotations

from pathlib import Path

import pytest
from click.testing import CliRunner

from models.training.__main__ import main, shares_of

WEIGHTS = Path(__file__).parent.parent / "models" / "parkcore-yolov8n.pt"


def test_the_start_has_what_the_trained_and_the_recalled_weights_leave(tmp_path: Path) -> None:
    start, *trained = (tmp_path / f"{name}.pt" for name in ("start", "seed-0", "seed-1"))
    shares = shares_of(start, trained, 0.5, [(WEIGHTS, 0.1)], tmp_path)
    *known, recalled = shares
    assert known == [start, *trained]
    assert recalled.parent == tmp_path
    assert recalled.is_file()
    assert list(shares.values()) == pytest.approx([0.4, 0.25, 0.25, 0.1])


def test_what_is_learned_from_is_not_written_over(tmp_path: Path) -> None:
    recalled = tmp_path / "recalled.pt"
    recalled.write_bytes(WEIGHTS.read_bytes())
    words = [tmp_path, "--start", WEIGHTS, "--work", tmp_path / "work", "--out", recalled]
    told = CliRunner().invoke(
        main, [*map(str, words), "--blend", "0.8", "--recall", str(recalled), "0.1"]
    )
    assert told.exit_code == 2
    assert "would be written over" in told.output
    assert recalled.read_bytes() == WEIGHTS.read_bytes()


def test_shares_of_more_than_the_whole_are_refused_before_anything_is_made(tmp_path: Path) -> None:
    work = tmp_path / "work"
    words = [tmp_path, "--start", WEIGHTS, "--work", work, "--blend", 0.8]
    told = CliRunner().invoke(main, [*map(str, words), "--recall", str(WEIGHTS), "0.3"])
    assert told.exit_code == 2
    assert "more than 1" in told.output
    assert not work.exists()


def test_weights_that_are_none_are_told_without_a_traceback(tmp_path: Path) -> None:
    (tmp_path / "sets").mkdir()
    start = tmp_path / "start.pt"
    start.write_text("no weights")
    words = [tmp_path / "sets", "--start", start, "--work", tmp_path / "work", "--only-pictures"]
    told = CliRunner().invoke(main, [*map(str, words)])
    assert told.exit_code == 1
    assert told.output.startswith("Error: ")
    assert "start.pt is not a YOLO model" in told.output
