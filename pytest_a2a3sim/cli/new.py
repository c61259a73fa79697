"""``a2a3sim new``: writes a small golden directory that passes, to begin with."""

from __future__ import annotations

import string
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from pytest_a2a3sim.model.errors import SettingsError

if TYPE_CHECKING:
    import argparse
    from collections.abc import Iterator

_TEMPLATES = Path(__file__).parents[1] / "templates"
# dtype: type in golden.py, type that kernels compute in, the C++ types of both
_DTYPES = {
    "float32": ("np.float32", "np.float32", "float", "float"),
    "float16": ("np.float16", "np.float32", "_Float16", "float"),
    "bfloat16": ("ml_dtypes.bfloat16", "np.float32", "", "float"),
    "int32": ("np.int32", "np.int32", "int32_t", "int32_t"),
    "int8": ("np.int8", "np.int32", "int8_t", "int32_t"),
}
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
}


def declare(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Adds the command."""
    parser = commands.add_parser("new", help="write a small golden directory that passes")
    parser.add_argument("name", metavar="NAME", type=Path, help="the directory to make")
    parser.add_argument(
        "--template",
        choices=tuple(_FILES),
        default="vector",
        help="vector: two kernels, a task a tile (default); matmul: K in blocks, on cube cores",
    )
    parser.add_argument(
        "--dtype",
        choices=tuple(_DTYPES),
        default="float32",
        help="of the inputs (default: float32)",
    )
    parser.add_argument(
        "--runtime",
        choices=("host_build_graph",),
        default="host_build_graph",
        help="that builds the task graph (default: host_build_graph)",
    )
    parser.set_defaults(handler=run)


def run(options: argparse.Namespace) -> int:
    """Writes the directory, and says what to do next."""
    target: Path = options.name
    if target.exists() and (not target.is_dir() or any(target.iterdir())):
        raise SettingsError(f"{target} exists and is not empty; name a directory to make")
    files = dict(_made(options, target.resolve().name))
    try:
        for name, text in files.items():
            file = target / name
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(text, encoding="utf-8")
    except OSError as error:
        raise SettingsError(f"{target} cannot be written: {error}") from None
    print(*(f"wrote {target / name}" for name in files), "", sep="\n")  # noqa: T201 - this is the command line
    print(f"Run it: pytest {target} -v")  # noqa: T201 - as above
    if options.dtype == "bfloat16":
        _say_if_missing("ml_dtypes", "pip install ml-dtypes")
    return 0


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
    }
    sources = {
        name: f"{options.template}/{source}" for name, source in _FILES[options.template].items()
    }
    sources["kernels/types.h"] = "types/plain.h" if element else f"types/{options.dtype}.h"
    for target, source in sources.items():
        text = (_TEMPLATES / f"{source}.txt").read_text(encoding="utf-8")
        yield target, string.Template(text).substitute(words)


def _say_if_missing(module: str, remedy: str) -> None:
    import importlib.util  # noqa: PLC0415 - rare

    if importlib.util.find_spec(module) is None:
        print(f"It needs {module}: {remedy}", file=sys.stderr)  # noqa: T201 - this is the command line
