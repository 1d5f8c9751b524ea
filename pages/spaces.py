from pages.shell.navigation import enter, explained

enter()

import uuid
from dataclasses import replace

import streamlit as st

from pages.shell import context, layout_editor, parts, realigning
from pages.shell.choosing import lot_names, selectbox
from pages.shell.judge_newest import judge_newest
from pages.shell.layout_editor import Draft, Ground, Key, Saved
from parkcore.errors import LayoutError
from parkcore.spaces.layout import Layout
from parkcore.spaces.layout_files import FORMS, Form, read_layout
from parkcore.spaces.layout_writing import write_layout
from parkcore.spaces.proposals import is_free, propose
from parkcore.sqlite.filters import HistoryFilter
from parkcore.store import Store

FORM_NAMES: dict[Form, str] = {
    "parkcore": "Parkcore",
    "ultralytics": "Ultralytics",
    "coco": "COCO",
    "labelme": "LabelMe",
}
EMPTY = Layout(())
MOST_MB = 20
RECENT = 5
LOOKS = 500


def choose(store: Store) -> Key | None:
    """A camera that has photos or a layout; kept in the page's address."""
    latest = [snapshot.photo for lot in store.lots() for snapshot in store.latest(lot.id)]
    known = {(photo.lot_id, photo.camera_id) for photo in latest} | set(store.layouts())
    if not known:
        return None
    names = lot_names([lot for lot in store.lots() if lot.id in dict(known)])
    left, right = st.columns(2)
    lot_id = selectbox(left, "Lot", list(names), "spaces_lot", names.get)
    cameras = sorted(camera_id for of, camera_id in known if of == lot_id)
    camera_id = selectbox(right, "Camera", cameras, f"spaces_camera_{lot_id}")
    return lot_id, camera_id


def save(key: Key, ground: Ground, saved: Saved) -> None:
    with context.open_store() as store:
        layout = store.save_layout(*key, saved.layout, ground.jpeg, based_on=saved.based_on)
        judge_newest(store, *key)
    for of in ("spaces_photo", "spaces_draft", "spaces_proposed", "spaces_realigned"):
        st.session_state.get(of, {}).pop(key, None)
    st.toast(f"Version {layout.version} saved", icon=":material/check:")


def put(key: Key, layout: Layout) -> None:
    """Give a layout to the editor as a change that is not saved yet."""
    drafts = st.session_state.setdefault("spaces_draft", {})
    drafts[key] = Draft(uuid.uuid4().hex, layout)


@explained()
def take_file(key: Key, ground: Ground) -> None:
    file = st.session_state.spaces_file
    if file is None:
        return
    if file.size > MOST_MB * 1e6:
        raise LayoutError(f"a layout's file has at most {MOST_MB} MB")
    try:
        layout = read_layout(file.getvalue().decode("utf-8-sig"), image_size=ground.size)
    except UnicodeDecodeError as error:
        raise LayoutError("the layout is not JSON: it is no text in UTF-8") from error
    (width, height), (own_width, own_height) = layout.image_size, ground.size
    if abs(width / height * own_height / own_width - 1) > 0.01:
        st.warning(
            f"The file was drawn on a photo of {width} × {height} pixels and this one has"
            f" {own_width} × {own_height}, another shape: see whether its spaces lie right.",
            icon=":material/aspect_ratio:",
        )
    put(key, layout)


@explained()
def take_proposals(key: Key, layout: Layout, ground: Ground) -> None:
    """Offer spaces where vehicles stood again and again, to be accepted one by one."""
    with context.open_store() as store:
        looks = store.vehicles_seen(*key, limit=LOOKS)
        newest = store.snapshots(HistoryFilter(lot_id=key[0], camera_id=key[1]), limit=1)
    size = (newest[0].photo.width, newest[0].photo.height) if newest else ground.size
    taken = [space.id for space in layout.spaces]
    found = propose([[seen.box for seen in look] for look in looks], size, taken=taken)
    free = tuple(space for space in found if is_free(space, layout))
    drafts = st.session_state.setdefault("spaces_proposed", {})
    drafts[key] = Draft(uuid.uuid4().hex, Layout(free))
    if not found:
        st.toast("Vehicles must have stood in the same places on three photos or more.")
    elif not free:
        st.toast("Every place where vehicles stood again and again is marked already.")


@explained()
def take_version(key: Key, version: int) -> None:
    with context.open_store() as store:
        put(key, store.layout(*key, version) or EMPTY)


def toolbox(store: Store, key: Key, layout: Layout, ground: Ground) -> None:
    """Photo, import, export and earlier versions, in one row."""
    with st.container(horizontal=True, vertical_alignment="center"):
        newer = layout_editor.newer_photo(store, key, ground)
        if newer and st.button(
            "Use the newest photo as the reference", icon=":material/add_photo_alternate:"
        ):
            st.session_state.spaces_photo[key] = newer
            st.rerun()
        st.button(
            "Propose spaces", icon=":material/auto_awesome:", on_click=take_proposals,
            args=(key, layout, ground),
            help="Where vehicles stood again and again. Nothing is marked without your word.",
        )  # fmt: skip
        with st.popover("Import", icon=":material/upload_file:"):
            st.caption("Takes the place of what is drawn; nothing is saved before you say so.")
            st.file_uploader(
                "A layout: Parkcore, Ultralytics, COCO or LabelMe", type="json",
                key="spaces_file", on_change=take_file, args=(key, ground),
            )  # fmt: skip
        with st.popover("Export", icon=":material/download:", disabled=not layout.version):
            st.caption(f"What is saved: version {layout.version}.")
            for form in FORMS:
                name = "bounding_boxes" if form == "ultralytics" else f"{'-'.join(key)}-{form}"
                st.download_button(
                    FORM_NAMES[form], lambda form=form: write_layout(layout, form),
                    f"{name}.json", "application/json", on_click="ignore", width="stretch",
                )  # fmt: skip
        if layout.version > 1:
            with st.popover("Earlier", icon=":material/history:"):
                st.caption("Brings one back as a change; nothing is saved before you say so.")
                for version in range(layout.version - 1, max(0, layout.version - 1 - RECENT), -1):
                    st.button(f"Version {version}", on_click=take_version, args=(key, version))
        if layout.created_at:
            said = f"version {layout.version}, {parts.ago(layout.created_at)}"
            st.caption(said, width="content")


st.title("Spaces")
with context.open_store() as store:
    key = choose(store)
    layout = key and (store.layout(*key) or EMPTY)
    ground = key and layout_editor.ground_of(store, key, layout)
    if not ground:
        st.info(
            "There is no photo to draw on yet. Spaces are marked on a photo of their camera: upload"
            " one, or let an IP camera take one.",
            icon=":material/add_a_photo:",
        )
        with st.container(horizontal=True):
            st.page_link("pages/upload.py", label="Upload photos", icon=":material/upload:")
            st.page_link("pages/camera.py", label="Add a camera", icon=":material/videocam:")
    else:
        realigning.offer(store, key, layout)
        layout_editor.show(
            "/".join(key),
            replace(layout, image_size=ground.size),
            ground,
            proposals=st.session_state.get("spaces_proposed", {}).get(key),
            draft=st.session_state.get("spaces_draft", {}).get(key),
            on_save=lambda saved: save(key, ground, saved),
        )
        toolbox(store, key, layout, ground)
