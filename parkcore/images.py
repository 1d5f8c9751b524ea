"""From bytes to an upright image, and back to small JPEGs. The one place that decodes."""

from __future__ import annotations

import io
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import numpy as np
import PIL.Image
import PIL.ImageOps
import pillow_heif

from parkcore.capture_time import exif_time
from parkcore.domain import Image
from parkcore.errors import UnreadablePhoto

FORMATS = ("JPEG", "PNG", "WEBP", "BMP", "TIFF", "GIF", "HEIF")
TURNED_BY_EXIF = {"JPEG", "PNG", "WEBP"}
"""Of these Pillow gives the size as it is in the file; others it may turn when it opens them."""
SUFFIXES = frozenset(
    {
        *(".jpg", ".jpeg", ".jpe", ".jfif", ".png", ".webp", ".bmp", ".dib"),
        *(".tif", ".tiff", ".gif", ".heic", ".heif", ".hif"),
    }
)
MIN_SIDE = 32
BYTES_PER_PIXEL = 8
"""No photo needs more: 16 bits of four channels, uncompressed."""

pillow_heif.register_heif_opener()
# Ultralytics replaces PIL.Image.open by one that installs packages when it meets an unknown file.
_open = PIL.Image.open
# Pillow warns at sizes of its own; `decode` checks against the user's limit before decoding.
PIL.Image.MAX_IMAGE_PIXELS = None


@dataclass(frozen=True, slots=True, eq=False)
class DecodedPhoto:
    """The upright pixels, and the time that the camera wrote (naive where it gave no zone)."""

    image: Image
    taken_at: datetime | None

    @property
    def width(self) -> int:
        return int(self.image.shape[1])

    @property
    def height(self) -> int:
        return int(self.image.shape[0])


def decode(data: bytes, *, max_megapixels: float) -> DecodedPhoto:
    """Read a photo whole, by its content, upright; of an animation the first frame.

    Raises:
        UnreadablePhoto: empty, not a photo, too large, too small, damaged or cut off.
    """
    if not data:
        raise UnreadablePhoto("the file is empty (0 bytes); copy it again from its source")
    try:
        with _open(io.BytesIO(data), formats=FORMATS) as photo:
            check_size(photo.width, photo.height, max_megapixels)
            photo.load()
            upright, taken_at = _by_exif(photo)
            return DecodedPhoto(_rgb(upright), taken_at)
    except UnreadablePhoto:
        raise
    except PIL.UnidentifiedImageError as error:
        if looks_like_photo(data[:16]):
            raise UnreadablePhoto(
                "the photo is cut off within its header; copy it again from its source"
            ) from error
        raise UnreadablePhoto(
            "this is not a photo, whatever its name: expected JPEG, PNG, WebP, BMP, TIFF, GIF or"
            f" HEIC, but the file begins with {data[:12]!r}"
        ) from error
    except Exception as error:
        said = " ".join(str(error).split())
        raise UnreadablePhoto(
            f"the photo is damaged or cut off: {said}; copy it again from its source"
        ) from error


def upright_size(path: Path) -> tuple[int, int]:
    """Width and height of a photo as `decode` turns it; of most formats without decoding it.

    Raises:
        UnreadablePhoto: the file cannot be opened, or is no photo.
    """
    try:
        with _open(path, formats=FORMATS) as header:
            if header.format in TURNED_BY_EXIF:
                return _turned(header)
        photo = decode(path.read_bytes(), max_megapixels=500)
        return photo.width, photo.height
    except (OSError, ValueError) as error:
        raise UnreadablePhoto(f"the size of {path} cannot be read: {error}") from error


