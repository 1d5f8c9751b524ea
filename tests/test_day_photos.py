"""The photos of a day: each can be chosen."""

from __future__ import annotations

from pages.shell.day_photos import distinct


def test_photos_of_one_second_have_names_of_their_own() -> None:
    names = ["10:29:00", "10:30:00", "10:30:00", "10:31:00", "10:30:00"]
    found = distinct(names)
    assert found == ["10:29:00", "10:30:00", "10:30:00 (2)", "10:31:00", "10:30:00 (3)"]
    assert len(set(found)) == len(names)
