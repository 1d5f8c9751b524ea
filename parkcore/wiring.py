"""From settings to the objects that do the work. Only the command line and the app call this."""

from __future__ import annotations

import asyncio
from datetime import datetime, timedelta

from parkcore.cameras.addresses import Login
from parkcore.cameras.credentials import Credentials
from parkcore.cameras.looking import Look, look
from parkcore.detect import YoloDetector
from parkcore.domain import IpCamera
from parkcore.history.rollups import HOUR_S
from parkcore.ingest import Analyser
from parkcore.model_files import find_weights, model_folders
from parkcore.service.in_hand import InHand
from parkcore.settings import NO_OPINION, Settings
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
    detector = YoloDetector(
        lambda: find_weights(settings.model, folders=model_folders()),
        confidence=settings.confidence,
        imgsz=settings.imgsz,
        eight_bit=settings.eight_bit,
    )
    return Analyser(
        detector,
        settings.zone,
        settings.max_megapixels,
        fits_size=settings.fit_size,
        judge=Judge(make_second_opinion(settings)),
    )


def make_second_opinion(settings: Settings) -> SecondOpinion | None:
    """The classifier of spaces, found and loaded at the first space; None where it is off."""
    if settings.second_opinion == NO_OPINION:
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
