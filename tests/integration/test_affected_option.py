"""``--sim-affected``: cases that have passed as they are now are left out, and nothing else."""

from __future__ import annotations

import itertools
import shutil
import time
from typing import TYPE_CHECKING

import numpy as np
import pytest

from pytest_a2a3sim.building.store.fingerprint import CLOCK_GRANULARITY_NS
from tests.golden_dirs import GoldenDir

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.usefixtures("own_cache")

EXPLAIN = "--sim-affected=explain"


def run(pytester: pytest.Pytester, *arguments: str) -> pytest.RunResult:
    """Runs pytest once no file is so new that it might change while pytest starts."""
    newest = max(path.stat().st_ctime_ns for path in pytester.path.rglob("*.*"))
    while time.time_ns() - newest <= CLOCK_GRANULARITY_NS:
        pass
    return pytester.runpytest("-p", "no:cacheprovider", "--tb=short", EXPLAIN, *arguments)


def reasons(result: pytest.RunResult) -> list[str]:
    """Why cases run, as the lines below their node ids say it."""
    lines = iter(result.outlines)
    section = itertools.dropwhile(lambda line: " affected cases " not in line, lines)
    told = itertools.takewhile(lambda line: not line.startswith("a2a3sim: "), section)
    return [line.strip() for line in told if line.startswith("  ")]


def test_second_run_leaves_out_what_passed(
    pytester: pytest.Pytester, doubler: GoldenDir, plugin_args: tuple[str, ...]
) -> None:
    doubler.extend_golden("PARAMS_LIST = [{'n': 1}, {'n': 2}]")
    run(pytester, *plugin_args).assert_outcomes(passed=2)
    result = run(pytester, *plugin_args)
    assert (result.ret, reasons(result)) == (0, [])
    result.stdout.fnmatch_lines(
        "a2a3sim: 2 of 2 cases deselected: unchanged since they passed, the first of them at *"
    )


def test_a_directory_is_no_value_of_the_option(
    pytester: pytest.Pytester, doubler: GoldenDir
) -> None:
    GoldenDir.create(pytester.path / "other")
    pytester.runpytest("--sim-affected", "doubler").assert_outcomes(passed=1)
    pytester.runpytest("--sim-affected", "doubler", "other").assert_outcomes(passed=1, deselected=1)


def test_ini_key_and_its_values(pytester: pytest.Pytester, doubler: GoldenDir) -> None:
    pytester.makeini("[pytest]\nsim_affected = on")
    pytester.runpytest().assert_outcomes(passed=1)
    pytester.runpytest().assert_outcomes(deselected=1)
    pytester.runpytest("--sim-affected=off").assert_outcomes(passed=1)
    result = pytester.runpytest("--sim-affected=record")
    result.assert_outcomes(passed=1)
    result.stdout.fnmatch_lines("a2a3sim: 1 of 1 cases would be deselected: *")
    pytester.makeini("[pytest]\nsim_affected = maybe")
    result = pytester.runpytest()
    result.stderr.fnmatch_lines(
        "ERROR: ini sim_affected must be one of on, explain, record, off; got 'maybe'"
    )
    assert doubler.path.is_dir()


def test_option_without_such_a_value(pytester: pytest.Pytester) -> None:
    result = pytester.runpytest("--sim-affected=maybe")
    result.stderr.fnmatch_lines("*argument --sim-affected: ignored explicit argument 'maybe'*")


