"""Lots get names and capacities; the overview says how full each of them is."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from playwright.sync_api import Page, expect
from test_store import record, snapshot

from parkcore.domain import Lot

from .app import App, card, counts, settled, visit


@pytest.fixture
def app(make_app, with_samples) -> App:
    made = with_samples(make_app())
    made.start()
    return made


def set_capacity(page: Page, lot: str, capacity: str) -> None:
    form = page.get_by_test_id("stForm").filter(has=page.get_by_text(lot, exact=True))
    form.get_by_role("spinbutton", name="Capacity (spaces)").fill(capacity)
    form.get_by_role("button", name="Save").click()
    expect(page.get_by_text(f"{lot} saved")).to_be_visible()
    settled(page)


def test_capacities_and_a_new_lot(app: App, open_page) -> None:
    with app.store() as store:
        totals = {
            lot.name: sum(each.vehicles.total for each in store.latest(lot.id))
            for lot in store.lots()
        }
    north, south = totals["North car park"], totals["South yard"]
    page = open_page(app)
    visit(page, "/lots", "Lots")
    set_capacity(page, "North car park", str(2 * north))
    set_capacity(page, "South yard", str(south - 2))
    form = page.get_by_test_id("stForm").filter(has_text="Add a lot")
    form.get_by_label("Name of the lot").fill("West end")
    form.get_by_label("Its capacity (spaces)").fill("12")
    form.get_by_role("button", name="Add").click()
    expect(page.get_by_role("heading", name="West end")).to_be_visible()
    settled(page)
    with app.store() as store:
        assert store.lot("West end").capacity == 12

    form.get_by_label("Name of the lot").fill("West end")
    form.get_by_role("button", name="Add").click()
    expect(page.get_by_text("There is a lot “West end” already.")).to_be_visible()

    visit(page, "/", "How full is it?")
    expect(card(page, "North car park")).to_contain_text("50%")
    expect(card(page, "North car park")).to_contain_text(f"{north} of {2 * north} spaces taken")
    over = card(page, "South yard")
    expect(over).to_contain_text("0 free")
    expect(over).to_contain_text(f"{south} vehicles for {south - 2} spaces, 2 more than there are")
    expect(card(page, "West end")).to_contain_text("No photo yet.")

    visit(page, "/lots", "Lots")
    set_capacity(page, "North car park", "0")
    visit(page, "/", "How full is it?")
    expect(card(page, "North car park")).to_contain_text(f"{north} vehicles")
    page.get_by_role("link", name="Set the number of spaces").click()
    expect(page).to_have_title("Lots")


def test_lots_of_one_name_are_told_apart(make_app, open_page) -> None:
    """By what it shows, not by what it is, Streamlit knows what was chosen from a list."""
    app = make_app()
    with app.store() as store:
        for lot in ("east", "west"):
            record(store, snapshot(lot, lot=lot), lot=Lot(lot, "Parking"))
    app.start()
    page = open_page(app)
    visit(page, "/history?lot=east", "History")
    lots = page.get_by_role("combobox", name="Lot", exact=True)
    expect(lots).to_have_value("Parking (east)")
    page.get_by_role("combobox", name="Lot", exact=True).click()
    page.get_by_role("option", name="Parking (west)").click()
    expect(lots).to_have_value("Parking (west)")
    settled(page)
    page.get_by_text("Fullest", exact=True).click()
    settled(page)
    expect(lots).to_have_value("Parking (west)")
    visit(page, "/keeping", "Storage")
    rule = page.get_by_role("combobox", name="Rule of")
    rule.click()
    page.get_by_role("option", name="Parking (east)").click()
    expect(rule).to_have_value("Parking (east)")


def test_the_overview_says_what_the_database_says(app: App, open_page) -> None:
    page = open_page(app)
    visit(page, "/", "How full is it?")
    with app.store() as store:
        for lot in store.lots():
            [latest] = store.latest(lot.id)
            shown = card(page, lot.name)
            assert counts(shown) == latest.vehicles.as_dict()
            expect(shown).to_contain_text(f"{100 * latest.vehicles.total // lot.capacity}%")
            expect(shown).to_contain_text(f"{latest.vehicles.total} of {lot.capacity} spaces taken")
            expect(shown.get_by_text("stale")).to_be_visible()
        now = datetime.now(UTC) - timedelta(minutes=5)
        photo = replace(latest.photo, file="elsewhere.jpg", sha256="0" * 64, captured_at=now)
        small = store.thumbnails([latest.id])[latest.id]
        store.record(replace(latest, photo=photo, id=None, detections=()), small, lot=lot)

    visit(page, "/", "How full is it?")
    fresh = card(page, lot.name)
    expect(fresh).to_contain_text("5 minutes ago")
    expect(fresh).to_contain_text("no longer there as it was")
    expect(fresh.get_by_text("stale")).to_have_count(0)
    expect(page.get_by_text("stale")).to_have_count(1)


def test_remove_the_samples(app: App, open_page) -> None:
    page = open_page(app)
    visit(page, "/", "How full is it?")
    dialog = page.get_by_role("dialog")
    page.get_by_role("button", name="Remove samples").click()
    expect(dialog).to_contain_text("Remove the samples?")
    dialog.get_by_role("button", name="Keep them").click()
    expect(dialog).to_have_count(0)
    settled(page)
    assert len(app.history()) == 16
    assert len(list(app.storage.rglob("*.jpg"))) == 16

    page.get_by_role("button", name="Remove samples").click()
    dialog.get_by_role("button", name="Remove", exact=True).click()
    expect(page.get_by_text("There are no photos yet.")).to_be_visible()
    settled(page)
    expect(dialog).to_have_count(0)
    assert app.history() == []
    assert list(app.storage.iterdir()) == []
