"""Layouts as files: four forms in and out, and whatever cannot be used is told why."""

from __future__ import annotations

import json
import math
import re
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from parkcore.errors import LayoutError
from parkcore.spaces.layout import AREA_KINDS, LEAST_AREA, SPACE_TYPES, Area, Layout, Space
from parkcore.spaces.layout_files import FORMS, read_layout
from parkcore.spaces.layout_writing import write_layout

SIZE = (1280, 720)


def box(x: float, y: float, width: float = 64, height: float = 36, size=SIZE):
    """Corners 0..1 of an upright rectangle given in pixels."""
    corners = ((x, y), (x + width, y), (x + width, y + height), (x, y + height))
    return tuple((a / size[0], b / size[1]) for a, b in corners)


LAYOUT = Layout(
    (
        Space("A1", box(0, 0)),
        Space("A2", box(100.25, 30.5), "disabled", "east wing"),
        Space("Plätze 3", ((0.5, 0.5), (0.7, 0.55), (0.6, 0.9)), "motorcycle"),
    ),
    (Area("B", box(640, 360), "count", 12), Area("road", box(0, 600, 1280, 120), "ignore")),
    SIZE,
)


def pixels(layout: Layout) -> list[list[tuple[float, float]]]:
    width, height = layout.image_size
    places = (*layout.spaces, *layout.areas)
    return [[(x * width, y * height) for x, y in place.polygon] for place in places]


def assert_same_places(found: Layout, expected: Layout) -> None:
    assert found.image_size == expected.image_size
    for some, others in zip(pixels(found), pixels(expected), strict=True):
        for one, other in zip(some, others, strict=True):
            assert one == pytest.approx(other, abs=0.01)


# -- out and in again ---------------------------------------------------------------------------


def test_our_own_form_keeps_everything():
    found = read_layout(write_layout(LAYOUT))
    assert_same_places(found, LAYOUT)
    assert [(s.id, s.type, s.group) for s in found.spaces] == [
        ("A1", "car", ""),
        ("A2", "disabled", "east wing"),
        ("Plätze 3", "motorcycle", ""),
    ]
    assert [(a.id, a.kind, a.capacity) for a in found.areas] == [
        ("B", "count", 12),
        ("road", "ignore", None),
    ]
    assert read_layout(write_layout(found)) == found


@pytest.mark.parametrize(
    "form, names, types, areas",
    [
        ("ultralytics", ["S1", "S2", "S3"], ["car"] * 3, []),
        ("labelme", ["A1", "A2", "Plätze 3"], ["car"] * 3, []),
        (
            "coco",
            ["A1", "A2", "Plätze 3"],
            ["car", "disabled", "motorcycle"],
            [("B", "count"), ("road", "ignore")],
        ),
    ],
    ids=["Ultralytics knows corners only", "LabelMe has names too", "COCO has types and areas"],
)
def test_what_other_forms_keep(form, names, types, areas):
    found = read_layout(write_layout(LAYOUT, form), image_size=SIZE)
    assert_same_places(found, LAYOUT if areas else replace(LAYOUT, areas=()))
    assert [space.id for space in found.spaces] == names
    assert [space.type for space in found.spaces] == types
    assert [(area.id, area.kind) for area in found.areas] == areas


@pytest.mark.parametrize("form", FORMS)
def test_every_form_holds_what_its_programs_expect(form):
    corners = [[0, 0], [64, 0], [64, 36], [0, 36]]
    data = json.loads(write_layout(Layout((Space("A1", box(0, 0), "ev"),)), form))
    if form == "parkcore":
        assert data == {
            "image_size": [1280, 720],
            "spaces": [{"id": "A1", "polygon": corners, "type": "ev"}],
            "areas": [],
        }
    elif form == "ultralytics":
        assert data == [{"points": corners}]
    elif form == "labelme":
        assert (data["imageWidth"], data["imageHeight"]) == (1280, 720)
        [shape] = data["shapes"]
        assert (shape["label"], shape["points"]) == ("A1", corners)
        assert shape["shape_type"] == "polygon"
    else:
        [image], [annotation] = data["images"], data["annotations"]
        assert (image["width"], image["height"]) == (1280, 720)
        assert annotation["image_id"] == image["id"]
        assert annotation["segmentation"] == [[0, 0, 64, 0, 64, 36, 0, 36]]
        assert annotation["bbox"] == [0, 0, 64, 36]
        names = {each["id"]: each["name"] for each in data["categories"]}
        assert names[annotation["category_id"]] == "ev"
        assert set(names.values()) == {*SPACE_TYPES, *AREA_KINDS}


