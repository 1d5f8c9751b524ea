"""The folder that a detector and a classifier are trained on: whole files only, resumable."""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from models.training.render.plan import CLASSES, Scene
from models.training.render.truth import Seen, labels

Folder = Path
NAMES = (*CLASSES, "doubtful")
"""What the numbers in labels mean; `parkcore evaluate` takes the last one for neither right nor
wrong."""


def is_done(out: Folder, name: str) -> bool:
    """Whether a picture is there with all that is known of it. Its truth is written last."""
    return (out / "truth" / f"{name}.json").is_file()


def save(
    out: Folder,
    scene: Scene,
    picture: NDArray[np.uint8],
    seen: Sequence[Seen],
    spaces: Sequence[dict[str, Any]],
    quality: int,
) -> None:
    """Write a picture, its labels and its truth; one that is there is replaced."""
    for part in ("images", "labels", "truth"):
        (out / part).mkdir(parents=True, exist_ok=True)
    image = out / "images" / f"{scene.name}.jpg"
    unfinished = image.with_suffix(".part")
    Image.fromarray(picture).save(unfinished, "JPEG", quality=quality)
    unfinished.replace(image)
    write(out / "labels" / f"{scene.name}.txt", labels(seen, scene.camera.size))
    camera, weather = scene.camera, scene.weather
    truth = {
        "scene": scene.kind,
        "seed": scene.seed,
        "light": scene.light.name,
        "weather": weather.name,
        "ground": scene.site.ground,
        "camera": {
            "height": round(camera.place[2], 2),
            "field": round(float(np.degrees(camera.field)), 1),
            "fisheye": camera.fisheye,
        },
        "size": list(camera.size),
        "vehicles": [asdict(one) for one in seen if not one.doubt],
        "doubtful": [asdict(one) for one in seen if one.doubt],
        "spaces": list(spaces),
    }
    write(out / "truth" / f"{scene.name}.json", json.dumps(truth))


def gather(out: Folder) -> int:
    """Write data.yaml, scenes.json and, where any are marked, spaces.json; how many pictures
    there are."""
    scenes, spaces = {}, {}
    for path in sorted((out / "truth").glob("*.json")):
        truth = json.loads(path.read_text(encoding="utf-8"))
        name = f"{path.stem}.jpg"
        marked = truth.pop("spaces")
        scenes[name] = truth
        if marked:
            width, height = truth["size"]
            spaces[name] = {"width": width, "height": height, "split": "train", "spaces": marked}
    write(out / "scenes.json", json.dumps(scenes))
    if spaces:
        write(out / "spaces.json", json.dumps(spaces))
    names = ", ".join(NAMES)
    write(out / "data.yaml", f"path: .\ntrain: images\nval: images\nnames: [{names}]\n")
    return len(scenes)


def write(path: Path, text: str) -> None:
    """Write a file so that nobody ever sees half of it."""
    unfinished = path.with_name(f"{path.name}.{os.getpid()}.part")
    unfinished.write_text(text, encoding="utf-8")
    unfinished.replace(path)
