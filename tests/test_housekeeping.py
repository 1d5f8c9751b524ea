"""What is written twice stays in step, and what is shipped is what it says."""

from __future__ import annotations

import hashlib
import re
import subprocess
import tomllib

import click
import pytest
import yaml
from conftest import ROOT, SAMPLES, WEIGHTS

import parkcore
from parkcore.cli import cli
from parkcore.quantised import digest, folder_of
from parkcore.settings import Settings

README = (ROOT / "README.md").read_text(encoding="utf-8")
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]


def requirements(name: str) -> dict[str, str]:
    """Requirement → why, of a requirements file."""
    lines = (ROOT / name).read_text().splitlines()
    found = [line.partition("#") for line in lines if line and not line.startswith(("#", "-"))]
    return {wanted.strip(): why.strip() for wanted, _, why in found}


def test_requirements_and_the_package_ask_for_the_same() -> None:
    declared = PROJECT["dependencies"] + PROJECT["optional-dependencies"]["app"]
    assert sorted(declared) == sorted(requirements("requirements.txt"))


@pytest.mark.parametrize("name", ["requirements.txt", "requirements-dev.txt"])
def test_every_requirement_has_a_range_and_a_reason(name: str) -> None:
    for wanted, why in requirements(name).items():
        assert ">=" in wanted, wanted
        assert len(why) > 8, wanted


def commands(group: click.Group, *before: str) -> dict[str, click.Command]:
    found: dict[str, click.Command] = {}
    for name, command in group.commands.items():
        words = (*before, name)
        if isinstance(command, click.Group):
            found |= commands(command, *words)
        found[" ".join(words)] = command
    return found


@pytest.mark.parametrize("name, command", commands(cli).items(), ids=commands(cli))
def test_every_command_and_option_has_help(name: str, command: click.Command) -> None:
    assert command.help and command.help.strip().endswith(".")
    for option in command.params:
        if isinstance(option, click.Option):
            assert option.help, f"{name} {option.name}"


@pytest.mark.parametrize("name", commands(cli))
def test_the_readme_shows_every_command(name: str) -> None:
    assert f"parkcore {name}" in README


@pytest.mark.parametrize("name", Settings.model_fields)
def test_the_readme_and_the_help_tell_every_setting(name: str) -> None:
    with click.Context(cli) as context:
        shown = cli.get_help(context)
    assert f"`{name}`" in README
    assert f"PARKCORE_{name.upper()}" in re.sub(r"-\n\s+", "-", shown).replace("\n", "")


def test_the_changelog_has_the_version() -> None:
    assert f"## {parkcore.__version__}" in (ROOT / "CHANGELOG.md").read_text()


def test_the_model_card_is_of_this_model() -> None:
    weights = WEIGHTS.read_bytes()
    assert hashlib.sha256(weights).hexdigest() in (ROOT / "models" / "README.md").read_text()
    assert len(weights) <= 7e6


def test_the_model_comes_with_its_own_8_bit_form() -> None:
    folder = folder_of(WEIGHTS)
    described = yaml.safe_load((folder / "metadata.yaml").read_text())
    assert described["made_of"] == hashlib.sha256(WEIGHTS.read_bytes()).hexdigest()
    assert digest(folder)[:12] in (ROOT / "models" / "README.md").read_text()
    shipped = (ROOT / "pyproject.toml").read_text()
    assert f"parkcore/weights/{folder.name}" in shipped


@pytest.mark.parametrize("lot", ["sample-north", "sample-south"])
def test_a_sample_lot_lists_exactly_its_photos(lot: str) -> None:
    listed = tomllib.loads((SAMPLES / lot / "lot.toml").read_text())["sample_photos"]
    there = [hashlib.sha256(p.read_bytes()).hexdigest() for p in (SAMPLES / lot).rglob("*.jpg")]
    assert sorted(listed) == sorted(there)


def test_no_path_of_a_machine_is_in_the_repository() -> None:
    listed = subprocess.run(
        ["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=True
    )
    homes = [str(ROOT).encode(), b"/home" + b"/", b"/root" + b"/"]
    for name in filter(None, listed.stdout.split("\0")):
        if (ROOT / name).is_file() and (ROOT / name).suffix not in {".jpg", ".pt", ".png"}:
            content = (ROOT / name).read_bytes()
            assert not [home for home in homes if home in content], name
