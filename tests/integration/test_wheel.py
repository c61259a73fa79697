"""What is published works without the checkout."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

from tests.words import without_breaks

CHECKOUT = Path(__file__).parents[2]


def run(*command: str | Path, cwd: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        command,
        cwd=cwd,
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        check=False,
    )


def copy_of_checkout(target: Path) -> Path:
    files = run("git", "ls-files", "--cached", "--others", "--exclude-standard", cwd=CHECKOUT)
    for name in files.stdout.splitlines():
        if (CHECKOUT / name).is_file():
            (target / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(CHECKOUT / name, target / name)
    return target


def test_wheel_from_sdist_runs_an_example(tmp_path: Path) -> None:
    source = copy_of_checkout(tmp_path / "source")
    built = run(sys.executable, "-m", "build", "--outdir", tmp_path / "dist", cwd=source)
    assert built.returncode == 0, built.stderr
    (wheel,) = (tmp_path / "dist").glob("*.whl")
    assert "-cp310-abi3-linux_" in wheel.name

    python = tmp_path / "venv" / "bin" / "python"
    run(sys.executable, "-m", "venv", tmp_path / "venv", cwd=tmp_path)
    installed = run(python, "-m", "pip", "install", "-q", "--no-compile", wheel, cwd=tmp_path)
    assert installed.returncode == 0, installed.stderr

    (program,) = python.parents[1].rglob("_process_server.elf")
    assert os.access(program, os.X_OK)
    check_unbuilt_checkout(source, python)
    shutil.copytree(CHECKOUT / "examples" / "vector_example", tmp_path / "vector_example")
    shutil.rmtree(source)
    tested = run(python, "-m", "pytest", "vector_example", "-n", "2", cwd=tmp_path)
    assert tested.returncode == 0, tested.stdout + tested.stderr
    assert " passed in " in tested.stdout
    schema = "from importlib.resources import files; files('pytest_a2a3sim').joinpath('reporting', "
    schema += "'report.schema.json').read_text()"
    assert run(python, "-c", schema, cwd=tmp_path).returncode == 0
    scripted = run(
        python.with_name("a2a3sim"),
        *("run", "-k", "vector_example/kernels", "-g", "vector_example/golden.py"),
        cwd=tmp_path,
    )
    assert scripted.returncode == 0, scripted.stdout + scripted.stderr


def check_unbuilt_checkout(checkout: Path, python: Path) -> None:
    """``python -m pytest`` imports the package from there, whose engine was not built."""
    command = (python, "-m", "pytest", "-q", "-p", "no:cacheprovider", "examples/vector_example")
    borrowed = run(*command, cwd=checkout)
    assert borrowed.returncode == 0, borrowed.stdout + borrowed.stderr
    with (checkout / "pytest_a2a3sim" / "native" / "api.cpp").open("a") as file:
        file.write("// changed\n")
    refused = run(*command, cwd=checkout)
    package = checkout / "pytest_a2a3sim"
    said = without_breaks(refused.stdout)
    assert without_breaks(f"{package} has no compiled engine; that in ") in said
    assert f"Run `pip install -e {checkout}` to build it there." in refused.stdout
    assert "Traceback" not in refused.stdout
    assert said.count("has no compiled engine") == 1


def test_install_without_a_compiler_says_what_to_install(tmp_path: Path) -> None:
    source = copy_of_checkout(tmp_path)
    failed = run(sys.executable, "setup.py", "build_ext", cwd=source, PATH=str(tmp_path))
    assert failed.returncode != 0
    assert "pytest-a2a3sim builds a native engine and needs a C++ compiler" in failed.stderr
    assert "apt install g++" in failed.stderr
