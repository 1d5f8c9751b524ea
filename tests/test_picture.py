"""Pictures that show nothing, and cameras that show the same one for ever."""

from __future__ import annotations

import io
import random
from collections.abc import Callable
from pathlib import Path

import numpy as np
import PIL.Image
import PIL.ImageDraw
import PIL.ImageFilter
import pytest
from conftest import SAMPLES, SHARED, draw_lot, encode
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from parkcore.domain import Image
from parkcore.picture import MOST_BLUR, SIDE, blur, fault, fingerprint, is_same

PHOTOS = sorted(SAMPLES.rglob("*.jpg"))
BLACK = "the picture is black"
WHITE = "the picture is overexposed: nearly all of it is white"
ONE_COLOUR = "the picture is of one colour: the lens is covered or there is no signal"
BLURRED = "the picture is blurred"


def read(data: Path | bytes) -> Image:
    with PIL.Image.open(io.BytesIO(data) if isinstance(data, bytes) else data) as picture:
        return np.asarray(picture.convert("RGB"))


def as_camera_sends(image: Image) -> Image:
    return read(encode(image, quality=80))


def with_clock(image: Image, clock: str) -> Image:
    """As cameras write it into the corner."""
    picture = PIL.Image.fromarray(image)
    height = picture.height // 20
    corner = (0, 0, picture.width // 3, height)
    draw = PIL.ImageDraw.Draw(picture)
    draw.rectangle(corner, fill=(0, 0, 0))
    draw.text((height / 4, 0), clock, fill=(255, 255, 255), font_size=0.8 * height)
    return np.asarray(picture)


def with_noise(image: Image, sigma: float, seed: int = 1) -> Image:
    noise = np.random.default_rng(seed).normal(0, sigma, image.shape)
    return (image + noise).round().clip(0, 255).astype(np.uint8)


def blurred(image: Image) -> Image:
    radius = 0.012 * image.shape[1]
    picture = PIL.Image.fromarray(image).filter(PIL.ImageFilter.GaussianBlur(radius))
    return np.asarray(picture)


def plain(*colour: int, size: tuple[int, int] = (360, 640)) -> Image:
    return np.full((*size, 3), colour, np.uint8)


def brightness(image: Image) -> np.ndarray:
    """As `fault` sees it."""
    step = max(1, image.shape[1] // SIDE)
    height, width = (side // step * step for side in image.shape[:2])
    tiles = image[:height, :width].astype(np.float32).mean(axis=2)
    return tiles.reshape(height // step, step, width // step, step).mean(axis=(1, 3))


LIT = plain(0, 0, 0)
LIT[100:118, 300:330] = 255  # two of a thousand pixels

FAULTS = {
    "black": (plain(0, 0, 0), BLACK),
    "black with a sensor's noise": (with_noise(plain(3, 3, 3), 6), BLACK),
    "black but for a lamp far away": (LIT, BLACK),
    "white": (plain(255, 255, 255), WHITE),
    "nearly white": (with_noise(plain(254, 254, 254), 1), WHITE),
    "grey": (plain(128, 128, 128), ONE_COLOUR),
    "blue, as without a signal": (plain(0, 0, 200), ONE_COLOUR),
    "a hand on the lens": (with_noise(plain(90, 40, 30), 8), ONE_COLOUR),
    "a gentle gradient": (
        np.tile(np.linspace(60, 200, 640).astype(np.uint8)[None, :, None], (360, 1, 3)),
        BLURRED,
    ),
}


@pytest.mark.parametrize("image, said", FAULTS.values(), ids=FAULTS.keys())
def test_a_picture_that_shows_nothing(image, said):
    assert fault(image) == said
    assert fault(as_camera_sends(image)) == said


LIGHTS: dict[str, Callable[[Image], Image]] = {
    "as it is": lambda image: image,
    "at night": lambda image: (image * 0.15).astype(np.uint8),
    "in fog": lambda image: (image * 0.5 + 64).astype(np.uint8),
}
CAMERAS: dict[str, Callable[[Image], Image]] = {
    "with noise at night": lambda image: with_noise((image * 0.15).astype(np.uint8), 3),
    "in the sun": lambda image: (image * 1.6).clip(0, 255).astype(np.uint8),
    "from a small camera": lambda image: as_camera_sends(image[::4, ::4]),
    "upright": lambda image: np.rot90(image),
    "without colours": lambda image: np.repeat(image[:, :, 1:2], 3, axis=2),
}


def named(path: Path) -> str:
    return f"{path.parts[-3]} {path.stem}"


@pytest.mark.parametrize("path", PHOTOS, ids=named)
def test_a_sample_photo_can_be_counted_on_in_any_light(path):
    photo = read(path)
    assert {light: fault(change(photo)) for light, change in LIGHTS.items()} == dict.fromkeys(
        LIGHTS
    )


@pytest.mark.parametrize("change", CAMERAS.values(), ids=CAMERAS.keys())
def test_a_sample_photo_can_be_counted_on_by_any_camera(change):
    assert [fault(change(read(path))) for path in PHOTOS[::5]] == [None] * 4


@pytest.mark.parametrize("path", PHOTOS, ids=named)
def test_a_blurred_sample_photo_cannot(path):
    photo = read(path)
    assert fault(blurred(photo)) == BLURRED
    sharp, soft = blur(brightness(photo)), blur(brightness(blurred(photo)))
    assert sharp < 0.35 < MOST_BLUR < 0.7 < soft, "and no photo is near the limit"


@pytest.mark.parametrize("step", [2, 4])
def test_blur_is_judged_whatever_the_size(step):
    assert fault(blurred(read(PHOTOS[0])[::step, ::step])) == BLURRED


@pytest.mark.shared
def test_no_real_photo_is_called_faulty():
    paths = sorted((SHARED / "datasets").rglob("*.jpg"))
    random.Random(1).shuffle(paths)  # noqa: S311 – the same photos each time
    faults, looked = {}, 0
    for path in paths:
        with PIL.Image.open(path) as picture:
            if min(picture.size) < 200:
                continue
            if said := fault(np.asarray(picture.convert("RGB"))):
                faults[path.name] = said
        looked += 1
        if looked == 100:
            break
    assert (looked, faults) == (100, {})


@settings(deadline=None)
@given(arrays.arrays(np.uint8, st.tuples(st.integers(32, 80), st.integers(32, 700), st.just(3))))
def test_any_picture_is_judged(image):
    assert fault(image) in (None, BLACK, WHITE, ONE_COLOUR, BLURRED)
    mark = fingerprint(image)
    assert len(mark) == len(fingerprint(draw_lot(3))), "of one length for all sizes"
    assert isinstance(is_same(mark, mark), bool)


def mark(image: Image) -> bytes:
    return fingerprint(as_camera_sends(image))


@pytest.mark.parametrize("path", PHOTOS[::3], ids=lambda path: path.stem)
def test_a_frozen_picture_is_the_same_though_its_clock_runs(path):
    photo = read(path)
    first = mark(with_clock(photo, "2026-05-04 12:00:00"))
    assert is_same(first, mark(with_clock(photo, "2026-05-04 12:00:00")))
    assert is_same(first, mark(with_clock(photo, "2026-12-31 23:59:58")))


@pytest.mark.parametrize("path", PHOTOS[::3], ids=lambda path: path.stem)
def test_a_live_picture_is_not_the_same_though_nothing_moves(path):
    photo = with_clock(read(path), "2026-05-04 12:00:00")
    assert not is_same(fingerprint(photo), fingerprint(with_noise(photo, 3)))
    night = (photo * 0.15).astype(np.uint8)
    for image, sigma in ((photo, 3), (photo, 1), (night, 1.5)):
        one, other = (mark(with_noise(image, sigma, seed)) for seed in (1, 2))
        assert not is_same(one, other)


def test_no_two_samples_are_the_same():
    marks = [mark(read(path)) for path in PHOTOS]
    same = [[is_same(one, other) for other in marks] for one in marks]
    assert same == np.eye(len(PHOTOS), dtype=bool).tolist()


def test_a_picture_of_another_size_is_judged_by_what_it_shows():
    photo = read(PHOTOS[0])
    assert not is_same(fingerprint(photo), fingerprint(photo[: photo.shape[0] // 2]))


@pytest.mark.parametrize(
    "one, other",
    [(b"", b""), (b"", fingerprint(draw_lot(3))), (fingerprint(draw_lot(3)), b"\x80" * 10)],
    ids=["two of none", "none before", "of another version"],
)
def test_what_cannot_be_compared_is_not_the_same(one, other):
    assert not is_same(one, other)
    assert not is_same(other, one)


@pytest.mark.parametrize("level", [0, 255], ids=["black", "white"])
def test_black_and_white_tell_nothing(level):
    """A live camera's picture stays black at night, and that is no frozen camera."""
    dark = fingerprint(plain(level, level, level))
    assert not is_same(dark, dark)


def test_a_vehicle_that_came_makes_another_picture():
    assert is_same(fingerprint(draw_lot(3)), fingerprint(draw_lot(3)))
    assert not is_same(fingerprint(draw_lot(3)), fingerprint(draw_lot(8)))
