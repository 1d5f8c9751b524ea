"""Layouts as files: Parkcore's own JSON, Ultralytics' ParkingManagement, COCO and LabelMe.

What a file holds is recognised by its content. All of them give corners in pixels.
"""

from __future__ import annotations

import itertools
import json
from collections.abc import Iterator
from typing import Any, Literal, TypeAlias, get_args

from parkcore.errors import LayoutError
from parkcore.spaces.layout import AREA_KINDS, SPACE_TYPES, Area, Layout, Space

Form: TypeAlias = Literal["parkcore", "ultralytics", "coco", "labelme"]
FORMS: tuple[Form, ...] = get_args(Form)

MOST_CHARACTERS = 20_000_000
SHOWN = 60
"""Characters of what cannot be used that a message shows."""

Size: TypeAlias = tuple[int, int]
Corners: TypeAlias = tuple[tuple[float, float], ...]


def read_layout(text: str, *, image_size: Size | None = None) -> Layout:
    """A layout from a file's text.

    Args:
        image_size: width and height of the photo that the corners are of, for files that do not
            say it (Ultralytics' never does).

    Raises:
        LayoutError: it is none of the forms, or a polygon in it cannot be used.
    """
    if len(text) > MOST_CHARACTERS:
        raise LayoutError(
            f"the layout is too large: a file has at most {MOST_CHARACTERS // 10**6} MB"
        )
    try:
        data = json.loads(text)
    except json.JSONDecodeError as error:
        raise LayoutError(f"the layout is not JSON: {error}") from error
    except (ValueError, RecursionError) as error:
        raise LayoutError("the layout is not JSON of any use: too deep or too long") from error
    try:
        return _recognised(data, image_size)
    except ValueError as error:
        raise LayoutError(f"the layout cannot be used: {error}") from error
    except RecursionError as error:
        raise LayoutError("the layout cannot be used: it is too deep") from error


def _recognised(data: Any, image_size: Size | None) -> Layout:
    if isinstance(data, list):
        return _ultralytics(data, image_size)
    if not isinstance(data, dict):
        raise LayoutError("the layout is neither an object nor a list of polygons")
    if "annotations" in data and "images" in data:
        return _coco(data)
    if "shapes" in data:
        return _labelme(data)
    if "spaces" in data:
        return _parkcore(data, image_size)
    raise LayoutError(
        "the layout is of no known form; expected an object with `spaces` (Parkcore), `shapes`"
        " (LabelMe) or `images` and `annotations` (COCO), or a list of `points` (Ultralytics)"
    )


def _parkcore(data: dict[str, Any], given: Size | None) -> Layout:
    size = _size(*_pair(data["image_size"], "`image_size`")) if "image_size" in data else given
    if size is None:
        raise LayoutError("the layout does not say `image_size`: [width, height] of its photo")
    spaces = tuple(
        Space(
            _name(_of(each, "id", what), what),
            _corners(_of(each, "polygon", what), size),
            _word(each.get("type") or "car", SPACE_TYPES, what),
            _name(each.get("group") or "", f"the group of {what}"),
        )
        for what, each in _objects(data["spaces"], "space", "`spaces`")
    )
    areas = tuple(
        Area(
            _name(_of(each, "id", what), what),
            _corners(_of(each, "polygon", what), size),
            _word(each.get("kind") or "count", AREA_KINDS, what),
            _capacity(each.get("capacity"), what),
        )
        for what, each in _objects(data.get("areas", []), "area", "`areas`")
    )
    return Layout(spaces, areas, size)


def _ultralytics(data: list[Any], size: Size | None) -> Layout:
    if size is None:
        raise LayoutError(
            "Ultralytics' files do not say how large their photo is; give its width and height"
        )
    polygons = [_of(each, "points", what) for what, each in _objects(data, "polygon", "the layout")]
    spaces = (
        Space(f"S{n}", _corners(polygon, size)) for n, polygon in enumerate(polygons, start=1)
    )
    return Layout(tuple(spaces), (), size)


def _coco(data: dict[str, Any]) -> Layout:
    images = list(_objects(data["images"], "image", "`images`"))
    if not images:
        raise ValueError("it names no photo, `images` is empty")
    what, image = images[0]
    size = _size(_of(image, "width", what), _of(image, "height", what))
    names = {
        _plain(_of(each, "id", what)): each.get("name")
        for what, each in _objects(data.get("categories", []), "category", "`categories`")
    }
    spaces, areas = [], []
    number = 0
    for what, each in _objects(data["annotations"], "annotation", "`annotations`"):
        if each.get("image_id") != image.get("id"):
            continue
        number += 1
        corners = _corners(_outline(_of(each, "segmentation", what), what), size)
        kind: Any = names.get(_plain(each.get("category_id")), "")
        others = each.get("attributes")
        given = others.get("name") if isinstance(others, dict) else None
        name = f"S{number}" if given is None or given == "" else _name(given, what)
        if kind in AREA_KINDS:
            areas.append(Area(name, corners, kind))
        else:
            spaces.append(Space(name, corners, kind if kind in SPACE_TYPES else "car"))
    if data["annotations"] and not number:
        named = image.get("file_name", image.get("id"))
        raise ValueError(
            f"none of its {len(data['annotations'])} annotations is of its first photo, {named};"
            " export the photo with the spaces alone"
        )
    return Layout(tuple(spaces), tuple(areas), size)


