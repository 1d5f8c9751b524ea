"""Layouts as files: Parkcore's own JSON, Ultralytics' ParkingManagement, COCO and LabelMe.

What a file holds is recognised by its content. All of them give corners in pixels.
"""

from __future__ import annotations

import itertools
import json
import math
from collections.abc import Iterator
from typing import Any, Literal, TypeAlias, cast, get_args

from parkcore.errors import LayoutError
from parkcore.layout import AREA_KINDS, SPACE_TYPES, Area, Layout, Space

Form: TypeAlias = Literal["parkcore", "ultralytics", "coco", "labelme"]
FORMS: tuple[Form, ...] = get_args(Form)

Size: TypeAlias = tuple[int, int]
_Corners: TypeAlias = tuple[tuple[float, float], ...]


def read_layout(text: str, *, image_size: Size | None = None) -> Layout:
    """A layout from a file's text.

    Args:
        image_size: width and height of the photo that the corners are of, for files that do not
            say it (Ultralytics' never does).

    Raises:
        LayoutError: it is none of the forms, or a polygon in it cannot be used.
    """
    try:
        data = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise LayoutError(f"the layout is not JSON: {error}") from error
    try:
        return _recognised(data, image_size)
    except LayoutError:
        raise
    except (ValueError, TypeError, KeyError, IndexError, AttributeError, OverflowError) as error:
        raise LayoutError(f"the layout cannot be used: {_said(error)}") from error


def _said(error: Exception) -> str:
    return f"{error} is missing" if isinstance(error, KeyError) else str(error)


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
    size = _size(*data["image_size"]) if "image_size" in data else given
    if size is None:
        raise LayoutError("the layout does not say `image_size`: [width, height] of its photo")
    spaces = tuple(
        Space(
            str(each["id"]),
            _corners(each["polygon"], size),
            each.get("type") or "car",
            str(each.get("group") or ""),
        )
        for each in data["spaces"]
    )
    areas = tuple(
        Area(
            str(each["id"]),
            _corners(each["polygon"], size),
            each.get("kind") or "count",
            each.get("capacity"),
        )
        for each in data.get("areas", ())
    )
    return Layout(spaces, areas, size)


def _ultralytics(data: list[Any], size: Size | None) -> Layout:
    if size is None:
        raise LayoutError(
            "Ultralytics' files do not say how large their photo is; give its width and height"
        )
    polygons = [each["points"] for each in data]
    spaces = (
        Space(f"S{n}", _corners(polygon, size)) for n, polygon in enumerate(polygons, start=1)
    )
    return Layout(tuple(spaces), (), size)


def _coco(data: dict[str, Any]) -> Layout:
    image = data["images"][0]
    size = _size(image["width"], image["height"])
    names = {each["id"]: str(each["name"]) for each in data.get("categories", ())}
    mine = [each for each in data["annotations"] if each["image_id"] == image["id"]]
    spaces, areas = [], []
    for number, each in enumerate(mine, start=1):
        flat = each["segmentation"][0]
        corners = _corners(list(zip(flat[::2], flat[1::2], strict=True)), size)
        kind = names.get(each["category_id"], "")
        name = str((each.get("attributes") or {}).get("name") or f"S{number}")
        if kind in AREA_KINDS:
            areas.append(Area(name, corners, cast(Any, kind)))
        else:
            spaces.append(Space(name, corners, cast(Any, kind if kind in SPACE_TYPES else "car")))
    return Layout(tuple(spaces), tuple(areas), size)


def _labelme(data: dict[str, Any]) -> Layout:
    size = _size(data["imageWidth"], data["imageHeight"])
    shapes = [each for each in data["shapes"] if each.get("shape_type", "polygon") == "polygon"]
    names = list(_unique(str(each["label"]) for each in shapes))
    spaces = (
        Space(name, _corners(each["points"], size))
        for name, each in zip(names, shapes, strict=True)
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


def _size(width: Any, height: Any) -> Size:
    for side in (width, height):
        if isinstance(side, bool) or not isinstance(side, int) or not 1 <= side <= 100_000:
            raise LayoutError(f"the photo's size is two whole numbers, but got {side!r}")
    return width, height


def _corners(polygon: Any, size: Size) -> _Corners:
    return tuple((_number(x) / size[0], _number(y) / size[1]) for x, y in polygon)


def _number(value: Any) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        raise LayoutError(f"a corner's coordinates are numbers, but got {value!r}")
    return float(value)


# -- writing -------------------------------------------------------------------------------


def write_layout(layout: Layout, form: Form = "parkcore") -> str:
    """A layout as the text of a file. Only Parkcore's own form keeps all of it."""
    writers = {
        "parkcore": _to_parkcore,
        "ultralytics": _to_ultralytics,
        "coco": _to_coco,
        "labelme": _to_labelme,
    }
    return json.dumps(writers[form](layout), indent=1, ensure_ascii=False)


def _pixels(polygon: _Corners, size: Size) -> list[list[float]]:
    return [[round(x * size[0], 6), round(y * size[1], 6)] for x, y in polygon]


def _to_parkcore(layout: Layout) -> dict[str, Any]:
    size = layout.image_size
    return {
        "image_size": list(size),
        "spaces": [
            {"id": s.id, "polygon": _pixels(s.polygon, size), "type": s.type}
            | ({"group": s.group} if s.group else {})
            for s in layout.spaces
        ],
        "areas": [
            {
                "id": a.id,
                "polygon": _pixels(a.polygon, size),
                "kind": a.kind,
                "capacity": a.capacity,
            }
            for a in layout.areas
        ],
    }


def _to_ultralytics(layout: Layout) -> list[dict[str, Any]]:
    return [{"points": _pixels(s.polygon, layout.image_size)} for s in layout.spaces]


def _to_coco(layout: Layout) -> dict[str, Any]:
    width, height = layout.image_size
    kinds = (*SPACE_TYPES, *AREA_KINDS)
    places = [(s.id, s.type, s.polygon) for s in layout.spaces]
    places += [(a.id, cast(Any, a.kind), a.polygon) for a in layout.areas]
    annotations = []
    for number, (name, kind, polygon) in enumerate(places, start=1):
        corners = _pixels(polygon, layout.image_size)
        xs, ys = [x for x, _ in corners], [y for _, y in corners]
        annotations.append(
            {
                "id": number,
                "image_id": 1,
                "category_id": 1 + kinds.index(kind),
                "segmentation": [[value for corner in corners for value in corner]],
                "bbox": [min(xs), min(ys), max(xs) - min(xs), max(ys) - min(ys)],
                "iscrowd": 0,
                "attributes": {"name": name},
            }
        )
    return {
        "images": [{"id": 1, "width": width, "height": height, "file_name": "reference.jpg"}],
        "categories": [{"id": n, "name": kind} for n, kind in enumerate(kinds, start=1)],
        "annotations": annotations,
    }


def _to_labelme(layout: Layout) -> dict[str, Any]:
    width, height = layout.image_size
    return {
        "version": "5.0.0",
        "flags": {},
        "shapes": [
            {
                "label": s.id,
                "points": _pixels(s.polygon, layout.image_size),
                "group_id": None,
                "shape_type": "polygon",
                "flags": {},
            }
            for s in layout.spaces
        ],
        "imagePath": "reference.jpg",
        "imageData": None,
        "imageWidth": width,
        "imageHeight": height,
    }
