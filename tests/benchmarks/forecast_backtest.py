"""How good is the forecast? `python -m tests.benchmarks.forecast_backtest`.

Back-tests the forecast of `parkcore.history.forecast` in the open, against "same as last week" on
the same slots, over generated years of five kinds of lots and over a flat, a seasonal and a broken
series (half-way the level shifts, later three weeks are missing). Each figure is the mean over
the seeds, with the lowest and highest. Then: how far "full by about" was off each morning.
"""

from __future__ import annotations

import argparse
import statistics
import time
from collections.abc import Sequence

import numpy as np
import pandas as pd

from parkcore.errors import NotEnoughHistory
from parkcore.history.forecast import AHEAD, backtest, full_by
from parkcore.history.timeline import Timeline
from tests.generated_year import KINDS, MADRID, Kind, as_points, lot_year

CAPACITY = 120
FULL = 0.9
MORNING_H = 6.5


def timeline(seed: int, kind: Kind, slot_min: int) -> Timeline:
    points = as_points(lot_year(seed, kind, CAPACITY), CAPACITY)
    return Timeline.from_points(points, slot_min=slot_min)


def spread(values: Sequence[float]) -> str:
    return f"{statistics.mean(values):5.2f} ({min(values):.2f}–{max(values):.2f})"


def print_errors(seeds: Sequence[int], slot_min: int) -> None:
    print("mean error in points of the rate: mean over the seeds (lowest–highest)")  # noqa: T201
    print(  # noqa: T201
        f"{'kind':<12} {'ahead':>5}  {'forecast':<18} {'last week':<18} {'ratio':<18} "
        f"{'80 % range held':<22} slots"
    )
    for kind in KINDS:
        found = pd.concat(
            backtest(timeline(seed, kind, slot_min), MADRID, days=None) for seed in seeds
        )
        for ahead in AHEAD:
            rows = found[found["ahead"] == ahead]
            error, naive = 100 * rows["error"], 100 * rows["naive_error"]
            print(  # noqa: T201
                f"{kind:<12} {ahead / pd.Timedelta(hours=1):3.0f} h  {spread(error):<18} "
                f"{spread(naive):<18} {spread(error / naive):<18} "
                f"{spread(100 * rows['held']):<22} {rows['slots'].sum()}"
            )


def mornings(line: Timeline, days: int) -> list[tuple[float, float, bool]]:
    """For the last days, judged at `MORNING_H`: how likely it was to get full, how many minutes
    the moment was off (NaN unless foreseen and come true), and whether the range held it."""
    rows = []
    last = line.slots["at"].iloc[-1].tz_convert(MADRID).normalize()
    for midnight in pd.date_range(end=last, periods=days, freq="D"):
        now = midnight + pd.Timedelta(hours=MORNING_H)
        end = midnight + pd.Timedelta(days=1)
        rest = line.between(now, end).slots
        crossing = rest["at"][rest["rate"] >= FULL]
        if len(rest) < 0.9 * (end - now) / pd.Timedelta(minutes=line.slot_min):
            continue
        try:
            said = full_by(line, now.tz_convert("UTC"), MADRID, threshold=FULL)
        except NotEnoughHistory:
            continue
        off, held = np.nan, False
        if said.at is not None and len(crossing):
            off = abs((said.at - crossing.iloc[0]) / pd.Timedelta(minutes=1))
            held = said.earliest <= crossing.iloc[0] <= said.latest
        rows.append((said.probability, len(crossing) > 0, off, held))
    return rows


def print_full_by(seeds: Sequence[int], days: int) -> None:
    print(f'\n"full by" ({FULL:.0%}), said at 06:30 on the last {days} days of each year')  # noqa: T201
    for kind in ("office", "shop", "station", "event"):
        rows = [row for seed in seeds for row in mornings(timeline(seed, kind, 5), days)]
        said, came, off, held = map(np.array, zip(*rows, strict=True))
        both = ~np.isnan(off)
        right = ((said >= 0.5) == came).mean()
        text = f"{kind:<12} {len(rows)} mornings, full on {came.sum()}; rightly said {right:.0%}"
        if both.any():
            text += (
                f"; off by median {np.median(off[both]):.0f} min, 90 % within"
                f" {np.quantile(off[both], 0.9):.0f} min; range held {held[both].mean():.0%}"
            )
        print(text)  # noqa: T201


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--slot-min", type=int, default=60, help="60 is what roll-ups give")
    parser.add_argument("--days", type=int, default=120, help='of "full by"')
    asked = parser.parse_args()
    start = time.perf_counter()
    print_errors(range(1, asked.seeds + 1), asked.slot_min)
    print_full_by(range(1, min(asked.seeds, 2) + 1), asked.days)
    print(f"\n{time.perf_counter() - start:.0f} s")  # noqa: T201


if __name__ == "__main__":
    main()
