"""Where a model's file is: an own one, one that Parkcore brings, or an official one, fetched."""

from __future__ import annotations

import logging
import os
from collections.abc import Callable
from pathlib import Path

from parkcore.detect import MODEL_SETTING, ultralytics
from parkcore.errors import ModelError

log = logging.getLogger(__name__)


def find_weights(
    model: str,
    *,
    folders: tuple[Path, ...],
    setting: str = MODEL_SETTING,
    announce: Callable[[str], None] = log.warning,
) -> Path:
    """The file of a model given as a path or as a name in one of `folders`.

    An official YOLOv8 name that is nowhere is downloaded by Ultralytics into the first folder,
    which `announce` is told before.

    Raises:
        ModelError: no such file, and none that could be downloaded.
    """
    path = Path(model).expanduser()
    for candidate in (path, *(folder / path for folder in folders)):
        if os.path.isfile(candidate):  # noqa: PTH113 – Path.is_file raises without permission
            return candidate
    target = folders[0] / path.name
    if path.name != model or not _is_official(path.name):
        raise ModelError(
            f"there is no model at {path.absolute()}; put the file there, or set {setting} to"
            " another file or to an official name such as yolov8s.pt"
        )
    announce(f"downloading {path.name} from Ultralytics to {target} (once)")
    return _download(target)


def model_folders() -> tuple[Path, ...]:
    """Where models are looked for: the working folder's, the repository's, the package's own."""
    package = Path(__file__).parent
    return Path("models"), package.parent / "models", package / "weights"


def _is_official(name: str) -> bool:
    stem, dot, suffix = name.partition(".")
    return name.startswith("yolov8") and stem[6:] in set("nsmlx") and dot + suffix == ".pt"


def _download(target: Path) -> Path:
    ultralytics()
    from ultralytics.utils.downloads import attempt_download_asset

    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        attempt_download_asset(target, retry=1)
    except (OSError, MemoryError) as error:
        raise ModelError(_how_to_fetch(target)) from error
    if not target.is_file():
        raise ModelError(_how_to_fetch(target))
    return target


def _how_to_fetch(target: Path) -> str:
    return (
        f"{target.name} could not be downloaded (is there an internet connection?); download it on"
        f" another machine from the release page of Ultralytics' assets and put it at"
        f" {target.absolute()}, or use the model that Parkcore brings,"
        " parkcore-yolov8n.pt"
    )