def test_each_kind_of_dependency_is_named(pytester: pytest.Pytester, doubler: GoldenDir) -> None:
    doubler.add("kernels/factor.h", "constexpr float FACTOR = 2;\n")
    doubler.kernel_body(
        """
        #include "factor.h"
        for (int64_t i = 0; i < args[2]; ++i) y[i] = FACTOR * x[i];
        """
    )
    doubler.add("helper.py", "import os\nMORE = os.environ.get('MORE', '')\n")
    doubler.extend_golden(
        """
        from pathlib import Path
        import helper
        PLAIN = generate_inputs
        def generate_inputs(params):
            inputs = PLAIN(params)
            inputs["x"] += np.load(Path(__file__).parent / "x.npy")
            return inputs
        """
    )
    np.save(doubler.path / "x.npy", np.float32(1))
    pytester.makeconftest("")
    run(pytester).assert_outcomes(passed=1)
    run(pytester).assert_outcomes(deselected=1)

    def is_reason(*expected: str) -> None:
        result = run(pytester)
        assert reasons(result) == list(expected)
        result.assert_outcomes(passed=1)
        run(pytester).assert_outcomes(deselected=1)

    doubler.add("kernels/factor.h", "constexpr float FACTOR = 2.0f;\n")
    is_reason("a file has changed: doubler/kernels/factor.h")
    np.save(doubler.path / "x.npy", np.float32(2))
    is_reason("a file has changed: doubler/x.npy")
    doubler.add("helper.py", "import os\nMORE = os.environ.get('MORE', '1')\n")
    is_reason("a file has changed: doubler/helper.py")
    pytester.makeconftest("import os\n")
    is_reason("a file has changed: conftest.py")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("MORE", "2")
        is_reason("the environment variable MORE: was None, is '2'")
    run(pytester).assert_outcomes(deselected=1)  # it has passed without the variable, too
    doubler.add("helper/__init__.py", "MORE = ''\n")
    is_reason("a new file comes first where Python looks: " + "doubler/helper/__init__.py")


def test_options_have_passes_of_their_own(pytester: pytest.Pytester, doubler: GoldenDir) -> None:
    run(pytester).assert_outcomes(passed=1)
    for option, told in (
        ("--sim-sanitize=memcheck", "option sim_sanitize: 'memcheck' is new"),
        ("--sim-schedule=fifo", "option sim_schedule: 'fifo' is new"),
        ("--sim-strict", "option sim_strict: 'True' is new"),
        ("-Wignore::DeprecationWarning", "warnings: 'ignore::DeprecationWarning' is new"),
    ):
        result = run(pytester, option)
        assert told in reasons(result)
        result.assert_outcomes(passed=1)
        run(pytester, option).assert_outcomes(deselected=1)
    run(pytester, "--sim-dump-limit=1G", "--sim-blame").assert_outcomes(deselected=1)
    run(pytester, "--sim-rebuild").assert_outcomes(passed=1)
    assert doubler.path.is_dir()


def test_failures_and_what_is_no_pass_run_again(
    pytester: pytest.Pytester, doubler: GoldenDir
) -> None:
    doubler.extend_golden(
        """
        import pytest
        PARAMS_LIST = [
            pytest.param({"factor": 2}),
            pytest.param({"factor": 3}),
            pytest.param({"factor": 4}, marks=pytest.mark.xfail),
            pytest.param({"factor": 2.0}, marks=pytest.mark.xfail),
            pytest.param({"factor": 5}, marks=pytest.mark.skip),
        ]
        def compute_golden(tensors, params):
            tensors["out_y"][:] = params["factor"] * tensors["x"]
        """
    )
    run(pytester).assert_outcomes(passed=1, failed=1, xfailed=1, xpassed=1, skipped=1)
    for _ in range(2):
        run(pytester).assert_outcomes(deselected=1, failed=1, xfailed=1, xpassed=1, skipped=1)


def test_case_whose_teardown_fails_is_no_pass(
    pytester: pytest.Pytester, doubler: GoldenDir
) -> None:
    pytester.makeconftest(
        "import pytest\n@pytest.fixture\ndef bad():\n    yield\n    raise RuntimeError\n"
    )
    doubler.extend_golden("import pytest\npytestmark = pytest.mark.usefixtures('bad')")
    for _ in range(2):
        run(pytester).assert_outcomes(passed=1, errors=1)


def test_case_that_is_named_runs(pytester: pytest.Pytester, doubler: GoldenDir) -> None:
    run(pytester).assert_outcomes(passed=1)
    result = run(pytester, "doubler/golden.py::default")
    result.assert_outcomes(passed=1)
    assert reasons(result) == ["the command line names it"]
    assert doubler.path.is_dir()


