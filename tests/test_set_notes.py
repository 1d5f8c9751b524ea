"""What sets call their vehicles, what is known of them, how light their photos are."""

from __future__ import annotations

import numpy as np
import pytest
from conftest import ROOT, SHARED

from parkcore.accuracy.photo_light import light_of
from parkcore.accuracy.set_notes import SetNotes, read_notes
from parkcore.accuracy.vehicle_names import is_neutral, vehicle_type
from parkcore.errors import FolderError

OPEN_SETS = ROOT / "models" / "training" / "sets.toml"


@pytest.mark.parametrize(
    "name, label",
    [
        ("Car", "car"), ("SUV", "car"), ("mini_van", "car"), ("police_vehicle", "car"),
        ("Motorcycle", "motorcycle"), ("motorbike", "motorcycle"), ("bike", "motorcycle"),
        ("scooter", "motorcycle"), ("motor", "motorcycle"), ("big bus", "bus"),
        ("minibus", "bus"), ("micro_bus", "bus"), ("bus-l-", "bus"), ("truck-xl-", "truck"),
        ("mini_truck", "truck"), ("Ambulance", "truck"), ("lorry", "truck"),
        ("carrot", None), ("bicycle", None), ("person", None), ("cardboard", None),
        ("e-rickshaw", None), ("transport_vehicle", None), ("parking meter", None),
        ("Vehicle registration plate", None), ("license plate car", None), ("Car-Wheel", None),
        ("car_door", None), ("bus stop", None), ("non-vehicle", None), ("no car", None),
        ("free car space", None), ("headlight", None), ("light truck", "truck"),
        ("truck 10 wheel", "truck"), ("ParkedCar", "car"), ("MotorBike", "motorcycle"),
        ("2-wheeler", "motorcycle"), ("four wheeler", "car"), ("EmptySpace", None),
        ("HatchBack", "car"), ("CarWindShield", None), ("TransportVehicle", None),
        ("parked car", "car"), ("window van", "car"), ("motor vehicle", "car"),
        ("MotorVehicle", "car"), ("motor_car", "car"), ("motorhome", "car"), ("caravan", "car"),
        ("automobile", "car"), ("motor scooter", "motorcycle"), ("motobike", "motorcycle"),
        ("motors", "motorcycle"), ("motorcycle helmet", None), ("bike rack", None),
        ("push bike", None), ("kick-scooter", None), ("car park", None),
    ],
)  # fmt: skip
def test_the_type_that_a_name_means(name, label):
    assert vehicle_type(name) == label


@pytest.mark.parametrize("name", ["auto_rickshaw", "e-rickshaw", "tractor", "cyclist", "tempo",
                                  "three-wheeler", "TukTuk", "TriCycle", "ignored regions",
                                  "ignore", "DontCare", "doubtful", "motorcyclist", "bicyclist",
                                  "rider"])  # fmt: skip
def test_near_vehicles_and_places_left_out_are_neither_right_nor_wrong(name):
    assert is_neutral(name)
    assert SetNotes().is_neutral(name)


def test_a_set_may_say_what_its_names_mean():
    notes = SetNotes(types={"tempo": "truck", "cart": ""})
    assert (notes.type_of("tempo"), notes.is_neutral("tempo")) == ("truck", False)
    assert (notes.type_of("cart"), notes.is_neutral("cart")) == (None, True)
    assert notes.type_of("car") == "car"


def test_the_notes_on_the_open_sets_are_read():
    notes = read_notes(OPEN_SETS)
    assert notes["openimages_parked_buses_trucks"].unlabelled == ("car", "motorcycle")
    assert not notes["nepal_street_vehicles"].complete
    assert notes["pklot_ufpr05"].role == "measure"
    assert all(each.licence and each.source for each in notes.values())


def test_a_word_that_is_not_known_is_said_rather_than_passed_over(tmp_path):
    path = tmp_path / "sets.toml"
    path.write_text('[lot]\nrol = "measure"\n')
    with pytest.raises(FolderError, match=r"lot\.rol"):
        read_notes(path)


@pytest.mark.shared
def test_every_open_set_has_its_notes():
    folders = {path.name for path in (SHARED / "datasets").iterdir() if path.is_dir()}
    assert folders <= set(read_notes(OPEN_SETS))


@pytest.mark.parametrize(
    "text, said",
    [
        ("[a", "cannot be read"),
        ('[a]\nunlabelled = ["tram"]', r"a\.unlabelled\.0 = 'tram'"),
        ('[a]\nrole = "test"', r"a\.role = 'test'"),
    ],
    ids=["no TOML", "an unknown type", "an unknown role"],
)
def test_broken_notes_are_explained(tmp_path, text, said):
    path = tmp_path / "sets.toml"
    path.write_text(text)
    with pytest.raises(FolderError, match=said):
        read_notes(path)


def test_notes_that_are_not_there_are_explained(tmp_path):
    with pytest.raises(FolderError, match=r"none\.toml cannot be read"):
        read_notes(tmp_path / "none.toml")


@pytest.mark.parametrize("grey, light", [(10, "night"), (69, "night"), (75, "dusk"), (90, "day")])
def test_how_light_a_photo_is(grey, light):
    assert light_of(np.full((40, 60, 3), grey, np.uint8)) == light


def test_lamps_do_not_make_a_day():
    night = np.full((100, 100, 3), 20, np.uint8)
    night[:40] = 255
    assert light_of(night) == "night"


def test_blue_is_darker_than_green():
    blue, green = (np.zeros((20, 20, 3), np.uint8) for _ in range(2))
    blue[:, :, 2], green[:, :, 1] = 200, 200
    assert (light_of(blue), light_of(green)) == ("night", "day")
