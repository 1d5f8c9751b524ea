"""Any photo is read by its content and upright; anything else is refused with a reason."""

from __future__ import annotations

import io
import struct
import tracemalloc
import zlib
from datetime import UTC, datetime, timedelta, timezone

import cv2
import numpy as np
import PIL.Image
import pytest
from conftest import draw_lot, encode
from hypothesis import given, settings
from hypothesis import strategies as st

from parkcore.domain import Box, Detection
from parkcore.drawing import annotate
from parkcore.errors import UnreadablePhoto
from parkcore.images import decode, jpeg, looks_like_photo, thumbnail

PICTURE = draw_lot(5)
SMOOTH = np.dstack(
    [np.tile(np.linspace(0, 255, 96, dtype=np.uint8), (64, 1))] * 2 + [np.full((64, 96), 90, "u1")]
)
"""64 × 96, darker on the left: hardly changed by any compression."""


def read(data: bytes):
    return decode(data, max_megapixels=50)


def near(image, expected, tolerance=12.0):
    assert image.shape == expected.shape
    assert image.dtype == np.uint8
    assert np.abs(image.astype(float) - expected).mean() < tolerance
    return True


def png(width: int, height: int, rows: bytes, *, depth=8, colour=0) -> bytes:
    """A PNG made by hand, as no library makes it."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        crc = zlib.crc32(kind + data)
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", crc)

    head = struct.pack(">IIBBBBB", width, height, depth, colour, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", rows) + chunk(b"IEND", b"")


def huge_png() -> bytes:
    """20,000 × 20,000 black pixels in about 49 KB."""
    packer = zlib.compressobj(9)
    row = b"\0" * (1 + 20_000 // 8)
    return png(20_000, 20_000, b"".join(packer.compress(row) for _ in range(20_000))
               + packer.flush(), depth=1)  # fmt: skip


def with_exif(tags: dict[int, object], detail: dict[int, object], form: str = "JPEG") -> bytes:
    exif = PIL.Image.Exif()
    exif.update(tags)
    exif.get_ifd(0x8769).update(detail)
    return encode(SMOOTH, form, exif=exif.tobytes())


def animation(form: str) -> bytes:
    frames = [PIL.Image.fromarray(SMOOTH), PIL.Image.fromarray(255 - SMOOTH)]
    out = io.BytesIO()
    frames[0].save(out, form, save_all=True, append_images=frames[1:], duration=100)
    return out.getvalue()


def by_opencv(suffix: str, image) -> bytes:
    done, data = cv2.imencode(suffix, image)
    assert done
    return data.tobytes()


def converted(mode: str, form: str, **options) -> bytes:
    out = io.BytesIO()
    PIL.Image.fromarray(SMOOTH).convert(mode).save(out, form, **options)
    return out.getvalue()


def palette_png() -> bytes:
    out = io.BytesIO()
    PIL.Image.fromarray(SMOOTH).quantize().save(out, "PNG")
    return out.getvalue()


DEEP = SMOOTH.astype(np.uint16) * 257
FORMS = {
    "JPEG": encode(SMOOTH),
    "progressive JPEG": encode(SMOOTH, progressive=True),
    "PNG": encode(SMOOTH, "PNG"),
    "WebP": encode(SMOOTH, "WEBP"),
    "lossless WebP": encode(SMOOTH, "WEBP", lossless=True),
    "BMP": encode(SMOOTH, "BMP"),
    "TIFF": encode(SMOOTH, "TIFF"),
    "TIFF with LZW": encode(SMOOTH, "TIFF", compression="tiff_lzw"),
    "TIFF with JPEG": encode(SMOOTH, "TIFF", compression="jpeg"),
    "GIF": encode(SMOOTH, "GIF"),
    "HEIC": encode(SMOOTH, "HEIF"),
    "CMYK JPEG": converted("CMYK", "JPEG", quality=95),
    "YCbCr TIFF": converted("YCbCr", "TIFF"),
    "palette PNG": palette_png(),
    "RGBA PNG": converted("RGBA", "PNG"),
    "RGBA WebP": converted("RGBA", "WEBP", lossless=True),
    "16-bit colour PNG": by_opencv(".png", DEEP[:, :, ::-1]),
    "16-bit colour TIFF": by_opencv(".tiff", DEEP[:, :, ::-1]),
    "animated GIF: its first frame": animation("GIF"),
    "animated WebP: its first frame": animation("WEBP"),
    "animated PNG: its first frame": animation("PNG"),
    "TIFF of several pages: its first": animation("TIFF"),
}


@pytest.mark.parametrize("data", FORMS.values(), ids=FORMS.keys())
def test_every_form_is_read(data):
    photo = read(data)
    assert near(photo.image, SMOOTH)
    assert (photo.width, photo.height) == (96, 64)
    assert photo.taken_at is None


@pytest.mark.parametrize("data", FORMS.values(), ids=FORMS.keys())
def test_every_form_looks_like_a_photo(data):
    assert looks_like_photo(data[:16])


GREY = np.repeat(SMOOTH[:, :, :1], 3, axis=2)
GREYS = {
    "grey JPEG": converted("L", "JPEG", quality=95),
    "grey PNG": encode(SMOOTH[:, :, 0], "PNG"),
    "grey PNG with transparency": encode(np.dstack([SMOOTH[:, :, 0], SMOOTH[:, :, 2]]), "PNG"),
    "16-bit grey PNG": encode(DEEP[:, :, 0], "PNG"),
    "16-bit grey TIFF": encode(DEEP[:, :, 0], "TIFF"),
    "32-bit grey TIFF": encode(DEEP[:, :, 0].astype(np.int32), "TIFF"),
    "floating-point TIFF, 0 to 1": encode((SMOOTH[:, :, 0] / 255).astype(np.float32), "TIFF"),
    "floating-point TIFF, 0 to 255": encode(SMOOTH[:, :, 0].astype(np.float32), "TIFF"),
}


@pytest.mark.parametrize("data", GREYS.values(), ids=GREYS.keys())
def test_every_grey_is_read(data):
    assert near(read(data).image, GREY)


@pytest.mark.parametrize("bits", [8, 10, 12, 16])
def test_a_photo_of_more_bits_is_as_bright_as_it_was_meant(bits):
    """Nothing in the file says how many of its 16 bits a camera uses."""
    ramp = np.linspace(0, 2**bits - 1, 64 * 96).reshape(64, 96).astype(np.uint16)
    image = read(encode(ramp, "PNG")).image
    assert image.max() == 255
    assert abs(image.mean() - 127) < 2


def test_black_and_white_is_read():
    image = read(converted("1", "PNG")).image
    assert set(np.unique(image)) == {0, 255}


TURNED = {
    1: SMOOTH,
    2: SMOOTH[:, ::-1],
    3: SMOOTH[::-1, ::-1],
    4: SMOOTH[::-1],
    5: SMOOTH.transpose(1, 0, 2),
    6: np.rot90(SMOOTH, 1),
    7: SMOOTH[::-1, ::-1].transpose(1, 0, 2),
    8: np.rot90(SMOOTH, -1),
}
"""How a camera in that position stores the picture (EXIF 2.31, Orientation)."""


@pytest.mark.parametrize("form", ["JPEG", "PNG", "WEBP", "TIFF"])
@pytest.mark.parametrize("orientation", TURNED, ids=lambda number: f"orientation {number}")
def test_photos_are_upright(orientation, form):
    exif = PIL.Image.Exif()
    exif[0x0112] = orientation
    stored = np.ascontiguousarray(TURNED[orientation])
    assert near(read(encode(stored, form, exif=exif)).image, SMOOTH, 4)


@pytest.mark.parametrize("orientation", [0, 9, 65535])
def test_an_orientation_that_does_not_exist_is_passed_over(orientation):
    assert near(read(with_exif({0x0112: orientation}, {})).image, SMOOTH)


WHEN, THEN = "2026:05:04 10:30:00", datetime(2026, 5, 4, 10, 30)  # noqa: DTZ001 – naive is meant
PLUS_2 = timezone(timedelta(hours=2))


@pytest.mark.parametrize(
    "tags, detail, taken",
    [
        ({}, {0x9003: WHEN}, THEN),
        ({}, {0x9003: WHEN, 0x9011: "+02:00"}, THEN.replace(tzinfo=PLUS_2)),
        ({}, {0x9003: WHEN, 0x9011: "Z"}, THEN.replace(tzinfo=UTC)),
        ({}, {0x9003: WHEN, 0x9291: "5"}, THEN.replace(microsecond=500_000)),
        ({}, {0x9003: WHEN, 0x9010: "+09:00"}, THEN),
        ({}, {0x9004: WHEN, 0x9012: "+02:00"}, THEN.replace(tzinfo=PLUS_2)),
        ({0x0132: WHEN}, {}, THEN),
        ({0x0132: WHEN}, {0x9010: "+02:00"}, THEN.replace(tzinfo=PLUS_2)),
        ({0x0132: "2027:01:01 00:00:00"}, {0x9003: WHEN}, THEN),
        ({0x0132: WHEN}, {0x9003: "0000:00:00 00:00:00"}, THEN),
        ({0x0132: "yesterday"}, {}, None),
        ({}, {}, None),
        ({}, {0x9003: WHEN, 0x9011: "+99:00"}, THEN),
        ({}, {0x9003: "0001:01:01 00:00:00"}, datetime(1, 1, 1)),  # noqa: DTZ001
    ],
    ids=[
        "when it was taken",
        "when it was taken, with an offset",
        "when it was taken, in UTC",
        "when it was taken, with half a second",
        "the offset of another time is not used",
        "when it was digitised",
        "when it was changed",
        "when it was changed, with an offset",
        "taken comes before changed",
        "a clock that was never set gives way",
        "words are no time",
        "no time",
        "an offset of four days is passed over",
        "the first moment of the calendar, to be doubted later",
    ],
)
def test_exif_time(tags, detail, taken):
    found = read(with_exif(tags, detail)).taken_at
    assert found == taken
    assert (found and found.tzinfo) == (taken and taken.tzinfo)


@pytest.mark.parametrize("form", ["JPEG", "PNG", "WEBP", "HEIF"])
def test_the_time_is_read_from(form):
    assert read(with_exif({}, {0x9003: WHEN}, form)).taken_at == THEN


BROKEN_EXIF = {
    "that points nowhere": b"Exif\0\0II*\0\xff\xff\xff\xffgarbage",
    "that is no EXIF": b"Exif\0\0garbage garbage",
    "that ends too early": b"Exif\0\0II+\0\x08\0\0\0\x01\0i\x87\x02\0\x03\0\0\0ab\0\0",
}


@pytest.mark.filterwarnings("ignore:Corrupt EXIF data:UserWarning")  # Pillow says so, and goes on
@pytest.mark.parametrize("form", ["JPEG", "PNG", "WEBP", "HEIF"])
@pytest.mark.parametrize("exif", BROKEN_EXIF.values(), ids=BROKEN_EXIF.keys())
def test_broken_exif_does_not_cost_the_photo(exif, form):
    photo = read(encode(SMOOTH, form, exif=exif))
    assert near(photo.image, SMOOTH)
    assert photo.taken_at is None


WHOLE_JPEG, WHOLE_PNG = encode(PICTURE), encode(PICTURE, "PNG")
REFUSED = {
    "zero bytes": (b"", ["empty (0 bytes)", "copy it again"]),
    "one byte": (b"\xff", ["not a photo", r"b'\xff'", "expected JPEG, PNG"]),
    "text": (b"just a note\n", ["not a photo", "just a note", "expected JPEG, PNG"]),
    "a web page": (b"<!doctype html><p>404", ["not a photo", "<!doctype", "HEIC"]),
    "a PDF": (b"%PDF-1.7 " + bytes(99), ["not a photo", "%PDF-1.7", "expected JPEG"]),
    "zeros": (bytes(4096), ["not a photo", r"\x00", "expected JPEG"]),
    "a JPEG cut in the middle": (WHOLE_JPEG[: len(WHOLE_JPEG) // 2], ["cut off", "copy it again"]),
    "a JPEG cut by a quarter": (WHOLE_JPEG[: len(WHOLE_JPEG) * 3 // 4], ["cut off", "copy it"]),
    "a JPEG's first bytes": (WHOLE_JPEG[:24], ["cut off", "copy it again"]),
    "a PNG cut in the middle": (WHOLE_PNG[: len(WHOLE_PNG) // 2], ["cut off", "copy it again"]),
    "a PNG's header": (WHOLE_PNG[:33], ["cut off", "copy it again"]),
    "a GIF's header": (encode(PICTURE, "GIF")[:20], ["cut off", "copy it again"]),
    "a cut WebP": (encode(PICTURE, "WEBP")[:600], ["cut off", "copy it again"]),
    "a cut BMP": (encode(PICTURE, "BMP")[:6000], ["cut off", "copy it again"]),
    "a cut TIFF": (encode(PICTURE, "TIFF")[:6000], ["cut off", "copy it again"]),
    "a cut GIF": (encode(PICTURE, "GIF")[:600], ["cut off", "copy it again"]),
    "a cut HEIC": (encode(PICTURE, "HEIF")[:900], ["cut off", "copy it again"]),
    "a single pixel": (encode(PICTURE[:1, :1], "PNG"), ["1 × 1 pixels", "at least 32"]),
    "ten pixels wide": (
        encode(np.zeros((5000, 10, 3), np.uint8), "PNG"),
        ["10 × 5,000 pixels", "at least 32 on each side"],
    ),
    "more pixels than allowed": (
        huge_png(),
        ["20,000 × 20,000 pixels", "400 megapixels", "limit of 50", "PARKCORE_MAX_MEGAPIXELS"],
    ),
    "a PNG that claims four billion pixels a side": (
        png(2**31 - 1, 2**31 - 1, zlib.compress(b"")),
        ["2,147,483,647 × 2,147,483,647", "PARKCORE_MAX_MEGAPIXELS"],
    ),
}


@pytest.mark.parametrize("data, said", REFUSED.values(), ids=REFUSED.keys())
def test_refused_with_a_reason(data, said):
    with pytest.raises(UnreadablePhoto) as refusal:
        read(data)
    assert [part for part in said if part not in str(refusal.value)] == []
    assert "\n" not in str(refusal.value)


def test_a_bomb_is_refused_before_it_is_decoded():
    bomb = huge_png()
    assert len(bomb) < 60_000
    tracemalloc.start()
    try:
        with pytest.raises(UnreadablePhoto, match="400 megapixels"):
            read(bomb)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak < 2_000_000


@pytest.mark.parametrize(
    "limit, refused", [(0.06144, False), (0.0614, True)], ids=["just within", "just above"]
)
def test_the_limit_is_the_users(limit, refused):
    data = encode(np.full((240, 256, 3), 99, np.uint8))  # 61,440 pixels
    if refused:
        with pytest.raises(UnreadablePhoto, match="256 × 240"):
            decode(data, max_megapixels=limit)
    else:
        assert decode(data, max_megapixels=limit).width == 256


@pytest.mark.parametrize("whole", [WHOLE_JPEG, WHOLE_PNG, encode(PICTURE, "WEBP"),
                                   encode(PICTURE, "TIFF"), encode(PICTURE, "HEIF")],
                         ids=["JPEG", "PNG", "WebP", "TIFF", "HEIC"])  # fmt: skip
@settings(max_examples=60, deadline=None)
@given(data=st.data())
def test_damage_is_refused_or_read_and_nothing_else(whole, data):
    damaged = bytearray(whole)
    for _ in range(data.draw(st.integers(1, 8))):
        damaged[data.draw(st.integers(0, len(whole) - 1))] = data.draw(st.integers(0, 255))
    del damaged[data.draw(st.integers(0, len(whole))) or len(whole) :]
    try:
        photo = read(bytes(damaged))
    except UnreadablePhoto as refusal:
        assert str(refusal)
    else:
        assert photo.image.shape == (photo.height, photo.width, 3)


@given(st.binary(max_size=200))
def test_bytes_are_refused(data):
    with pytest.raises(UnreadablePhoto):
        read(data)


@given(st.binary(max_size=16))
def test_any_first_bytes_are_judged(head):
    assert looks_like_photo(head) in (True, False)


@pytest.mark.parametrize(
    "head",
    [b"", b"\xff", b"just a note 1234", b"%PDF-1.7 1234567", b"RIFF\0\0\0\0WAVEfmt ",
     b"\0\0\0\x20ftypisom\0\0\0\0", b"PK\x03\x04" + bytes(12)],
    ids=["nothing", "a byte", "text", "a PDF", "sound", "a video", "an archive"],
)  # fmt: skip
def test_does_not_look_like_a_photo(head):
    assert not looks_like_photo(head)


@pytest.mark.parametrize(
    "shape, size",
    [((200, 320), (320, 200)), ((1080, 1920), (320, 180)), ((1920, 1080), (180, 320)),
     ((100, 100), (100, 100)), ((40, 4000), (320, 3))],
    ids=["as it is", "wide", "tall", "a small one is not enlarged", "a strip"],
)  # fmt: skip
def test_a_thumbnail_is_small(shape, size):
    small = thumbnail(np.full((*shape, 3), 120, np.uint8))
    with PIL.Image.open(io.BytesIO(small)) as opened:
        assert (opened.format, opened.size) == ("JPEG", size)


def test_a_jpeg_keeps_its_size_and_look():
    assert near(read(jpeg(PICTURE)).image, PICTURE)


def test_drawing_leaves_the_photo_as_it_is():
    image = PICTURE.copy()
    drawn = annotate(image, [Detection("bus", 0.9, Box(50, 50, 250, 150))])
    assert np.array_equal(image, PICTURE)
    assert drawn.shape == image.shape
    assert not np.array_equal(drawn, image)


def test_nothing_is_drawn_where_nothing_was_seen():
    assert np.array_equal(annotate(PICTURE, []), PICTURE)


@pytest.mark.parametrize("label", ["car", "motorcycle", "bus", "truck"])
def test_the_drawing_stays_at_its_box(label):
    drawn = annotate(PICTURE, [Detection(label, 0.87, Box(50, 50, 250, 150))])
    changed = np.argwhere((drawn != PICTURE).any(axis=2))
    assert changed.min(axis=0).tolist() >= [45, 45]
    assert changed[:, 0].max() <= 155
    assert changed[:, 1].max() <= 255
    inside = drawn[90:140, 60:240]
    assert np.array_equal(inside, PICTURE[90:140, 60:240]), "the vehicle can be seen"


@pytest.mark.parametrize(
    "box",
    [Box(0, 0, 320, 200), Box(0, 0, 1, 1), Box(318.5, 198.5, 320, 200), Box(0.2, 10, 0.4, 10.1)],
    ids=["the whole photo", "a corner", "the other corner", "less than a pixel"],
)
def test_boxes_at_the_edge_are_drawn(box):
    drawn = annotate(PICTURE, [Detection("truck", 0.5, box)])
    assert drawn.shape == PICTURE.shape
    assert not np.array_equal(drawn, PICTURE)
