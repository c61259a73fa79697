"""kernel_config.py -> KernelConfig."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from pytest_a2a3sim.loading.suppressions import suppressions_of
from pytest_a2a3sim.loading.user_code import load_module
from pytest_a2a3sim.model.errors import GoldenError
from pytest_a2a3sim.model.spec import (
    RUNTIMES,
    CompileSpec,
    CoreType,
    KernelConfig,
    KernelSpec,
    OrchestrationSpec,
    RingSizes,
    RuntimeConfig,
)

if TYPE_CHECKING:
    from collections.abc import Mapping

_ENTRY = "aicpu_orchestration_entry"  # of a runtime of tensors, whatever function_name says
_COMPILE_KEYS = {"source", "cxxflags", "include_dirs", "defines"}
_IGNORED_KEYS = {"signature", "config_name", "rounds"}
_KERNEL_KEYS = _COMPILE_KEYS | _IGNORED_KEYS | {"func_id", "name", "core_type", "entry"}
_ORCHESTRATION_KEYS = _COMPILE_KEYS | _IGNORED_KEYS | {"function_name", "name"}
_RUNTIME_KEYS = _IGNORED_KEYS | {"runtime", "aicpu_thread_num", "block_dim", "orch_thread_num"}
_RINGS = {  # of RUNTIME_ENV: what they are in RingSizes, and the least value
    "PTO2_RING_TASK_WINDOW": ("tasks", 4),
    "PTO2_RING_HEAP": ("bytes", 1024),
    "PTO2_RING_DEP_POOL": ("dependencies", 4),
}
_POWERS_OF_TWO = {"PTO2_RING_TASK_WINDOW", "PTO2_RING_HEAP"}
_MAX_BLOCK_DIM = 36  # of a5; a2a3 has 24
_MAX_AICPU_THREADS = 7  # of a5; a2a3 has 4


def load_kernel_config(kernels_dir: Path) -> KernelConfig:
    """Reads and checks ``kernels_dir/kernel_config.py``.

    Raises:
        GoldenError: the file is missing, cannot be executed, or says something impossible.
    """
    path = kernels_dir / "kernel_config.py"
    if not path.is_file():
        raise GoldenError(
            f"kernel_config.py is missing: {path} does not exist\n"
            "A golden directory holds golden.py and kernels/kernel_config.py."
        )
    return _Reader(path).read()


class _Reader:
    """Reads one kernel_config.py; every error says which entry of which file is wrong."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.notes: list[str] = []

    def read(self) -> KernelConfig:
        module = load_module(self.path)
        entries = getattr(module, "KERNELS", None)
        if not isinstance(entries, (list, tuple)) or not entries:
            raise self.error("KERNELS", "must be a non-empty list of dicts", entries)
        kernels = tuple(self.kernel(f"KERNELS[{i}]", entry) for i, entry in enumerate(entries))
        self.check_unique(kernels)
        runtime = self.runtime(
            getattr(module, "RUNTIME_CONFIG", {}), getattr(module, "RUNTIME_ENV", {})
        )
        orchestration = self.orchestration(
            getattr(module, "ORCHESTRATION", None), runtime.runtime != "host_build_graph"
        )
        suppressions = suppressions_of(
            getattr(module, "SUPPRESSIONS", None),
            self.path,
            dict.fromkeys(kernel.name for kernel in kernels),
        )
        return KernelConfig(
            self.path, kernels, orchestration, runtime, suppressions, tuple(self.notes)
        )

    def error(self, where: str, problem: str, got: object) -> GoldenError:
        shown = "nothing" if got is None else f"{got!r} ({type(got).__name__})"
        return GoldenError(f"kernel_config.py: {where} {problem}; got {shown}\n  in {self.path}")

    def mapping(self, where: str, value: object, known: set[str]) -> Mapping[str, Any]:
        if not isinstance(value, dict):
            raise self.error(where, "must be a dict", value)
        unknown = sorted(str(key) for key in value if key not in known)
        if unknown:
            self.notes.append(
                f"kernel_config.py: {where} has unknown keys, which are ignored: "
                f"{', '.join(unknown)}; known keys: {', '.join(sorted(known))} (in {self.path})"
            )
        return value

    def text(self, where: str, value: object) -> str:
        if not isinstance(value, str) or not value:
            raise self.error(where, "must be a non-empty string", value)
        return value

    def integer(self, where: str, value: object, low: int, high: int | None = None) -> int:
        if isinstance(value, bool) or not isinstance(value, int):
            raise self.error(where, "must be an int", value)
        if value < low or (high is not None and value > high):
            bounds = f"{low}..{high}" if high is not None else f"at least {low}"
            raise self.error(where, f"must be {bounds}", value)
        return value

    def kernel(self, where: str, value: object) -> KernelSpec:
        entry = self.mapping(where, value, _KERNEL_KEYS)
        compile_spec = self.compile_spec(where, entry)
        core_type = str(entry.get("core_type", "")).lower()
        if core_type not in {"aic", "aiv"}:
            raise self.error(
                f'{where}["core_type"]', 'must be "aic" or "aiv"', entry.get("core_type")
            )
        symbol = entry.get("entry")
        return KernelSpec(
            func_id=self.integer(f'{where}["func_id"]', entry.get("func_id"), 0, 2**31 - 1),
            name=str(entry.get("name") or compile_spec.source.stem),
            core_type=cast("CoreType", core_type),
            compile=compile_spec,
            entry=None if symbol is None else self.text(f'{where}["entry"]', symbol),
        )

    def check_unique(self, kernels: tuple[KernelSpec, ...]) -> None:
        seen: dict[int, KernelSpec] = {}
        for kernel in kernels:
            other = seen.setdefault(kernel.func_id, kernel)
            if other is not kernel:
                raise GoldenError(
                    f"kernel_config.py: func_id {kernel.func_id} is used twice, by "
                    f"{other.name!r} and {kernel.name!r}\n  in {self.path}"
                )

    def orchestration(self, value: object, has_fixed_entry: bool) -> OrchestrationSpec:  # noqa: FBT001 - one of two forms
        entry = self.mapping("ORCHESTRATION", value, _ORCHESTRATION_KEYS)
        name = _ENTRY if has_fixed_entry else entry.get("function_name")
        return OrchestrationSpec(
            function_name=self.text('ORCHESTRATION["function_name"]', name),
            compile=self.compile_spec("ORCHESTRATION", entry),
        )

    def runtime(self, value: object, environment: object) -> RuntimeConfig:
        entry = self.mapping("RUNTIME_CONFIG", value, _RUNTIME_KEYS)
        defaults = RuntimeConfig()
        runtime = entry.get("runtime", defaults.runtime)
        if runtime not in RUNTIMES:
            known = ", ".join(f'"{name}"' for name in RUNTIMES)
            raise self.error(
                'RUNTIME_CONFIG["runtime"]',
                f"must be one of the runtimes that are simulated: {known}",
                runtime,
            )
        return RuntimeConfig(
            runtime=runtime,
            aicpu_thread_num=self.integer(
                'RUNTIME_CONFIG["aicpu_thread_num"]',
                entry.get("aicpu_thread_num", defaults.aicpu_thread_num)
                or defaults.aicpu_thread_num,
                1,
                _MAX_AICPU_THREADS,
            ),
            block_dim=self.integer(
                'RUNTIME_CONFIG["block_dim"]',
                entry.get("block_dim", defaults.block_dim),
                1,
                _MAX_BLOCK_DIM,
            ),
            rings=self.rings(environment),
        )

    def rings(self, value: object) -> RingSizes:
        """What RUNTIME_ENV says about rings, else the process's environment."""
        if not isinstance(value, dict):
            raise self.error("RUNTIME_ENV", "must be a dict", value)
        sizes = {}
        for key, (name, least) in _RINGS.items():
            given = value.get(key, os.environ.get(key))
            if given is None:
                continue
            where = f'RUNTIME_ENV["{key}"]' if key in value else f"the environment variable {key}"
            try:
                number = int(given)
            except (TypeError, ValueError):
                raise self.error(where, "must be a number", given) from None
            if number < least or (key in _POWERS_OF_TWO and number & (number - 1)):
                power = "a power of two, and " if key in _POWERS_OF_TWO else ""
                raise self.error(where, f"must be {power}at least {least}", given)
            sizes[name] = number
        return RingSizes(**sizes)

    def compile_spec(self, where: str, entry: Mapping[str, Any]) -> CompileSpec:
        source = entry.get("source")
        if not isinstance(source, (str, Path)) or not str(source):
            raise self.error(f'{where}["source"]', "must be a path", source)
        directory = self.path.parent
        include_dirs = self.strings(f'{where}["include_dirs"]', entry.get("include_dirs", ()))
        defines = entry.get("defines", {})
        if not isinstance(defines, dict):
            raise self.error(f'{where}["defines"]', "must be a dict", defines)
        return CompileSpec(
            source=Path(os.path.normpath(directory / source)),
            cxxflags=self.strings(f'{where}["cxxflags"]', entry.get("cxxflags", ())),
            include_dirs=tuple(
                os.path.normpath(directory / os.path.expandvars(include))
                for include in include_dirs
            ),
            defines=tuple((str(name), _define_value(value)) for name, value in defines.items()),
        )

    def strings(self, where: str, value: object) -> tuple[str, ...]:
        if not isinstance(value, (list, tuple)) or not all(
            isinstance(element, (str, Path)) for element in value
        ):
            raise self.error(where, "must be a list of strings", value)
        return tuple(str(element) for element in value)


def _define_value(value: object) -> str:
    if value is None or value is True:
        return "" if value is None else "1"
    return "0" if value is False else str(value)
