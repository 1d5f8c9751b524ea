"""Sets of photos with YOLO boxes of vehicles, as labelling tools and public collections have them.

`images/` and `labels/` lie side by side: alone, in a folder for each split (`valid/labels`), or
with one within (`labels/valid`). `data.yaml` beside or above them says what the boxes are called.
A photo without a file of labels shows no vehicle.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import yaml

from parkcore.accuracy.set_notes import SetNotes
from parkcore.accuracy.splits import NAMES, called, split_of
from parkcore.accuracy.truth import Truth
from parkcore.domain import LABELS, Box
from parkcore.errors import FolderError, UnreadablePhoto
from parkcore.images import SUFFIXES, upright_size

log = logging.getLogger(__name__)

FURTHEST = 2.0
"""Labels reach over a photo's edge, but no further than this, in sides of the photo: what does is
in pixels."""


def label_folders(folder: Path) -> Iterator[tuple[Path, Path, str | None]]:
    """Where the labels of a set lie, where their photos do, and which split that is; None where
    the folders' names do not say it."""
    if any((folder / "labels").glob("*.txt")):
        split = called(folder.name) if folder.name in NAMES else None
        yield folder / "labels", folder / "images", split
    for name in NAMES:
        for labels, images in (
            (folder / name / "labels", folder / name / "images"),
            (folder / "labels" / name, folder / "images" / name),
        ):
            if labels.is_dir():
                yield labels, images, called(name)


def read_boxes(folder: Path, split: str | None, notes: SetNotes) -> Iterator[Truth]:
    """The photos of a set that has labelled boxes, whatever else is known of them.

    Args:
        split: as the folders' names say, else by the photos' names as `splits` does.

    Raises:
        FolderError: the labels, or what their names mean, cannot be read.
    """
    split, names = called(split), _names(folder)
    if all(notes.type_of(name) is None for name in names.values()):
        raise FolderError(
            f"of what is labelled in {folder} nothing is known to be a vehicle:"
            f" {', '.join(names.values())}; say what it is in a file of notes (--about)"
        )
    _tell_what_is_not_read(folder, names, notes)
    others: set[str] = set()
    for labels, images, said in label_folders(folder):
        if split and said not in (None, split):
            continue
        try:
            photos = sorted(p for p in images.iterdir() if p.suffix.lower() in SUFFIXES)
        except OSError as error:
            raise FolderError(f"the photos of {labels} cannot be listed: {error}") from error
        _check_names(labels, photos, images)
        chosen = [p for p in photos if split in (None, said or split_of(p.stem))]
        if split and not said and notes == SetNotes():
            warn_of_chosen(folder, len(chosen), len(photos))
        for photo in chosen:
            try:
                yield _truth(photo, labels / f"{photo.stem}.txt", names, notes, others)
            except UnreadablePhoto as error:
                log.warning("%s is left out: %s", photo.name, error)
    if others:
        log.warning("%s: not taken for vehicles: %s", folder, ", ".join(sorted(others)))


def _tell_what_is_not_read(folder: Path, names: Mapping[int, str], notes: SetNotes) -> None:
    """Say what the figures of a set would otherwise hide."""
    read = {labels for labels, _, _ in label_folders(folder)}
    below = {
        path.parent
        for path in folder.rglob("*.txt")
        if "labels" in path.relative_to(folder).parent.parts
    }
    for unread in sorted(below - read):
        log.warning("%s is not read; split folders are called %s", unread, ", ".join(NAMES))
    if notes != SetNotes():
        return
    if any(re.fullmatch(r"vehicles?", name, re.IGNORECASE) for name in names.values()):
        log.warning('%s: "vehicle" is taken for a car; see AP50, types as one', folder)
    elif missing := set(LABELS) - {notes.type_of(name) for name in names.values()}:
        absent = ",".join(label for label in LABELS if label in missing)
        log.warning(
            "%s labels no %s: if its photos show any, say --unlabelled %s, or to find one counts"
            " as wrong", folder, absent.replace(",", ", "), absent,
        )  # fmt: skip


def warn_of_chosen(folder: Path, chosen: int, of: int) -> None:
    """Say how many photos of a set were chosen that itself says no split of."""
    if of:
        log.warning(
            "%s says no split of %d photos: %d of them are chosen by their names; go without"
            " --split to measure on all", folder, of, chosen,
        )  # fmt: skip


