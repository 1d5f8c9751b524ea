"""The page Accuracy: a person answers, and the figures follow."""

from __future__ import annotations

import re
from datetime import datetime
from zoneinfo import ZoneInfo

import pytest
from playwright.sync_api import Page, expect

from parkcore.accuracy.meter import Check
from parkcore.domain import Snapshot
from parkcore.spaces.layout import Layout, Space
from parkcore.spaces.verdict import Judged, Judgement, SpaceState
from parkcore.sqlite.filters import HistoryFilter

from .app import App, eventually, fits, settled, visit

TITLE = "Accuracy"
SPACES = tuple(
    Space(f"A{n}", ((x, 0.6), (x + 0.08, 0.6), (x + 0.08, 0.75), (x, 0.75)))
    for n, x in enumerate((0.05, 0.15, 0.25, 0.35, 0.45, 0.55))
)
"""Six questions on the newest day, which has one photo."""

STATES = tuple(
    SpaceState(
        space.id, "vacant" if n in (1, 4) else "occupied", 0.9, "", 0.1 if n in (1, 4) else 0.9
    )
    for n, space in enumerate(SPACES)
)
KEYS = {"Occupied": "o", "Free": "f", "Can't tell": "t"}


@pytest.fixture
def app(make_app, with_samples) -> App:
    """The samples, with three spaces marked in the north and judged on every photo."""
    made = with_samples(make_app())
    with made.store() as store:
        photos = store.snapshots(HistoryFilter("sample-north", "gate"))
        layout = store.save_layout("sample-north", "gate", Layout(SPACES), None, based_on=0)
        for each in photos:
            store.save_judged(each.id, Judged(layout.id, Judgement(STATES)))
    made.start()
    return made


def checks(app: App) -> list[Check]:
    with app.store() as store:
        return store.checks()


def asked(page: Page) -> str:
    """The space that is asked about."""
    said = page.get_by_text(re.compile("^Space A"))
    expect(said.first).to_be_visible()
    settled(page)
    return re.match(r"Space (\S+) ·", said.first.inner_text())[1]


def answer(page: Page, number: int, label: str, *, by_key: bool = False) -> None:
    """Answer question `number`, and wait for what was judged."""
    expect(page.get_by_text(f"{number} of 5")).to_be_visible()
    settled(page)
    if by_key:
        page.keyboard.press(KEYS[label])
    else:
        page.get_by_role("button", name=label).click()
    expect(page.get_by_text(f"{number + 1} of 5")).to_be_visible()
    settled(page)


def test_three_answers_are_the_figure(app: App, open_page) -> None:
    page = open_page(app)
    visit(page, "/accuracy?lot=sample-north&camera=gate", TITLE)
    expect(page.get_by_text("No answer yet.")).to_be_visible()
    picture = page.get_by_role("img", name="A marked space, framed, with its surroundings")
    expect(picture).to_be_visible()
    first = picture.get_attribute("src")
    main = page.get_by_test_id("stMain")
    truth = {state.id: state.state for state in STATES}
    expect(main).not_to_contain_text("was judged occupied")

    space = asked(page)
    right = "Occupied" if truth[space] == "occupied" else "Free"
    answer(page, 1, right)
    expect(main).to_contain_text(f"Space {space} was judged {right.lower()}")
    expect(main).to_contain_text("as you say")
    expect(picture).not_to_have_attribute("src", first)

    space = asked(page)
    wrong = "Free" if truth[space] == "occupied" else "Occupied"
    answer(page, 2, wrong, by_key=True)
    expect(main).to_contain_text(f"you said {wrong.lower()}")
    space = asked(page)
    right = "Occupied" if truth[space] == "occupied" else "Free"
    answer(page, 3, right, by_key=True)

    expect(main).to_contain_text("66.6\N{NO-BREAK SPACE}% right")
    expect(main).to_contain_text("between 20.8 and 93.9 %")
    expect(main).to_contain_text("3 answers about spaces that were judged")
    assert [check.agrees for check in sorted(checks(app), key=lambda c: c.answered_at)] == [
        True, False, True,
    ]  # fmt: skip
    assert {check.light for check in checks(app)} <= {"day", "dusk", "night"}
    again = open_page(app)
    visit(again, "/accuracy?lot=sample-north&camera=gate", TITLE)
    expect(again.get_by_text("4 of 5")).to_be_visible()
    assert asked(again) == asked(page), "who comes back is asked the same"


