"""Cases of a session come from a server that forks them: whatever becomes of it, they are right."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
import uuid
from typing import TYPE_CHECKING

import pytest

from tests.integration.test_faults_session import processes_with, wait_until_gone

if TYPE_CHECKING:
    from tests.golden_dirs import GoldenDir

RUN = """\
    api.copy_to_device(x, host_x, args[2]);
    runtime->add_task(task, 3, 0, CoreType::AIV);
    runtime->record_tensor_pair(host_y, y, args[3]);
    return 0;
"""
DOUBLE = "for (int64_t i = 0; i < args[2]; ++i) y[i] = 2 * x[i];\n"
THREE_CASES = "PARAMS_LIST = [{'i': 0}, {'i': 1}, {'i': 2}]\n"

# What a process gets from the one that forks it, in one line of JSON.
TELLS = """\
    char directory[4096];
    rlimit files{};
    getrlimit(RLIMIT_NOFILE, &files);
    cpu_set_t cpus;
    CPU_ZERO(&cpus);
    sched_getaffinity(0, sizeof cpus, &cpus);
    const mode_t mask = umask(0);
    umask(mask);
    const char* const variable = getenv("A2A3SIM_TEST_VARIABLE");
    const auto answer = reinterpret_cast<int (*)()>(dlsym(RTLD_DEFAULT, "test_answer"));
    std::printf("{\\"variable\\": \\"%s\\", \\"directory\\": \\"%s\\", \\"umask\\": %d, "
                "\\"files\\": %d, \\"cpus\\": %d, \\"nice\\": %d, \\"locale\\": \\"%s\\", "
                "\\"test\\": \\"%s\\", \\"answer\\": %d}\\n",
                variable == nullptr ? "" : variable, getcwd(directory, sizeof directory),
                static_cast<int>(mask), static_cast<int>(files.rlim_cur), CPU_COUNT(&cpus),
                getpriority(PRIO_PROCESS, 0), setlocale(LC_CTYPE, nullptr),
                getenv("PYTEST_CURRENT_TEST"), answer == nullptr ? 0 : answer());
"""
HEADERS = """\
#include <clocale>
#include <cstdio>
#include <cstdlib>
#include <dlfcn.h>
#include <sched.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>
"""

# Each case finds other surroundings than the one before, some of them since before it was loaded.
CHANGES = """
import ctypes, json, locale, os, resource

import pytest


@pytest.fixture(autouse=True)
def surroundings(request, monkeypatch, tmp_path):
    number = int(request.node.name.removeprefix("i="))
    if number == 0:
        monkeypatch.delenv("A2A3SIM_TEST_VARIABLE", raising=False)
        yield
        return
    monkeypatch.setenv("A2A3SIM_TEST_VARIABLE", f"case {number}")
    monkeypatch.chdir(tmp_path)
    old_mask = os.umask(0o30 + number)
    old_cpus = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {min(old_cpus)})
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (200 + number, hard))
    old_locale = locale.setlocale(locale.LC_CTYPE, "C" if number == 1 else "C.UTF-8")
    if number == 2:
        ctypes.CDLL(os.environ["A2A3SIM_TEST_LIBRARY"], os.RTLD_GLOBAL | os.RTLD_NOW)
    yield
    resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
    os.sched_setaffinity(0, old_cpus)
    os.umask(old_mask)
