"""Graphs without an edge that they need fail by default, every time; others never do."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from pytest_a2a3sim import KernelFault, Mismatch, OrderDependence, Settings, run_case
from pytest_a2a3sim.model.schedule import Schedule
from tests.integration.racing import ADD, CONFIG, EDGE, TRIPLES, race

if TYPE_CHECKING:
    from pytest_a2a3sim.model.values import Threads
    from tests.golden_dirs import GoldenDir


@pytest.mark.parametrize("threads", [1, 2, 4, "cores"])
def test_missing_edge(golden_dir: GoldenDir, threads: Threads) -> None:
    race(golden_dir)
    for _ in range(5):
        result = run_case(golden_dir.path, settings=Settings(threads=threads))
        assert not result.passed


def test_what_a_missing_edge_is_told_with(golden_dir: GoldenDir) -> None:
    race(golden_dir)
    result = run_case(golden_dir.path, settings=Settings(threads=1))
    assert all(diff.passed for diff in result.diffs)
    with pytest.raises(OrderDependence) as caught:
        result.check()
    (difference,) = caught.value.differences
    assert (difference.tensor, difference.count, difference.first) == ("out_y", 7, (1,))
    assert difference.orders == (Schedule(), Schedule("reverse"))
    message, _, races = str(caught.value).partition("\n\n")
    assert message.splitlines() == [
        "the outputs depend on the order of tasks that the graph does not order: out_y",
        (
            "  out_y: 7 of 8 elements differ between the orders depth-first and reverse; "
            "the first is out_y[1]: 3.0 and 2.0"
        ),
        "  depth-first: --sim-schedule=depth-first --sim-threads=1 executes it again",
        "  reverse: --sim-schedule=reverse --sim-threads=1 executes it again",
        "Have tasks wait for those whose memory they share, or give them memory of their own.",
    ]
    assert races.startswith("racecheck: RAW race of task 0 ")
    assert "  add the edge: runtime->add_successor(0, 1);" in races.splitlines()
    assert races.splitlines()[-1].startswith("--sim-sanitize=racecheck finds every pair of tasks ")


# Two chains of two tasks, (x -> t -> y) and (s -> t -> s), that share t.
SHARES = """
void* s = api.device_malloc(args[2]);
void* t = api.device_malloc(args[2]);
void* u = api.device_malloc(args[2]); // the other chain's own
(void)u;
const float zeros[8] = {{}};
api.copy_to_device(s, zeros, sizeof zeros);
const auto add = [&](void* from, void* to, int func_id) {{
    uint64_t each[] = {{reinterpret_cast<uint64_t>(from), reinterpret_cast<uint64_t>(to), args[4]}};
    return runtime->add_task(each, 3, func_id, CoreType::AIV);
}};
const int tasks[] = {{add(x, t, 0), add(t, y, 0), add(s, {other}, 0), add({other}, s, 1)}};
runtime->add_successor(tasks[0], tasks[1]);
runtime->add_successor(tasks[2], tasks[3]);
runtime->record_tensor_pair(host_y, y, args[3]);
return 0;
"""


@pytest.mark.parametrize(("other", "passed"), [("t", False), ("u", True)])
@pytest.mark.parametrize("threads", [1, 2])
def test_buffer_that_unordered_chains_share(
    golden_dir: GoldenDir,
    threads: Threads,
    other: str,
    passed: bool,  # noqa: FBT001 - an expectation
) -> None:
    golden_dir.kernel_config(CONFIG)
    golden_dir.kernel(ADD, "add.cpp")
    golden_dir.orchestration_body(SHARES.format(other=other))
    golden_dir.extend_golden(
        """
        def compute_golden(tensors, params):
            tensors["out_y"][:] = 4 * tensors["x"]
        """
    )
    for _ in range(3):
        assert run_case(golden_dir.path, settings=Settings(threads=threads)).passed is passed


def test_a_busy_machine_changes_no_verdict(golden_dir: GoldenDir) -> None:
    """What keeps the graph waiting (here its own kernel) is no reason to leave orders out."""
    race(golden_dir)
    waits = "const timespec pause{0, 120'000'000};\n    nanosleep(&pause, nullptr);\n    "
    add = ADD.replace("for (", f"{waits}for (").replace("<cstdint>", "<cstdint>\n#include <ctime>")
    golden_dir.kernel(add, "add.cpp")
    assert not run_case(golden_dir.path, settings=Settings(threads=1)).passed


def test_the_edge_mends_it(golden_dir: GoldenDir) -> None:
    race(golden_dir, EDGE)
    run_case(golden_dir.path, settings=Settings(threads=2)).check()


def test_plain_and_in_parallel(
    pytester: pytest.Pytester, doubler: GoldenDir, plugin_args: tuple[str, ...]
) -> None:
    race(doubler)
    arguments = ("--sim-json=report.json", "--sim-threads=1", *plugin_args)
    result = pytester.runpytest_subprocess(*arguments)
    result.assert_outcomes(failed=1)
    assert '"kind": "order"' in (pytester.path / "report.json").read_text()


def test_a_mismatch_says_in_which_order_everything_matches(golden_dir: GoldenDir) -> None:
    race(golden_dir)
    settings = Settings(threads=1, schedule=Schedule("reverse"), orders=8)
    result = run_case(golden_dir.path, settings=settings)
    assert not result.diffs[0].passed
    assert "every output matches (--sim-schedule=fifo " in str(result.failure)
    assert "  add the edge: runtime->add_successor(" in str(result.failure)


def test_a_kernel_that_faults_in_another_order(golden_dir: GoldenDir) -> None:
    race(golden_dir)
    golden_dir.kernel(
        ADD.replace("y[i] += x[i];", "y[i] = y[i] != y[i] ? *(volatile float*)8 : y[i] + x[i];"),
        "add.cpp",
    )
    result = run_case(golden_dir.path, settings=Settings(threads=1))
    with pytest.raises(KernelFault, match="--sim-schedule=reverse --sim-threads=1") as caught:
        result.check()
    assert "In the order depth-first the graph runs to its end" in str(caught.value)
    assert caught.value.culprit.kernel == "add"


def test_an_overrun_in_another_order_alone(golden_dir: GoldenDir) -> None:
    """The outputs are the same in both."""
    race(golden_dir)
    golden_dir.kernel(ADD.replace("y[i] += x[i];", "if (y[i] != y[i]) y[args[2]] = 1;"), "add.cpp")
    golden_dir.extend_golden(TRIPLES.replace("3", "2"))
    with pytest.raises(KernelFault, match="--sim-schedule=reverse --sim-threads=1") as caught:
        run_case(golden_dir.path, settings=Settings(threads=1)).check()
    assert "past the end of" in str(caught.value)
    assert caught.value.culprit.kernel == "add"


def test_off(golden_dir: GoldenDir, pytester: pytest.Pytester) -> None:
    race(golden_dir)
    assert run_case(golden_dir.path, settings=Settings(threads=1, orders=0)).passed
    pytester.makeini("[pytest]\nsim_orders = off\n")
    race(type(golden_dir).create(pytester.path / "doubler"))
    pytester.runpytest("--sim-threads=1").assert_outcomes(passed=1)
    pytester.runpytest("--sim-threads=1", "--sim-orders=2").assert_outcomes(failed=1)


def test_tasks_that_wait_for_one_another(golden_dir: GoldenDir) -> None:
    """On one thread they would wait for ever: that is no failure of a case that ran."""
    golden_dir.kernel_config(CONFIG)
    golden_dir.kernel_body(
        """
        std::atomic<int>& arrived = *reinterpret_cast<std::atomic<int>*>(args[3]);
        arrived.fetch_add(1);
        while (arrived.load() < 2) {}
        for (int64_t i = 0; i < args[2]; ++i) y[i] = 2 * x[i];
        """
    )
    source = golden_dir.path / "kernels" / "double.cpp"
    source.write_text(f"#include <atomic>\n{source.read_text()}")
    golden_dir.kernel(ADD, "add.cpp")
    golden_dir.orchestration_body(
        """
        int* flag = static_cast<int*>(api.device_malloc(4));
        int zero = 0;
        api.copy_to_device(flag, &zero, 4);
        for (int half = 0; half < 2; ++half) {
            uint64_t each[] = {task[0] + half * 16, task[1] + half * 16, 4,
                               reinterpret_cast<uint64_t>(flag)};
            runtime->add_task(each, 4, 0, CoreType::AIV);
        }
        runtime->record_tensor_pair(host_y, y, args[3]);
        return 0;
        """
    )
    result = run_case(golden_dir.path, settings=Settings(threads="cores"))
    result.check()
    (note,) = result.notes
    assert note.startswith(
        "on one thread, in the order depth-first, the graph does not come to its end: tasks wait"
    )


def test_a_kernel_with_state_of_its_own_is_no_failure(golden_dir: GoldenDir) -> None:
    golden_dir.kernel_body(
        """
        static int calls = 0;
        ++calls;
        for (int64_t i = 0; i < args[2]; ++i) y[i] = 2 * x[i] + (calls > 1 ? 1e-7f : 0.0f);
        """
    )
    run_case(golden_dir.path, settings=Settings(threads=1)).check()


def test_kernels_that_are_not_deterministic_are_called_that(golden_dir: GoldenDir) -> None:
    golden_dir.kernel_body(
        """
        for (int64_t i = 0; i < args[2]; ++i) y[i] = 2 * x[i];
        timespec now;
        clock_gettime(CLOCK_MONOTONIC, &now);
        y[0] = 1e-9f * static_cast<float>(now.tv_nsec % 4001 + 1) * 1e-3f;
        """
    )
    source = golden_dir.path / "kernels" / "double.cpp"
    source.write_text(f"#include <ctime>\n{source.read_text()}")
    result = run_case(golden_dir.path, settings=Settings(threads=1, orders=6))
    result.check()
    assert any("a kernel is not deterministic" in text for text in result.findings)


@pytest.mark.parametrize("threads", [1, 2])
def test_a_failure_of_later_runs_is_no_dependence_on_the_order(
    golden_dir: GoldenDir, threads: int
) -> None:
    count = golden_dir.path / "runs"
    golden_dir.kernel_body(
        f"""
        for (int64_t i = 0; i < args[2]; ++i) y[i] = 2 * x[i];
        std::FILE* const file = std::fopen("{count}", "a+");
        std::fputc('.', file);
        std::fseek(file, 0, SEEK_END);
        const long runs = std::ftell(file);
        std::fclose(file);
        if (runs == 2 || runs == 4) std::abort();
        """
    )
    source = golden_dir.path / "kernels" / "double.cpp"
    source.write_text(f"#include <cstdio>\n#include <cstdlib>\n{source.read_text()}")
    result = run_case(golden_dir.path, settings=Settings(threads=threads))
    result.check()
    assert any("a kernel is not deterministic" in text for text in result.findings)


def test_outputs_that_may_depend_on_the_order(golden_dir: GoldenDir) -> None:
    golden_dir.kernel_body("y[0] += 1.0f / static_cast<float>(args[2]);")
    golden_dir.orchestration_body(
        """
        float zeros[8] = {};
        api.copy_to_device(y, zeros, sizeof zeros);
        for (uint64_t n = 1; n <= 400; ++n) {
            uint64_t each[] = {task[0], task[1], n};
            runtime->add_task(each, 3, 0, CoreType::AIV);
        }
        runtime->record_tensor_pair(host_y, y, args[3]);
        return 0;
        """
    )
    golden_dir.extend_golden(
        """
        def compute_golden(tensors, params):
            tensors["out_y"][:] = 0
            tensors["out_y"][0] = sum(1 / n for n in range(1, 401))
        """
    )
    settings = Settings(threads=1)
    assert isinstance(run_case(golden_dir.path, settings=settings).failure, OrderDependence)
    golden_dir.extend_golden('ORDER_DEPENDENT = ["out_y"]')
    run_case(golden_dir.path, settings=settings).check()


def test_order_dependent_names_an_output(pytester: pytest.Pytester, doubler: GoldenDir) -> None:
    doubler.extend_golden('ORDER_DEPENDENT = ["x"]')
    result = pytester.runpytest()
    result.stdout.fnmatch_lines(
        ["*ORDER_DEPENDENT names 'x',", "  which is not among the outputs: 'out_y'"]
    )


def test_an_order_that_others_have_is_executed_once(golden_dir: GoldenDir) -> None:
    """A chain of tasks has one order; it is executed a second time, and not once a schedule."""
    count = golden_dir.path / "runs"
    golden_dir.kernel_body(
        f"""
        for (int64_t i = 0; i < args[2]; ++i) y[i] = 2 * x[i];
        std::FILE* const file = std::fopen("{count}", "a");
        std::fputc('.', file);
        std::fclose(file);
        """
    )
    source = golden_dir.path / "kernels" / "double.cpp"
    source.write_text(f"#include <cstdio>\n{source.read_text()}")
    golden_dir.orchestration_body(
        """
        for (int i = 0; i < 3; ++i) {
            runtime->add_task(task, 3, 0, CoreType::AIV);
            if (i > 0) runtime->add_successor(i - 1, i);
        }
        runtime->record_tensor_pair(host_y, y, args[3]);
        return 0;
        """
    )
    run_case(golden_dir.path, settings=Settings(threads=1)).check()
    assert count.read_text() == "." * 6


def spins(directory: GoldenDir, microseconds: int, body: str) -> None:
    """A kernel that takes so long, and then does what it does."""
    directory.kernel_body(
        f"""
        const std::clock_t begin = std::clock();
        while (std::clock() - begin < {microseconds} * CLOCKS_PER_SEC / 1000000) {{
        }}
        {body}
        """
    )
    source = directory.path / "kernels" / "double.cpp"
    source.write_text(f"#include <cstdio>\n#include <ctime>\n{source.read_text()}")


@pytest.mark.parametrize(("microseconds", "is_long"), [(0, False), (30, True)])
def test_a_graph_that_takes_long_is_executed_once_more(
    golden_dir: GoldenDir, microseconds: int, *, is_long: bool
) -> None:
    """Several orders would take longer than the case, and nothing says that they show something."""
    count, tasks = golden_dir.path / "runs", 1100
    spins(
        golden_dir,
        microseconds,
        f"""
        for (int64_t i = 0; i < args[2]; ++i) y[i] = 2 * x[i];
        std::FILE* const file = std::fopen("{count}", "a");
        std::fputc('.', file);
        std::fclose(file);
        """,
    )
    golden_dir.orchestration_body(
        f"""
        for (int i = 0; i < {tasks}; ++i) runtime->add_task(task, 3, 0, CoreType::AIV);
        runtime->record_tensor_pair(host_y, y, args[3]);
        return 0;
        """
    )
    run_case(golden_dir.path, settings=Settings(threads=1)).check()
    executions = len(count.read_text()) // tasks
    assert executions == 2 if is_long else executions > 2


@pytest.mark.parametrize("threads", [1, 2])
def test_a_race_in_a_graph_that_takes_long(golden_dir: GoldenDir, threads: Threads) -> None:
    """Tasks that use the same bytes are executed in orders of their own, whatever that takes."""
    spins(golden_dir, 12_000, "for (int64_t i = 0; i < args[2]; ++i) y[i] = y[i] * x[0] + x[1];")
    golden_dir.extend_golden(
        """
        def generate_inputs(params):
            return {"x": np.array([1, 1, 2, 0], np.float32), "out_y": np.zeros(4, np.float32)}


        def compute_golden(tensors, params):
            tensors["out_y"][:] = 3
        """
    )
    golden_dir.orchestration_body(
        """
        api.copy_to_device(y, host_y, args[3]);
        for (int i : {0, 1, 0}) {  // y + 1, 2 y, y + 1: as much forwards and backwards
            uint64_t each[] = {task[0] + 8 * static_cast<uint64_t>(i), task[1], 4};
            runtime->add_task(each, 3, 0, CoreType::AIV);
        }
        runtime->record_tensor_pair(host_y, y, args[3]);
        return 0;
        """
    )
    assert not run_case(golden_dir.path, settings=Settings(threads=threads)).passed


# One task (args[4] is 1) raises a flag until the other one has seen it, which waits for it as long:
# it is seen where both run at one time.
MEETING = """
#include <atomic>
#include <cstdint>
#include <ctime>