def check_size(width: int, height: int, max_megapixels: float) -> None:
    """Refuse a size from the header, before anything is decoded.

    Raises:
        UnreadablePhoto: too many pixels, or too few to see a vehicle.
    """
    if width * height > max_megapixels * 1e6:
        raise UnreadablePhoto(
            f"the photo has {width:,} × {height:,} pixels ({width * height / 1e6:.0f} megapixels),"
            f" more than the limit of {max_megapixels:g}; make it smaller or raise"
            " PARKCORE_MAX_MEGAPIXELS"
        )
    if min(width, height) < MIN_SIDE:
        raise UnreadablePhoto(
            f"the photo has {width:,} × {height:,} pixels; at least {MIN_SIDE} on each side are"
            " needed to see a vehicle"
        )


def looks_like_photo(head: bytes) -> bool:
    """Whether a file's first bytes (16 or more) are those of a format that `decode` reads."""
    return (
        head.startswith(
            (b"\xff\xd8\xff", b"\x89PNG\r\n", b"BM", b"GIF8", b"II*\0", b"MM\0*", b"II+\0")
        )
        or (head[:4] == b"RIFF" and head[8:12] == b"WEBP")
        or (head[4:8] == b"ftyp" and head[8:12] in _HEIF_BRANDS)
    )


_HEIF_BRANDS = (b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"mif1", b"msf1")


def thumbnail(image: Image, *, width: int = 320) -> bytes:
    """A small JPEG of an image, at most `width` pixels wide."""
    return jpeg(image, max_side=width, quality=78)


def reference_jpeg(image: Image) -> bytes:
    """A photo as it is kept with the spaces drawn on it, at most 1920 pixels a side."""
    return jpeg(image, max_side=1920)


def jpeg(image: Image, *, max_side: int | None = None, quality: int = 88) -> bytes:
    """An image as JPEG, made smaller where a side is longer than `max_side` pixels."""
    picture = PIL.Image.fromarray(image)
    if max_side is not None:
        picture.thumbnail((max_side, max_side), PIL.Image.Resampling.BILINEAR, reducing_gap=2)
    out = io.BytesIO()
    picture.save(out, "JPEG", quality=quality)
    return out.getvalue()


def _by_exif(photo: PIL.Image.Image) -> tuple[PIL.Image.Image, datetime | None]:
    """The photo turned as its EXIF data say, and its time; broken EXIF data say nothing."""
    try:
        return PIL.ImageOps.exif_transpose(photo), _taken_at(photo)
    except Exception:  # noqa: BLE001 – Pillow raises anything on them, and the pixels are good
        return photo, None


def _turned(header: PIL.Image.Image) -> tuple[int, int]:
    width, height = header.size
    try:
        on_its_side = header.getexif().get(0x0112) in (5, 6, 7, 8)
    except Exception:  # noqa: BLE001 – as in `_by_exif`
        on_its_side = False
    return (height, width) if on_its_side else (width, height)


def _taken_at(photo: PIL.Image.Image) -> datetime | None:
    """EXIF 2.31: DateTimeOriginal, else DateTimeDigitized, else DateTime, each with its offset."""
    main = photo.getexif()
    detail = main.get_ifd(0x8769)
    for when, offset, subsecond in (
        (detail.get(0x9003), detail.get(0x9011), detail.get(0x9291)),
        (detail.get(0x9004), detail.get(0x9012), detail.get(0x9292)),
        (main.get(0x0132), detail.get(0x9010), detail.get(0x9290)),
    ):
        if isinstance(when, str):
            taken_at = exif_time(
                when, *(v if isinstance(v, str) else None for v in (offset, subsecond))
            )
            if taken_at is not None:
                return taken_at
    return None


def _rgb(photo: PIL.Image.Image) -> Image:
    if photo.mode.startswith(("I", "F")):  # 16 bits a pixel and more: Pillow would clip them
        values = np.asarray(photo).astype(np.float32)
        white = max(float(np.percentile(values, 99.9)), 1e-6)  # 10, 12 or 16 bits: nothing says
        grey = (values * (255 / white)).clip(0, 255).astype(np.uint8)
        return np.repeat(grey[:, :, None], 3, axis=2)
    return np.asarray(photo.convert("RGB"))
