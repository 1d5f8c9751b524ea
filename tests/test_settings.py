"""Settings come from flags, the environment, a file or the defaults, and wrong ones are named."""

from __future__ import annotations

import os
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from parkcore.errors import SettingsError
from parkcore.occupancy import Thresholds
from parkcore.settings import Settings, load, toml_file


@pytest.fixture(autouse=True)
def nowhere(tmp_path, monkeypatch) -> Path:
    """A folder without settings, and an environment without any."""
    for name in os.environ:
        if name.startswith("PARKCORE_"):
            monkeypatch.delenv(name)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_the_defaults_work():
    settings = load()
    assert settings.db == Path("parkcore.db")
    assert settings.storage == Path("storage_photo")
    assert settings.thresholds == Thresholds()
    assert ZoneInfo(settings.time_zone) == settings.zone


def test_every_setting_is_described():
    assert [name for name, field in Settings.model_fields.items() if not field.description] == []


@pytest.mark.parametrize(
    "given, variable, in_file, expected",
    [
        (0.6, "0.5", 0.4, 0.6),
        (None, "0.5", 0.4, 0.5),
        (None, None, 0.4, 0.4),
        (None, None, None, 0.25),
        (None, "", 0.4, 0.4),
        (None, "", None, 0.25),
    ],
    ids=[
        "a flag comes first",
        "then the environment",
        "then the file",
        "then the default",
        "an empty variable is none, before the file",
        "an empty variable is none",
    ],
)
def test_what_comes_first(nowhere, monkeypatch, given, variable, in_file, expected):
    if variable is not None:
        monkeypatch.setenv("PARKCORE_CONFIDENCE", variable)
    if in_file is not None:
        (nowhere / "parkcore.toml").write_text(f"confidence = {in_file}")
    assert load(**({"confidence": given} if given else {})).confidence == expected


def test_a_file_and_the_environment_add_up(nowhere, monkeypatch):
    (nowhere / "parkcore.toml").write_text('imgsz = 640\ntime_zone = "Asia/Tokyo"')
    monkeypatch.setenv("PARKCORE_DEFAULT_LOT", "Süd 2")
    settings = load()
    assert (settings.imgsz, settings.time_zone, settings.default_lot) == (
        640,
        "Asia/Tokyo",
        "Süd 2",
    )


def test_the_file_may_be_elsewhere(nowhere, monkeypatch):
    (nowhere / "other.toml").write_text("imgsz = 640")
    monkeypatch.setenv("PARKCORE_CONFIG", str(nowhere / "other.toml"))
    assert toml_file() == nowhere / "other.toml"
    assert load().imgsz == 640


def test_a_file_that_was_named_but_is_missing_is_told(nowhere, monkeypatch):
    monkeypatch.setenv("PARKCORE_CONFIG", str(nowhere / "none.toml"))
    with pytest.raises(SettingsError, match=r"none\.toml"):
        load()


def test_settings_do_not_change():
    with pytest.raises(ValueError, match="frozen"):
        load().imgsz = 640


WRONG = {
    "words for a number": ("confidence", "high", "valid number"),
    "a confidence of nothing": ("confidence", "0", "greater than 0"),
    "a confidence above one": ("confidence", "1.5", "less than 1"),
    "a confidence that is no number": ("confidence", "nan", ""),
    "a size too small to see": ("imgsz", "100", "greater than or equal to 320"),
    "a size too large to compute": ("imgsz", "9999", "less than or equal to 4096"),
    "half a pixel": ("imgsz", "640.5", "valid integer"),
    "no pixels": ("max_megapixels", "0", "greater than 0"),
    "too many pixels": ("max_megapixels", "1e9", "less than or equal to 500"),
    "stale at once": ("stale_minutes", "-1", "greater than 0"),
    "a zone that does not exist": ("time_zone", "Europe/Atlantis", "such as Europe/Madrid"),
    "a part of a zone": ("time_zone", "Europe", "such as Europe/Madrid"),
    "a path for a zone": ("time_zone", "../../etc/passwd", "such as Europe/Madrid"),
    "a file's place for a zone": ("time_zone", "/etc/localtime", "such as Europe/Madrid"),
    "a lot above": ("default_lot", "..", "cannot name a lot"),
    "a lot in a lot": ("default_lot", "a/b", "cannot name a lot"),
}


@pytest.mark.parametrize("name, value, expected", WRONG.values(), ids=WRONG.keys())
def test_a_wrong_variable_is_named_with_its_value(monkeypatch, name, value, expected):
    monkeypatch.setenv(f"PARKCORE_{name.upper()}", value)
    with pytest.raises(SettingsError) as refusal:
        load()
    said = str(refusal.value)
    assert said.startswith(f"PARKCORE_{name.upper()}='{value}': ")
    assert expected in said


@pytest.mark.parametrize(
    "text, said",
    [
        ("confidence = 2", "PARKCORE_CONFIDENCE='2': Input should be less than 1"),
        ("confidense = 0.2", "there is no setting 'confidense'"),
        ("confidence = ", "parkcore.toml cannot be read"),
        ("[server]\nport = 1", "there is no setting 'server'"),
    ],
    ids=["a wrong value", "a wrong name", "no value", "a part that does not exist"],
)
def test_a_wrong_file_is_explained(nowhere, text, said):
    (nowhere / "parkcore.toml").write_text(text)
    with pytest.raises(SettingsError) as refusal:
        load()
    assert said in str(refusal.value)


def test_a_file_that_is_no_text_is_explained(nowhere):
    (nowhere / "parkcore.toml").write_bytes(b"db = 'caf\xe9'")
    with pytest.raises(SettingsError, match=r"parkcore\.toml cannot be read"):
        load()


def test_a_folder_in_the_files_place_is_explained(nowhere):
    (nowhere / "parkcore.toml").mkdir()
    with pytest.raises(SettingsError, match=r"parkcore\.toml cannot be read"):
        load()


def test_every_wrong_value_is_told_at_once(monkeypatch):
    monkeypatch.setenv("PARKCORE_CONFIDENCE", "2")
    monkeypatch.setenv("PARKCORE_IMGSZ", "1")
    with pytest.raises(SettingsError, match=r"PARKCORE_CONFIDENCE=.*; PARKCORE_IMGSZ="):
        load()


@pytest.mark.parametrize(
    "values",
    [
        {"PARKCORE_MODERATE_FROM": "0.9"},
        {"PARKCORE_BUSY_FROM": "0.95"},
        {"PARKCORE_FULL_FROM": "0.1"},
    ],
    ids=["moderate above busy", "busy and full at once", "full below all"],
)
def test_levels_must_rise(monkeypatch, values):
    for name, value in values.items():
        monkeypatch.setenv(name, value)
    with pytest.raises(SettingsError, match="the levels must rise"):
        load()


def test_an_unknown_flag_is_refused():
    with pytest.raises(SettingsError, match="there is no setting 'colour'"):
        load(colour="green")


def test_other_variables_are_none_of_our_business(monkeypatch):
    monkeypatch.setenv("PARKCORE_OF_SOMETHING_ELSE", "1")
    monkeypatch.setenv("DB", "/elsewhere")
    assert load().db == Path("parkcore.db")