def _check_names(labels: Path, photos: Sequence[Path], images: Path) -> None:
    """Whether the files of labels are those of the photos.

    Raises:
        FolderError: no photo has labels.
    """
    named = {path.stem for path in labels.glob("*.txt")} - {"classes"}  # LabelImg's list of names
    stems = {photo.stem for photo in photos}
    if photos and not named & stems:
        raise FolderError(f"no file in {labels} is named after a photo in {images}")
    if named - stems:
        log.warning("%s: %d files are of no photo in %s", labels, len(named - stems), images)
    if stems - named:
        log.warning(
            "%s: %d of %d photos have no file there and are taken to show no vehicle",
            labels, len(stems - named), len(stems),
        )  # fmt: skip


def _names(folder: Path) -> dict[int, str]:
    """What the boxes of each number are called."""
    beside = (folder / "data.yaml", folder.parent / "data.yaml")
    path = next((path for path in beside if path.is_file()), None)
    if path is None:
        raise FolderError(f"{folder} has labels but no data.yaml that says what they are called")
    try:
        given = yaml.safe_load(path.read_text(encoding="utf-8"))["names"]
        numbered = dict(given if isinstance(given, dict) else enumerate(given))
        return {int(number): str(name) for number, name in numbered.items()}
    except (OSError, ValueError, KeyError, TypeError, yaml.YAMLError) as error:
        raise FolderError(f"{path} does not say the labels' names: {error!r}") from error


def _truth(
    photo: Path, labels: Path, names: Mapping[int, str], notes: SetNotes, others: set[str]
) -> Truth:
    """What is known of one photo. Names that mean no vehicle are added to `others`."""
    try:
        rows = _rows(labels)
        size = upright_size(photo)
        unknown = sorted({int(row[0]) for row in rows} - set(names))
        if unknown:
            raise ValueError(f"data.yaml has no name for {', '.join(map(str, unknown))}")
        boxes = [(names[int(row[0])], _box(row, *size)) for row in rows]
    except (OSError, ValueError) as error:
        raise FolderError(f"the labels in {labels} cannot be read: {error!r}") from error
    seen = [(name, box) for name, box in boxes if box is not None]
    known = [(label, box) for name, box in seen if (label := notes.type_of(name))]
    others |= {n for n, _ in seen if not notes.type_of(n) and not notes.is_neutral(n)}
    return Truth(
        photo,
        tuple(box for _, box in known),
        labels=tuple(label for label, _ in known),
        neutral=tuple(box for name, box in seen if notes.is_neutral(name)),
        unlabelled=notes.unlabelled,
        is_complete=notes.complete,
        light=notes.light,
        view=notes.view,
    )


def _rows(labels: Path) -> list[list[str]]:
    if not labels.is_file():
        return []
    lines = labels.read_text(encoding="utf-8-sig").splitlines()
    return [line.split() for line in dict.fromkeys(lines) if line.strip()]  # no vehicle twice


def _box(row: list[str], width: int, height: int) -> Box | None:
    """A row's box in pixels: its middle and size, or around its outline; as much of it as is in the
    photo, where detections end too. None without extent."""
    given = list(map(float, row[1:]))
    if not all(abs(value) <= FURTHEST for value in given):
        raise ValueError(f"{' '.join(row)!r}: expected shares of the photo's sides, 0 to 1")
    if len(given) == 4:
        cx, cy, w, h = given
        x1, y1, x2, y2 = cx - w / 2, cy - h / 2, cx + w / 2, cy + h / 2
    elif len(given) >= 6 and len(given) % 2 == 0:
        xs, ys = given[::2], given[1::2]
        x1, y1, x2, y2 = min(xs), min(ys), max(xs), max(ys)
    else:
        raise ValueError(f"{' '.join(row)!r}: expected a number, then a box or an outline")
    x1, y1, x2, y2 = (min(max(value, 0.0), 1.0) for value in (x1, y1, x2, y2))
    if not (x1 < x2 and y1 < y2):
        return None
    return Box(x1 * width, y1 * height, x2 * width, y2 * height)