SIZES = st.tuples(st.integers(32, 8000), st.integers(32, 8000))
NAMES = st.text(st.characters(exclude_categories=("C", "Z")), min_size=1, max_size=40)


@st.composite
def layouts(draw):
    size = draw(SIZES)
    share = st.floats(0, 0.9)
    side = st.floats(1.001 * math.sqrt(LEAST_AREA), 0.1)
    names = draw(st.lists(NAMES, max_size=6, unique=True))
    places = []
    for _ in names:
        x, y, width, height = draw(share), draw(share), draw(side), draw(side)
        places.append(((x, y), (x + width, y), (x + width, y + height), (x, y + height)))
    kinds = [draw(st.sampled_from((*SPACE_TYPES, *AREA_KINDS))) for _ in names]
    spaces, areas = [], []
    for name, place, kind in zip(names, places, kinds, strict=True):
        if kind in SPACE_TYPES:
            spaces.append(Space(name, place, kind, draw(NAMES | st.just(""))))
        else:
            areas.append(Area(name, place, kind, draw(st.none() | st.integers(1, 1000))))
    return Layout(tuple(spaces), tuple(areas), size)


@given(layouts())
def test_whatever_can_be_drawn_can_be_written_and_read_again(layout):
    found = read_layout(write_layout(layout))
    assert_same_places(found, layout)
    assert [(s.id, s.type, s.group) for s in found.spaces] == [
        (s.id, s.type, s.group) for s in layout.spaces
    ]
    assert [(a.id, a.kind, a.capacity) for a in found.areas] == [
        (a.id, a.kind, a.capacity) for a in layout.areas
    ]
    assert read_layout(write_layout(found)) == found


@pytest.mark.parametrize(
    "size, polygon",
    [
        (SIZE, box(99.9951, 99.9951, 4.2998, 4.2998)),
        ((1286, 726), ((0.9, 0.9), (1.001, 0.9), (1.001, 1.001), (0.9, 1.001))),
    ],
    ids=["one just large enough", "one that reaches as far over the edge as it may"],
)
def test_a_space_at_the_limits_can_be_read_again(size, polygon):
    layout = Layout((Space("A1", polygon),), (), size)
    assert_same_places(read_layout(write_layout(layout)), layout)


