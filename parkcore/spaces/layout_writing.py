"""Layouts as the text of files, in every form that `layout_files` reads."""

from __future__ import annotations

import json
from typing import Any, cast

from parkcore.spaces.layout import AREA_KINDS, SPACE_TYPES, Layout
from parkcore.spaces.layout_files import Corners, Form, Size


def write_layout(layout: Layout, form: Form = "parkcore") -> str:
    """A layout as the text of a file. Only Parkcore's own form keeps all of it."""
    writers = {
        "parkcore": _to_parkcore,
        "ultralytics": _to_ultralytics,
        "coco": _to_coco,
        "labelme": _to_labelme,
    }
    return json.dumps(writers[form](layout), indent=1, ensure_ascii=False)


def _pixels(polygon: Corners, size: Size) -> list[list[float]]:
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
