"""A photo twice: with what was seen on it before, and after it was judged again."""

import streamlit as st

from pages.shell import context, parts
from parkcore.domain import Detection, Snapshot
from parkcore.drawing import annotate, draw_spaces
from parkcore.images import jpeg
from parkcore.spaces.verdict import Judged
from parkcore.store import Store
from parkcore.upkeep.comparing import Change
from parkcore.upkeep.reprocess import read_photo
from parkcore.upkeep.runs import Run


def show_change(store: Store, run: Run, change: Change) -> bool:
    """Whether the photo is still there to be shown."""
    snapshot = change.snapshot
    image = read_photo(context.storage(), context.settings().max_megapixels, snapshot)
    if isinstance(image, str):
        return False
    with st.container(border=True):
        place = parts.place(store, snapshot)
        st.markdown(f"**{parts.when(snapshot.photo.captured_at)}** · {place}")
        for column, when, vehicles, (seen, judged) in zip(
            st.columns(2), ("Before", "After"), (change.before, change.after),
            verdicts(store, run, snapshot), strict=True,
        ):  # fmt: skip
            spaces = "" if judged is None else f", {judged.judgement.occupied} spaces taken"
            said = f"{when}: {vehicles} vehicle{'' if vehicles == 1 else 's'}{spaces}"
            layout = store.layout_by_id(judged.layout_id) if judged else None
            marked = draw_spaces(image, layout, judged) if layout and judged else image
            column.image(jpeg(annotate(marked, seen), max_side=1280), said, alt=said)
    return True


def verdicts(
    store: Store, run: Run, snapshot: Snapshot
) -> list[tuple[tuple[Detection, ...], Judged | None]]:
    """What was seen on a photo, before and after."""
    number = snapshot.id or 0
    whole = store.snapshot(number)
    in_use = (whole and whole.detections) or (), store.judged(number)
    beside = store.run_detections(run.id, number), store.run_judged(run.id, number)
    return [beside, in_use] if run.used_at else [in_use, beside]