static bool becomes(std::atomic<int>& flag, int wanted) {
    for (int i = 0; i < 300 && flag.load() != wanted; ++i) {
        const timespec pause{0, 1'000'000};
        nanosleep(&pause, nullptr);
    }
    return flag.load() == wanted;
}

extern "C" void kernel_entry(int64_t* args) {
    const float* x = reinterpret_cast<const float*>(args[0]);
    float* y = reinterpret_cast<float*>(args[1]);
    std::atomic<int>& flag = *reinterpret_cast<std::atomic<int>*>(args[3]);
    if (args[4] == 1) {
        flag.store(1);
        becomes(flag, 2);
        flag.store(0);
        return;
    }
    const bool seen = becomes(flag, 1);
    if (seen) flag.store(2);
    for (int64_t i = 0; i < args[2]; ++i) y[i] = seen ? 2 * x[i] : 0;
}
"""


def test_what_several_threads_come_to_and_none_alone(golden_dir: GoldenDir) -> None:
    golden_dir.kernel(MEETING, "double.cpp")
    golden_dir.orchestration_body(
        """
        int* flag = static_cast<int*>(api.device_malloc(4));
        int zero = 0;
        api.copy_to_device(flag, &zero, 4);
        for (uint64_t raises = 0; raises < 2; ++raises) {
            uint64_t each[] = {task[0], task[1], task[2], reinterpret_cast<uint64_t>(flag), raises};
            runtime->add_task(each, 5, 0, CoreType::AIV);
        }
        runtime->record_tensor_pair(host_y, y, args[3]);
        return 0;
        """
    )
    with pytest.raises(Mismatch) as caught:
        run_case(golden_dir.path, settings=Settings(threads=1)).check()
    assert "another order" not in str(caught.value)
    result = run_case(golden_dir.path, settings=Settings(threads=2))
    if all(diff.passed for diff in result.diffs):  # else the two did not meet
        assert isinstance(result.failure, OrderDependence)
        assert "depth-first on several threads and depth-first on one" in str(result.failure)
    assert not result.passed


def test_a_graph_of_one_order_does_not_depend_on_it(golden_dir: GoldenDir) -> None:
    """What differs between two runs of it is called not deterministic."""
    race(golden_dir, EDGE)
    count = golden_dir.path / "runs"
    golden_dir.kernel(
        ADD.replace("<cstdint>", "<cstdint>\n#include <cstdio>").replace(
            "for (",
            f"""std::FILE* const file = std::fopen("{count}", "a+");
            std::fputc('.', file);
            std::fseek(file, 0, SEEK_END);
            y[0] += std::ftell(file) % 4 == 0 ? 1e-7f : 0;
            std::fclose(file);
            for (""",
        ),
        "add.cpp",
    )
    for threads in (1, 2):
        for _ in range(4):
            run_case(golden_dir.path, settings=Settings(threads=threads)).check()