@pytest.mark.parametrize("form", FORMS)
def test_a_thousand_spaces_are_written_and_read(form):
    spaces = tuple(
        Space(f"A{n}", box(30 * (n % 40), 28 * (n // 40), 28.5, 26.25)) for n in range(1000)
    )
    found = read_layout(write_layout(Layout(spaces), form), image_size=SIZE)
    assert_same_places(found, Layout(spaces))


# -- files of others ----------------------------------------------------------------------------

CORNERS = [[10, 20], [110, 20], [110, 90], [10, 90]]
FLAT = [value for corner in CORNERS for value in corner]


def our(*spaces: dict, **others: object) -> dict:
    return {"image_size": [1280, 720], "spaces": list(spaces), **others}


def space(name: object = "A1", polygon: object = CORNERS, **others: object) -> dict:
    return {"id": name, "polygon": polygon, **others}


def coco(*annotations: dict, **others: object) -> dict:
    return {
        "images": [{"id": 7, "width": 1280, "height": 720}],
        "categories": [{"id": 3, "name": "parking_space"}, {"id": 4, "name": "ev"}],
        "annotations": [{"image_id": 7, "category_id": 3, **each} for each in annotations],
        **others,
    }


def labelme(*shapes: dict, **others: object) -> dict:
    return {"imageWidth": 1280, "imageHeight": 720, "shapes": list(shapes), **others}


def shape(label: str, points: object = CORNERS, **others: object) -> dict:
    return {"label": label, "points": points, **others}


@pytest.mark.parametrize(
    "data, spaces",
    [
        (our(space()), [("A1", "car")]),
        (our(space(7, type=None, group=None)), [("7", "car")]),
        (our(), []),
        ({"spaces": [space()]}, [("A1", "car")]),
        ([{"points": CORNERS}, {"points": CORNERS}], [("S1", "car"), ("S2", "car")]),
        ([], []),
        (coco({"segmentation": [FLAT]}), [("S1", "car")]),
        (coco({"segmentation": [FLAT], "category_id": 4}), [("S1", "ev")]),
        (coco({"segmentation": [FLAT], "category_id": 9}), [("S1", "car")]),
        (coco({"segmentation": [FLAT], "attributes": {"name": "P 9"}}), [("P 9", "car")]),
        (coco({"segmentation": [FLAT]}, {"segmentation": [FLAT], "image_id": 8}), [("S1", "car")]),
        (labelme(shape("P1"), shape("P2")), [("P1", "car"), ("P2", "car")]),
        (labelme(shape("car"), shape("car")), [("car", "car"), ("car 2", "car")]),
        (labelme(shape("a"), shape("a"), shape("a 2")), None),
        (labelme(shape("a"), shape("b", [[1, 1], [9, 9]], shape_type="line")), [("a", "car")]),
    ],
    ids=[
        "ours",
        "ours with a number for a name and nothing more",
        "ours without a space",
        "ours without a size",
        "Ultralytics",
        "Ultralytics without a space",
        "COCO with a class of its own",
        "COCO with one of our types",
        "COCO with a class that is not listed",
        "COCO with names",
        "COCO with several photos: the first",
        "LabelMe with names",
        "LabelMe with classes",
        "LabelMe with a name like a numbered class",
        "LabelMe with more than polygons",
    ],
)
def test_files_of_others_are_read(data, spaces):
    found = read_layout(json.dumps(data), image_size=SIZE)
    assert found.image_size == SIZE
    if spaces is None:
        assert len({each.id for each in found.spaces}) == len(found.spaces) == 3
    else:
        assert [(each.id, each.type) for each in found.spaces] == spaces
    for polygon in pixels(found):
        assert polygon == [pytest.approx(corner) for corner in CORNERS]


def test_the_size_that_a_file_says_goes_first():
    assert read_layout(json.dumps(our(space())), image_size=(10, 10)).image_size == SIZE
    data = coco({"segmentation": [FLAT]})
    assert read_layout(json.dumps(data), image_size=(10, 10)).image_size == SIZE


@pytest.mark.parametrize(
    "data, said",
    [
        ([{"points": CORNERS}], "do not say how large their photo is; give its width and height"),
        ({"spaces": [space()]}, "does not say `image_size`"),
    ],
    ids=["Ultralytics", "ours without it"],
)
def test_a_file_that_does_not_say_its_size_needs_it(data, said):
    with pytest.raises(LayoutError, match=said):
        read_layout(json.dumps(data))


# -- what cannot be used ------------------------------------------------------------------------


def with_corner(corner: object) -> dict:
    return our(space(polygon=[corner, *CORNERS[1:]]))


BAD = {
    "nothing": ("", "not JSON"),
    "half a file": ('{"spaces": [', "not JSON"),
    "a web page": ("<html>", "not JSON"),
    "a number": (5, "neither an object nor a list"),
    "a word": ("true", "neither an object nor a list"),
    "another object": ({"parking": []}, "no known form; expected an object with `spaces`"),
    "not a number": ('{"image_size": [9, 9], "spaces": [{"id": "A", "polygon": [[NaN, 1]]}]}',
                     "numbers of pixels, but got NaN"),
    "no end": ('{"image_size": [9, 9], "spaces": [{"id": "A", "polygon": [[1, -Infinity]]}]}',
               "numbers of pixels, but got -Infinity"),
    "text for a number": (with_corner(["10", 20]), "coordinates are numbers, but got \"10\""),
    "yes for a number": (with_corner([True, 20]), "coordinates are numbers, but got true"),
    "nothing for a number": (with_corner([None, 20]), "coordinates are numbers, but got null"),
    "a number beyond all": (with_corner([10**400, 20]), "numbers of pixels, but got 1000"),
    "outside of the photo": (with_corner([1400, 20]), r"A1: the corner \(1\.094, 0\.028\) lies"),
    "crossed over": (our(space(polygon=[CORNERS[n] for n in (0, 2, 1, 3)])), "A1: .*crosses"),
    "two corners": (our(space(polygon=CORNERS[:2])), "A1: .* 3 to 100 corners, but this has 2"),
    "tiny": (our(space(polygon=[[1, 1], [3, 1], [3, 3]])), "A1: it is too small"),
    "another type": (our(space(type="lorry")), "A1: a type is one of car, .* but got 'lorry'"),
    "a list of types": (our(space(type=["car"])), r'space 1 is one of car, .* got \["car"\]'),
    "one name twice": (our(space(), space()), "each name may be given once.*: A1"),
    "an empty name": (our(space("")), "name has 1 to 40 printable characters, but got ''"),
    "a name with a line break": (our(space("a\nb")), "1 to 40 printable characters"),
    "half a character for a name": (our(space("\ud800")), "1 to 40 printable characters"),
    "half a character for a group": (our(space(group="\ud800")), "group"),
    "no name": (our({"polygon": CORNERS}), "'id' is missing"),
    "null for a name": (our(space(None)), "the name of space 1 is text or a number, but got null"),
    "a list for a name": (our(space([1])), r"the name of space 1 is text .* but got \[1\]"),
    "a list for a group": (our(space(group=[1])), "the group of space 1"),
    "null for a label": (labelme(shape(None)), "the name of shape 1"),
    "far too deep": ("[" * 100_000, "not JSON"),
    "far too long a number": ("9" * 5000, "not JSON"),
    "a huge file": (" " * 20_000_001, "the layout.* at most 20 MB"),
    "no polygon": (our({"id": "A1"}), "'polygon' is missing"),
    "a kind there is not": (our(areas=[space("B", kind="x")]), "B: a kind is one of count, ignore"),
    "too large an area": (our(areas=[space("B", capacity=10**9)]), "B: a capacity .* 1 to 100,000"),
    "half a vehicle": (our(areas=[space("B", capacity=2.5)]), "area 1: a capacity is"),
    "text for a capacity": (our(areas=[space("B", capacity="5")]), "area 1: a capacity is"),
    "half a pixel": ({**our(), "image_size": [12.5, 7]}, "two whole numbers, but got 12.5"),
    "text for a size": ({**our(), "image_size": ["12", 7]}, "two whole numbers, but got \"12\""),
    "yes for a size": ({**our(), "image_size": [True, 7]}, "two whole numbers, but got true"),
    "no pixels": ({**our(), "image_size": [0, 7]}, "two whole numbers, but got 0"),
    "too many pixels": ({**our(), "image_size": [9, 10**6]}, "two whole numbers, but got 1000000"),
    "one side": ({**our(), "image_size": [7]}, "`image_size` is two numbers, but got .7"),
    "a number for a size": ({**our(), "image_size": 7}, "cannot be used"),
    "a number for spaces": ({**our(), "spaces": 7}, "cannot be used"),
    "a number for a space": (our(7), "cannot be used"),
    "one number a corner": (with_corner([10]), "cannot be used"),
    "three numbers a corner": (with_corner([10, 20, 0]), "cannot be used"),
    "nothing for areas": (our(areas=None), "cannot be used"),
    "Ultralytics without points": ([{"polygon": CORNERS}], "'points' is missing"),
    "Ultralytics' with text": ([{"points": [["1", 2], [3, 4]]}], "numbers, but got \"1\""),
    "COCO without a photo": ({"images": [], "annotations": []}, "cannot be used"),
    "COCO of another photo": (
        coco({"segmentation": [FLAT], "image_id": 8}), "none of its 1 annotations"),
    "COCO without corners": (coco({}), "'segmentation' is missing"),
    "COCO with a mask": (coco({"segmentation": {"counts": "a", "size": [1, 2]}}), "cannot be used"),
    "COCO with half a corner": (coco({"segmentation": [FLAT[:-1]]}), "cannot be used"),
    "COCO without a size": (coco(images=[{"id": 1}]), "'width' is missing"),
    "COCO with one name twice": (
        coco(*[{"segmentation": [FLAT], "attributes": {"name": "P"}}] * 2), "given once.*: P"),
    "LabelMe without a size": ({"shapes": [shape("a")]}, "'imageWidth' is missing"),
    "LabelMe without a label": (labelme({"points": CORNERS}), "'label' is missing"),
    "LabelMe with a circle said to be a polygon": (
        labelme(shape("a", CORNERS[:2])), "a: .* 3 to 100 corners"),
    "too many spaces": (our(*(space(n) for n in range(2001))), "at most 2,000"),
    "lists in lists without end": ("[" * 100_000, "not JSON|nested"),
}  # fmt: skip


@pytest.mark.parametrize("data, said", BAD.values(), ids=BAD.keys())
def test_what_cannot_be_used_is_told(data, said):
    text = data if isinstance(data, str) else json.dumps(data)
    with pytest.raises(LayoutError, match=said) as caught:
        read_layout(text, image_size=SIZE)
    assert str(caught.value).startswith(("the layout", "a corner's", "the photo's"))


NUMBERS = st.none() | st.booleans() | st.integers() | st.floats() | st.integers(0, 1280)
WORDS = st.sampled_from(["car", "count", "A1", "polygon", ""]) | st.text(max_size=5)
KEYS = st.sampled_from(
    ["spaces", "image_size", "areas", "id", "polygon", "type", "group", "kind", "capacity",
     "points", "images", "annotations", "categories", "width", "height", "image_id", "name",
     "category_id", "segmentation", "attributes", "shapes", "label", "shape_type",
     "imageWidth", "imageHeight"]
)  # fmt: skip
ANYTHING = st.recursive(
    NUMBERS | WORDS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(KEYS | WORDS, inner, max_size=5),
    max_leaves=20,
)


@st.composite
def nearly_right(draw):
    """A file of one of the forms in which one value is replaced by anything."""
    data = json.loads(write_layout(LAYOUT, draw(st.sampled_from(FORMS))))
    place = data
    while True:
        keys = list(place) if isinstance(place, dict) else range(len(place))
        key = draw(st.sampled_from(keys))
        if not isinstance(place[key], dict | list) or not place[key] or draw(st.booleans()):
            break
        place = place[key]
    if draw(st.booleans()):
        place[key] = draw(ANYTHING)
    else:
        del place[key]
    return data


@settings(max_examples=400)
@given(ANYTHING | nearly_right(), st.none() | st.just(SIZE))
def test_any_json_is_a_layout_or_told_why_not(data, size):
    try:
        found = read_layout(json.dumps(data), image_size=size)
    except LayoutError as error:
        assert str(error)
    else:
        assert isinstance(found, Layout)
        assert read_layout(write_layout(found)) is not None


@given(st.text(max_size=40))
def test_any_text_is_a_layout_or_told_why_not(text):
    try:
        assert isinstance(read_layout(text, image_size=SIZE), Layout)
    except LayoutError as error:
        assert str(error).startswith("the layout")


# -- any JSON -----------------------------------------------------------------------------------

SCALARS = (
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5)
    | st.sampled_from([10, 90, 200, "car", "count", "polygon", "A1", 10**400])
)  # fmt: skip
KEYS = st.sampled_from(
    ["id", "polygon", "type", "group", "kind", "capacity", "image_size", "spaces", "areas",
     "points", "images", "annotations", "categories", "name", "width", "height", "image_id",
     "category_id", "segmentation", "attributes", "shapes", "label", "shape_type", "imageWidth",
     "imageHeight"]
)  # fmt: skip
ANYTHING = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=5) | st.dictionaries(KEYS, inner, max_size=6),
    max_leaves=25,
)
PYTHONISMS = (
    "NoneType", "None", "object is not", "Traceback", "KeyError", "'int'", "'str'", "'list'",
    "unpack", "subscriptable", "attribute", "argument", "unhashable", "Decimal", "nan", "<class",
)  # fmt: skip


