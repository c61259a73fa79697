"""``a2a3sim new``: writes a small golden directory that passes, to begin with."""

from __future__ import annotations

import os
import string
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from pytest_a2a3sim.model.errors import SettingsError
from pytest_a2a3sim.model.spec import RUNTIMES

if TYPE_CHECKING:
    import argparse
    from collections.abc import Iterator

_TEMPLATES = Path(__file__).parents[1] / "templates"
# dtype: type in golden.py, type that kernels compute in, the C++ types of both
_DTYPES = {
    "float32": ("np.float32", "np.float32", "float", "float"),
    "float16": ("np.float16", "np.float32", "_Float16", "float"),
    "bfloat16": ("ml_dtypes.bfloat16", "np.float32", "", "float"),
    "float8_e4m3fn": ("ml_dtypes.float8_e4m3fn", "np.float32", "", "float"),
    "float8_e5m2": ("ml_dtypes.float8_e5m2", "np.float32", "", "float"),
    "int32": ("np.int32", "np.int32", "int32_t", "int32_t"),
    "int8": ("np.int8", "np.int32", "int8_t", "int32_t"),
}
# dtype: words of types/float8.h
_FLOATS8 = {
    "float8_e4m3fn": {"mantissa": "3", "bias": "7", "largest": "0x7e", "overflow": "0x7f"},
    "float8_e5m2": {"mantissa": "2", "bias": "15", "largest": "0x7b", "overflow": "0x7c"},
}
# dtype: DataType of tensors
_DATA_TYPES = {
    "float32": "FLOAT32",
    "float16": "FLOAT16",
    "bfloat16": "BFLOAT16",
    "int32": "INT32",
    "int8": "INT8",
}
_PTO_TYPES = {"float32": "float", "float16": "half", "int32": "int32_t"}
# template: file in the directory -> file of the template
_FILES = {
    "vector": {
        "golden.py": "golden.py",
        "kernels/kernel_config.py": "kernel_config.py",
        "kernels/orchestration.cpp": "orchestration.cpp",
        "kernels/aiv/add.cpp": "add.cpp",
        "kernels/aiv/scale.cpp": "scale.cpp",
    },
    "matmul": {
        "golden.py": "golden.py",
        "kernels/kernel_config.py": "kernel_config.py",
        "kernels/orchestration.cpp": "orchestration.cpp",
        "kernels/aic/matmul.cpp": "matmul.cpp",
    },
    "pto": {
        "golden.py": "golden.py",
        "kernels/kernel_config.py": "kernel_config.py",
        "kernels/orchestration.cpp": "orchestration.cpp",
        "kernels/aiv/add.cpp": "add.cpp",
    },
}


