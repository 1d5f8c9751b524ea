"""The directions of the house: who may know whom."""

from __future__ import annotations

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from conftest import ROOT

PACKAGE = ROOT / "parkcore"
MODULES = {
    ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__"): path
    for path in PACKAGE.rglob("*.py")
}
BY_NAME = {name.split(".")[-1]: path for name, path in MODULES.items() if ".cli" not in name}
"""Each module by the last part of its name, which is its own alone; the command line apart."""
PAGES = sorted((ROOT / "pages").glob("*.py"))
APP = [ROOT / "streamlit_app.py", *(ROOT / "pages").rglob("*.py")]

PURE = {
    "errors", "domain", "names", "verdict", "geometry", "occupancy", "capture_time", "colours",
    "addresses", "schedule", "picture", "layout", "ground", "judgement", "settling", "proposals",
    "strays", "floor_plan", "capacities", "corrections", "rollups",
    "retention", "opening", "utilisation", "splits",
    "photo_light", "vehicle_names", "average_precision", "box_matching", "box_figures", "slices",
    "analysis_size", "intervals", "meter", "meter_words", "spot_checks",
}  # fmt: skip
FRAMES = {"timeline", "seasonal", "usual", "forecast", "what_if"}
"""Pure too, but that they know data frames."""
EDGES = {"images", "detect", "database", "store", "camera", "watch"}
SQL = {
    "schema", "first_schema", "history_schema", "opinion_schema", "database", "rolling",
    "file_store", "hour_store", "lot_store", "layout_store",
    "service_store", "snapshot_store", "retention_store", "reprocess_store", "run_switch",
    "export_store", "check_schema", "check_store", "shared_places", "store",
}  # fmt: skip
WEB = {"streamlit"}
FOREIGN = {"cv2", "ultralytics", "torch", "sqlite_utils", "sqlite3", "PIL", "pillow_heif"}


def imports(path: Path) -> Iterator[str]:
    """Every module that a file imports, however deep inside."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.module
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def outside(path: Path) -> set[str]:
    """The libraries a file imports, by their first name."""
    return {name.split(".")[0] for name in imports(path)} - set(sys.stdlib_module_names)


def inside(path: Path) -> set[str]:
    """The modules of parkcore that a file imports, by the last part of their names."""
    return {
        name.split(".")[-1] for name in imports(path) if name in MODULES and not is_package(name)
    }


def is_package(name: str) -> bool:
    return MODULES[name].name == "__init__.py"


@pytest.mark.parametrize("name", sorted(PURE))
def test_the_pure_modules_know_only_mathematics_and_each_other(name: str) -> None:
    path = BY_NAME[name]
    assert outside(path) <= {"numpy", "scipy", "shapely", "parkcore"}
    assert inside(path) <= PURE


@pytest.mark.parametrize("name", sorted(FRAMES))
def test_the_forecast_knows_only_mathematics_and_data_frames(name: str) -> None:
    path = BY_NAME[name]
    assert outside(path) <= {"numpy", "pandas", "parkcore"}
    assert inside(path) <= PURE | FRAMES


@pytest.mark.parametrize("name", sorted(EDGES))
def test_edges_do_not_know_each_other(name: str) -> None:
    others = EDGES - {name} - ({"database"} if name == "store" else set())
    assert not inside(BY_NAME[name]) & others


def test_no_two_modules_have_one_name() -> None:
    names = [name.split(".")[-1] for name in MODULES if ".cli" not in name]
    assert len(names) == len(set(names))


@pytest.mark.parametrize("name", sorted(MODULES))
def test_parkcore_does_not_know_the_web_app(name: str) -> None:
    assert not outside(MODULES[name]) & {"streamlit", "pages"}


@pytest.mark.parametrize("name", sorted(MODULES))
def test_sql_stays_in_its_rooms(name: str) -> None:
    if name.split(".")[-1] not in SQL:
        assert not {"sqlite3", "sqlite_utils"} & {n.split(".")[0] for n in imports(MODULES[name])}


@pytest.mark.parametrize("path", APP, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_pages_reach_no_library_past_parkcore(path: Path) -> None:
    assert not {name.split(".")[0] for name in imports(path)} & FOREIGN


@pytest.mark.parametrize("path", PAGES, ids=lambda path: path.name)
def test_every_page_guards_itself_first(path: Path) -> None:
    lines = [line for line in path.read_text().splitlines() if line.strip()]
    assert lines[0].startswith("from pages.shell.navigation import enter")
    assert lines[1] == "enter()"


@pytest.mark.parametrize("path", [*MODULES.values(), *APP], ids=lambda path: path.name)
def test_no_room_is_called_anything_or_outgrown(path: Path) -> None:
    assert path.stem not in {"utils", "util", "helpers", "common", "misc", "manager"}
    most = 180 if path in APP else 350
    assert len(path.read_text(encoding="utf-8").splitlines()) <= most


def test_the_command_line_answers_without_the_heavy_libraries() -> None:
    program = (
        "import sys, parkcore.cli\n"
        "known = {'torch', 'ultralytics', 'pandas', 'altair', 'cv2', 'streamlit'}\n"
        "heavy = known & set(sys.modules)\n"
        "sys.exit(f'loaded: {heavy}' if heavy else 0)"
    )
    subprocess.run([sys.executable, "-c", program], cwd=ROOT, check=True)


def test_the_app_starts_without_loading_the_model_library() -> None:
    program = (
        "import sys\n"
        "from streamlit.testing.v1 import AppTest\n"
        "app = AppTest.from_file('streamlit_app.py', default_timeout=60).run()\n"
        "assert not app.exception, app.exception\n"
        "sys.exit('torch was loaded' if 'torch' in sys.modules else 0)"
    )
    subprocess.run([sys.executable, "-c", program], cwd=ROOT, check=True, capture_output=True)
