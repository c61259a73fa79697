"""The first orchestration is compiled while golden.py is executed, which changes nothing else."""

from __future__ import annotations

import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from tests.compilers import CountingCompiler

if TYPE_CHECKING:
    from pathlib import Path

    from tests.golden_dirs import GoldenDir

pytestmark = pytest.mark.usefixtures("own_cache")


@pytest.mark.parametrize("where", ["first", "first/golden.py::default"])
def test_an_orchestration_is_compiled_while_golden_py_is_executed(
    pytester: pytest.Pytester,
    two: tuple[GoldenDir, GoldenDir],
    compiler: CountingCompiler,
    where: str,
) -> None:
    two[0].extend_golden(
        f"""
        import pathlib, time
        end = time.monotonic() + 120
        while "orchestration.cpp -o" not in pathlib.Path({str(compiler.log)!r}).read_text():
            assert time.monotonic() < end
            time.sleep(0.01)
        """
    )
    pytester.runpytest(where).assert_outcomes(passed=1)
    assert compiler.compiled() == ["first.cpp", "orchestration.cpp"]


@pytest.mark.parametrize(
    ("golden", "config"),
    [
        ("import sys; sys.path.insert(0, {lib!r})", "import named_in_lib"),
        ("import os; os.environ['KERNEL'] = 'first'", "import os; os.environ['KERNEL']"),
        ("import pytest; pytest.importorskip('no_such_module')", "import no_such_module"),
        ("raise KeyError('golden.py')", "raise KeyError('kernel_config.py')"),
    ],
)
def test_golden_py_is_executed_before_its_kernel_config(
    pytester: pytest.Pytester, two: tuple[GoldenDir, GoldenDir], golden: str, config: str
) -> None:
    directory = two[0].path
    two[0].add("lib/named_in_lib.py", "")
    for file, first in (
        (directory / "golden.py", golden.format(lib=str(directory / "lib"))),
        (directory / "kernels" / "kernel_config.py", config),
    ):
        file.write_text(f"{first}\n{file.read_text()}")
    result = pytester.runpytest_subprocess("first")
    if "raise" in golden:
        result.stdout.fnmatch_lines(["*KeyError: 'golden.py'"])
    elif "skip" in golden:
        result.assert_outcomes(skipped=1)
    else:
        result.assert_outcomes(passed=1)


@pytest.mark.parametrize(
    "line",
    [
        "import os; os.environ['KERNEL_CONFIG'] = os.environ.get('KERNEL_CONFIG', '') + 'x'",
        "import os; os.sys.path.append('/x')",
        "raise KeyboardInterrupt",
        "from pathlib import Path; (Path(__file__).parent / 'twice').touch(exist_ok=False)",
        "print('read')",
    ],
)
def test_kernel_config_that_does_more_than_to_name_files_is_executed_once(
    pytester: pytest.Pytester, two: tuple[GoldenDir, GoldenDir], line: str
) -> None:
    config = two[0].path / "kernels" / "kernel_config.py"
    config.write_text(f"{line.replace('raise', 'if 0: raise')}\n{config.read_text()}")
    two[0].extend_golden(
        f"""
        import os, sys
        assert "KERNEL_CONFIG" not in os.environ and "/x" not in sys.path
        assert not os.path.exists({str(config.parent / "twice")!r})
        """
    )
    result = pytester.runpytest_subprocess("-s", "first")
    result.assert_outcomes(passed=1)
    assert result.outlines.count("read") <= 1


def test_orchestration_that_cannot_be_compiled_just_then(
    pytester: pytest.Pytester,
    two: tuple[GoldenDir, GoldenDir],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    first = pytester.path / "first-time"
    fails = (
        f'case "$*" in *orchestration.cpp*) [ -e {first} ] || {{ touch {first}; '
        'echo "virtual memory exhausted" >&2; exit 1; }; esac'
    )
    compiler = CountingCompiler.create(pytester.path / "compiler", before=fails)
    monkeypatch.setenv("CXX", str(compiler.executable))
    pytester.runpytest("first").assert_outcomes(passed=1)
    assert compiler.compiled() == ["first.cpp", "orchestration.cpp", "orchestration.cpp"]


def test_name_that_no_file_can_have(
    pytester: pytest.Pytester, two: tuple[GoldenDir, GoldenDir]
) -> None:
    config = two[0].path / "kernels" / "kernel_config.py"
    config.write_text(config.read_text().replace("orchestration.cpp", r"sur\udc80\ud800.cpp"))
    pytester.runpytest("first").assert_outcomes(failed=1)


SWITCHES = """
import os, sys, time
from pytest_a2a3sim import run_case

golden, go, then = sys.argv[1:]
run_case(golden).check()
assert sys.getswitchinterval() == float(then)
"""


@pytest.mark.parametrize("then", ["0.03", "0.005"])
def test_switch_interval_is_what_the_program_wants(
    golden_dir: GoldenDir, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, then: str
) -> None:
    go = tmp_path / "go"
    waits = f'case "$*" in *double.cpp*) until [ -e {go} ]; do sleep 0.01; done; esac'
    compiler = CountingCompiler.create(tmp_path / "compiler", before=waits)
    monkeypatch.setenv("CXX", str(compiler.executable))
    golden_dir.extend_golden(
        f"""
        import os, pathlib, sys
        PLAIN = generate_inputs
        def generate_inputs(params):
            child = os.fork()
            if child == 0:
                os._exit(sys.getswitchinterval() != 0.005)
            assert os.waitpid(child, 0)[1] == 0
            if {then} != 0.005:
                sys.setswitchinterval({then})
            pathlib.Path({str(go)!r}).touch()
            return PLAIN(params)
        """
    )  # a child is forked while a compiler waits
    subprocess.run([sys.executable, "-c", SWITCHES, golden_dir.path, go, then], check=True)
