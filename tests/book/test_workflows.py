"""What GitHub reads is valid, and runs nothing but the commands that a person would."""

import json
import re
import subprocess
import sys
import tomllib

import pytest
import yaml

from bookbuild import book
from bookbuild.book import ROOT

WORKFLOWS = sorted((ROOT / ".github" / "workflows").glob("*.yml"))
MAKEFILE = (ROOT / "Makefile").read_text(encoding="utf-8")
COMMANDS = {f"make {target}" for target in re.findall(r"^([a-z-]+):.*## ", MAKEFILE, re.M)}


def read(path):
    return yaml.safe_load(path.read_text(encoding="utf-8"))


@pytest.mark.parametrize(
    ("schema", "files"),
    [
        ("github-workflows", WORKFLOWS),
        ("dependabot", [ROOT / ".github" / "dependabot.yml"]),
        ("citation-file-format", [ROOT / "CITATION.cff"]),
    ],
    ids=["workflows", "dependabot", "citation"],
)
def test_files_follow_their_schema(schema, files):
    # The schemas come with check-jsonschema: no network.
    command = [sys.executable, "-m", "check_jsonschema", "--builtin-schema", f"vendor.{schema}"]
    result = subprocess.run([*command, *files], capture_output=True, text=True, check=False)
    assert result.returncode == 0, result.stdout + result.stderr


@pytest.mark.parametrize("workflow", WORKFLOWS, ids=lambda path: path.name)
def test_workflows_use_the_same_commands_as_people(workflow):
    jobs = read(workflow)["jobs"]
    steps = [step for job in jobs.values() for step in job.get("steps", [])]
    commands = {step["run"] for step in steps if "run" in step}
    assert commands and commands <= {"bash .ci/run", "bash .ci/run test-classroom"} | COMMANDS


@pytest.mark.parametrize("workflow", WORKFLOWS, ids=lambda path: path.name)
def test_an_action_is_named_by_its_hash_and_its_version_stands_beside_it(workflow):
    actions = re.findall(r"\buses: (?!\./)(.+)", workflow.read_text(encoding="utf-8"))
    # A tag may be moved to other code. Dependabot renews hash and comment together.
    pinned = re.compile(r"[\w-]+/[\w-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+")
    assert [action for action in actions if not pinned.fullmatch(action)] == []


@pytest.mark.parametrize("workflow", ["publish", "release"])
def test_nothing_is_published_untested(workflow):
    jobs = read(ROOT / ".github" / "workflows" / f"{workflow}.yml")["jobs"]
    assert jobs["test"]["uses"] == "./.github/workflows/test.yml"
    assert jobs[workflow]["needs"] == "test"


def test_codespaces_builds_the_book_and_opens_a_chapter():
    container = json.loads((ROOT / ".devcontainer" / "devcontainer.json").read_text())
    assert container["name"] == book.config()["title"]
    assert container["postCreateCommand"] in COMMANDS
    opened = container["customizations"]["codespaces"]["openFiles"]
    assert opened == [book.notebook(book.chapters()[0]).relative_to(ROOT).as_posix()]


def test_the_citation_names_the_book():
    citation, config = read(ROOT / "CITATION.cff"), book.config()
    assert citation["title"] == config["title"]
    assert citation["authors"] == [{"name": config["author"]}]
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    assert citation["version"] == project["version"]
