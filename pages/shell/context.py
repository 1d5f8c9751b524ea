"""What the pages work with, made once per process, and the history, opened per run."""

import streamlit as st

from parkcore import settings as settings_module
from parkcore import wiring
from parkcore.cameras.credentials import Credentials
from parkcore.domain import Lot
from parkcore.export import Exporter
from parkcore.ingest import Analyser
from parkcore.intake import Received, receive
from parkcore.job import ScanJob
from parkcore.settings import Settings
from parkcore.storage import Storage
from parkcore.store import Store


@st.cache_resource(show_spinner=False)
def settings() -> Settings:
    return settings_module.load()


def open_store() -> Store:
    """The history. SQLite connections do not cross threads, so every run opens its own."""
    return wiring.open_store(settings())


@st.cache_resource(show_spinner=False)
def storage() -> Storage:
    return wiring.open_storage(settings())


def credentials() -> Credentials:
    return wiring.open_credentials(settings())


@st.cache_resource(show_spinner=False)
def analyser() -> Analyser:
    return wiring.make_analyser(settings())


@st.cache_resource(show_spinner=False)
def scan_job() -> ScanJob:
    """The one scan of this process: every tab starts, sees and cancels the same."""
    return ScanJob(open_store, analyser(), storage())


def take_photo(data: bytes, name: str, lot: Lot, camera_id: str, store: Store) -> Received:
    """Bytes that were handed in: refused, known already, or kept in the storage folder."""
    return receive(
        data,
        name,
        lot=lot,
        camera_id=camera_id,
        analyser=analyser(),
        storage=storage(),
        store=store,
    )


def exporter(store: Store, lot: Lot | None = None) -> Exporter:
    """What holds photos against their capacities; `lot` where it may not be recorded yet."""
    capacities = store.capacity_history()
    if lot is not None:
        capacities = capacities.with_lot(lot)
    return Exporter(capacities, settings().thresholds, settings().zone)
