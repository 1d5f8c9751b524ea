"""`reprocess`: stored photos judged again, compared, and taken into use or back."""

from __future__ import annotations

import json
import sys
from dataclasses import asdict
from datetime import datetime
from typing import TYPE_CHECKING, Any

import click

from parkcore.cli.history import Moment
from parkcore.cli.words import Name, one_line
from parkcore.settings import Settings

SHOWN = 6

if TYPE_CHECKING:  # what these bring along would slow down every --help
    from parkcore.upkeep.comparing import Comparison
    from parkcore.upkeep.runs import Run


@click.group(invoke_without_command=True)
@click.option("--lot", "lot_id", type=Name("lot"), help="Only photos of this lot.")
@click.option("--camera", "camera_id", type=Name("camera"), help="Only photos of this camera.")
@click.option("--from", "since", type=Moment(), help="From this time on: 2026-05-04[T10:30].")
@click.option("--to", "until", type=Moment(), help="Up to this time; a date includes its day.")
@click.option("--model", help="Weights to judge with; else those of the settings.")
@click.option(
    "--imgsz", type=click.IntRange(320, 4096), help="Analysis size in pixels, for all cameras."
)
@click.option(
    "--confidence",
    type=click.FloatRange(0, 1, min_open=True, max_open=True),
    help="Detections less sure than this are left out, 0..1.",
)
@click.option(
    "--layout",
    "layout_version",
    type=click.IntRange(1),
    help="Judge by this version of the marked spaces; else by the latest.",
)
@click.pass_context
def reprocess(ctx: click.Context, /, **given: Any) -> None:
    """Judge stored photos again, by another model or layout, beside what is in use.

    Nothing changes until `reprocess use`. May be interrupted at any moment; the same command goes
    on. Exit status: 0, 130 if interrupted.
    """
    if ctx.invoked_subcommand is None:
        _run(ctx.obj, **given)
    elif any(value is not None for value in given.values()):
        raise click.UsageError(f"`reprocess {ctx.invoked_subcommand}` takes none of these options")


def _run(
    settings: Settings,
    *,
    since: datetime | None,
    until: datetime | None,
    model: str | None,
    imgsz: int | None,
    confidence: float | None,
    **place: Any,
) -> None:
    from parkcore.service.lock import only_one
    from parkcore.upkeep.reprocess import begin
    from parkcore.upkeep.reprocess import reprocess as judge_again
    from parkcore.upkeep.runs import Wanted
    from parkcore.wiring import make_analyser, open_storage, open_store

    def here(at: datetime | None) -> datetime | None:
        return at.replace(tzinfo=at.tzinfo or settings.zone) if at else None

    given = {"model": model, "imgsz": imgsz, "confidence": confidence}
    changed = {name: value for name, value in given.items() if value is not None}
    if imgsz is not None:
        changed["fit_size"] = False
    analyser = make_analyser(settings.model_copy(update=changed))
    wanted = Wanted(since=here(since), until=here(until), **place)
    with only_one(settings.db, "reprocess"), open_store(settings) as store:
        run, is_new = begin(store, analyser, wanted)
        left = store.run_left(run)
        click.echo(f"run {run.id}{'' if is_new else ' goes on'}: {left:,} photos", err=True)
        results = judge_again(store, open_storage(settings), analyser, run)
        try:
            with click.progressbar(results, left, "Judging again", file=sys.stderr) as bar:
                for _ in bar:
                    pass
        except KeyboardInterrupt:
            click.echo("Interrupted; run the same command again to go on.", err=True)
            sys.exit(130)
        _say_outcomes(store.run(run.id))
    click.echo(f"look at it with: parkcore reprocess compare {run.id}")


def _say_outcomes(run: Run) -> None:
    words = {
        "judged": "judged",
        "gone": "no longer there, or changed",
        "unreadable": "could not be read",
    }
    said = [f"{n:,} {words[outcome]}" for outcome, n in run.outcomes.items()]
    click.echo(f"run {run.id}: {', '.join(said) or 'no photo'}")


@reprocess.command("list")
@click.option("--json", "as_json", is_flag=True, help="One JSON object a line and run.")
@click.pass_obj
def reprocess_list(settings: Settings, as_json: bool) -> None:
    """List the runs, latest first."""
    from parkcore.wiring import read_store

    with read_store(settings) as store:
        runs = store.runs()
    for run in runs:
        if as_json:
            click.echo(json.dumps(_record(run)))
        else:
            at = f"{run.created_at.astimezone(settings.zone):%Y-%m-%d %H:%M}"
            click.echo(f"run {run.id}, {at}: {one_line(say_run(run))}; {say_state(run)}")
    if not runs and not as_json:
        click.echo("No runs. Judge photos again with: parkcore reprocess", err=True)


