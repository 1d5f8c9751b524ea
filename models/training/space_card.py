"""The figures of the classifier's card, made and never written by hand.

    python -m models.training.space_card DATASETS --work WORK --card models/parkcore-spaces.md

Every space is judged by the detections alone, by the classifier alone, and by both as the app
does. The tables take the place of what is between `<!-- figures -->` and `<!-- /figures -->`.
"""

from __future__ import annotations

import itertools
import time
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import click
import numpy as np

from models.training.classifier import fold_file, fold_of_photos
from parkcore.accuracy.evaluate_spaces import judge_photo
from parkcore.accuracy.intervals import clustered_interval
from parkcore.accuracy.labelled_sets import read_truth
from parkcore.accuracy.photo_light import LIGHTS, light_of
from parkcore.accuracy.result_tables import markdown
from parkcore.accuracy.results_card import around, write_card
from parkcore.accuracy.set_notes import read_notes
from parkcore.accuracy.truth import Truth
from parkcore.analysis_size import fitting_size, space_sizes
from parkcore.cli.told_errors import TellingCommand
from parkcore.detect import Detector
from parkcore.images import decode
from parkcore.model_files import find_weights, model_folders
from parkcore.settings import DEFAULT_OPINION, load
from parkcore.spaces.judgement import outlines_of
from parkcore.spaces.second_opinion import SecondOpinion
from parkcore.wiring import make_detector

WAYS = ("detections alone", "classifier alone", "both")
BINS = (0, 0.02, 0.05, 0.1, 0.2, 0.4, 0.6, 0.8, 0.9, 0.95, 0.98, 1.0001)
NOTES = Path(__file__).with_name("sets.toml")
MARKS = "<!-- figures -->", "<!-- /figures -->"


@dataclass(frozen=True, slots=True)
class Told:
    """One space of one photo: what each of `WAYS` says, None for unknown, and what is true."""

    group: str
    photo: str
    light: str
    states: tuple[bool | None, ...]
    probabilities: tuple[float, ...]
    occupied: bool


def told_of(
    group: str, truth: Truth, detector: Detector, second: SecondOpinion
) -> tuple[list[Told], float]:
    """What is said of a photo's spaces; and the processor's time that judging took, ms."""
    if truth.layout is None or truth.marked is None:
        raise ValueError(f"{truth.photo} has no marked spaces; expected a set with spaces.json")
    marked = truth.marked
    image = decode(truth.photo.read_bytes(), max_megapixels=500).image
    size = (image.shape[1], image.shape[0])
    least = detector.info.imgsz
    sizes = space_sizes((space.polygon for space in marked.spaces), size)
    detections = detector.detect(image, fitting_size(sizes, size, least=least, now=least))
    first = judge_photo(marked, image, detections)
    opinions = second.probabilities(image, outlines_of(marked, size)).tolist()
    started = time.process_time()
    both = judge_photo(marked, image, detections, second=second)
    took = 1000 * (time.process_time() - started)
    said = {"occupied": True, "vacant": False, "unknown": None}
    light = truth.light or light_of(image)
    known = dict(zip((s.id for s in truth.layout.spaces), truth.occupied, strict=True))
    return [
        Told(
            group,
            truth.photo.name,
            light,
            (said[one.state], opinion >= 0.5, said[two.state]),
            tuple(0.5 if p is None else p for p in (one.probability, opinion, two.probability)),
            known[one.id],
        )
        for one, opinion, two in zip(first.spaces, opinions, both.spaces, strict=True)
        if one.id in known
    ], took


def by_way(told: Sequence[Told]) -> Iterator[list[str]]:
    """A table's rows: how right each way is."""
    truth = np.array([each.occupied for each in told])
    photos = np.array([each.photo for each in told])
    for number, way in enumerate(WAYS):
        states = [each.states[number] for each in told]
        p = np.array([each.probabilities[number] for each in told]).clip(1e-4, 1 - 1e-4)
        judged = np.array([state is not None for state in states])
        right = np.array([state == occupied for state, occupied in zip(states, truth, strict=True)])
        guessed = (p >= 0.5) == truth
        called = np.array([state is True for state in states])
        wrong = sum(
            abs(int(called[photos == n].sum() - truth[photos == n].sum())) for n in set(photos)
        )
        each = [photos == name for name in dict.fromkeys(photos)]
        of_each = [int(guessed[here].sum()) for here in each], [int(here.sum()) for here in each]
        low, high = clustered_interval(*of_each) or (0, 1)
        yield [
            way,
            f"{right.sum() / max(1, judged.sum()):.2%}",
            f"{1 - judged.mean():.1%}",
            f"{guessed.mean():.2%} ({low:.1%}–{high:.1%})",
            f"{100 * wrong / len(told):.2f}",
            f"{-np.log(np.where(truth, p, 1 - p)).mean():.3f}",
        ]