"""


def remove_before_each_case(pytester: pytest.Pytester, name: str) -> None:
    pytester.makeconftest(
        f"""
        import pathlib, pytest

        @pytest.fixture(autouse=True)
        def is_not_there():
            pathlib.Path({name!r}).unlink(missing_ok=True)
        """
    )


def waits_for(directory: GoldenDir, name: str) -> None:
    """Has the orchestration begin when there is such a file."""
    directory.orchestration_body(f'    while (access("{name}", F_OK) != 0) usleep(1000);\n{RUN}')
    source = directory.path / "kernels" / "orchestration.cpp"
    source.write_text(f"#include <unistd.h>\n{source.read_text()}")


def told(printed: list[str]) -> list[dict[str, object]]:
    return [json.loads(line[line.index("{") :]) for line in printed if '{"variable"' in line]


@pytest.mark.parametrize(("isolation", "answer"), [("process", 0), ("fork", 42)])
def test_case_finds_what_pytest_has_now(
    pytester: pytest.Pytester,
    doubler: GoldenDir,
    monkeypatch: pytest.MonkeyPatch,
    isolation: str,
    answer: int,
) -> None:
    """But for its memory, unless it is forked from it."""
    doubler.extend_golden(THREE_CASES)
    doubler.orchestration_body(TELLS + RUN)
    source = doubler.path / "kernels" / "orchestration.cpp"
    source.write_text(HEADERS + source.read_text())
    library = pytester.path / "libanswer.so"
    (pytester.path / "answer.c").write_text("int test_answer(void) { return 42; }\n")
    command = ["gcc", "-shared", "-fPIC", str(pytester.path / "answer.c"), "-o", str(library)]
    subprocess.run(command, check=True)
    pytester.makeconftest(CHANGES)
    monkeypatch.setenv("A2A3SIM_TEST_LIBRARY", str(library))
    result = pytester.runpytest_subprocess("-s", f"--sim-isolation={isolation}", str(doubler.path))
    result.assert_outcomes(passed=3)
    first, second, third = told(result.outlines)
    assert [case["variable"] for case in (first, second, third)] == ["", "case 1", "case 2"]
    assert first["directory"] == str(pytester.path)
    assert "surroundings" not in str(second["directory"])
    assert second["directory"] != third["directory"] != str(pytester.path)
    assert (second["umask"], third["umask"]) == (0o31, 0o32)
    assert (second["files"], third["files"]) == (201, 202)
    assert (second["cpus"], third["cpus"]) == (1, 1)
    assert (second["locale"], third["locale"]) == ("C", "C.UTF-8")
    assert [case["answer"] for case in (first, second, third)] == [0, 0, answer]
    for number, case in enumerate((first, second, third)):
        assert f"i={number} (call)" in str(case["test"])


def test_what_golden_writes_into_an_input_is_its_own(
    pytester: pytest.Pytester, doubler: GoldenDir
) -> None:
    """The case has been given the inputs by then, whenever it comes to read them."""
    doubler.extend_golden(
        """
        import pathlib

        PARAMS_LIST = [{"i": i} for i in range(3)]
        _compute = compute_golden


        def compute_golden(tensors, params):
            _compute(tensors, params)
            tensors["x"][:] = -1
            pathlib.Path("written").touch()
        """
    )
    remove_before_each_case(pytester, "written")
    waits_for(doubler, "written")
    pytester.runpytest_subprocess(str(doubler.path)).assert_outcomes(passed=3)


SERVERS = """
import os, pathlib, pytest, signal


def servers():
    mark = f"A2A3SIM_TEST_RUN={os.environ['A2A3SIM_TEST_RUN']}".encode()
    found = {}
    for process in pathlib.Path("/proc").glob("[0-9]*"):
        try:
            command = (process / "cmdline").read_bytes()
            is_server = b"_process_server.elf" in command or b"a2a3_serve_processes" in command
            if is_server and mark in (process / "environ").read_bytes():
                found[int(process.name)] = command
        except OSError:
            pass
    return found


def kill_server():
    for process in servers():
        os.kill(process, signal.SIGKILL)
