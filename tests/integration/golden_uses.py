"""Golden directories whose ``compute_golden`` takes its factor from somewhere, and what follows."""

from __future__ import annotations

import os
import textwrap
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from pytest_a2a3sim import Settings
from tests.golden_dirs import GOLDEN, KERNEL, KERNEL_CONFIG, ORCHESTRATION

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from pytest_a2a3sim import CaseResult

SETTINGS = Settings(golden_cache=True)
WRITTEN = 1_700_000_000  # seconds since the epoch
INPUTS = GOLDEN.partition("def compute_golden")[0]


@dataclass(frozen=True)
class Use:
    """A golden.py that takes the factor 2 from somewhere, and files that make it 3.

    Attributes:
        body: of compute_golden; it sets ``factor``.
        head: what stands before the functions.
        files: beside golden.py at first.
        changes: files that are written later.
    """

    body: str = "factor = 2"
    head: str = ""
    files: Mapping[str, str] = field(default_factory=dict)
    changes: Mapping[str, str] = field(default_factory=dict)

    @property
    def golden(self) -> str:
        body = textwrap.indent(textwrap.dedent(self.body), "    ")
        head = textwrap.dedent(self.head)
        return (
            f"from pathlib import Path\nHERE = Path(__file__).parent\n{head}\n{INPUTS}\n"
            f"def compute_golden(tensors, params):\n{body}\n"
            "    tensors['out_y'][:] = factor * tensors['x']\n"
        )


def text(name: str, factor: str = "2") -> Use:
    """A golden.py that reads a file in some way."""
    return Use(name, files={"factor.txt": factor}, changes={"factor.txt": "3"})


def module(body: str, head: str = "") -> Use:
    """A golden.py that uses scale.py."""
    return Use(body, head, {"scale.py": "FACTOR = 2"}, {"scale.py": "FACTOR = 3"})


def absent(body: str) -> Use:
    """A golden.py that looks for a file which is not there."""
    return Use(body, changes={"factor.txt": "3"})


TRACKED = {
    "its own text": Use(changes={"golden.py": Use("factor = 3").golden}),
    "a module beside it": module("factor = scale.FACTOR", "import scale"),
    "a name of a module": module("factor = FACTOR", "from scale import FACTOR"),
    "a module imported late": module("from scale import FACTOR as factor"),
    "a module imported by its name": module(
        "import importlib\nfactor = importlib.import_module('sca' + 'le').FACTOR"
    ),
    "a module by its path": module(
        """
        import importlib.util
        spec = importlib.util.spec_from_file_location("other", HERE / "scale.py")
        module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
        factor = module.FACTOR
        """,
    ),
    "a module of a module": Use(
        "factor = parts.scale.get()",
        "import parts.scale",
        files={
            "parts/__init__.py": "",
            "parts/scale.py": "def get():\n    from .deep import FACTOR\n    return FACTOR",
            "parts/deep.py": "FACTOR = 2",
        },
        changes={"parts/deep.py": "FACTOR = 3"},
    ),
    "a module that appears": Use(
        """
        try:
            from scale import FACTOR as factor
        except ImportError:
            factor = 2
        """,
        changes={"scale.py": "FACTOR = 3"},
    ),
    "a file": text("factor = int((HERE / 'factor.txt').read_text())"),
    "a file that NumPy reads": text("factor = np.fromfile(HERE / 'factor.txt', np.uint8)[0] - 48"),
    "a file that is read at once": Use(
        "factor = FACTOR",
        "FACTOR = int((HERE / 'factor.txt').read_text())",
        files={"factor.txt": "2"},
        changes={"factor.txt": "3"},
    ),
    "a file that is a default value": Use(
        "factor = read()",
        "def read(text=(HERE / 'factor.txt').read_text()):\n    return int(text)",
        files={"factor.txt": "2"},
        changes={"factor.txt": "3"},
    ),
    "a file that is not there": absent(
        """
        try:
            factor = int((HERE / "factor.txt").read_text())
        except OSError:
            factor = 2
        """,
    ),
    "whether there is a file": absent("factor = 2 + (HERE / 'factor.txt').exists()"),
    "whether there is a file, by os.path": absent(
        "import os\nfactor = 2 + os.path.exists(HERE / 'factor.txt')"
    ),
    "names in a directory": absent("factor = 2 + len(list(HERE.glob('factor.*')))"),
    "what generate_inputs leaves behind": Use(
        "factor = LEFT[0]",
        "LEFT = []",
        files={"factor.txt": "2"},
        changes={"factor.txt": "3"},
    ),
}
LEAVES = "    LEFT[:] = [int((HERE / 'factor.txt').read_text())]\n"
UNTRACKED = {
    "draws from, or seeds, random numbers that all code shares": Use(
        "factor = 2 + 0 * np.random.rand()"
    ),
    "draws random numbers without a seed": Use("factor = 2 + 0 * np.random.default_rng().random()"),
    "draws random numbers without a seed of": Use(
        "import random\nfactor = 2 + 0 * random.Random().random()"
    ),
    "starts a process": Use("import subprocess\nsubprocess.run(['true'])\nfactor = 2"),
    "starts a thread": Use(
        "from threading import Thread\nThread(target=print).start()\nfactor = 2"
    ),
    "writes files": Use("open(HERE / 'made', 'w').close(); factor = 2"),
    "loads native code": Use("import ctypes\nctypes.CDLL('libm.so.6')\nfactor = 2"),
    "reads /dev/zero, which is not a file": Use(
        "with open('/dev/zero', 'rb') as file:\n    factor = 2 + file.read(1)[0]"
    ),
    "uses the network": Use(
        """
        import socket
        try:
            socket.create_connection(("127.0.0.1", 9), timeout=0.1)
        except OSError:
            factor = 2
        """
    ),
    "native code that may read files": Use("import cffi\nfactor = 2"),
    "the global 'LOCK' holds what cannot be compared": Use(
        "factor = 2", "import threading\nLOCK = threading.Lock()"
    ),
}


def create(root: Path) -> dict[str, Path]:
    """A golden directory for each use, by its name; they share their kernels."""
    (root / "double.cpp").write_text(KERNEL)
    (root / "orchestration.cpp").write_text(ORCHESTRATION)
    made = {}
    for number, (name, use) in enumerate({**TRACKED, **UNTRACKED}.items()):
        place = made[name] = root / f"golden_{number}"
        golden = use.golden
        if "generate_inputs" in name:
            golden = golden.replace("(params):\n", f"(params):\n{LEAVES}", 1)
        config = KERNEL_CONFIG.replace('"source": "', f'"source": "{root}/')
        files = {"golden.py": golden, "kernels/kernel_config.py": config, **use.files}
        for file, content in files.items():
            (place / file).parent.mkdir(parents=True, exist_ok=True)
            (place / file).write_text(content)
            os.utime(place / file, (WRITTEN, WRITTEN))  # not in the second in which it changes
    return made


def origins(result: CaseResult) -> str:
    """What became of the expected outputs: where they are from, or why they are not stored."""
    assert result.facts.golden_cache is not None
    return result.facts.golden_cache
