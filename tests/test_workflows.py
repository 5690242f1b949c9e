"""The workflows are valid, and run nothing but the commands that a person would."""

import subprocess
import sys

import pytest
import yaml
from conftest import TOP

WORKFLOWS = sorted((TOP / ".github" / "workflows").glob("*.yml"))


def test_workflows_follow_the_schema():
    # The schema comes with check-jsonschema: no network.
    command = [sys.executable, "-m", "check_jsonschema"]
    command += ["--builtin-schema", "vendor.github-workflows", *WORKFLOWS]
    result = subprocess.run(command, capture_output=True, text=True, check=False)
    assert result.returncode == 0, result.stdout + result.stderr


@pytest.mark.parametrize("workflow", WORKFLOWS, ids=lambda path: path.name)
def test_workflows_use_the_same_commands_as_people(workflow):
    jobs = yaml.safe_load(workflow.read_text(encoding="utf-8"))["jobs"]
    commands = [step["run"] for job in jobs.values() for step in job["steps"] if "run" in step]
    known = {"bash .ci/run", "make book", "make test", "make test-classroom", "make test-colab"}
    assert set(commands) <= known
    assert commands