def declare(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Adds the command."""
    parser = commands.add_parser("new", help="write a small golden directory that passes")
    parser.add_argument("name", metavar="NAME", type=Path, help="the directory to make")
    parser.add_argument(
        "--template",
        choices=tuple(_FILES),
        default="vector",
        help="vector: two kernels, a task a tile (default); matmul: K in blocks, on cube cores; "
        "pto: a kernel of PTO ISA's tile instructions, which needs PTO_ISA_ROOT",
    )
    parser.add_argument(
        "--dtype",
        choices=tuple(_DTYPES),
        default="float32",
        help="of the inputs (default: float32)",
    )
    parser.add_argument(
        "--runtime",
        metavar="RUNTIME",
        default=RUNTIMES[0],
        help=f"that builds the task graph: {', '.join(RUNTIMES)} (default: {RUNTIMES[0]})",
    )
    parser.set_defaults(handler=run)


def run(options: argparse.Namespace) -> int:
    """Writes the directory, and says what to do next."""
    _check(options)
    target: Path = options.name
    if target.exists() and (not target.is_dir() or any(target.iterdir())):
        raise SettingsError(f"the directory exists and is not empty\n  {target}\nName one to make.")
    files = dict(_made(options, target.resolve().name))
    try:
        for name, text in files.items():
            file = target / name
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(text, encoding="utf-8")
    except OSError as error:
        raise SettingsError(
            f"the directory cannot be written: {error.strerror}\n  {target}"
        ) from None
    print(*(f"wrote {target / name}" for name in files), "", sep="\n")  # noqa: T201 - this is the command line
    print(f"Run it: pytest {target} -v")  # noqa: T201 - as above
    if _DTYPES[options.dtype][0].startswith("ml_dtypes"):
        _say_if_missing("ml_dtypes", "pip install ml-dtypes")
    if options.template == "pto":
        _say_if_pto_isa_is_missing()
    return 0


def _check(options: argparse.Namespace) -> None:
    if options.runtime not in RUNTIMES:
        raise SettingsError(
            f"--runtime must be one that is simulated: {', '.join(RUNTIMES)}; "
            f"got {options.runtime!r}"
        )
    if options.runtime != RUNTIMES[0] and options.template != "vector":
        raise SettingsError(
            f"--template must be vector with --runtime {options.runtime}; got {options.template!r}"
        )
    if options.runtime != RUNTIMES[0] and options.dtype not in _DATA_TYPES:
        raise SettingsError(
            f"--dtype must be one of {', '.join(_DATA_TYPES)} with --runtime {options.runtime}, "
            f"whose tensors have no others; got {options.dtype!r}"
        )
    if options.template == "pto" and options.dtype not in _PTO_TYPES:
        raise SettingsError(
            f"--dtype must be one of {', '.join(_PTO_TYPES)} with --template pto, whose TADD has "
            f"no others; got {options.dtype!r}"
        )


def _made(options: argparse.Namespace, name: str) -> Iterator[tuple[str, str]]:
    dtype, wide, element, wide_type = _DTYPES[options.dtype]
    words = {
        "name": name,
        "runtime": options.runtime,
        "imports": "import ml_dtypes\n" if dtype.startswith("ml_dtypes") else "",
        "dtype": dtype,
        "wide": wide,
        "element": element,
        "wide_type": wide_type,
        "function": "build_graph",
    }
    sources = {
        name: f"{options.template}/{source}" for name, source in _FILES[options.template].items()
    }
    if options.runtime != RUNTIMES[0]:
        words |= {"function": "aicpu_orchestration_entry", "datatype": _DATA_TYPES[options.dtype]}
        sources["kernels/orchestration.cpp"] = f"tensors/{options.runtime}.cpp"
        for kernel in ("add.cpp", "scale.cpp"):
            sources[f"kernels/aiv/{kernel}"] = f"tensors/{kernel}"
    if options.template == "pto":
        words["element"] = _PTO_TYPES[options.dtype]
    else:
        words |= _FLOATS8.get(options.dtype, {})
        narrow = "float8" if options.dtype in _FLOATS8 else options.dtype
        sources["kernels/types.h"] = f"types/{'plain' if element else narrow}.h"
    for target, source in sources.items():
        text = (_TEMPLATES / f"{source}.txt").read_text(encoding="utf-8")
        yield target, string.Template(text).substitute(words)


def _say_if_missing(module: str, remedy: str) -> None:
    import importlib.util  # noqa: PLC0415 - rare

    if importlib.util.find_spec(module) is None:
        print(f"It needs {module}: {remedy}", file=sys.stderr)  # noqa: T201 - this is the command line


def _say_if_pto_isa_is_missing() -> None:
    from pytest_a2a3sim.building.pto_isa import ROOT_VARIABLE, has_pto_isa  # noqa: PLC0415 - rare

    root = os.environ.get(ROOT_VARIABLE, "")
    if has_pto_isa(f"{root}/include"):
        return
    problem = (
        f"{ROOT_VARIABLE} is {root}, where there is none" if root else "nothing says where it is"
    )
    print(  # noqa: T201 - this is the command line
        f"It needs PTO ISA, and {problem}: git clone https://github.com/hw-native-sys/pto-isa && "
        "export PTO_ISA_ROOT=$PWD/pto-isa",
        file=sys.stderr,
    )
