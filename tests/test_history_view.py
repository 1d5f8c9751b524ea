"""The address of the page History: everything that is chosen is in it, and nothing breaks it."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime

import pytest
from conftest import MADRID
from hypothesis import given
from hypothesis import strategies as st

from parkcore.history.history_view import HistoryView
from parkcore.sqlite.filters import HistoryFilter

WHOLE = {
    "show": "table", "lot": "north", "camera": "gate", "from": "2026-05-01", "to": "2026-05-31",
    "type": "bus", "text": "IMG 1&2", "only": "corrected", "after": "123",
}  # fmt: skip


@pytest.mark.parametrize(
    "address",
    [{}, {"lot": "north"}, {"lot": "north", "month": "2026-05", "day": "2026-05-04"},
     {"by": "peak"}, {"show": "table"}, WHOLE],
    ids=["nothing", "a lot", "a day", "the peak", "the table", "everything of the table"],
)  # fmt: skip
def test_an_address_comes_back_as_it_was(address) -> None:
    assert HistoryView.read(address).address() == address


def test_what_only_the_table_has_shows_the_table() -> None:
    assert HistoryView.read({"text": "roof"}).show == "table"
    assert HistoryView.read({"day": "2026-05-04"}).show == "days"
    view = HistoryView.read({"from": "2026-05-01", "show": "days"})
    assert view.show == "days" and "from" not in view.address()


@pytest.mark.parametrize(
    "name, value",
    [("day", "2026-02-30"), ("day", "yesterday"), ("month", "2026-13"), ("from", "0001-01-01"),
     ("to", "9999-12-31"), ("type", "tank"), ("only", "mine"), ("after", "-1"), ("after", "²"),
     ("after", "9" * 30), ("by", "sum"), ("lot", ""), ("text", "")],
)  # fmt: skip
def test_what_cannot_be_used_is_passed_over(name, value) -> None:
    view = replace(HistoryView.read({name: value}), show="days")
    assert view == HistoryView()


@given(st.dictionaries(st.sampled_from([*WHOLE, "day", "month", "by"]), st.text()))
def test_no_address_breaks_it(address) -> None:
    view = HistoryView.read(address)
    assert HistoryView.read(view.address()).address() == view.address()
    view.filter(MADRID)


def test_days_are_those_of_the_site_and_the_last_is_included() -> None:
    which = HistoryView.read(WHOLE).filter(MADRID)
    assert which == HistoryFilter(
        "north", "gate", datetime(2026, 4, 30, 22, tzinfo=UTC),
        datetime(2026, 5, 31, 22, tzinfo=UTC), "bus", "IMG 1&2", corrected=True,
    )  # fmt: skip
    one = HistoryView(since=date(2026, 3, 29), until=date(2026, 3, 29)).filter(MADRID)
    assert (one.until.astimezone(UTC) - one.since.astimezone(UTC)).total_seconds() == 23 * 3600