@st.composite
def spoiled(draw):
    """A file of one of the forms, one place of which holds anything at all."""
    data = draw(
        st.sampled_from(
            [
                our(space(), areas=[space("B", kind="count", capacity=3)]),
                [{"points": CORNERS}, {"points": CORNERS}],
                coco({"segmentation": [FLAT], "attributes": {"name": "P"}}),
                labelme(shape("a"), shape("b")),
            ]
        )
    )
    data = json.loads(json.dumps(data))
    at, inner = None, data
    while isinstance(inner, dict | list) and inner:
        key = draw(st.sampled_from(sorted(inner) if isinstance(inner, dict) else range(len(inner))))
        at, inner = (inner, key), inner[key]
        if draw(st.booleans()):
            break
    holder, key = at
    holder[key] = draw(ANYTHING)
    return data


@settings(max_examples=300)
@given(ANYTHING | spoiled())
def test_whatever_a_file_holds_it_is_a_layout_or_told_in_plain_words(data):
    try:
        found = read_layout(json.dumps(data), image_size=SIZE)
    except LayoutError as error:
        said = re.sub(r"but got .*", "", str(error), flags=re.DOTALL)
        assert not [word for word in PYTHONISMS if word in said], said
        assert len(str(error)) < 500
    else:
        assert isinstance(found, Layout)
        assert all(place.id != "None" for place in (*found.spaces, *found.areas))
