"""Putting a snapshot right: what a person says stands beside what the machine saw."""

from collections.abc import Mapping
from dataclasses import dataclass

import streamlit as st

from pages.shell import context, deleting, parts
from pages.shell.figures import counted
from parkcore.domain import LABELS, Correction, Said, Snapshot, Vehicles
from parkcore.spaces.corrections import corrected
from parkcore.spaces.verdict import Judged, State
from parkcore.store import Store

NAMES = {"car": "Cars", "motorcycle": "Motorcycles", "bus": "Buses", "truck": "Trucks"}
MOST = 9_999


@dataclass(frozen=True)
class Draft:
    """What the fields say at present."""

    vehicles: Vehicles
    spaces: Mapping[str, Said]

    def correction(self, snapshot: Snapshot) -> Correction | None:
        """What is to be kept of it; None where the machine is right."""
        vehicles = None if self.vehicles == snapshot.vehicles else self.vehicles
        return Correction(vehicles, self.spaces) if vehicles or self.spaces else None

    def states(self, judged: Judged | None) -> dict[str, State] | None:
        """The spaces as they would be drawn."""
        if judged is None:
            return None
        return {space.id: space.state for space in corrected(judged.judgement, self.spaces).spaces}


def say_correction(snapshot: Snapshot) -> None:
    """That the figures are a person's, and what the machine saw."""
    said = snapshot.correction
    if said is None:
        return
    counts = f" The machine counted {snapshot.vehicles.total}." if said.vehicles else ""
    names = ", ".join(parts.plain(name) for name in said.spaces)
    spaces = f" Spaces put right: {names}." if said.spaces else ""
    at = f" on {parts.when(said.at)}" if said.at else ""
    st.info(f"**Corrected by hand**{at}.{counts}{spaces}", icon=":material/edit_note:")


def ask(store: Store, snapshot: Snapshot) -> Draft:
    """The fields, and the buttons that save what is in them or take it back."""
    judged = store.judged_by_machine(snapshot.id)
    seen = snapshot.vehicles.total
    if judged is not None:
        by = "the spaces" if judged.judgement.spaces else "what the machine counted in the areas"
        st.caption(f"How full it was is told by {by}; the counts are for the figures by type.")
    draft = Draft(_counts(snapshot), _spaces(snapshot, judged))
    total = draft.vehicles.total
    st.markdown(
        f"The machine says {counted(seen)}, you count **{total}**." if total != seen
        else f"The machine says {counted(seen)}, as you do."
    )  # fmt: skip
    if judged is not None and draft.spaces:
        before, after = judged.judgement, corrected(judged.judgement, draft.spaces)
        st.markdown(
            f"{after.occupied} of {len(after.spaces)} spaces are taken instead of"
            f" {before.occupied}; the photo above shows them as they would be."
        )
    _save(snapshot, draft)
    return draft


def _counts(snapshot: Snapshot) -> Vehicles:
    columns = st.columns(len(LABELS))
    given = {
        label: column.number_input(
            NAMES[label], 0, MOST, snapshot.counted.as_dict()[label], step=1,
            key=_key(snapshot, label),
        )
        for label, column in zip(LABELS, columns, strict=True)
    }  # fmt: skip
    return Vehicles(**{label: given[label] or 0 for label in LABELS})


def _spaces(snapshot: Snapshot, judged: Judged | None) -> dict[str, Said]:
    if judged is None or not judged.judgement.spaces:
        return {}
    before = snapshot.correction.spaces if snapshot.correction else {}
    judged_as = {space.id: space.state for space in judged.judgement.spaces}
    words = {"occupied": "judged taken", "vacant": "judged free", "unknown": "could not be told"}

    def choose(where, label: str, state: Said, without: Mapping[str, Said]) -> dict[str, Said]:
        names = where.multiselect(
            label,
            [name for name in judged_as if name not in without],
            [
                name
                for name, said in before.items()
                if said == state and name in judged_as and name not in without
            ],
            format_func=lambda name: f"{name} ({words[judged_as[name]]})",
            placeholder="As judged",
            key=_key(snapshot, state),
        )
        return dict.fromkeys(names, state)

    left, right = st.columns(2)
    taken = choose(left, "Spaces that are taken", "occupied", {})
    return taken | choose(right, "Spaces that are free", "vacant", taken)


def _key(snapshot: Snapshot, field: str) -> str:
    return f"correct {snapshot.id} {field} {deleting.changes()}"


def _save(snapshot: Snapshot, draft: Draft) -> None:
    wanted, now = draft.correction(snapshot), snapshot.correction
    same = (wanted and (wanted.vehicles, dict(wanted.spaces))) == (
        now and (now.vehicles, dict(now.spaces))
    )
    with st.container(horizontal=True):
        if st.button(
            "Save the correction", type="primary", icon=":material/save:", disabled=same,
            key="save_correction",
        ):  # fmt: skip
            _keep(snapshot, wanted, "The correction is saved; all figures follow it.")
        if now and st.button("Take the correction back", icon=":material/undo:"):
            _keep(snapshot, None, "The correction was taken back: the machine's figures count.")


def _keep(snapshot: Snapshot, correction: Correction | None, said: str) -> None:
    with context.open_store() as store:
        store.correct(snapshot.id, correction)
    deleting.done(said)
