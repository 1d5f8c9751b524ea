"""The rules for how long what is kept: asked for, tried, and agreed to before a loss."""

from datetime import UTC, datetime

import streamlit as st

from pages.shell import context, parts, told
from pages.shell.choosing import lot_names
from pages.shell.navigation import explained
from parkcore.store import Store
from parkcore.upkeep.keeping import dry_run
from parkcore.upkeep.retention import EVERY_LOT, KEEP_ALL, MOST_DAYS, Retention, Thinning


def show_rules(store: Store) -> None:
    st.subheader("For how long")
    names = {EVERY_LOT: "All lots without a rule of their own"}
    names |= lot_names(store.lots())
    place = st.selectbox("Rule of", list(names), format_func=lambda each: names[each])
    rules = store.retention()
    own = rules.get(place)
    rule = own or (KEEP_ALL if place == EVERY_LOT else rules.get(EVERY_LOT, KEEP_ALL))
    with st.form(f"rule-{place}", border=True):
        changed = ask(rule, place)
        with st.container(horizontal=True):
            saved = st.form_submit_button("Check and save", icon=":material/rule:", type="primary")
            removed = st.form_submit_button("Remove the rule", disabled=own is None)
    if not saved and not removed:
        return
    try:
        new = None if removed else Retention(**changed)
    except ValueError as error:
        st.error(parts.plain(str(error)), icon=":material/error:")
        return
    trial = {of: each for of, each in rules.items() if of != place}
    trial |= {} if new is None else {place: new}
    with st.spinner("Looking at what would go …"):
        found = dry_run(store, context.storage(), at=datetime.now(UTC), rules=trial)
    if found.is_nothing:
        keep_rule(place, new)
    confirm_rule(place, new, found)


def ask(rule: Retention, place: str) -> dict[str, int | bool | None]:
    """The fields of a rule; where another holds by now, new ones."""
    labels = {
        "photos_days": (
            "Photos: days",
            "Files in the storage folder that Parkcore has read. 0 for ever.",
        ),
        "photos_mb": ("Photos: megabytes", "At most. The oldest go first. 0 for no limit."),
        "thumbnails_days": (
            "Small photos: days",
            "The ones in lists, in the database. 0 for ever.",
        ),
        "snapshots_days": ("Snapshots: days", "Older ones become hours for good. 0 for ever."),
    }
    columns, given = st.columns(4), {}
    for column, (name, (label, about)) in zip(columns, labels.items(), strict=True):
        most = MOST_DAYS * (1000 if name == "photos_mb" else 1)
        given[name] = column.number_input(
            label, 0, most, getattr(rule, name), key=f"{name}-{place}-{rule}", help=about,
            placeholder="no limit" if name == "photos_mb" else "for ever",
        ) or None  # fmt: skip
    given["corrected_too"] = st.checkbox(
        "Also what people put right",
        rule.corrected_too,
        key=f"corrected-{place}-{rule}",
        help="Corrected photos can teach a model; otherwise they stay for ever.",
    )
    return given


def keep_rule(place: str, rule: Retention | None) -> None:
    with context.open_store() as store:
        store.save_retention(place, rule)
    told.keep("said", "The rule is removed." if rule is None else f"Kept: {rule.said}.")
    st.rerun()


def show_lines(found: Thinning) -> None:
    lines = [f"- {parts.plain(line)}" for line in found.lines(context.settings().zone)]
    if lines:
        st.markdown("\n".join(lines))
    for problem in found.problems:
        st.warning(parts.plain(problem), icon=":material/warning:")


@st.dialog("Keep this rule?")
@explained()
def confirm_rule(place: str, rule: Retention | None, found: Thinning) -> None:
    st.markdown("At the next daily run this would go **for good**:")
    show_lines(found)
    if st.button("Keep the rule", type="primary", icon=":material/check:"):
        keep_rule(place, rule)
