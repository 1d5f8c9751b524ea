"""Is everything in place? Each check says what it looked at and what to do about a fault."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from parkcore.cameras.credentials import Credentials
from parkcore.detect import YoloDetector
from parkcore.domain import LABELS
from parkcore.errors import ParkcoreError
from parkcore.folder import find_photos
from parkcore.settings import Settings
from parkcore.store import Store
from parkcore.wiring import make_main_detector, make_second_opinion, make_street_detector

LEAST_FREE_GB = 1.0


@dataclass(frozen=True, slots=True)
class Check:
    """One thing looked at. `advice` is empty where all is well."""

    name: str
    found: str
    advice: str = ""

    @property
    def ok(self) -> bool:
        return not self.advice


def examine(settings: Settings) -> Iterator[Check]:
    """Every check in turn; a fault in one does not keep the others from being made."""
    checks: dict[str, Callable[[Settings], Check]] = {
        "Python": _python,
        "model": _model,
        "street model": _street_model,
        "second opinion": _second_opinion,
        "database": _database,
        "storage folder": _storage,
        "disk": _disk,
        "camera logins": _logins,
        "time zone": lambda s: Check("time zone", s.time_zone),
        "web app": _web_app,
    }
    for name, check in checks.items():
        try:
            yield check(settings)
        except OSError as error:
            yield Check(
                name, f"{error.filename} cannot be looked at ({error.strerror})", "make it readable"
            )
        except ParkcoreError as error:
            what, _, advice = str(error).partition("; ")
            yield Check(name, what, advice or "see the message")


def _python(settings: Settings) -> Check:
    found = ".".join(map(str, sys.version_info[:3]))
    return Check(
        "Python", found, "" if sys.version_info >= (3, 11) else "install Python 3.11 or newer"
    )


def _model(settings: Settings) -> Check:
    return Check("model", _loaded(make_main_detector(settings)))


def _street_model(settings: Settings) -> Check:
    street = make_street_detector(settings)
    found = _loaded(street) if street else "off: the model looks alone"
    return Check("street model", found)


def _loaded(detector: YoloDetector) -> str:
    detector.load()
    version = f"version {detector.info.version}"
    if detector.is_eight_bit:
        version = f"in its 8-bit form, {version}"
    return f"{detector.weights} loads, {version}, finds {', '.join(LABELS)}"


def _second_opinion(settings: Settings) -> Check:
    second = make_second_opinion(settings)
    if second is None:
        return Check("second opinion", "off: spaces are judged by the detections alone")
    second.load()
    return Check("second opinion", f"{second.info.model} loads, version {second.info.version}")


def _database(settings: Settings) -> Check:
    if not settings.db.exists():
        return Check("database", f"{settings.db} is not there yet; the first scan makes it")
    with Store.open(settings.db) as store:
        verdict, snapshots = store.check(), store.count()
    if verdict != "ok":
        return Check(
            "database", verdict, "put a backup in its place, or move it away and scan again"
        )
    if not os.access(settings.db, os.W_OK):
        return Check("database", f"{settings.db} cannot be written", "make it writable")
    return Check("database", f"{settings.db} is sound and has {snapshots:,} snapshots")


def _storage(settings: Settings) -> Check:
    root = settings.storage
    if not root.is_dir():
        return Check("storage folder", f"{root} is missing", "create it, or set PARKCORE_STORAGE")
    if not os.access(root, os.W_OK):
        return Check("storage folder", f"{root} cannot be written", "make it writable for uploads")
    return Check(
        "storage folder", f"{root.absolute()} has {sum(1 for _ in find_photos(root)):,} photos"
    )


def _logins(settings: Settings) -> Check:
    logins = Credentials(settings.credentials).check()
    where = f" in {settings.credentials}, readable for its owner only" if logins else ""
    return Check("camera logins", f"{logins}{where}")


def _disk(settings: Settings) -> Check:
    folder = settings.db.absolute().parent
    while not folder.exists():
        folder = folder.parent
    free = shutil.disk_usage(folder).free / 1e9
    found = f"{free:,.1f} GB free at {folder}"
    return Check("disk", found, "" if free >= LEAST_FREE_GB else "free some space for photos")


def _web_app(settings: Settings) -> Check:
    try:
        found = f"Streamlit {version('streamlit')}"
    except PackageNotFoundError:
        return Check("web app", "Streamlit is not installed", "pip install -r requirements.txt")
    if not Path("streamlit_app.py").is_file():
        return Check("web app", f"{found}; started from the folder with streamlit_app.py")
    return Check("web app", f"{found}; start it with: streamlit run streamlit_app.py")
