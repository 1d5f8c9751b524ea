"""Photos for the screen. Apart from `context`, as what is cached here needs a running app."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import streamlit as st

from pages.shell import context
from parkcore.accuracy.asking import Question
from parkcore.accuracy.close_up import close_up
from parkcore.accuracy.photo_light import light_of
from parkcore.domain import Detection, Snapshot
from parkcore.drawing import annotate, draw_spaces, mark_strays
from parkcore.errors import UnreadablePhoto
from parkcore.images import decode, jpeg
from parkcore.ingest import content_id
from parkcore.spaces.layout import Layout
from parkcore.spaces.strays import Stray, strays
from parkcore.spaces.verdict import Judged, State
from parkcore.upkeep.reprocess import read_photo


def show(picture: bytes, alt: str) -> None:
    """A picture, whose place on the page is kept free until it is there.

    Else what stands below jumps as it comes, from under the pointer that is just being pressed.

    Args:
        picture: as an image file.
        alt: what it shows, in the page's own words. Its place is found by it.
    """
    drawn = decode(picture, max_megapixels=context.settings().max_megapixels)
    st.html(
        f'<style>img[alt="{alt}"] {{ aspect-ratio: auto {drawn.width} / {drawn.height} }}</style>'
    )
    st.image(picture, width="stretch", alt=alt)


def photo_jpeg(
    snapshot: Snapshot,
    *,
    with_boxes: bool,
    judged: Judged | None,
    layout: Layout | None,
    states: Mapping[str, State] | None = None,
) -> bytes | None:
    """A snapshot's photo for the screen; None where its file is gone, changed or unreadable.

    Args:
        with_boxes: draw the boxes of its vehicles.
        judged, layout: where both are given, the spaces are drawn in green, red and grey, and the
            vehicles that stand in none of them with their numbers.
        states: of the spaces, where more is known than this photo says.
    """
    try:
        data = context.storage().path(snapshot.photo.file).read_bytes()
        if content_id(data) != snapshot.photo.sha256:  # a recorder that rewrites its files
            return None
    except OSError:
        return None
    boxes = (snapshot.detections or ()) if with_boxes else ()
    spaces = None
    if judged and layout:
        size = (snapshot.photo.width, snapshot.photo.height)
        outside = strays(layout, judged, snapshot.detections or (), size)
        spaces = _Spaces(layout, judged, tuple(sorted((states or {}).items())), outside)
    try:
        key = spaces and (layout.id, hash(judged.judgement), judged.note, spaces.states)
        return _drawn(snapshot.photo.sha256, with_boxes, key, data, boxes, spaces)
    except UnreadablePhoto:
        return None


@dataclass(frozen=True)
class _Spaces:
    """What of the spaces is drawn."""

    layout: Layout
    judged: Judged
    states: tuple[tuple[str, State], ...]
    outside: Sequence[Stray]


@st.cache_data(show_spinner=False, max_entries=200)
def _drawn(
    sha256: str,
    with_boxes: bool,
    spaces_key: tuple | None,
    _data: bytes,
    _boxes: Sequence[Detection],
    _spaces: _Spaces | None,
) -> bytes:
    image = decode(_data, max_megapixels=context.settings().max_megapixels).image
    if _spaces:
        image = draw_spaces(image, _spaces.layout, _spaces.judged, states=dict(_spaces.states))
    if _boxes:
        image = annotate(image, _boxes)
    if _spaces:
        image = mark_strays(image, _spaces.outside)
    return jpeg(image, max_side=1280)


def space_shown(question: Question) -> tuple[bytes, str] | None:
    """A question's picture and light; None where its photo is gone, changed or unreadable."""
    try:
        return _framed(question.snapshot.photo.sha256, question.outline, question)
    except UnreadablePhoto:
        return None


@st.cache_data(show_spinner=False, max_entries=200)
def _framed(
    sha256: str, outline: tuple[tuple[float, float], ...], _question: Question
) -> tuple[bytes, str]:
    """Only pictures are kept: a storage that is away for a moment comes back."""
    limit = context.settings().max_megapixels
    image = read_photo(context.storage(), limit, _question.snapshot)
    if isinstance(image, str):
        raise UnreadablePhoto(image)
    return jpeg(close_up(image, outline), max_side=800), light_of(image)