@pytest.mark.parametrize(
    ("code", "told"),
    [
        ("np.random.rand()", "it draws random numbers without a seed"),
        ("np.random.default_rng()", "it draws random numbers without a seed of their own"),
        ("__import__('subprocess').run(['true'])", "it starts a process"),
        ("__import__('threading').Thread(target=print).start()", "it starts a thread"),
    ],
)
def test_what_nobody_can_track_is_not_kept(
    pytester: pytest.Pytester, doubler: GoldenDir, code: str, told: str
) -> None:
    doubler.extend_golden(
        f"""
        PLAIN = generate_inputs
        def generate_inputs(params):
            {code}
            return PLAIN(params)
        """
    )
    run(pytester).assert_outcomes(passed=1)
    result = run(pytester)
    result.assert_outcomes(passed=1)
    assert reasons(result) == [f"its last pass is not kept: {told}"]


@pytest.mark.parametrize("code", ["np.random.seed(3)", "__import__('random').seed(3)"])
def test_random_numbers_with_a_seed(
    pytester: pytest.Pytester, doubler: GoldenDir, code: str
) -> None:
    doubler.extend_golden(
        f"""
        import random
        PLAIN = generate_inputs
        def generate_inputs(params):
            {code}
            np.random.rand() if "np" in {code!r} else random.random()
            return PLAIN(params)
        """
    )
    run(pytester).assert_outcomes(passed=1)
    run(pytester).assert_outcomes(deselected=1)


def test_what_native_code_reads(
    pytester: pytest.Pytester, doubler: GoldenDir, monkeypatch: pytest.MonkeyPatch
) -> None:
    double = "for (int64_t i = 0; i < args[2]; ++i) y[i] = 2 * x[i];"
    doubler.kernel_body(f'if (std::getenv("A2A3SIM_TRIAL")) y[0] = 1;\n{double}')
    run(pytester).assert_outcomes(passed=1)
    run(pytester).assert_outcomes(deselected=1)
    monkeypatch.setenv("A2A3SIM_TRIAL", "1")
    result = run(pytester)
    assert reasons(result) == ["the environment variable A2A3SIM_TRIAL: was None, is '1'"]
    doubler.kernel_body(f'const char* name = "X";\nif (std::getenv(name)) y[0] = 1;\n{double}')
    run(pytester).assert_outcomes(passed=1)
    told = "its last pass is not kept: doubler/kernels/double.cpp calls getenv: which variable is"
    assert reasons(run(pytester)) == [f"{told} not known"]
    doubler.kernel(f"#include <cstdio>\n{(doubler.path / 'kernels/double.cpp').read_text()}")
    doubler.kernel_body(f"if (system(nullptr) == 3) y[0] = 1;\n{double}")
    run(pytester).assert_outcomes(passed=1)
    told = "its last pass is not kept: double.cpp calls system: what it reads is not known"
    assert reasons(run(pytester)) == [told]


def test_passes_count_in_another_checkout(
    pytester: pytest.Pytester, doubler: GoldenDir, tmp_path: Path
) -> None:
    pytester.makeini("[pytest]")
    run(pytester).assert_outcomes(passed=1)
    shutil.copytree(pytester.path, tmp_path / "checkout")
    there = ("--rootdir", str(tmp_path / "checkout"), str(tmp_path / "checkout"))
    run(pytester, *there).assert_outcomes(deselected=1)
    copied = GoldenDir(tmp_path / "checkout" / "doubler")
    copied.extend_golden("")
    result = run(pytester, *there)
    assert reasons(result) == ["a file has changed: doubler/golden.py"]


def test_damaged_passes_count_for_nothing(
    pytester: pytest.Pytester, doubler: GoldenDir, own_cache: Path
) -> None:
    run(pytester).assert_outcomes(passed=1)
    for kind in ("passes/*/*/*", "inputs/*/*"):
        for path in (own_cache / "v2").glob(kind):
            content = path.read_bytes()
            path.write_bytes(content[:-1])
        run(pytester).assert_outcomes(passed=1)
        run(pytester).assert_outcomes(deselected=1)
    assert doubler.path.is_dir()


