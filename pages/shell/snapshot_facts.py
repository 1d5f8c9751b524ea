"""Everything that is recorded of a snapshot."""

import html

import humanize
import pandas as pd
import streamlit as st

from pages.shell import parts
from pages.shell.space_lists import MARKS
from pages.shell.spaces import WORDS
from parkcore.domain import Snapshot
from parkcore.spaces.verdict import Judged
from parkcore.store import Store


def show(store: Store, snapshot: Snapshot, judged: Judged | None) -> None:
    st.subheader("How it was recorded")
    rows = {**_photo(snapshot), **_model(snapshot)}
    if judged is not None:
        rows |= _layout(store, judged)
    terms = "".join(
        f'<div style="break-inside:avoid;margin:0 0 .6rem">'
        f'<dt style="margin:0;opacity:.7;font-weight:400;font-size:.85rem">{name}</dt>'
        f'<dd style="margin:0;overflow-wrap:anywhere">{html.escape(_printable(value))}</dd></div>'
        for name, value in rows.items()
    )
    st.html(f'<dl style="columns:17rem;column-gap:2rem;margin:0;padding:0">{terms}</dl>')
    if snapshot.detections:
        with st.expander(f"The vehicles that the machine saw: {len(snapshot.detections)}"):
            _detections(snapshot)
    if judged is not None and judged.judgement.spaces:
        with st.expander(f"The spaces: {len(judged.judgement.spaces)}"):
            _spaces(judged)


def _printable(text: str) -> str:
    return "".join(c if c.isprintable() else "�" for c in text)


def _photo(snapshot: Snapshot) -> dict[str, str]:
    photo = snapshot.photo
    size = humanize.naturalsize(photo.size_bytes)
    return {
        "Taken": f"{parts.when(photo.captured_at)} ({parts.TIME_FROM[photo.time_source]})",
        "File": photo.file,
        "Photo": f"{photo.width} × {photo.height} pixels, {size}",
        "SHA-256": f"{photo.sha256[:16]}…",
    }


def _model(snapshot: Snapshot) -> dict[str, str]:
    model = snapshot.detector
    return {
        "Model": f"{model.model}, version {model.version}",
        "Settings": (f"confidence from {model.confidence:g}, analysis size {model.imgsz} pixels"),
        "Analysed in": f"{snapshot.milliseconds:,.0f} ms",
    }


def _layout(store: Store, judged: Judged) -> dict[str, str]:
    layout, seen = store.layout_by_id(judged.layout_id), judged.judgement
    since = f", of {parts.when(layout.created_at)}" if layout and layout.created_at else ""
    version = f"version {layout.version}{since}" if layout else "not there any more"
    low, high = seen.interval
    told = f"{seen.vacant} free, {seen.occupied} taken, {seen.unknown} cannot be told"
    areas = ", ".join(
        f"{area.id} {'?' if area.vehicles is None else area.vehicles}" for area in seen.areas
    )
    return {
        "Spaces as marked in": version,
        "Spaces": f"{told}; with 90 % certainty {low} to {high} are taken",
        **({"Vehicles in areas": areas} if areas else {}),
        "In no space": f"{len(seen.outside)}, double-parked {len(seen.double)}",
        **({"Second opinion": judged.second_opinion} if judged.second_opinion else {}),
        **({"Camera": judged.note} if judged.note else {}),
    }


def _detections(snapshot: Snapshot) -> None:
    rows = [
        {
            "Number": number,
            "Type": each.label,
            "Sure": 100 * each.confidence,
            **dict(zip(("Left", "Top", "Right", "Bottom"), each.box.as_tuple(), strict=True)),
        }
        for number, each in enumerate(snapshot.detections or (), 1)
    ]
    st.dataframe(
        pd.DataFrame(rows),
        hide_index=True,
        column_config={
            "Sure": st.column_config.NumberColumn(format="%.0f %%"),
            **{
                side: st.column_config.NumberColumn(f"{side} (px)", format="%.0f")
                for side in ("Left", "Top", "Right", "Bottom")
            },
        },
    )


def _spaces(judged: Judged) -> None:
    rows = [
        {
            "Space": space.id,
            "State": f"{MARKS[space.state]} {WORDS[space.state]}",
            "Sure": None if space.state == "unknown" else 100 * space.confidence,
            "Reason": space.reason,
        }
        for space in judged.judgement.spaces
    ]
    st.dataframe(
        pd.DataFrame(rows),
        hide_index=True,
        column_config={"Sure": st.column_config.NumberColumn(format="%.0f %%")},
    )