def test_a_wrong_one_is_put_right_in_the_history_and_an_answer_is_taken_back(
    app: App, open_page
) -> None:
    page = open_page(app)
    visit(page, "/accuracy?lot=sample-north&camera=gate", TITLE)
    space = asked(page)
    judged = {state.id: state.state for state in STATES}[space]
    answer(page, 1, "Free" if judged == "occupied" else "Occupied")
    page.get_by_role("button", name="Correct it in the history too").click()
    expect(page.get_by_text("Corrected in the history.")).to_be_visible()
    settled(page)
    [check] = checks(app)
    with app.store() as store:
        corrected: Snapshot = store.snapshot(check.snapshot_id)
    assert dict(corrected.correction.spaces) == {space: check.answer}
    page.get_by_role("button", name="Undo").click()
    expect(page.get_by_text("1 of 5")).to_be_visible()
    eventually(lambda: checks(app) == [])
    with app.store() as store:
        assert store.snapshot(check.snapshot_id).correction is None, "what it put right as well"
    assert asked(page) == space


def test_photos_that_were_away_for_a_moment_are_asked_about_again(app: App, open_page) -> None:
    away = app.storage.rename(app.storage.with_name("away"))
    page = open_page(app)
    visit(page, "/accuracy?lot=sample-north&camera=gate", TITLE)
    expect(page.get_by_text("That was every photo of this day.")).to_be_visible()
    settled(page)
    away.rename(app.storage)
    visit(page, "/accuracy?lot=sample-north&camera=gate", TITLE)
    expect(page.get_by_text("1 of 5")).to_be_visible()


def test_five_a_day_and_more_of_the_days_before(app: App, open_page) -> None:
    page = open_page(app, width=390, height=844)
    visit(page, "/accuracy?lot=sample-north&camera=gate", TITLE)
    for number in range(1, 5):
        answer(page, number, "Can't tell")
        fits(page)
    page.get_by_role("button", name="Can't tell").click()
    expect(page.get_by_text("Done for this day, thank you.")).to_be_visible()
    settled(page)
    assert len(checks(app)) == 5
    expect(page.get_by_text("Not known yet")).to_be_visible()
    expect(page.get_by_role("button", name="Ask me")).to_have_count(0)
    page.get_by_role("button", name="Go on with Mon 4 May").click()
    expect(page.get_by_text("1 of 5")).to_be_visible()
    expect(page.get_by_text("Photos of Mon 4 May 2026")).to_be_visible()


def test_weeks_of_answers_are_drawn(app: App, open_page) -> None:
    with app.store() as store:
        photos = store.snapshots(HistoryFilter("sample-north", "gate"))
        now = datetime(2026, 5, 6, tzinfo=ZoneInfo("Europe/Madrid"))
        for number, photo in enumerate(photos):
            for state in STATES:
                store.save_check(
                    Check(
                        "sample-north",
                        "gate",
                        photo.photo.captured_at,
                        state.id,
                        state.state,
                        state.probability,
                        "occupied",
                        now,
                        f"model-{number % 2}.pt",
                        "1",
                        light="day",
                        snapshot_id=photo.id,
                    )
                )
    page = open_page(app, color_scheme="dark")
    visit(page, "/accuracy?lot=sample-north&camera=gate", TITLE)
    main = page.get_by_test_id("stMain")
    total, right = 6 * len(photos), 4 * len(photos)
    expect(main).to_contain_text(f"{total} answers about spaces that were judged")
    expect(main).to_contain_text(f"{total - right} occupied called free")
    for heading in ("By hour of the day", "By light", "By what judged"):
        expect(page.get_by_role("heading", name=heading)).to_be_visible()
    expect(page.get_by_test_id("stVegaLiteChart").first).to_be_visible()
    expect(main).to_contain_text(f"{total} answers and 0 corrected photos.")
    fits(page)


def test_without_a_judged_photo_it_says_what_is_missing(make_app, open_page) -> None:
    app = make_app()
    with app.store() as store:
        store.save_layout("north", "gate", Layout(SPACES), None, based_on=0)
    app.start()
    page = open_page(app)
    visit(page, "/accuracy", TITLE)
    expect(page.get_by_text("No photo of this camera was judged")).to_be_visible()
    visit(page, "/accuracy?lot=nowhere", TITLE)
    expect(page.get_by_text("There is no lot “nowhere” with marked spaces.")).to_be_visible()


def test_beside_the_samples_ones_own_spaces_are_invited_to_be_marked(app: App, open_page) -> None:
    page = open_page(app)
    visit(page, "/accuracy", TITLE)
    expect(page.get_by_text(re.compile("^Space A")).first).to_be_visible()
    said = page.get_by_text("Only the samples have marked spaces yet.")
    expect(said).to_have_count(0)
    app.command("lot", "add", "mine")
    visit(page, "/accuracy", TITLE)
    expect(said).to_be_visible()
    expect(page.get_by_role("link", name="Mark the spaces of your own car park")).to_be_visible()
    with app.store() as store:
        store.save_layout("mine", "gate", Layout(SPACES), None, based_on=0)
    visit(page, "/accuracy", TITLE)
    expect(page.get_by_text("No photo of this camera was judged")).to_be_visible()
    expect(said).to_have_count(0)