"""


@pytest.fixture
def mark(monkeypatch: pytest.MonkeyPatch) -> str:
    """Of the processes that belong to the test."""
    text = uuid.uuid4().hex
    monkeypatch.setenv("A2A3SIM_TEST_RUN", text)
    return text


@pytest.mark.usefixtures("mark")
def test_server_that_is_killed_between_cases(pytester: pytest.Pytester, doubler: GoldenDir) -> None:
    """Another one takes its place."""
    doubler.extend_golden(THREE_CASES)
    pytester.makeconftest(
        f"{SERVERS}\n\n@pytest.fixture(autouse=True)\ndef kill():\n    kill_server()\n"
    )
    pytester.runpytest_subprocess(str(doubler.path)).assert_outcomes(passed=3)


@pytest.mark.usefixtures("mark")
def test_server_that_is_killed_while_a_case_runs(
    pytester: pytest.Pytester, doubler: GoldenDir
) -> None:
    """That case is lost, and no other."""
    doubler.extend_golden(THREE_CASES + SERVERS)
    doubler.extend_golden(
        """
        _compute = compute_golden


        def compute_golden(tensors, params):
            _compute(tensors, params)
            if params["i"] == 1:
                kill_server()
            else:
                pathlib.Path("computed").touch()
        """
    )
    remove_before_each_case(pytester, "computed")
    waits_for(doubler, "computed")
    result = pytester.runpytest_subprocess("-v", str(doubler.path))
    result.assert_outcomes(passed=2, failed=1)
    result.stdout.fnmatch_lines(["*i=0*PASSED*", "*i=1*FAILED*", "*i=2*PASSED*"])
    result.stdout.fnmatch_lines(["*SIGKILL*"])


def numbered(directory: GoldenDir, body: str) -> None:
    """Three cases, of which x[0] is the number."""
    directory.extend_golden(THREE_CASES)
    text = directory.golden_py.read_text().replace("np.arange(8", "params['i'] + np.arange(8")
    directory.golden(text)
    directory.kernel_body(body + DOUBLE)
    source = directory.path / "kernels" / "double.cpp"
    source.write_text(f"#include <csignal>\n#include <unistd.h>\n{source.read_text()}")


def test_case_that_kills_its_parent_fails_alone(
    pytester: pytest.Pytester, doubler: GoldenDir, mark: str
) -> None:
    """And what it has left in its process group ends."""
    numbered(
        doubler,
        'if (x[0] == 1) system("sleep 777 &"), kill(getppid(), SIGKILL), pause();\n',
    )
    result = pytester.runpytest_subprocess("-v", str(doubler.path))
    result.assert_outcomes(passed=2, failed=1)
    result.stdout.fnmatch_lines(["*i=0*PASSED*", "*i=1*FAILED*", "*i=2*PASSED*"])
    result.stdout.fnmatch_lines(["*SIGKILL*"])
    assert wait_until_gone(mark) == []


def test_case_that_stops_its_parent(
    pytester: pytest.Pytester, doubler: GoldenDir, mark: str
) -> None:
    """Nobody waits for it, and it does not stay."""
    numbered(doubler, "kill(getppid(), SIGSTOP);\n")
    pytester.runpytest_subprocess(str(doubler.path)).assert_outcomes(passed=3)
    assert wait_until_gone(mark) == []


def test_case_that_stops_its_parent_and_crashes(
    pytester: pytest.Pytester, doubler: GoldenDir, mark: str
) -> None:
    numbered(doubler, "if (x[0] == 1) kill(getppid(), SIGSTOP), abort();\n")
    result = pytester.runpytest_subprocess("-v", str(doubler.path))
    result.stdout.fnmatch_lines(["*i=0*PASSED*", "*i=1*FAILED*", "*i=2*PASSED*", "*SIGABRT*"])
    assert wait_until_gone(mark) == []


def test_nobody_who_waits_for_children_finds_it(
    pytester: pytest.Pytester, doubler: GoldenDir
) -> None:
    doubler.extend_golden(THREE_CASES)
    pytester.makeconftest(
        """
        import os, pytest

        @pytest.fixture(autouse=True)
        def wait_for_all():
            yield
            with pytest.raises(ChildProcessError):
                os.wait()
        """
    )
    pytester.runpytest_subprocess(str(doubler.path)).assert_outcomes(passed=3)


CLOSE_SOCKETS = """
import os, pathlib


