"""run_case and the fixture."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest

from pytest_a2a3sim import Mismatch, Settings, run_case

if TYPE_CHECKING:
    from tests.golden_dirs import GoldenDir


def test_result(golden_dir: GoldenDir) -> None:
    golden_dir.extend_golden("PARAMS_LIST = [{'n': 1}]")
    result = run_case(golden_dir.path, settings=Settings(threads=1))
    result.check()
    assert result.passed
    assert (result.case, dict(result.params)) == ("n=1", {"n": 1})
    np.testing.assert_array_equal(result.actual["out_y"], 2 * np.arange(8, dtype=np.float32))
    np.testing.assert_array_equal(result.expected["out_y"], result.actual["out_y"])
    assert (result.graph.tasks, result.graph.edges) == (1, 0)
    assert {"build", "inputs", "golden", "orchestrate", "execute", "compare"} <= set(result.phases)
    assert all(seconds >= 0 for seconds in result.phases.values())
    (task,) = result.timeline
    assert task["func_id"] == 0
    assert task["core_type"] == 1
    assert 0 <= task["core_id"] < 4
    assert 0 <= task["start"] <= task["end"]


def test_mismatch(golden_dir: GoldenDir) -> None:
    golden_dir.kernel_body("for (int64_t i = 0; i < args[2]; ++i) y[i] = x[i];")
    result = run_case(golden_dir.golden_py)
    assert not result.passed
    (diff,) = result.diffs
    assert (diff.matched, diff.size, diff.max_abs_error, diff.max_abs_index) == (1, 8, 7.0, (7,))
    with pytest.raises(Mismatch, match=r"out_y: FAIL \(1/8 elements matched\)") as caught:
        result.check()
    assert caught.value.kind == "mismatch"


def test_params_and_kernels_can_be_given(golden_dir: GoldenDir) -> None:
    golden_dir.extend_golden(
        """
        def generate_inputs(params):
            n = params["n"]
            return {"x": np.ones(n, np.float32), "out_y": np.zeros(n, np.float32)}
        """
    )
    elsewhere = golden_dir.path.parent / "elsewhere"
    (golden_dir.path / "kernels").rename(elsewhere)
    result = run_case(golden_dir.path, params={"n": 5}, kernels=elsewhere)
    assert result.passed
    assert result.diffs[0].shape == (5,)


def test_fixture(pytester: pytest.Pytester, doubler: GoldenDir) -> None:
    pytester.makepyfile(
        test_it="""
        import pytest_a2a3sim

        def test_doubler(a2a3sim):
            assert isinstance(a2a3sim, pytest_a2a3sim.Simulator)
            assert a2a3sim.settings.threads == 3
            result = a2a3sim.run_case("doubler")
            result.check()
            assert result.graph.tasks == 1
        """
    )
    result = pytester.runpytest("test_it.py", "--sim-threads=3")
    result.assert_outcomes(passed=1)


@pytest.mark.parametrize("threads", [1, 2, 4])
def test_in_out_tensor(golden_dir: GoldenDir, threads: int) -> None:
    golden_dir.golden(
        """
        import numpy as np

        def generate_inputs(params):
            return {"x": np.arange(8, dtype=np.float32), "out_y": np.full(8, 10, np.float32)}

        def compute_golden(tensors, params):
            tensors["out_y"] += tensors["x"]
        """
    )
    golden_dir.kernel_body("for (int64_t i = 0; i < args[2]; ++i) y[i] += x[i];")
    golden_dir.orchestration_body(
        """
        api.copy_to_device(y, host_y, args[3]);
        runtime->add_task(task, 3, 0, CoreType::AIV);
        runtime->record_tensor_pair(host_y, y, args[3]);
        return 0;
        """
    )
    assert run_case(golden_dir.path, settings=Settings(threads=threads)).passed


ARRAYS = {
    "strided": "np.arange(16, dtype=np.float32)[::2]",
    "fortran": "np.asfortranarray(np.arange(8, dtype=np.float32).reshape(2, 4))",
    "transposed": "np.arange(8, dtype=np.float32).reshape(4, 2).T",
    "zero-d": "np.array(3, dtype=np.float32)",
    "zero-size": "np.zeros((0, 4), dtype=np.float32)",
    "read-only": "read_only(np.arange(8, dtype=np.float32))",
    "bfloat16": "np.arange(8).astype(ml_dtypes.bfloat16)",
}


def test_arrays_of_every_kind(golden_dir: GoldenDir) -> None:
    golden_dir.golden(
        f"""
        import ml_dtypes
        import numpy as np

        def read_only(array):
            array.flags.writeable = False
            return array

        PARAMS_LIST = [{{"name": name}} for name in {list(ARRAYS)!r}]

        def generate_inputs(params):
            x = {{{", ".join(f"{name!r}: {text}" for name, text in ARRAYS.items())}}}
            x = x[params["name"]]
            out = read_only(np.zeros_like(x)) if params["name"] == "read-only" else np.zeros_like(x)
            return {{"x": x, "out_y": out}}

        def compute_golden(tensors, params):
            tensors["out_y"][...] = tensors["x"]
        """
    )
    golden_dir.kernel_body(
        "for (int64_t i = 0; i < args[2]; ++i)\n"
        "    reinterpret_cast<char*>(y)[i] = reinterpret_cast<const char*>(x)[i];"
    )
    golden_dir.orchestration_body(
        """
        task[2] = args[2];
        runtime->add_task(task, 3, 0, CoreType::AIV);
        runtime->record_tensor_pair(host_y, y, args[3]);
        return 0;
        """
    )
    for name in ARRAYS:
        result = run_case(golden_dir.path, name)
        result.check()
        assert result.actual["out_y"].shape == result.expected["out_y"].shape
