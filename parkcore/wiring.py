"""From settings to the objects that do the work. Only the command line and the app call this."""

from __future__ import annotations

from parkcore.credentials import Credentials
from parkcore.database import UNATTENDED_BUSY_S
from parkcore.detect import YoloDetector, find_weights, model_folders
from parkcore.ingest import Analyser
from parkcore.settings import Settings
from parkcore.storage import Storage
from parkcore.store import Store


def open_store(settings: Settings) -> Store:
    """The history of these settings, made where there is none."""
    return Store.open(settings.db)


def open_store_unattended(settings: Settings) -> Store:
    """The same, for a service that repeats by itself what it could not write."""
    return Store.open(settings.db, busy_s=UNATTENDED_BUSY_S)


def read_store(settings: Settings) -> Store:
    """The history for reading: an empty one, and no file, where there is none yet."""
    return open_store(settings) if settings.db.exists() else Store.in_memory()


def open_storage(settings: Settings) -> Storage:
    return Storage(settings.storage, settings.default_lot)


def open_credentials(settings: Settings) -> Credentials:
    return Credentials(settings.credentials)


def make_analyser(settings: Settings) -> Analyser:
    """What judges photos. The weights are found, or fetched, and loaded at the first photo."""
    detector = YoloDetector(
        lambda: find_weights(settings.model, folders=model_folders()),
        confidence=settings.confidence,
        imgsz=settings.imgsz,
    )
    return Analyser(detector, settings.zone, settings.max_megapixels)
