"""Pages without a browser: what forms keep, forget and say."""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path

import pytest
from conftest import NOON, ROOT, draw_lot, encode
from streamlit.testing.v1 import AppTest

from parkcore.domain import Failure, Lot
from parkcore.errors import ModelError
from parkcore.ingest import content_id
from parkcore.intake import Received
from parkcore.store import Store
from parkcore.upkeep.retention import Retention


@pytest.fixture
def site(site: Path) -> Path:
    """With the lot north."""
    with Store.open(site / "parkcore.db") as store:
        store.ensure_lot(Lot("north", "North", 40))
    return site


def shown(app: AppTest) -> AppTest:
    app = app.run()
    assert not app.exception, app.exception
    return app


def press(app: AppTest, label: str) -> AppTest:
    next(each for each in app.button if each.label == label).click()
    return shown(app)


def rules() -> None:
    from pages.shell import context, keeping_rules

    with context.open_store() as store:
        keeping_rules.show_rules(store)


def test_a_rule_that_was_removed_is_not_in_the_fields_any_more(site: Path) -> None:
    with Store.open(site / "parkcore.db") as store:
        store.save_retention("north", Retention(photos_days=30))
    app = shown(AppTest.from_function(rules, default_timeout=30))
    app.selectbox[0].set_value("north")
    app = shown(app)
    assert app.number_input[0].value == 30
    app = press(app, "Remove the rule")
    app = shown(app)
    assert [each.value for each in app.number_input] == [None] * 4
    press(app, "Check and save")
    with Store.open(site / "parkcore.db") as store:
        assert store.retention().get("north", Retention()).keeps_all


def left_out() -> None:
    from datetime import date

    import streamlit as st

    from pages.shell import expect_choice

    expect_choice.suggest(date(2026, 5, 4), "unlike others")
    st.text(" ".join(map(str, expect_choice.left_out())))


@pytest.mark.parametrize("days", [0, 60, 200, 300])
def test_a_day_that_is_left_out_is_left_out_however_many_are_already(site: Path, days: int) -> None:
    app = AppTest.from_function(left_out, default_timeout=30)
    before = [str(date(2026, 5, 3) - timedelta(days=n)) for n in range(days)]
    app.query_params["without"] = before
    app = press(shown(app), "Leave it out")
    kept = app.text[0].value.split()
    assert kept[-1] == "2026-05-04"
    assert len(kept) == min(days + 1, 200)
    assert bool(app.toast) is (days >= 200), "that some are not, is said"


def test_a_deleted_photo_that_is_uploaded_twice_can_be_brought_back(
    site: Path, analyser, storage, store, add_photo
) -> None:
    data = encode(draw_lot(3))
    (site / "photos" / "north" / "gate").mkdir(parents=True)
    (site / "photos" / "north" / "gate" / "a.jpg").write_bytes(data)
    own = type(storage)(site / "photos", "default")
    with Store.open(site / "parkcore.db") as opened:
        source = own.source(site / "photos" / "north" / "gate" / "a.jpg")
        found = analyser.ingest(source, opened).snapshot
        opened.delete([found.id])
    app = AppTest.from_file(str(ROOT / "pages" / "upload.py"), default_timeout=60)
    got = Received("a.jpg", content_id(data), known=found)
    app.session_state["entered"] = True
    app.session_state["received"] = {"one": got, "two": got}
    app = shown(app)
    assert [each.label for each in app.button].count("Bring back") == 2
    press(app, "Bring back")
    with Store.open(site / "parkcore.db") as opened:
        assert opened.snapshot(found.id).deleted_at is None


def test_a_photo_that_could_not_be_read_is_read_again_or_dismissed_when_it_is_gone(
    site: Path,
) -> None:
    folder = site / "photos" / "north" / "gate"
    folder.mkdir(parents=True)
    (folder / "there.jpg").write_bytes(b"no photo")
    with Store.open(site / "parkcore.db") as store:
        for name in ("there.jpg", "gone.jpg"):
            file = f"north/gate/{name}"
            store.record_failure(Failure(file, "north", "gate", "is damaged", NOON), None)
    app = AppTest.from_file(str(ROOT / "pages" / "scan.py"), default_timeout=60)
    app.session_state["entered"] = True
    app = shown(app)
    offered = [each.label for each in app.button if each.label in ("Retry", "Dismiss")]
    assert sorted(offered) == ["Dismiss", "Retry"]
    press(app, "Dismiss")
    with Store.open(site / "parkcore.db") as store:
        assert [each.file for each in store.failures()] == ["north/gate/there.jpg"]


def judged_anew() -> None:
    from pages.shell import context
    from pages.shell.judge_newest import judge_newest

    with context.open_store() as store:
        judge_newest(store, "north", "gate")


def test_spaces_are_saved_even_if_no_photo_can_be_judged_by_them(
    site: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object, **__: object) -> None:
        raise ModelError("the classifier is gone")

    monkeypatch.setattr("pages.shell.judge_newest.judge_again", broken)
    app = shown(AppTest.from_function(judged_anew, default_timeout=30))
    [said] = app.toast
    assert "the classifier is gone" in said.value