def close_sockets(when):
    if os.environ["A2A3SIM_TEST_WHEN"] != when:
        return
    for name in os.listdir("/proc/self/fd"):
        try:
            if os.readlink(f"/proc/self/fd/{name}").startswith("socket:"):
                os.dup2(os.open("/dev/zero", os.O_RDWR), int(name))
        except OSError:
            pass


_compute = compute_golden
_make = generate_inputs


def generate_inputs(params):
    close_sockets("between")
    return _make(params)


def compute_golden(tensors, params):
    _compute(tensors, params)
    close_sockets("meanwhile")
    pathlib.Path("computed").touch()
"""


@pytest.mark.parametrize("when", ["between", "meanwhile"])
def test_descriptors_that_something_closes(
    pytester: pytest.Pytester,
    doubler: GoldenDir,
    monkeypatch: pytest.MonkeyPatch,
    mark: str,
    when: str,
) -> None:
    """And others that get their numbers are left alone."""
    doubler.extend_golden(THREE_CASES + CLOSE_SOCKETS)
    monkeypatch.setenv("A2A3SIM_TEST_WHEN", when)
    remove_before_each_case(pytester, "computed")
    waits_for(doubler, "computed")
    pytester.runpytest_subprocess(str(doubler.path)).assert_outcomes(passed=3)
    assert wait_until_gone(mark) == []


def test_copies_of_pytest(pytester: pytest.Pytester, doubler: GoldenDir, mark: str) -> None:
    """Each second case runs in one, which leaves the server of its original alone."""
    doubler.extend_golden("PARAMS_LIST = [{'i': i} for i in range(5)]\n")
    pytester.makeconftest(
        """
        import os, pytest

        @pytest.hookimpl(tryfirst=True)
        def pytest_pyfunc_call(pyfuncitem):
            if pyfuncitem.name in {"i=0", "i=2", "i=4"}:
                return None
            copy = os.fork()
            if copy == 0:
                status = 1
                try:
                    pyfuncitem.obj()
                    status = 0
                finally:
                    os._exit(status)
            assert os.waitpid(copy, 0)[1] == 0
            return True
        """
    )
    pytester.runpytest_subprocess(str(doubler.path)).assert_outcomes(passed=5)
    assert wait_until_gone(mark) == []


def test_stdio_is_in_order(pytester: pytest.Pytester, doubler: GoldenDir) -> None:
    """What golden.py has printed by C functions comes before what its kernel prints."""
    doubler.extend_golden(
        THREE_CASES
        + """
import ctypes
_make = generate_inputs

def generate_inputs(params):
    ctypes.CDLL(None).printf(b"golden %d\\n", params["i"])
    return _make(params)
