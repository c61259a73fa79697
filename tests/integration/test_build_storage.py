"""What the build cache keeps, whatever happens to its files and its disk."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from typing import TYPE_CHECKING

import pytest

from pytest_a2a3sim import A2A3SimWarning, Settings, run_case
from tests.compilers import CountingCompiler

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.golden_dirs import GoldenDir

pytestmark = pytest.mark.usefixtures("own_cache")

BOTH = ["double.cpp", "orchestration.cpp"]


@pytest.mark.parametrize(
    "damage",
    [
        pytest.param(lambda data: data[: len(data) // 2], id="truncated"),
        pytest.param(lambda data: data[:-9] + bytes([data[-9] ^ 4]) + data[-8:], id="flipped"),
        pytest.param(lambda _: b"", id="empty"),
    ],
)
@pytest.mark.parametrize("kind", ["objects", "manifests"])
def test_damaged_file_is_made_again(
    golden_dir: GoldenDir,
    own_cache: Path,
    compiler: CountingCompiler,
    kind: str,
    damage: Callable[[bytes], bytes],
) -> None:
    run_case(golden_dir.path)
    compiler.forget()
    files = [path for path in (own_cache / "v2" / kind).rglob("*") if path.is_file()]
    assert len(files) == 2
    for path in files:
        path.write_bytes(damage(path.read_bytes()))
    assert run_case(golden_dir.path).passed
    assert compiler.compiled() == BOTH
    compiler.forget()
    assert run_case(golden_dir.path).passed
    assert compiler.runs() == []


def test_unwritable_directory_builds_in_a_temporary_one(
    golden_dir: GoldenDir,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    compiler: CountingCompiler,
) -> None:
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("A2A3SIM_CACHE_DIR", str(tmp_path / "file" / "cache"))
    with pytest.warns(A2A3SimWarning, match="the build cache in .* cannot be written") as caught:
        assert run_case(golden_dir.path).passed
    assert len(caught) == 1
    assert compiler.compiled() == BOTH


def test_full_disk_builds_in_a_temporary_directory(golden_dir: GoldenDir, tmp_path: Path) -> None:
    script = (
        "import sys, warnings\n"
        "from pytest_a2a3sim import run_case\n"
        "with warnings.catch_warnings(record=True) as caught:\n"
        "    warnings.simplefilter('always')\n"
        "    print(run_case(sys.argv[1]).passed, run_case(sys.argv[1]).passed)\n"
        "print(caught[0].message)\n"
    )
    mounts = f"mount -t tmpfs -o size=8k,mode=755 none {tmp_path / 'small'}"
    mount = f'{mounts} && exec {sys.executable} -c "$0" "$1"'
    (tmp_path / "small").mkdir()
    command = ["unshare", "--user", "--mount", "--map-root-user", "sh", "-c"]
    if subprocess.run([*command, "mount -t tmpfs none /mnt"], check=False).returncode != 0:
        pytest.skip("a small file system cannot be mounted here")
    done = subprocess.run(
        [*command, mount, script, str(golden_dir.path)],
        env={**os.environ, "A2A3SIM_CACHE_DIR": str(tmp_path / "small")},
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.startswith("True True\n")
    assert "cannot be written: [Errno 28] No space left on device" in done.stdout


def test_eviction_keeps_the_cache_below_its_limit(
    golden_dir: GoldenDir, own_cache: Path, compiler: CountingCompiler
) -> None:
    run_case(golden_dir.path, settings=Settings(cache_limit=1))
    assert list(own_cache.rglob("*.so")) == []
    compiler.forget()
    assert run_case(golden_dir.path).passed
    assert compiler.compiled() == BOTH
    assert len(list(own_cache.rglob("*.so"))) == 2


def test_objects_survive_the_clearing_of_the_cache_while_they_are_used(
    golden_dir: GoldenDir, own_cache: Path
) -> None:
    golden_dir.extend_golden(
        f"""
        def compute_golden(tensors, params):
            import shutil
            shutil.rmtree({str(own_cache)!r}, ignore_errors=True)
            tensors["out_y"][:] = 2 * tensors["x"]
        """
    )
    assert run_case(golden_dir.path).passed
    assert run_case(golden_dir.path).passed


def test_rebuild_ignores_what_is_older(golden_dir: GoldenDir, compiler: CountingCompiler) -> None:
    run_case(golden_dir.path)
    compiler.forget()
    result = run_case(golden_dir.path, settings=Settings(rebuild_since=time.time()))
    assert result.compiled == 2
    assert compiler.compiled() == BOTH


def test_one_source_for_two_kernels_is_compiled_once_and_loaded_twice(
    golden_dir: GoldenDir, compiler: CountingCompiler
) -> None:
    golden_dir.kernel_config(
        """
        KERNELS = [
            {"func_id": 0, "source": "double.cpp", "core_type": "aiv", "name": "first"},
            {"func_id": 1, "source": "double.cpp", "core_type": "aiv", "name": "second"},
        ]
        ORCHESTRATION = {"source": "orchestration.cpp", "function_name": "build_graph"}
        """
    )
    golden_dir.kernel_body(
        "static int calls = 0;\n"
        "if (++calls != 1) std::abort();\n"
        "for (int64_t i = 0; i < args[2]; ++i) y[i] = 2 * x[i];"
    )
    golden_dir.orchestration_body(
        "int first = runtime->add_task(task, 3, 0, CoreType::AIV);\n"
        "runtime->add_successor(first, runtime->add_task(task, 3, 1, CoreType::AIV));\n"
        "runtime->record_tensor_pair(host_y, y, args[3]);\nreturn 0;"
    )
    assert run_case(golden_dir.path).passed
    assert compiler.compiled() == BOTH


def test_what_a_compiler_leaves_behind_goes_with_the_session(
    golden_dir: GoldenDir, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    compiler = CountingCompiler.create(
        tmp_path / "compiler",
        before='case "$*" in *double.cpp*) mktemp -t "left-XXXXXX"; esac',
    )
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    monkeypatch.setenv("TMPDIR", str(elsewhere))
    monkeypatch.setenv("CXX", str(compiler.executable))
    run_case(golden_dir.path).check()
    assert compiler.compiled() == BOTH
    assert not list(tmp_path.rglob("left-*"))