def say_run(run: Run) -> str:
    """Which photos by what, in one line."""
    wanted, detector = run.wanted, run.detector
    place = "/".join(filter(None, (wanted.lot_id or "all lots", wanted.camera_id)))
    layout = f", layout {wanted.layout_version}" if wanted.layout_version else ""
    return (
        f"{place} by {detector.model} {detector.version}, {detector.imgsz} pixels, confidence"
        f" {detector.confidence:g}{layout}: {run.judged:,} photos judged"
    )


def say_state(run: Run) -> str:
    if run.finished_at is None:
        return "not finished"
    return "in use" if run.used_at else "not in use"


def _record(run: Run) -> dict[str, Any]:
    wanted = {k: v.isoformat() if isinstance(v, datetime) else v for k, v in _wanted(run)}
    return {
        "run": run.id,
        **wanted,
        "detector": asdict(run.detector),
        "created_at": run.created_at.isoformat(),
        "finished": run.finished_at is not None,
        "in_use": run.used_at is not None,
        "photos": dict(run.outcomes),
    }


def _wanted(run: Run) -> Any:
    return asdict(run.wanted).items()


@reprocess.command("compare")
@click.argument("run_id", metavar="RUN", type=int)
@click.option("--json", "as_json", is_flag=True, help="One JSON object.")
@click.pass_obj
def reprocess_compare(settings: Settings, run_id: int, as_json: bool) -> None:
    """Say what RUN changes, or changed, against what was there before."""
    from parkcore.upkeep.comparing import compare
    from parkcore.wiring import read_store

    with read_store(settings) as store:
        found = compare(store, store.run(run_id), settings.thresholds)
    if as_json:
        click.echo(json.dumps(_comparison_record(found)))
        return
    click.echo(f"run {run_id}, {say_state(found.run)}: {one_line(say_run(found.run))}")
    for line in found.said:
        click.echo(line)
    for change in found.changes[:SHOWN]:
        photo = change.snapshot.photo
        spaces = f", {change.spaces} spaces changed" if change.spaces else ""
        click.echo(f"  {one_line(photo.file)}: {change.before} → {change.after} vehicles{spaces}")
    if missed := sum(found.run.outcomes.values()) - found.run.judged:
        click.echo(f"{missed:,} photos could not be judged again and stay as they are")


def _comparison_record(found: Comparison) -> dict[str, Any]:
    numbers = (
        "snapshots", "counts_changed", "rated", "levels_changed", "spaces", "spaces_changed",
        "corrected", "error_before", "error_after",
    )  # fmt: skip
    return {
        **_record(found.run),
        "vehicles_before": found.before.as_dict(),
        "vehicles_after": found.after.as_dict(),
        "growth": found.growth,
        **{name: getattr(found, name) for name in numbers},
    }


@reprocess.command("use")
@click.argument("run_id", metavar="RUN", type=int)
@click.pass_obj
def reprocess_use(settings: Settings, run_id: int) -> None:
    """Put the verdicts of RUN in the place of those before, in all figures; `undo` goes back.

    What people put right stays.
    """
    from parkcore.upkeep.reprocess import switch_over
    from parkcore.wiring import open_store

    with open_store(settings) as store:
        changed = switch_over(store, run_id)
        detector = store.run(run_id).detector
    click.echo(f"run {run_id} is in use for {changed:,} snapshots")
    used = (detector.confidence, detector.imgsz) == (settings.confidence, settings.imgsz)
    if not used or not settings.model.endswith(detector.model):
        click.echo(
            f"new photos are still judged by {one_line(settings.model)}, {settings.imgsz} pixels,"
            f" confidence {settings.confidence:g}; change the settings to judge them alike",
            err=True,
        )


@reprocess.command("undo")
@click.argument("run_id", metavar="RUN", type=int)
@click.pass_obj
def reprocess_undo(settings: Settings, run_id: int) -> None:
    """Take RUN out of use: everything is as it was before."""
    from parkcore.upkeep.reprocess import switch_back
    from parkcore.wiring import open_store

    with open_store(settings) as store:
        changed = switch_back(store, run_id)
    click.echo(f"run {run_id} is not in use any more; {changed:,} snapshots are as before")


@reprocess.command("remove")
@click.argument("run_id", metavar="RUN", type=int)
@click.option("--yes", is_flag=True, help="Do not ask.")
@click.pass_obj
def reprocess_remove(settings: Settings, run_id: int, yes: bool) -> None:
    """Forget RUN; of one in use, forget what was there before it."""
    from parkcore.wiring import open_store

    with open_store(settings) as store:
        run = store.run(run_id)
        in_use = "It stays in use for good and cannot be undone then. " if run.used_at else ""
        if not yes:
            click.confirm(f"{in_use}Forget run {run_id}?", abort=True)
        store.remove_run(run_id)
    click.echo(f"removed run {run_id}")
