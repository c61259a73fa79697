"""What is wrong with a source is said as the compiler says it, with the command."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from pytest_a2a3sim import BuildError, run_case

if TYPE_CHECKING:
    from tests.golden_dirs import GoldenDir


def failure(directory: GoldenDir) -> str:
    with pytest.raises(BuildError) as caught:
        run_case(directory.path)
    assert caught.value.kind == "build-error"
    return str(caught.value)


def test_compiler_output_and_command(golden_dir: GoldenDir) -> None:
    golden_dir.kernel_body("undeclared = 1;")
    message = failure(golden_dir)
    assert message.startswith("kernel 'double' does not compile: double.cpp:")
    assert "was not declared in this scope" in message
    assert "command: " in message
    assert f" {golden_dir.path}/kernels/double.cpp " in message
    assert "exit status: 1" in message


def test_every_broken_source_is_reported(golden_dir: GoldenDir) -> None:
    golden_dir.kernel("#error first\n")
    golden_dir.orchestration("#error second\n")
    message = failure(golden_dir)
    assert "#error first" in message
    assert "#error second" in message


def test_errors_are_data_too(golden_dir: GoldenDir) -> None:
    golden_dir.kernel("int f() { return missing; }\nint g() { return absent; }\n")
    golden_dir.orchestration("#error second\n")
    with pytest.raises(BuildError) as caught:
        run_case(golden_dir.path)
    kernels = golden_dir.path / "kernels"
    assert [(message.file, message.line) for message in caught.value.messages] == [
        (str(kernels / "double.cpp"), 1),
        (str(kernels / "double.cpp"), 2),
        (str(kernels / "orchestration.cpp"), 1),
    ]
    assert caught.value.messages[0].text.startswith("\N{LEFT SINGLE QUOTATION MARK}missing")
    assert caught.value.messages[2].text == "#error second"


def test_link_error(golden_dir: GoldenDir) -> None:
    golden_dir.kernel_config(
        """
        KERNELS = [{"func_id": 0, "source": "double.cpp", "core_type": "aiv",
                    "cxxflags": ["-lno_such_library"]}]
        ORCHESTRATION = {"source": "orchestration.cpp", "function_name": "build_graph"}
        """
    )
    assert "cannot find -lno_such_library" in failure(golden_dir)


def test_missing_source(golden_dir: GoldenDir) -> None:
    (golden_dir.path / "kernels" / "double.cpp").unlink()
    message = failure(golden_dir)
    assert message.startswith("the source of kernel 'double' (func_id 0) does not exist: ")
    assert 'Correct its "source" in kernel_config.py' in message


def test_missing_entry_symbol(golden_dir: GoldenDir) -> None:
    golden_dir.kernel('#include <cstdint>\nextern "C" void run(int64_t*) {}\nvoid other() {}\n')
    message = failure(golden_dir)
    assert "has no symbol 'kernel_entry' or 'double'" in message
    assert "It exports: other(), run" in message


def test_missing_orchestration_function(golden_dir: GoldenDir) -> None:
    golden_dir.orchestration('#include "runtime.h"\nint build_graph(Runtime*, uint64_t*, int);\n')
    message = failure(golden_dir)
    assert "the orchestration has no symbol 'build_graph'" in message
    assert "It exports: nothing" in message


@pytest.mark.parametrize(
    ("symbol", "entry"), [("double", ""), ("kernel_entry", ""), ("mine", '"entry": "mine",')]
)
def test_entry_symbols(golden_dir: GoldenDir, symbol: str, entry: str) -> None:
    golden_dir.kernel_config(
        f"""
        KERNELS = [{{"func_id": 0, "source": "twice.cpp", {entry} "core_type": "aiv"}}]
        ORCHESTRATION = {{"source": "orchestration.cpp", "function_name": "build_graph"}}
        """
    )
    source = (golden_dir.path / "kernels" / "double.cpp").read_text()
    name = "twice" if symbol == "double" else symbol
    golden_dir.kernel(source.replace("kernel_entry", name), "twice.cpp")
    assert run_case(golden_dir.path).passed


def test_flags_of_a_kernel(golden_dir: GoldenDir) -> None:
    golden_dir.kernel_config(
        """
        KERNELS = [{"func_id": 0, "source": "double.cpp", "core_type": "aiv",
                    "cxxflags": ["-include", "cmath"], "include_dirs": ["include"],
                    "defines": {"FACTOR": 1}}]
        ORCHESTRATION = {"source": "orchestration.cpp", "function_name": "build_graph"}
        """
    )
    golden_dir.kernel("#define EXTRA 1\n", "include/extra.h")
    (golden_dir.path / "kernels" / "include").mkdir(exist_ok=True)
    golden_dir.kernel(
        """
        #include "extra.h"
        #include <cstdint>
        extern "C" void kernel_entry(int64_t* args) {
            const float* x = reinterpret_cast<const float*>(args[0]);
            float* y = reinterpret_cast<float*>(args[1]);
            for (int64_t i = 0; i < args[2]; ++i) y[i] = std::abs(FACTOR + EXTRA) * x[i];
        }
        """
    )
    assert run_case(golden_dir.path).passed


@pytest.mark.parametrize(
    "boilerplate",
    [
        (
            "#ifndef __gm__\n#define __gm__\n#endif\n#ifndef __aicore__\n"
            "#define __aicore__ [aicore]\n#endif\n"
        ),
        "#define __gm__\n#define __aicore__\n",
        "",
    ],
    ids=["guarded", "own", "none"],
)
def test_device_keywords(golden_dir: GoldenDir, boilerplate: str) -> None:
    golden_dir.kernel(
        f"""
#include <cstdint>
{boilerplate}
extern "C" __aicore__ __attribute__((always_inline)) void kernel_entry(__gm__ int64_t* args) {{
    __gm__ const float* x = reinterpret_cast<__gm__ const float*>(args[0]);
    __gm__ float* y = reinterpret_cast<__gm__ float*>(args[1]);
    for (int64_t i = 0; i < args[2]; ++i) y[i] = 2 * x[i];
}}
"""
    )
    assert run_case(golden_dir.path).passed


def test_no_compiler(golden_dir: GoldenDir, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CXX", "no-such-compiler -pipe")
    message = failure(golden_dir)
    assert message.startswith("no C++ compiler: 'no-such-compiler' is not on PATH\nInstall one")


def test_compiler_that_does_not_run(golden_dir: GoldenDir, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CXX", "false")
    assert "the C++ compiler 'false' does not run" in failure(golden_dir)


@pytest.mark.parametrize("name", ["double", "double.txt", "double.cce"])
def test_source_that_a_compiler_leaves_to_the_linker(golden_dir: GoldenDir, name: str) -> None:
    source = golden_dir.path / "kernels" / "double.cpp"
    source.rename(source.with_name(name))
    config = golden_dir.path / "kernels" / "kernel_config.py"
    config.write_text(config.read_text().replace("double.cpp", name))
    message = failure(golden_dir)
    assert message.startswith(f"{name} is no C++ source to the compiler: its name does not end in ")
    assert f"\n  in {source.with_name(name)}\nRename it to end in .cpp, " in message
