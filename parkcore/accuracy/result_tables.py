"""Figures of `parkcore evaluate` as Markdown tables, for the terminal and for the model card."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

Figures = Mapping[str, Any]
NOT_TOLD = "–"

HOW_TO_READ = """\
- **Parkcore** is the model with its settings, joined with the street model unless that is off or
  the row says otherwise; spaces are judged by the detections and, where they leave doubt, by the
  second opinion, unless there is none or the row says otherwise. "8 bit" with a model's name says
  that its 8-bit form was run, by OpenVINO; then **not in 8 bit** are the models themselves.
- **plain, its defaults** is the plain alternative as Ultralytics' `predict` uses it, a space being
  occupied where the middle of a box lies in it.
- **plain, best settings** is the same at the analysis size, the confidence, and with boxes of two
  types on one vehicle merged or not, that came out best of all tried *on these very photos*, by
  the spaces judged rightly or by F1. That favours it.
- **fitted**: where the spaces of a photo are small it was looked at larger, as at a camera with
  these spaces marked; the sizes that were used stand there. Photos with boxes are looked at in one
  size, as those of a camera at first.
- In brackets: 95 % intervals, for shares Wilson's, the wider the more photos differ, else by
  resampling the photos. Sizes are square roots of areas in pixels of the photo. Day, dusk and night
  say how dark the photo is.
- **Truth in interval**: on how many photos the count lay in the interval that was said, which
  should hold it 9 times of 10; its mean width in brackets. The plain alternative says no interval.
