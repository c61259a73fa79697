"""What a kernel is compiled with depends on the core that it is for."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from pytest_a2a3sim import run_case

if TYPE_CHECKING:
    from tests.golden_dirs import GoldenDir

BOTH = """
KERNELS = [
    {"func_id": 0, "source": "double.cpp", "core_type": "aiv"},
    {"func_id": 1, "source": "double.cpp", "core_type": "aic"},
]
ORCHESTRATION = {"source": "orchestration.cpp", "function_name": "build_graph"}
"""
TWO_TASKS = """\
runtime->add_successor(runtime->add_task(task, 3, 0, CoreType::AIV),
                       runtime->add_task(task, 3, 1, CoreType::AIC));
runtime->record_tensor_pair(host_y, y, args[3]);
return 0;"""


@pytest.mark.parametrize(
    ("vector", "cube"),
    [
        pytest.param("__DAV_VEC__", "__DAV_CUBE__", id="long-names"),
        pytest.param("__AIV__", "__AIC__", id="short-names"),
    ],
)
def test_macros_of_one_source_for_both_cores(golden_dir: GoldenDir, vector: str, cube: str) -> None:
    golden_dir.kernel_config(BOTH)
    golden_dir.orchestration_body(TWO_TASKS)
    golden_dir.kernel_body(
        f"""\
        #if defined({vector}) && defined({cube})
        #error a kernel is for one core
        #elif defined({vector})
        for (int64_t i = 0; i < args[2]; ++i) y[i] = x[i];
        #elif defined({cube})
        for (int64_t i = 0; i < args[2]; ++i) y[i] += x[i];
        #endif"""
    )
    result = run_case(golden_dir.path)
    result.check()
    assert result.compiled + result.cache_hits == 3


def test_core_type_is_changed(golden_dir: GoldenDir) -> None:
    golden_dir.kernel_body(
        """\
        #ifdef __DAV_VEC__
        for (int64_t i = 0; i < args[2]; ++i) y[i] = 2 * x[i];
        #endif"""
    )
    assert run_case(golden_dir.path).passed
    for file in ("kernel_config.py", "orchestration.cpp"):
        path = golden_dir.path / "kernels" / file
        path.write_text(path.read_text().replace("aiv", "aic").replace("AIV", "AIC"))
    assert not run_case(golden_dir.path).passed
