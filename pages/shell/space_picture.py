"""The photo that spaces were drawn on, each in the colour of how much it was used."""

import streamlit as st

from pages.shell import context, photos
from parkcore.colours import SPACE, USE
from parkcore.drawing import draw_use
from parkcore.errors import UnreadablePhoto
from parkcore.images import decode, jpeg
from parkcore.spaces.layout import Layout
from parkcore.spaces.space_use import SpaceAnswer


def show_picture(answer: SpaceAnswer, reference: bytes | None) -> None:
    """The photo that the spaces were drawn on, each in the colour of its utilisation."""
    with st.container(horizontal=True, vertical_alignment="center"):
        _legend()
        written = st.segmented_control(
            "Written on the photo", ["Percent", "Names"], default="Percent", key="written",
            label_visibility="collapsed", width="content",
        )  # fmt: skip
    shares = tuple((each.space.id, each.use.utilisation) for each in answer.spaces)
    try:
        named = written == "Names"
        picture = reference and _drawn(answer.layout.id, shares, named, answer.layout, reference)
    except UnreadablePhoto:
        picture = None
    if picture:
        photos.show(picture, "The spaces, darker where they were used more")
    else:
        st.caption("There is no photo of these spaces to draw on.")


@st.cache_data(show_spinner=False, max_entries=50)
def _drawn(
    layout_id: int,
    shares: tuple[tuple[str, float | None], ...],
    named: bool,
    _layout: Layout,
    _photo: bytes,
) -> bytes:
    image = decode(_photo, max_megapixels=context.settings().max_megapixels).image
    return jpeg(draw_use(image, _layout, dict(shares), named=named), max_side=1280)


def _legend() -> None:
    step = 100 // len(USE)
    signs = [(colour, f"{step * n}–{step * (n + 1)} %") for n, colour in enumerate(USE)]
    items = "".join(
        '<span style="white-space:nowrap"><span style="display:inline-block;width:1.4rem;'
        "height:.9rem;vertical-align:-.1rem;border-radius:3px;border:1px solid #6B7280;"
        f'background:{colour}"></span> {words}</span>'
        for colour, words in [*signs, (SPACE["unknown"], "not seen")]
    )
    st.html(
        '<div style="display:flex;flex-wrap:wrap;gap:.2rem 1rem"><span>Taken for</span>'
        f"{items}</div>"
    )