- **–** is what cannot be told. Where some vehicles have no box these are precision, F1 and counts;
  average precision (AP50, at an overlap of 0.5) is then of the vehicles that have one, and at least
  that (≥), as what was found of the others counts as wrong. Of several sets together, precision,
  F1 and counts are of the photos on which every vehicle has a box; rendered sets are not among
  them."""

FOLD, UNFOLD = "<details><summary>By type, size, light and view</summary>", "</details>"


def document(result: Mapping[str, Any], *, folds: bool = False) -> str:
    """The tables of all sets.

    Args:
        folds: fold away all but the first table of each set, as GitHub shows it.
    """
    parts = [HOW_TO_READ]
    for each in result["sets"]:
        title, table, *others = _spaces(each) if each["kind"] == "spaces" else _boxes(each)
        parts += [title, table, *((FOLD, *others, UNFOLD) if folds and others else others)]
    return "\n\n".join(parts)


def _spaces(each: Mapping[str, Any]) -> list[str]:
    rows: list[Figures] = each["rows"]
    table = [
        {
            **_who(row),
            "spaces right": percent(row, "accuracy"),
            "unknown": _percent(row["unknown"]),
            "right, unknown ones guessed": percent(row, "accuracy_of_all"),
            "precision": _percent(row["precision"] if row["precision_interval"] else None),
            "recall": _percent(row["recall"] if row["recall_interval"] else None),
            "F1": _percent(row["f1"] if row["recall_interval"] else None),
            **_counts(row, "spaces"),
            "truth in interval": f"{row['interval_coverage']:.0%}"
            f" (width {row['interval_width']:.1f})",
            "ms a photo": _times(row),
        }
        for row in rows
    ]
    return [
        _title(each, "space"),
        markdown(table),
        *_slices(rows, "spaces", "accuracy", "Spaces judged rightly"),
    ]


def _boxes(each: Mapping[str, Any]) -> list[str]:
    rows: list[Figures] = each["rows"]
    table = [
        {
            **_who(row),
            "found": percent(row, "recall"),
            "precision": percent(row, "precision"),
            "F1": _percent(row["f1"]),
            "AP50, types as one": _ap(row, "ap50_as_one", row["complete"]),
            "mAP50": _ap(row, "map50", row["complete"]),
            "type right": percent(row, "type_right"),
            **_counts(row, "vehicles"),
            "ms a photo": _times(row),
        }
        for row in rows
    ]
    types = [
        {
            "type": label,
            "vehicles": f"{figures['vehicles']:,}",
            "who": name,
            "found": percent(figures, "recall"),
            "precision": percent(figures, "precision"),
            "AP50": _ap(figures, "ap50", row["complete"]),
        }
        for label in rows[0]["types"]
        for name, row in _named(rows).items()
        for figures in [row["types"][label]]
    ]
    confusions = [
        f"- {name}: "
        + (", ".join(f"{what} {n:,}" for what, n in row["type_confusion"].items()) or "none")
        for name, row in _named(rows).items()
    ]
    return [
        _title(each, "vehicle"),
        markdown(table),
        "By type:",
        markdown(types) if types else "no vehicles",
        "Types taken for others, of the vehicles that were found:",
        "\n".join(confusions),
        *_slices(rows, "vehicles", "recall", "Vehicles found"),
    ]


def _slices(rows: Sequence[Figures], of: str, share: str, what: str) -> list[str]:
    table = [
        {
            what: f"{kind}: {value}",
            of: f"{figures[of]:,}",
            **{name: _slice(row, kind, value, share) for name, row in _named(rows).items()},
        }
        for kind, values in rows[0]["by"].items()
        for value, figures in values.items()
    ]
    return [markdown(table)] if table else []


def _slice(row: Figures, kind: str, value: str, share: str) -> str:
    figures = row["by"].get(kind, {}).get(value)
    return percent(figures, share) if figures else NOT_TOLD


def _title(each: Mapping[str, Any], of: str) -> str:
    split = f" ({each['split']})" if each["split"] else ""
    first = each["rows"][0]
    numbers = f"{_number(first['photos'], 'photo')}, {_number(first[f'{of}s'], of)}"
    if 0 < first.get("complete_photos", 0) < first["photos"]:
        numbers += (
            f" (every one has a box on {_number(first['complete_photos'], 'photo')} with"
            f" {_number(first['complete_vehicles'], of)})"
        )
    return f"### {each['name']}{split}: {numbers}"


def _number(number: int, what: str) -> str:
    return f"{number:,} {what}{'' if number == 1 else 's'}"


def _named(rows: Sequence[Figures]) -> dict[str, Figures]:
    """Rows by as much of their names and settings as tells them apart."""
    by_who = {str(row["who"]): row for row in rows}
    if len(by_who) == len(rows):
        return by_who
    named: dict[str, Figures] = {}
    for row in rows:
        name = f"{row['who']} ({row['model']}, {row['settings']})"
        alike = sum(each == name or each.startswith(f"{name} #") for each in named)
        named[f"{name} #{alike + 1}" if alike else name] = row
    return named


def _who(row: Figures) -> dict[str, str]:
    return {"who": row["who"], "model": row["model"], "settings": row["settings"]}


def _counts(row: Figures, of: str) -> dict[str, str]:
    if row["count_mae"] is None:
        return dict.fromkeys(("count error a photo", f"per 100 {of}", "counts exact"), NOT_TOLD)
    per_100 = row["error_per_100"]
    return {
        "count error a photo": f"{row['count_mae']:.2f}{_plain(row['count_mae_interval'])}",
        f"per 100 {of}": NOT_TOLD if per_100 is None else f"{per_100:.1f}",
        "counts exact": f"{row['exact']:.0%}",
    }


def _times(row: Figures) -> str:
    least, most = row["milliseconds_range"]
    return f"{row['milliseconds']:.0f} ({least:.0f}–{most:.0f})"


def _ap(figures: Figures, key: str, is_complete: bool) -> str:
    value = figures[key]
    if value is None:
        return NOT_TOLD
    return f"{'' if is_complete else '≥ '}{value:.3f}{_plain(figures[f'{key}_interval'], 3)}"


def percent(figures: Figures, key: str) -> str:
    """A share with its interval, such as "95.0 % (93.1–96.5)"."""
    value, interval = figures[key], figures[f"{key}_interval"]
    if value is None or interval is None:
        return NOT_TOLD
    return f"{100 * value:.1f} % ({100 * interval[0]:.1f}–{100 * interval[1]:.1f})"


def _percent(share: float | None) -> str:
    return NOT_TOLD if share is None else f"{100 * share:.1f} %"


def _plain(interval: Sequence[float] | None, digits: int = 2) -> str:
    if interval is None:
        return ""
    return f" ({interval[0]:.{digits}f}–{interval[1]:.{digits}f})"


def markdown(rows: Sequence[Mapping[str, str]]) -> str:
    """Rows of equal keys as a Markdown table."""
    head = list(rows[0])
    lines: Iterable[Sequence[str]] = (head, ["---"] * len(head), *(list(r.values()) for r in rows))
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)
