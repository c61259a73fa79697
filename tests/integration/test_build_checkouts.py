"""Objects that were compiled in one checkout serve another one of the same sources."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import pytest

from pytest_a2a3sim import KernelFault, SanitizerError, Settings, run_case
from pytest_a2a3sim.building.builder import Builder
from pytest_a2a3sim.loading.golden import load_golden
from tests.compilers import CountingCompiler
from tests.golden_dirs import GoldenDir

pytestmark = pytest.mark.usefixtures("own_cache")

FACTOR = '#include "factor.h"\nfor (int64_t i = 0; i < args[2]; ++i) y[i] = FACTOR * x[i];'


@pytest.fixture
def first(tmp_path: Path) -> GoldenDir:
    """A golden directory in a checkout."""
    (tmp_path / "first" / ".git").mkdir(parents=True)
    made = GoldenDir.create(tmp_path / "first" / "doubler")
    made.kernel_body(FACTOR)
    made.add("kernels/factor.h", "constexpr float FACTOR = 2;\n")
    return made


def copied(first: GoldenDir, name: str = "another/checkout") -> GoldenDir:
    """The same sources elsewhere."""
    root = first.path.parent
    target = root.parent / name
    shutil.copytree(root, target)
    return GoldenDir(target / first.path.name)


def compiled(directory: GoldenDir, settings: Settings | None = None) -> int:
    result = run_case(directory.path, settings=settings)
    assert result.passed
    return result.compiled


def test_a_directory_that_is_no_checkout_any_more(first: GoldenDir) -> None:
    """What other processes will find is compiled, and not what this one has found before."""
    assert compiled(first) == 2
    (first.path.parent / ".git").rmdir()
    assert compiled(first) == 2


@pytest.mark.parametrize("sanitize", [(), ("memcheck",)])
def test_another_checkout_compiles_nothing(first: GoldenDir, sanitize: tuple[str, ...]) -> None:
    settings = Settings(sanitize=sanitize)
    assert compiled(first, settings) == 2
    second = copied(first)
    assert compiled(second, settings) == 0
    second.add("kernels/factor.h", "constexpr float FACTOR = 2.0f;\n")
    assert compiled(second, settings) == 1
    assert compiled(first, settings) == 0
    second.add("kernels/stdexcept", "#include_next <stdexcept>\n")
    second.kernel_config(
        (second.path / "kernels/kernel_config.py").read_text()
        + "KERNELS[0]['include_dirs'] = ['.']\n"
    )
    assert compiled(second, settings) == 1
    third = copied(second, "third")
    assert compiled(third, settings) == 0


def test_reports_name_the_file_of_this_checkout(first: GoldenDir) -> None:
    crash = "*reinterpret_cast<volatile int*>(8) = 1;"
    first.kernel_body(crash)
    line = first.path.joinpath("kernels/double.cpp").read_text().splitlines().index(f"    {crash}")
    second = copied(first)
    for directory in (first, second):
        with pytest.raises(KernelFault) as error:
            run_case(directory.path)
        place = directory.path / "kernels" / "double.cpp"
        assert f"{place}:{line + 1}" in str(error.value)


def test_findings_name_the_file_of_this_checkout(first: GoldenDir) -> None:
    first.kernel_body("for (int64_t i = 0; i <= args[2]; ++i) y[i] = 2 * x[i];")
    for directory in (first, copied(first)):
        with pytest.raises(SanitizerError) as error:
            run_case(directory.path, settings=Settings(sanitize="memcheck")).check()
        assert str(directory.path / "kernels" / "double.cpp") in str(error.value)


def test_debuggers_find_the_file_of_this_checkout(first: GoldenDir) -> None:
    assert compiled(first) == 2
    second = copied(first)
    with Builder() as builder:
        built = builder.build(load_golden(second.golden_py).config)
        command = ["nm", "-l", str(built.kernels[0].path)]
        listing = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    place = re.search(r" kernel_entry\s+(\S+):\d+$", listing, re.MULTILINE)
    assert place is not None
    assert Path(place[1]).samefile(second.path / "kernels" / "double.cpp")


def test_file_macro_starts_at_the_root_of_the_checkout(first: GoldenDir) -> None:
    name = "doubler/kernels/double.cpp"
    first.kernel_body(f'static_assert(sizeof(__FILE__) == sizeof("{name}"));\n{FACTOR}')
    assert compiled(first) == 2
    assert compiled(copied(first)) == 0


def test_object_with_the_path_of_a_checkout_serves_that_one_alone(first: GoldenDir) -> None:
    first.kernel_config(
        "from pathlib import Path\n"
        + first.path.joinpath("kernels/kernel_config.py").read_text()
        + "KERNELS[0]['defines'] = {'WHERE': f'\"{Path(__file__).parent}/here\"'}\n"
    )
    first.kernel_body(f"const char* volatile where = WHERE;\n(void)where;\n{FACTOR}")
    assert compiled(first) == 2
    second = copied(first)
    assert compiled(second) == 1
    assert (compiled(first), compiled(second)) == (0, 0)


@pytest.mark.parametrize("compiler", ["g++", "clang++"])
def test_compilers(
    first: GoldenDir, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, compiler: str
) -> None:
    if shutil.which(compiler) is None:
        pytest.skip(f"no {compiler}")
    counting = CountingCompiler.create(tmp_path / "compiler", compiler)
    monkeypatch.setenv("CXX", str(counting.executable))
    assert compiled(first) == 2
    counting.forget()
    assert compiled(copied(first)) == 0
    assert counting.compiled() == []
