"""Who is measured by `evaluate`: Parkcore by each of its settings, and the plain alternative."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import click

from parkcore.errors import ModelError
from parkcore.settings import OFF, Settings

if TYPE_CHECKING:  # what these bring along would slow down every --help
    from parkcore.accuracy.measuring import Way
    from parkcore.accuracy.plain_yolo import PlainYolo
    from parkcore.spaces.second_opinion import SecondOpinion

PLAIN, NO_PLAIN = "yolov8n.pt", "none"
"""The plain alternative's weights where none are named, and the word for going without."""


def ways_of(
    settings: Settings,
    models: Sequence[str],
    sizes: Sequence[float],
    confidences: Sequence[float],
    *,
    second: SecondOpinion | None = None,
    fits_size: bool = False,
    ranks: bool = False,
) -> list[Way]:
    """Parkcore by every model, size and confidence; also without the second opinion, without the
    street model, and not in 8 bit, each where it is used.

    Args:
        fits_size: look larger where the spaces of a photo are small.
        ranks: look for the less sure too, for average precision.
    """
    from functools import partial

    from parkcore.accuracy.evaluate_spaces import judge_photo
    from parkcore.accuracy.measuring import FLOOR, Way
    from parkcore.wiring import make_detector

    alone = partial(Way, who="Parkcore, detections alone")
    single = partial(Way, who="Parkcore, without its street model")
    exact = partial(Way, who="Parkcore, not in 8 bit")
    least = min(FLOOR, *confidences) if ranks else min(confidences)
    judged = partial(judge_photo, second=second)
    ways = []
    for model in models:
        for size in map(int, sizes):
            asked = {"model": model, "imgsz": size, "confidence": least}
            ours = settings.model_copy(update=asked)
            detector = make_detector(ours)
            main = make_detector(ours.model_copy(update={"street_model": OFF}))
            itself = make_detector(ours.model_copy(update={"eight_bit": False}))
            for confidence in sorted(confidences):
                ways.append(Way(detector, confidence, judged, fits_size=fits_size))
                if second:
                    ways.append(alone(detector, confidence, fits_size=fits_size))
                if main.info != detector.info:
                    ways.append(single(main, confidence, judged, fits_size=fits_size))
                if itself.info != detector.info:
                    ways.append(exact(itself, confidence, judged, fits_size=fits_size))
    return ways


def second_opinion(settings: Settings) -> SecondOpinion | None:
    """As the settings say. Where its weights cannot be had, there is none, and that is said."""
    from parkcore.wiring import make_second_opinion

    second = make_second_opinion(settings)
    try:
        return second if second and second.info else None
    except ModelError as error:
        click.echo(f"spaces are judged without a second opinion: {error}", err=True)
        return None


def plain_yolo(model: str | None, instead: str) -> PlainYolo | None:
    """The plain alternative. Where none is named and the usual weights cannot be had, Parkcore's
    own are taken, and its name says so.

    Raises:
        ModelError: the weights that were named cannot be had.
    """
    from parkcore.accuracy.measuring import FLOOR
    from parkcore.accuracy.plain_yolo import PlainYolo
    from parkcore.model_files import find_weights, model_folders

    if model == NO_PLAIN:
        return None
    try:
        weights = find_weights(model or PLAIN, folders=model_folders())
    except ModelError as error:
        if model:
            raise
        click.echo(f"the baseline takes {instead} instead of {PLAIN}: {error}", err=True)
        weights = find_weights(instead, folders=model_folders())
    return PlainYolo(weights, confidence=FLOOR)
