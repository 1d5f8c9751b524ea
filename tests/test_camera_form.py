"""The form of a camera and its card, without a browser: what happens to logins, lots and rows."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from pages.shell.camera_login import LoginFields
from parkcore.cameras.addresses import DROPPED, Login
from parkcore.cameras.credentials import Credentials
from parkcore.domain import IpCamera, Lot
from parkcore.store import Store

HERE, ELSEWHERE = "http://10.0.0.2/a.jpg?pwd=***", "http://10.0.0.3/a.jpg?pwd=***"
KEPT = Login("admin", "sesame", {"pwd": "x"})
VARIABLE = "PARKCORE_LOGIN_NORTH_GATE"


@pytest.fixture
def site(site: Path) -> Path:
    """With the camera north/gate."""
    with Store.open(site / "parkcore.db") as store:
        store.save_ip_camera(IpCamera("north", "gate", HERE, paused=True))
    Credentials(site / "logins.json").put("north", "gate", KEPT)
    return site


def kept(site: Path, lot: str = "north", camera: str = "gate") -> Login:
    return Credentials(site / "logins.json").kept(lot, camera)


def edit() -> None:
    import streamlit as st

    from pages.shell import camera_form, context

    with context.open_store() as store:
        camera = store.ip_camera("north", "gate")
        camera_form.fields(store.lot("north"), "gate", camera)
    if camera_form.DROPPED in st.session_state:
        st.text("it is to be said")


def add() -> None:
    from pages.shell import camera_form
    from parkcore.domain import Lot

    camera_form.fields(Lot("south", "south"), "gate", None)


def add_under_a_name() -> None:
    import streamlit as st

    from pages.shell import camera_form
    from parkcore.domain import Lot

    name = st.text_input("Name", "gate")
    camera_form.fields(Lot("south", "south"), name, None)


def add_dialog() -> None:
    from pages.shell import camera_form

    camera_form.add()


def listing() -> None:
    from pages.shell import ip_cameras, told

    ip_cameras.show()
    told.forget()  # as at every page's end


def remove() -> None:
    from pages.shell import ip_cameras

    ip_cameras.confirm_removal(("north", "gate"))


def shown(page: object) -> AppTest:
    app = AppTest.from_function(page, default_timeout=30).run()
    assert not app.exception
    return app


def field(app: AppTest, label: str):
    return next(each for each in app.text_input if each.label == label)


def press(app: AppTest, label: str) -> AppTest:
    app = next(each for each in app.button if each.label == label).click().run()
    assert not app.exception
    return app


@pytest.mark.parametrize(
    "user, password, old, new, inside, expected",
    [
        ("admin", "", HERE, HERE, Login(), KEPT),
        ("admin", "new", HERE, HERE, Login(), Login("admin", "new", KEPT.query)),
        ("bob", "", HERE, HERE, Login(), Login("bob", "sesame", KEPT.query)),
        ("", "", HERE, HERE, Login(), Login("", "", KEPT.query)),
        ("admin", "", HERE, "http://10.0.0.2/b", Login(), Login("admin", "sesame")),
        ("admin", "", HERE, ELSEWHERE, Login(), Login()),
        ("admin", "new", HERE, ELSEWHERE, Login(), Login("admin", "new")),
        ("bob", "", HERE, ELSEWHERE, Login(), Login("bob")),
        ("admin", "", HERE, ELSEWHERE, Login(query={"pwd": "y"}), Login(query={"pwd": "y"})),
        ("admin", "", HERE, HERE, Login("eve", "pw"), Login("eve", "pw", KEPT.query)),
        ("admin", "", HERE, HERE, Login("eve"), Login("eve", "", KEPT.query)),
        ("bob", "", HERE, HERE, Login("eve", "pw"), Login("bob", "pw", KEPT.query)),
        ("admin", "new", HERE, HERE, Login("eve", "pw"), Login("eve", "new", KEPT.query)),
    ],
)
def test_what_was_typed_comes_first_then_the_address_then_what_was_kept(
    user: str, password: str, old: str, new: str, inside: Login, expected: Login
) -> None:
    assert LoginFields(KEPT, user, password, None, "").after(old, new, inside) == expected


def test_a_saved_password_is_not_sent_to_another_machine(site: Path) -> None:
    app = shown(edit)
    field(app, "Address").set_value(ELSEWHERE)
    app = press(app, "Save")
    assert kept(site) == Login()
    with Store.open(site / "parkcore.db") as store:
        assert store.ip_camera("north", "gate").address == ELSEWHERE
    assert [each.value for each in app.text] == ["it is to be said"]
    app = shown(listing)
    app.session_state["camera_form_dropped"] = True
    assert DROPPED.capitalize() in [each.value for each in app.run().warning]
    assert DROPPED.capitalize() not in [each.value for each in app.run().warning], "said once"


def test_what_was_typed_stays_if_the_camera_is_renamed(site: Path) -> None:
    app = shown(add_under_a_name)
    for label, typed in (("Address", ELSEWHERE), ("User", "bob"), ("Password", "secret")):
        field(app, label).set_value(typed)
    app.run()
    field(app, "Name").set_value("roof")
    press(app.run(), "Add")
    assert kept(site, "south", "roof") == Login("bob", "secret")


def test_what_was_typed_stays_while_the_name_is_put_right(
    site: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """AppTest types no name that is not offered, so the place is said to be wrong and right."""
    places: list[tuple[Lot, str] | None] = [(Lot("south", "south"), "gate")]
    monkeypatch.setattr("pages.shell.camera_form.choose_place", lambda *_, **__: places[-1])
    app = shown(add_dialog)
    typed = {"Address": ELSEWHERE, "User": "bob", "Password": "secret"}
    for label, text in typed.items():
        field(app, label).set_value(text)
    app = app.run()
    for wrong in (None, (Lot("north", "north"), "gate")):
        places.append(wrong)
        app = app.run()
        assert not app.text_input
    assert "of this name already" in app.error[0].value
    places.append((Lot("south", "south"), "roof"))
    app = app.run()
    assert {label: field(app, label).value for label in typed} == typed


def test_looking_without_a_login_file_that_can_be_read_says_so_on_the_card(site: Path) -> None:
    (site / "logins.json").write_text("no JSON")
    app = press(shown(listing), "Look now")
    app = app.run()
    said = " ".join(each.value for each in (*app.error, *app.warning))
    assert "is not a file of logins" in said


def test_a_login_inside_the_address_replaces_both(site: Path) -> None:
    app = shown(edit)
    field(app, "Address").set_value("http://newuser:newpw@10.0.0.2/a.jpg?pwd=***")
    press(app, "Save")
    assert kept(site) == Login("newuser", "newpw", KEPT.query)


def test_a_login_of_the_environment_is_not_written_down(site: Path, monkeypatch) -> None:
    monkeypatch.setenv(VARIABLE, "root:from-outside")
    app = shown(edit)
    for label in ("User", "Password"):
        assert field(app, label).disabled
    assert VARIABLE in field(app, "Password").help
    app = press(app, "Save")
    assert kept(site) == KEPT
    field(app, "Address").set_value("http://a:b@10.0.0.2/a.jpg?pwd=***")
    app = press(app, "Save")
    assert f"environment variable `{VARIABLE}`" in app.error[0].value
    assert kept(site) == KEPT


def test_a_new_camera_begins_without_a_login_in_the_lot_that_its_folder_describes(
    site: Path,
) -> None:
    Credentials(site / "logins.json").put("south", "gate", KEPT)
    (site / "photos" / "south").mkdir()
    (site / "photos" / "south" / "lot.toml").write_text('name = "South side"\ncapacity = 40\n')
    app = shown(add)
    assert field(app, "User").value == "" and field(app, "Password").placeholder == ""
    field(app, "Address").set_value("http://10.0.0.4/a.jpg")
    press(app, "Add")
    with Store.open(site / "parkcore.db") as store:
        assert store.lot("south") == Lot("south", "South side", 40)
    assert kept(site, "south") == Login()


def test_a_camera_that_health_leaves_out_is_listed(site: Path, monkeypatch) -> None:
    from parkcore.service import health

    monkeypatch.setattr(health, "examine_cameras", lambda *_: iter(()))
    app = shown(listing)
    assert [each.label for each in app.button].count("Look now") == 1
    assert not app.error


def test_a_row_that_cannot_be_used_is_shown_and_removed(site: Path) -> None:
    with sqlite3.connect(site / "parkcore.db") as db:
        db.execute("update ip_cameras set address = 'file:///a'")
    db.close()
    app = shown(listing)
    assert "It cannot be used" in app.error[0].value
    assert [each.label for each in app.button] == ["Add a camera", "Remove"]
    press(shown(remove), "Remove")
    with Store.open(site / "parkcore.db") as store:
        assert store.unusable_ip_cameras() == {}
    assert kept(site) == Login()


def test_what_was_seen_says_when() -> None:
    from datetime import UTC, datetime
    from types import SimpleNamespace
    from zoneinfo import ZoneInfo

    from pages.shell import context, look

    at = datetime(2026, 5, 4, 12, 5, 11, tzinfo=UTC)
    with pytest.MonkeyPatch.context() as patch:
        madrid = SimpleNamespace(zone=ZoneInfo("Europe/Madrid"))
        patch.setattr(context, "settings", lambda: madrid)
        assert look.LookNow(at=at).title == "Seen at 14:05:11"