"""
    )
    doubler.orchestration_body(f'    std::printf("kernel\\n");\n{RUN}')
    source = doubler.path / "kernels" / "orchestration.cpp"
    source.write_text(f"#include <cstdio>\n{source.read_text()}")
    result = pytester.runpytest_subprocess("-s", str(doubler.path))
    result.assert_outcomes(passed=3)
    printed = [word for word in result.stdout.str().split() if word in {"golden", "kernel"}]
    assert printed[:2] == ["golden", "kernel"]


NO_PROGRAM = "process_server._PROGRAM = "


@pytest.mark.parametrize("program", ["/nowhere", "/bin/false", "/etc/passwd"])
@pytest.mark.usefixtures("mark")
def test_server_where_its_program_does_not_run(
    pytester: pytest.Pytester, doubler: GoldenDir, program: str
) -> None:
    """Python takes its place."""
    doubler.extend_golden(f"from pytest_a2a3sim.engine import process_server\n{THREE_CASES}")
    doubler.extend_golden(f"{NO_PROGRAM}{program!r}\n")
    is_python = "all(b'a2a3_serve_processes' in command for command in servers().values())"
    pytester.makeconftest(
        f"{SERVERS}\n\n@pytest.fixture(autouse=True)\ndef is_there():\n    yield\n"
        f"    assert servers() and {is_python}\n"
    )
    result = pytester.runpytest_subprocess("-p", "no:cacheprovider", str(doubler.path))
    result.assert_outcomes(passed=3)


@pytest.mark.parametrize(
    "spoil",
    [
        f"sys.executable = None; {NO_PROGRAM}'/nowhere'",
        f"sys.executable = '/nowhere'; {NO_PROGRAM}'/bin/false'",
        f"sys.executable = '/bin/false'; {NO_PROGRAM}'/etc/passwd'",
        "os.environ['LARGE'] = 'x' * 400_000",
        "gone = tempfile.mkdtemp(); os.chdir(gone); os.rmdir(gone)",
    ],
)
def test_cases_that_pytest_has_to_fork(
    pytester: pytest.Pytester, doubler: GoldenDir, spoil: str
) -> None:
    doubler.extend_golden(f"import os, sys, tempfile\n_make = generate_inputs\n{THREE_CASES}")
    doubler.extend_golden("from pytest_a2a3sim.engine import process_server\n")
    doubler.extend_golden(f"def generate_inputs(params):\n    {spoil}\n    return _make(params)\n")
    path = doubler.path.absolute()
    result = pytester.runpytest_subprocess("-p", "no:cacheprovider", str(path))
    result.assert_outcomes(passed=3)


def test_server_ends_with_pytest_whatever_pytest_has_forked(
    pytester: pytest.Pytester, doubler: GoldenDir
) -> None:
    """A copy of pytest has everything open that pytest had."""
    mark = uuid.uuid4().hex
    doubler.extend_golden(THREE_CASES)
    pytester.makeconftest(
        """
        import os, pathlib, pytest, time

        @pytest.fixture(autouse=True)
        def copy(request):
            yield
            if request.node.name == "i=1":
                if (copy := os.fork()) == 0:
                    time.sleep(1000)
                pathlib.Path("copy").write_text(str(copy))
                os.kill(os.getpid(), 9)
        """
    )
    command = [sys.executable, "-m", "pytest", str(doubler.path)]
    environment = {**os.environ, "A2A3SIM_TEST_RUN": mark}
    done = subprocess.run(
        command, cwd=pytester.path, env=environment, stdout=subprocess.DEVNULL, check=False
    )
    copy = int((pytester.path / "copy").read_text())
    try:
        assert done.returncode == -signal.SIGKILL
        deadline = time.monotonic() + 30
        while len(processes_with(mark)) > 1 and time.monotonic() < deadline:
            time.sleep(0.05)
        assert len(processes_with(mark)) == 1  # the copy
    finally:
        os.kill(copy, signal.SIGKILL)


def test_limit_of_files(pytester: pytest.Pytester, doubler: GoldenDir) -> None:
    """It counts for files in memory, too."""
    doubler.extend_golden(THREE_CASES)
    command = f'ulimit -f 4096; exec "{sys.executable}" -m pytest -p no:cacheprovider "$@"'
    result = pytester.run("bash", "-c", command, "bash", str(doubler.path))
    result.assert_outcomes(passed=3)


def test_large_tensors_beside_small_ones(pytester: pytest.Pytester, doubler: GoldenDir) -> None:
    """What is forked from pytest itself is no different."""
    doubler.extend_golden(
        """
        PARAMS_LIST = [{"count": 8 << 20 if i % 2 else 8} for i in range(4)]


        def generate_inputs(params):
            return {
                "x": np.arange(params["count"], dtype=np.float32),
                "out_y": np.zeros(params["count"], dtype=np.float32),
            }
        """
    )
    pytester.runpytest_subprocess(str(doubler.path)).assert_outcomes(passed=4)
