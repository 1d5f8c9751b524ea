"""From settings to the objects that do the work. Only the command line and the app call this."""

from __future__ import annotations

import asyncio
from datetime import datetime, timedelta

from parkcore.cameras.addresses import Login
from parkcore.cameras.credentials import Credentials
from parkcore.cameras.looking import Look, look
from parkcore.detect import Detector, YoloDetector
from parkcore.domain import IpCamera
from parkcore.history.rollups import HOUR_S
from parkcore.ingest import Analyser
from parkcore.joined_detector import FLOOR, STREET_SIZE, JoinedDetector
from parkcore.model_files import find_weights, model_folders
from parkcore.service.in_hand import InHand
from parkcore.settings import OFF, Settings
from parkcore.spaces.judging import Judge
from parkcore.spaces.second_opinion import SecondOpinion, find_classifier
from parkcore.sqlite.database import UNATTENDED_BUSY_S
from parkcore.storage import Storage
from parkcore.store import Store


def open_store(settings: Settings) -> Store:
    """The history of these settings, made where there is none."""
    return _with_hours(Store.open(settings.db), settings)


def open_store_unattended(settings: Settings) -> Store:
    """The same, for a service that repeats by itself what it could not write."""
    return _with_hours(Store.open(settings.db, busy_s=UNATTENDED_BUSY_S), settings)


def _with_hours(store: Store, settings: Settings) -> Store:
    """The hours are those of the site's clock, and a look stands until it is stale."""
    offset = datetime.now(settings.zone).utcoffset() or timedelta()
    try:
        store.ensure_hours(
            hold_s=60 * settings.stale_minutes, phase_s=int(-offset.total_seconds()) % HOUR_S
        )
    except BaseException:
        store.close()
        raise
    return store


def read_store(settings: Settings) -> Store:
    """The history for reading: an empty one, and no file, where there is none yet."""
    return open_store(settings) if settings.db.exists() else Store.in_memory()


def open_storage(settings: Settings) -> Storage:
    return Storage(settings.storage, settings.default_lot)


def note_in_hand(settings: Settings) -> InHand:
    """Where the watcher of these settings notes which photo it looks at."""
    return InHand(settings.db.with_name(f"{settings.db.name}.in-hand"))


def open_credentials(settings: Settings) -> Credentials:
    return Credentials(settings.credentials)


def make_analyser(settings: Settings) -> Analyser:
    """What judges photos. The weights are found, or fetched, and loaded at the first photo."""
    return Analyser(
        make_detector(settings),
        settings.zone,
        settings.max_megapixels,
        fits_size=settings.fit_size,
        judge=Judge(make_second_opinion(settings)),
    )


def make_detector(settings: Settings) -> Detector:
    """What finds vehicles. The weights are found, or fetched, and loaded at the first photo."""
    unsure = settings.model_copy(update={"confidence": min(FLOOR, settings.confidence)})
    street = make_street_detector(unsure)
    if street is None:
        return make_main_detector(settings)
    return JoinedDetector(make_main_detector(unsure), street, confidence=settings.confidence)


def make_main_detector(settings: Settings) -> YoloDetector:
    """The first of both, or the only one."""
    return YoloDetector(
        lambda: find_weights(settings.model, folders=model_folders()),
        confidence=settings.confidence,
        imgsz=settings.imgsz,
        eight_bit=settings.eight_bit,
    )


def make_street_detector(settings: Settings) -> YoloDetector | None:
    """The second detector; None where it is off."""
    if settings.street_model == OFF:
        return None
    model, setting = settings.street_model, "PARKCORE_STREET_MODEL"
    return YoloDetector(
        lambda: find_weights(model, folders=model_folders(), setting=setting),
        confidence=settings.confidence,
        imgsz=STREET_SIZE,
        eight_bit=settings.eight_bit,
        setting=setting,
    )


def make_second_opinion(settings: Settings) -> SecondOpinion | None:
    """The classifier of spaces, found and loaded at the first space; None where it is off."""
    if settings.second_opinion == OFF:
        return None
    return SecondOpinion(lambda: find_classifier(settings.second_opinion, folders=model_folders()))


def look_at(settings: Settings, camera: IpCamera, login: Login) -> Look:
    """Ask a camera for one picture, within the deadline and the size of these settings.

    Raises:
        CameraError: there is none; its text says why.
    """
    return asyncio.run(
        look(
            camera,
            login,
            deadline_s=settings.camera_timeout_s,
            max_megapixels=settings.max_megapixels,
        )
    )