def test_file_that_changes_meanwhile_is_no_pass(
    pytester: pytest.Pytester, doubler: GoldenDir
) -> None:
    doubler.extend_golden(
        """
        from pathlib import Path
        PLAIN = generate_inputs
        def generate_inputs(params):
            return PLAIN(params)
        """
    )
    pytester.makeconftest(
        "from pathlib import Path\n"
        "def pytest_collection_finish():\n"
        "    Path('doubler/golden.py').write_text(Path('doubler/golden.py').read_text() + '#')\n"
    )
    run(pytester).assert_outcomes(passed=1)
    told = "its last pass is not kept: doubler/golden.py has changed while it ran"
    assert reasons(run(pytester)) == [told]


def test_ordinary_tests_run(pytester: pytest.Pytester, doubler: GoldenDir) -> None:
    pytester.makepyfile(f"def test_it(a2a3sim): a2a3sim.run_case({str(doubler.path)!r}).check()")
    run(pytester).assert_outcomes(passed=2)
    run(pytester).assert_outcomes(passed=1, deselected=1)


SLOW = """
import pytest

@pytest.hookimpl(tryfirst=True)
def pytest_runtest_makereport(item, call):
    call.duration = 60.0 if item.name == "n=9" else 1.0
"""


def test_workers_begin_with_the_longest_cases(
    pytester: pytest.Pytester, doubler: GoldenDir
) -> None:
    """They are known from the passes, and nothing but the workers' order changes."""
    pytester.makeconftest(SLOW)
    doubler.extend_golden("PARAMS_LIST = [{'n': n} for n in range(10)]")
    pytester.makepyfile("def test_other(): pass")
    names = [f"doubler/golden.py::n={n}" for n in range(10)]

    def ended(*arguments: str) -> list[str]:
        result = run(pytester, "-v", "--sim-affected=record", *arguments)
        result.assert_outcomes(passed=11)
        return [line for line in result.outlines if " PASSED" in line]

    for _ in range(2):
        assert [line.split()[0] for line in ended()][:10] == names
    lines = ended("-n2")
    worker = next(line.split()[0] for line in lines if line.split()[-1] == names[9])
    first = next(line for line in lines if line.startswith(worker))
    assert first.split()[-1] == names[9]
    chosen = ended("-n2", "--dist=loadfile")
    assert len({line.split()[0] for line in chosen if "golden.py" in line}) == 1


def test_what_comes_to_a_project_is_noticed(
    pytester: pytest.Pytester, doubler: GoldenDir, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A conftest.py, a plugin, places of modules, fixtures that all tests use."""
    pytester.makeini("[pytest]")
    run(pytester).assert_outcomes(passed=1)

    def runs(reason: str, *arguments: str) -> None:
        result = run(pytester, *arguments)
        result.assert_outcomes(passed=1)
        assert reason in "\n".join(reasons(result))
        run(pytester, *arguments).assert_outcomes(deselected=1)

    doubler.add("conftest.py", "")
    runs("a new file comes first where Python looks: doubler/conftest.py")
    pytester.makeconftest("import pytest\n@pytest.fixture\ndef used():\n    return 1\n")
    runs("a new file comes first where Python looks: conftest.py")
    pytester.makepyfile(extra="def pytest_runtest_setup():\n    pass\n")
    pytester.syspathinsert()
    runs("pytest plugin: '{root}/extra.py' is new", "-p", "extra")
    pytester.makeini("[pytest]\nusefixtures = used")
    runs("ini usefixtures: 'used' is new")
    pytester.makeini("[pytest]\npythonpath = tools")
    runs("ini pythonpath: 'tools' is new")
    monkeypatch.setenv("PYTHONPATH", "elsewhere")
    runs("PYTHONPATH: ")


def test_cases_of_a_worker_that_dies_run_elsewhere(
    pytester: pytest.Pytester, doubler: GoldenDir
) -> None:
    doubler.extend_golden("PARAMS_LIST = [{'n': n} for n in range(8)]")
    run(pytester).assert_outcomes(passed=8)
    pytester.makeconftest(
        """
        import os

        def pytest_runtest_setup(item):
            if item.name == "n=1":
                os._exit(3)
        """
    )
    result = run(pytester, "-n2")
    result.assert_outcomes(passed=7, failed=1)
    result.stdout.fnmatch_lines("worker 'gw?' crashed while running 'doubler/golden.py::n=1'")
