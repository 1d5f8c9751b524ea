"""A car park's own model: is there enough to train on, how right it is before and after, its name.

Everything works on a folder as `accuracy.training_export` writes it.
"""

from __future__ import annotations

import json
import shutil
import zlib
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any, Literal, NamedTuple

from parkcore.accuracy.labelled_sets import is_drawn, outline_within
from parkcore.accuracy.meter import Answer
from parkcore.domain import Detection, Image
from parkcore.errors import FolderError, NotEnoughHistory, OutputError, UnreadablePhoto
from parkcore.images import decode
from parkcore.spaces.layout import Layout, Space
from parkcore.spaces.verdict import Judged, State
from parkcore.training.space_crops import camera_day

LEAST_SPACES, LEAST_OF_A_KIND = 60, 12
"""That people spoke of on days for training; fewer and it only learns them by heart."""

LEAST_HELD_BACK = 15
"""Fewer measure nothing."""

LEAST_PHOTOS = 50
"""For the detector."""

Judging = Callable[[Layout, Image, int | None], tuple[Sequence[Detection], Judged]]
"""What judges a photo's spaces, in the analysis size of its camera where that is known: what it
detects, and what it says of each space."""


class Trial(NamedTuple):
    """One space that a model judged and a person spoke of."""

    state: State
    said: Answer
    place: str
    """The camera's day and the space: what stands there may stand there all day."""


Measured = list[Trial]
"""Of the same spaces in the same order."""


@dataclass(frozen=True, slots=True)
class Told:
    """One photo of which people said something."""

    photo: Path
    layout: Layout
    """With every marked space that can be used."""
    said: dict[str, Answer]
    """Per space what a person said; only those they spoke of."""
    drawn: frozenset[str]
    """Of these, the spaces that were not chosen for how they had been judged: drawn by chance, or
    every one of the photo. How right a model is, these alone tell: what people put right is what
    the model in use judged wrongly."""
    split: Literal["train", "valid"]
    imgsz: int | None = None
    """The analysis size of its camera; None where it is not known."""
    camera_day: str = ""
    """Its camera and day, where the set says them."""


@dataclass(frozen=True, slots=True)
class Amount:
    """How much people said."""

    photos: int
    occupied: int
    vacant: int
    """On days for training; the photos too."""
    held_back: int
    """Drawn spaces on days that are held back."""

    @classmethod
    def of(cls, told: Iterable[Told]) -> Amount:
        training = [each for each in told if each.split == "train"]
        said = [answer for each in training for answer in each.said.values()]
        held_back = sum(len(each.drawn) for each in told if each.split == "valid")
        return cls(len(training), said.count("occupied"), said.count("vacant"), held_back)

    @property
    def spaces(self) -> int:
        return self.occupied + self.vacant

    def check(self, *, detector: bool) -> None:
        """
        Raises:
            NotEnoughHistory: it is too little to train and measure with.
        """
        missing = []
        if self.spaces < LEAST_SPACES or min(self.occupied, self.vacant) < LEAST_OF_A_KIND:
            missing.append(
                f"{self.spaces} spaces ({self.occupied} occupied, {self.vacant}"
                f" free) on days for training, and at least {LEAST_SPACES} are needed,"
                f" {LEAST_OF_A_KIND} of each kind"
            )
        if self.held_back < LEAST_HELD_BACK:
            missing.append(
                f"{self.held_back} answers about spaces on days held back for measuring (every"
                f" fifth day), and at least {LEAST_HELD_BACK} are needed; corrections measure"
                " nothing, as people correct what is wrong"
            )
        if detector and self.photos < LEAST_PHOTOS:
            missing.append(f"{self.photos} photos, and the detector needs at least {LEAST_PHOTOS}")
        if missing:
            raise NotEnoughHistory(
                f"people spoke of too little to train with: {'; '.join(missing)}. Answer on the"
                " page Accuracy, which goes back through earlier days as well (“Go on with …”);"
                " corrected snapshots are learned from, too"
            )


def read_told(folder: Path) -> list[Told]:
    """The photos of a folder of which people said something, by name.

    Raises:
        FolderError: there is no `spaces.json` of `parkcore export-training` in it.
    """
    try:
        entries = json.loads((folder / "spaces.json").read_text(encoding="utf-8"))
        return [_told(folder, name, entry) for name, entry in sorted(entries.items())]
    except FileNotFoundError:
        return []
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise FolderError(
            f"{folder / 'spaces.json'} is not what `parkcore export-training` writes ({error!r})"
        ) from error


