"""The workflows of docs/ci.md are well-formed, and their shell lines do what the page says."""

from __future__ import annotations

import shutil
import subprocess
from typing import TYPE_CHECKING, Any

import pytest

from tests.docs.markdown_pages import CHECKOUT, blocks
from tests.docs.test_commands import shell_environment

if TYPE_CHECKING:
    from pathlib import Path

GITHUB, GITLAB = (
    block.text for block in blocks(CHECKOUT / "docs" / "ci.md") if block.language == "yaml"
)


def parsed(text: str) -> Any:
    yaml: Any = pytest.importorskip("yaml")
    return yaml.safe_load(text)


def github_script() -> str:
    """The step that runs pytest."""
    steps = parsed(GITHUB)["jobs"]["kernels"]["steps"]
    (script,) = (step["run"] for step in steps if "pytest " in step.get("run", ""))
    return f"set -e\n{script}"


def gitlab_script() -> str:
    """The lines of the job, which one shell reads."""
    return "\n".join(["set -e", *parsed(GITLAB)["kernels"]["script"]])


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """A repository of a user, with two cases."""
    shutil.copytree(CHECKOUT / "examples" / "vector_example", tmp_path / "checkout" / "vector")
    return tmp_path / "checkout"


@pytest.mark.parametrize(
    ("script", "event"),
    [(github_script, "GITHUB_EVENT_NAME"), (gitlab_script, "CI_PIPELINE_SOURCE")],
)
def test_shell_lines(checkout: Path, script: Any, event: str) -> None:
    pytest.importorskip("bokeh")
    summary = checkout.parent / "summary.md"
    environment = {
        **shell_environment(checkout.parent),
        "A2A3SIM_CACHE_DIR": str(checkout / ".a2a3sim-cache"),
        "GITHUB_STEP_SUMMARY": str(summary),
    }

    def run(value: str) -> str:
        shutil.rmtree(checkout / "report", ignore_errors=True)
        done = subprocess.run(
            ["sh", "-c", script().replace("-n auto", "-n 1")],
            cwd=checkout,
            env={**environment, event: value},
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stdout + done.stderr
        assert (checkout / "report" / "junit.xml").is_file()
        return done.stdout

    assert "a2a3sim: 0 of 4 cases are unaffected" in run("push")
    assert (checkout / "report" / "index.html").is_file()
    assert "a2a3sim: 4 of 4 cases deselected" in run("pull_request")
    kernel = checkout / "vector" / "kernels" / "aiv" / "kernel_mul.cpp"
    kernel.write_text(f"{kernel.read_text()}// more\n")
    printed = run("merge_request_event")
    assert "a file has changed: vector/kernels/aiv/kernel_mul.cpp" in printed
    assert "4 passed" in printed
    assert "4 passed" in run("schedule")
    assert "16k" in summary.read_text()


def test_github_workflow_is_well_formed(tmp_path: Path) -> None:
    if (lint := shutil.which("jactionlint")) is None:
        pytest.skip("no jactionlint")
    workflow = tmp_path / ".github" / "workflows" / "kernels.yml"
    workflow.parent.mkdir(parents=True)
    workflow.write_text(GITHUB)
    done = subprocess.run(
        [lint, "--pyflakes=", str(workflow)], capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stdout) == (0, "")


def test_gitlab_job_has_what_gitlab_knows() -> None:
    job = parsed(GITLAB)["kernels"]
    assert set(job) <= {
        *("image", "timeout", "rules", "variables", "cache", "before_script", "script"),
        "artifacts",
    }
    assert {rule["variables"]["CACHE_POLICY"] for rule in job["rules"]} == {"pull", "pull-push"}