def by_light(told: Sequence[Told]) -> Iterator[list[str]]:
    for light in LIGHTS:
        here = [each for each in told if each.light == light]
        if here:
            for row in by_way(here):
                yield [light, f"{len(here):,}", *row]


def reliability(told: Sequence[Told]) -> Iterator[list[str]]:
    """A table's rows: of the spaces said to be occupied so surely, how many were."""
    p = np.array([each.probabilities[-1] for each in told])
    truth = np.array([each.occupied for each in told])
    for low, high in itertools.pairwise(BINS):
        here = (low <= p) & (p < high)
        if here.any():
            share = truth[here].mean()
            bar = "█" * round(20 * share) + "░" * (20 - round(20 * share))
            yield [
                f"{low:.2f}–{min(1, high):.2f}", f"{here.sum():,}", f"{p[here].mean():.3f}",
                f"{share:.3f}", bar,
            ]  # fmt: skip


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    return markdown([dict(zip(head, row, strict=True)) for row in rows])


TRAINING = "ACPDS, training lots, by a classifier that has not seen them"
RELIABILITY = ("said", "spaces", "mean said", "were occupied", "")
HEAD = ("judged by", "right, of those judged", "unknown", "right, unknown ones guessed (95 %)",
        "count error of 100 spaces", "log loss")  # fmt: skip


def figures_of(told: Sequence[Told], milliseconds: Sequence[float]) -> str:
    """The tables."""
    parts = []
    for group in dict.fromkeys(each.group for each in told):
        here = [each for each in told if each.group == group]
        photos = len({each.photo for each in here})
        parts += [f"**{group}**: {len(here):,} spaces, {photos} photos", table(HEAD, by_way(here))]
    parts += [
        "By light, all three together (how light a photo is: `parkcore/accuracy/photo_light.py`;"
        " all at dusk and night are of lots that the detector was trained on):",
        table(("light", "spaces", *HEAD), by_light(told)),
        "Reliability of the joint probability, all three together:",
        table(RELIABILITY, reliability(told)),
        "Of the unseen lots and the unseen camera alone:",
        table(RELIABILITY, reliability([each for each in told if each.group != TRAINING])),
        f"Judging with the second opinion took {np.median(milliseconds):.0f} ms of one core a photo"
        f" (median; {len(told) / len(milliseconds):.0f} spaces a photo), the detector not counted.",
    ]
    return "\n\n".join(parts)


@click.command(cls=TellingCommand)
@click.argument("datasets", type=click.Path(exists=True, file_okay=False, path_type=Path))
@click.option("--work", required=True, type=click.Path(exists=True, path_type=Path))
@click.option("--card", required=True, type=click.Path(exists=True, path_type=Path))
def main(datasets: Path, work: Path, card: Path) -> None:
    """Measure, and put the tables into CARD."""
    import torch

    around(card, MARKS)
    torch.set_num_threads(1)
    settings = load()
    detector = make_detector(settings)
    shipped = SecondOpinion(find_weights(DEFAULT_OPINION, folders=model_folders()))
    folds = fold_of_photos(datasets / "acpds", "train")
    told: list[Told] = []
    milliseconds: list[float] = []

    def add(group: str, truths: Sequence[Truth], second: SecondOpinion) -> None:
        for truth in truths:
            more, took = told_of(group, truth, detector, second)
            told.extend(more)
            milliseconds.append(took)

    training = read_truth(datasets / "acpds", split="train")
    for fold in sorted(set(folds.values())):
        if fold_file(work, fold).exists():
            held_back = [truth for truth in training if folds[truth.photo.name] == fold]
            without = SecondOpinion(fold_file(work, fold))
            add(TRAINING, held_back, without)
    add("ACPDS, valid: unseen lots", read_truth(datasets / "acpds", split="valid"), shipped)
    camera = datasets / "pklot_ufpr05"
    of_camera = read_truth(camera, notes=read_notes(NOTES)[camera.name])
    add("PKLot UFPR05: an unseen camera", of_camera, shipped)
    write_card(card, figures_of(told, milliseconds), MARKS)


if __name__ == "__main__":
    main()
