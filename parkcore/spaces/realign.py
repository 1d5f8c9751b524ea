"""A camera's spaces carried over to what it sees now, after it was moved too far."""

from __future__ import annotations

from dataclasses import dataclass

from parkcore.domain import Image
from parkcore.errors import LayoutError, UnreadablePhoto
from parkcore.images import decode, reference_jpeg
from parkcore.spaces.layout import Layout, carried, lost
from parkcore.spaces.references import newest_photo
from parkcore.spaces.registration import overlap
from parkcore.storage import Storage
from parkcore.store import Store

ANEW = "mark the spaces anew on the page Spaces"


@dataclass(frozen=True, slots=True)
class Realigned:
    """A layout carried over to a new photo, not stored yet."""

    layout: Layout
    reference: bytes
    """The new photo as JPEG."""
    snapshot_id: int | None
    """Of the new photo."""
    based_on: int
    """The version that was carried over."""
    lost: tuple[str, ...]
    """The names of spaces and areas that are no longer in view."""


def realign(store: Store, storage: Storage, lot_id: str, camera_id: str) -> Layout:
    """Carry a camera's spaces over to its newest photo and store them as the next version.

    The versions before stay, each with its own reference photo. What was left out, as it is no
    longer in view, is what the version before has and this one has not.

    Raises:
        LayoutError: there is no layout or no photo, or the photo has too little in common with the
            one that the spaces were drawn on. Nothing is stored then.
    """
    found = realigned(store, storage, lot_id, camera_id)
    return store.save_layout(
        lot_id, camera_id, found.layout, found.reference, based_on=found.based_on
    )


def realigned(store: Store, storage: Storage, lot_id: str, camera_id: str) -> Realigned:
    """The same, for the user to look at; nothing is stored.

    Raises:
        LayoutError: as `realign`.
    """
    where = f"{lot_id}/{camera_id}"
    layout = store.layout(lot_id, camera_id)
    if layout is None or layout.id is None or not (layout.spaces or layout.areas):
        raise LayoutError(f"{where} has no marked spaces to realign")
    before = _reference(store.layout_reference(layout.id), where)
    newest = newest_photo(store, storage, lot_id, camera_id)
    if newest is None:
        raise LayoutError(f"{where} has no photo that can still be read; take one, then realign")
    snapshot, image = newest
    homography = overlap(before, image)
    if homography is None:
        raise LayoutError(
            f"{where}: the newest photo has too little in common with the one that the spaces were"
            f" drawn on, so nobody can say where they are now; {ANEW}"
        )
    moved = carried(layout, homography, (image.shape[1], image.shape[0]))
    if not (moved.spaces or moved.areas):
        raise LayoutError(f"{where}: none of the spaces is in view any more; {ANEW}")
    gone = tuple(lost(layout, moved))
    return Realigned(moved, reference_jpeg(image), snapshot.id, layout.version, gone)


def _reference(jpeg: bytes | None, where: str) -> Image:
    if jpeg is None:
        raise LayoutError(
            f"the photo that the spaces of {where} were drawn on was not kept, so nobody can say"
            f" how the camera has moved; {ANEW}"
        )
    try:
        return decode(jpeg, max_megapixels=500).image
    except UnreadablePhoto as error:
        raise LayoutError(
            f"the photo that the spaces of {where} were drawn on cannot be read any more; {ANEW}"
        ) from error
