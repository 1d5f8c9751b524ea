"""What all tests share: a quick detector, drawn photos, a store, the real weights."""

from __future__ import annotations

import io
import json
import os
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import hypothesis
import numpy as np
import PIL.Image
import pytest

from parkcore.detect import YoloDetector
from parkcore.domain import Box, Detection, DetectorInfo, Image
from parkcore.ingest import Analyser
from parkcore.quantised import quantised
from parkcore.settings import Settings
from parkcore.storage import Storage
from parkcore.store import Store

ROOT = Path(__file__).parents[1]
WEIGHTS = ROOT / "models" / "parkcore-yolov8n.pt"
HAS_8_BIT = quantised(WEIGHTS) is not None
"""On PCs, where OpenVINO is installed; see `quantised`."""
SAMPLES = ROOT / "storage_photo"
SHARED = ROOT.parent / "shared"
MADRID = ZoneInfo("Europe/Madrid")
NOON = datetime(2026, 5, 4, 10, 0, tzinfo=UTC)
"""The tests' present: 12:00 in Madrid."""

CELL = 40

# A busy machine is no failure: how long an example may take, says the timeout of its test.
hypothesis.settings.register_profile("parkcore", deadline=None)
hypothesis.settings.load_profile("parkcore")


class PaintDetector:
    """Finds the red squares that `draw_lot` paints: a car park for tests in a millisecond."""

    info = DetectorInfo("paint", "1", 0.5, 640)

    def load(self) -> None:
        """Nothing to load."""

    def detect(self, image: Image, imgsz: int | None = None) -> list[Detection]:
        cells = image[CELL // 2 :: CELL, CELL // 2 :: CELL].astype(int)
        red = cells[:, :, 0] - cells[:, :, 1:].max(axis=2) > 80
        height, width = image.shape[:2]
        return [
            Detection("car", 0.9, Box(x + 4, y + 4, min(x + 36, width), min(y + 36, height)))
            for y, x in (CELL * np.argwhere(red)).tolist()
        ]


def draw_lot(vehicles: int, *, seed: int = 0) -> Image:
    """A drawn car park of 8 × 5 spaces with so many vehicles; the seed makes it another photo."""
    image = np.full((5 * CELL, 8 * CELL, 3), 120, np.uint8)
    for bit in range(16):
        image[:3, 8 * bit : 8 * bit + 8] = 250 * (seed >> bit & 1)
    for place in range(vehicles):
        y, x = divmod(place, 8)
        image[y * CELL + 4 : y * CELL + 36, x * CELL + 4 : x * CELL + 36] = (220, 20, 20)
    return image


def encode(image: Image, form: str = "JPEG", **options: object) -> bytes:
    """An image as a file's bytes."""
    out = io.BytesIO()
    if form == "JPEG":
        options = {"quality": 95, **options}
    PIL.Image.fromarray(image).save(out, form, **options)
    return out.getvalue()


@pytest.fixture
def store() -> Iterator[Store]:
    with Store.in_memory() as opened:
        yield opened


@pytest.fixture
def storage(tmp_path: Path) -> Storage:
    root = tmp_path / "storage_photo"
    root.mkdir()
    return Storage(root, "default")


@pytest.fixture
def analyser() -> Analyser:
    return Analyser(PaintDetector(), MADRID, 50, now=lambda: NOON)


@pytest.fixture
def add_photo(storage: Storage) -> Callable[..., Path]:
    """Put a drawn photo into the storage folder: `add_photo("north/gate/a.jpg", vehicles=3)`."""

    def add(name: str, *, vehicles: int = 3, seed: int = 0) -> Path:
        path = storage.root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(encode(draw_lot(vehicles, seed=seed)))
        return path

    return add


@pytest.fixture
def site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A folder that pages work with in the tests' own process."""
    import streamlit  # slow to come, and few tests need it

    monkeypatch.setenv("PARKCORE_DB", str(tmp_path / "parkcore.db"))
    monkeypatch.setenv("PARKCORE_STORAGE", str(tmp_path / "photos"))
    monkeypatch.setenv("PARKCORE_CREDENTIALS", str(tmp_path / "logins.json"))
    monkeypatch.setenv("PARKCORE_CONFIG", str(tmp_path / "parkcore.toml"))
    monkeypatch.setenv("PARKCORE_TIME_ZONE", "Europe/Madrid")
    (tmp_path / "parkcore.toml").touch()
    (tmp_path / "photos").mkdir()
    streamlit.cache_resource.clear()
    yield tmp_path
    streamlit.cache_resource.clear()


@pytest.fixture(scope="session")
def yolo() -> YoloDetector:
    """The real model as it is shipped, at the default settings."""
    confidence, imgsz = (Settings.model_fields[name].default for name in ("confidence", "imgsz"))
    return YoloDetector(WEIGHTS, confidence=confidence, imgsz=imgsz)


@pytest.fixture(scope="session")
def sample_truth() -> dict[str, dict]:
    """The exact truth of the rendered samples, by their path in the storage folder."""
    return json.loads((ROOT / "tests" / "sample_truth.json").read_text())


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Tests marked `shared` need the photo sets beside the repository. In CI their absence is
    an error, elsewhere they are skipped."""
    if SHARED.is_dir():
        return
    if os.environ.get("CI"):
        if any(item.get_closest_marker("shared") for item in items):
            raise pytest.UsageError(f"CI must have the photo sets, but there is no {SHARED.name}")
        return
    for item in items:
        if item.get_closest_marker("shared"):
            item.add_marker(pytest.mark.skip(reason="needs the photo sets in ../shared"))