def _outline(segmentation: Any, what: str) -> list[list[Any]]:
    """COCO's corners, which stand one after another in one list."""
    if not (isinstance(segmentation, list) and segmentation and isinstance(segmentation[0], list)):
        raise ValueError(f"{what} has no polygon: its `segmentation` is no list of corners")
    flat = segmentation[0]
    if len(flat) % 2:
        raise ValueError(f"{what} has half a corner: its numbers are not in pairs")
    return [flat[n : n + 2] for n in range(0, len(flat), 2)]


def _labelme(data: dict[str, Any]) -> Layout:
    size = _size(_of(data, "imageWidth", "the layout"), _of(data, "imageHeight", "the layout"))
    shapes = [
        (what, each)
        for what, each in _objects(data["shapes"], "shape", "`shapes`")
        if each.get("shape_type", "polygon") == "polygon"
    ]
    names = list(_unique(_name(_of(each, "label", what), what) for what, each in shapes))
    spaces = (
        Space(name, _corners(_of(each, "points", what), size))
        for name, (what, each) in zip(names, shapes, strict=True)
    )
    return Layout(tuple(spaces), (), size)


def _unique(names: Iterator[str]) -> Iterator[str]:
    """LabelMe's labels are classes as often as names; what comes again is numbered."""
    given = list(names)
    taken = set(given)
    used: set[str] = set()
    for name in given:
        free = (f"{name} {n}" for n in itertools.count(2))
        chosen = name if name not in used else next(n for n in free if n not in taken | used)
        used.add(chosen)
        yield chosen


# -- what may stand in a file ---------------------------------------------------------------


def _said(value: Any) -> str:
    """A value as the file has it, shortened."""
    written = json.dumps(value)
    return written if len(written) <= SHOWN else f"{written[:SHOWN]} …"


def _objects(values: Any, kind: str, where: str) -> Iterator[tuple[str, dict[str, Any]]]:
    """What each of a list is called in messages, and what it holds."""
    if not isinstance(values, list):
        raise ValueError(f"{where} is a list, but got {_said(values)}")
    for number, each in enumerate(values, start=1):
        if not isinstance(each, dict):
            raise ValueError(f"{kind} {number} is an object, but got {_said(each)}")
        yield f"{kind} {number}", each


def _of(each: dict[str, Any], key: str, what: str) -> Any:
    if key not in each:
        raise ValueError(f"'{key}' is missing in {what}")
    return each[key]


def _name(value: Any, what: str) -> str:
    """A name, which may be a number in the file."""
    if isinstance(value, bool) or not isinstance(value, str | int):
        raise ValueError(f"the name of {what} is text or a number, but got {_said(value)}")
    return str(value) if isinstance(value, str) or abs(value) < 10**40 else "9" * 41


def _word(value: Any, words: tuple[str, ...], what: str) -> Any:
    if isinstance(value, str):
        return value  # which of the words it is, the place itself looks
    raise ValueError(f"the type of {what} is one of {', '.join(words)}, but got {_said(value)}")


def _capacity(value: Any, what: str) -> int | None:
    if value is None or (isinstance(value, int) and not isinstance(value, bool)):
        return value
    raise ValueError(f"{what}: a capacity is a whole number, but got {_said(value)}")


def _plain(value: Any) -> Any:
    """What may be the number of a category."""
    return value if isinstance(value, str | int) else None


def _pair(value: Any, what: str) -> list[Any]:
    if not (isinstance(value, list) and len(value) == 2):
        raise ValueError(f"{what} is two numbers, but got {_said(value)}")
    return value


def _size(width: Any, height: Any) -> Size:
    for side in (width, height):
        if isinstance(side, bool) or not isinstance(side, int) or not 1 <= side <= 100_000:
            raise LayoutError(f"the photo's size is two whole numbers, but got {_said(side)}")
    return width, height


def _corners(polygon: Any, size: Size) -> Corners:
    if not isinstance(polygon, list):
        raise ValueError(f"a polygon is a list of corners, but got {_said(polygon)}")
    pairs = [_pair(corner, "a corner") for corner in polygon]
    return tuple((_number(x) / size[0], _number(y) / size[1]) for x, y in pairs)


def _number(value: Any) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise LayoutError(f"a corner's coordinates are numbers, but got {_said(value)}")
    if not abs(value) <= 1e9:  # not a number either
        raise LayoutError(f"a corner's coordinates are numbers of pixels, but got {_said(value)}")
    return float(value)


# -- writing -------------------------------------------------------------------------------