def _told(folder: Path, name: str, entry: dict[str, Any]) -> Told:
    size = entry["width"], entry["height"]
    spaces: list[Space] = []
    said: dict[str, Answer] = {}
    drawn: set[str] = set()
    for each in entry["spaces"]:
        outline = outline_within(each["contour"], size)
        if outline is not None:
            spaces.append(Space(each["id"], outline, each.get("type", "car")))
            if each["occupied"] is not None:
                said[each["id"]] = "occupied" if each["occupied"] else "vacant"
                if is_drawn(each):
                    drawn.add(each["id"])
    split: Literal["train", "valid"] = "valid" if entry["split"] == "valid" else "train"
    layout = Layout(tuple(spaces), (), size)
    photo = folder / "images" / name
    day = camera_day(name, entry)
    return Told(photo, layout, said, frozenset(drawn), split, entry.get("imgsz"), day)


def measure(told: Iterable[Told], judging: Judging, *, max_megapixels: float) -> Measured:
    """How the drawn spaces are judged; photos that cannot be read are left out.

    All spaces of a photo are judged, so that each vehicle can stand in the one where it belongs.
    """
    trials: Measured = []
    for each in told:
        try:
            image = decode(each.photo.read_bytes(), max_megapixels=max_megapixels).image
        except (OSError, UnreadablePhoto):
            continue
        _, judged = judging(each.layout, image, each.imgsz)
        states = {space.id: space.state for space in judged.judgement.spaces}
        trials += [
            Trial(states[name], said, f"{each.camera_day}/{name}")
            for name, said in each.said.items()
            if name in each.drawn
        ]
    return trials


def days_to_stop_by(groups: Iterable[str]) -> set[str]:
    """Of the days for training one in five, which tell when to stop: the days that are held back
    measure what comes of it, and so may not choose it.

    A day stays such a one whatever is said later, so that no model stops by what the one before
    learned from. Where chance has chosen none or all, it is the last.

    Args:
        groups: cameras' days, as `space_crops.camera_day` names them.
    """
    days = set(groups)
    chosen = {day for day in days if zlib.crc32(day.encode()) % 5 == 0}
    return chosen if chosen and chosen != days else set(sorted(days)[-1:])


@dataclass(frozen=True, slots=True)
class Change:
    """On how many of the same spaces a model judges better than another, and worse: rightly is
    better than to leave it open, and that better than wrongly. A space counts once a day, however
    often it was asked about: a car that stands all day is no new trial on each photo."""

    better: int
    worse: int

    @classmethod
    def between(cls, before: Measured, after: Measured) -> Change:
        steps: Counter[str] = Counter()
        for then, now in zip(before, after, strict=True):
            steps[now.place] += _worth(now) - _worth(then)
        return cls(sum(step > 0 for step in steps.values()), sum(s < 0 for s in steps.values()))

    @property
    def gain(self) -> int:
        return self.better - self.worse

    def is_more_than_chance(self, tried: int = 1) -> bool:
        """Whether so many better ones are rare, 5 times of 100 at most, where neither model is
        better: the exact sign test (Conover, "Practical Nonparametric Statistics", 1999, 3.4),
        on one side, divided by how many models were tried (Bonferroni).

        Args:
            tried: of how many models this one was chosen.
        """
        from scipy.stats import binomtest  # takes half a second

        if self.gain <= 0:
            return False
        trials = self.better + self.worse
        return bool(binomtest(self.better, trials, alternative="greater").pvalue <= 0.05 / tried)


def _worth(trial: Trial) -> int:
    return 0 if trial.state == "unknown" else 1 if trial.state == trial.said else -1


def new_weights(folder: Path, kind: str, day: date, number: int) -> Path:
    """A file that is not there yet, named after the day and how much it was trained on."""
    stem = f"parkcore-{kind}-{day.isoformat()}-{number}"
    free = (folder / f"{stem}{more}.pt" for more in ("", *(f"-{n}" for n in range(2, 1000))))
    return next(path for path in free if not path.exists())


def keep_weights(fitted: Path, kept: Path) -> None:
    """Copy weights to where they stay, whole or not at all.

    Raises:
        OutputError: they cannot be written there.
    """
    unfinished = kept.with_suffix(".unfinished")
    try:
        kept.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(fitted, unfinished)
        unfinished.replace(kept)
    except OSError as error:
        with suppress(OSError):
            unfinished.unlink(missing_ok=True)
        raise OutputError(f"{kept} cannot be written ({error.strerror})") from error
