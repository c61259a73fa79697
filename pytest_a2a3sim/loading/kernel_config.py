"""kernel_config.py -> KernelConfig."""

from __future__ import annotations

import os
import shlex
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from pytest_a2a3sim.loading.compiled_meta import platform_beside
from pytest_a2a3sim.loading.config_reader import ConfigReader
from pytest_a2a3sim.loading.runtime_config import IGNORED_KEYS, read_runtime
from pytest_a2a3sim.loading.user_code import load_module
from pytest_a2a3sim.model.errors import GoldenError
from pytest_a2a3sim.model.spec import (
    TENSOR_ENTRY,
    CompileSpec,
    CoreType,
    KernelConfig,
    KernelSpec,
    OrchestrationSpec,
)

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pytest_a2a3sim.model.sanitizer import Suppression
    from pytest_a2a3sim.model.spec import Runtime

_NAME = "kernel_config.py"

_COMPILE_KEYS = {"source", "cxxflags", "include_dirs", "extra_include_dirs", "defines"}
_KERNEL_KEYS = _COMPILE_KEYS | IGNORED_KEYS | {"func_id", "core_type", "entry", "external"}
_ORCHESTRATION_KEYS = _COMPILE_KEYS | IGNORED_KEYS | {"function_name"}


def directory_of_config(golden: Path) -> Path:
    """Where the kernel_config.py of a golden.py is: in ``kernels/``, or beside it as PyPTO does."""
    beside = golden.parent
    kernels = beside / "kernels"
    is_beside = (beside / _NAME).is_file() and not (kernels / _NAME).is_file()
    return beside if is_beside else kernels


def load_kernel_config(kernels_dir: Path) -> KernelConfig:
    """Reads and checks ``kernels_dir/kernel_config.py``.

    Raises:
        GoldenError: the file is missing, cannot be executed, or says something impossible.
    """
    path = kernels_dir / _NAME
    if not path.is_file():
        raise GoldenError(
            f"kernel_config.py is missing\n  {path} does not exist\n"
            "A golden directory holds golden.py, and kernel_config.py in kernels/ or beside it."
        )
    return KernelConfigReader(path).read(load_module(path))


class KernelConfigReader(ConfigReader):
    """Reads one kernel_config.py, or what has the same names."""

    kernels_name = "KERNELS"
    orchestration_name = "ORCHESTRATION"

    def read(self, module: object) -> KernelConfig:
        """Checks all that it says.

        Raises:
            GoldenError: it says something impossible.
        """
        runtime = read_runtime(
            self, getattr(module, "RUNTIME_CONFIG", {}), getattr(module, "RUNTIME_ENV", {})
        )
        entries = getattr(module, "KERNELS", None)
        if not isinstance(entries, (list, tuple)) or not entries:
            raise self.error(self.kernels_name, "must be a non-empty list of dicts", entries)
        kernels = tuple(
            self._kernel(f"{self.kernels_name}[{i}]", entry) for i, entry in enumerate(entries)
        )
        self._check_unique(kernels)
        orchestration = self._orchestration(getattr(module, "ORCHESTRATION", None), runtime.runtime)
        return KernelConfig(
            self.path,
            kernels,
            orchestration,
            runtime,
            self._suppressions(getattr(module, "SUPPRESSIONS", None), kernels),
            tuple(self.notes),
            compiler=self._compiler(getattr(module, "COMPILER", None)),
            platform=platform_beside(self.path.parent),
        )

    def _suppressions(
        self, value: object, kernels: tuple[KernelSpec, ...]
    ) -> tuple[Suppression, ...]:
        if value is None:
            return ()
        from pytest_a2a3sim.loading.suppressions import suppressions_of  # noqa: PLC0415 - few have some

        return suppressions_of(value, self.path, dict.fromkeys(kernel.name for kernel in kernels))

    def _compiler(self, value: object) -> str | None:
        if value is None:
            return None
        words = self.text("COMPILER", value)
        try:
            shlex.split(words)
        except ValueError as error:
            raise self.error("COMPILER", f"must be a command ({error})", value) from None
        return words

    def _kernel(self, where: str, value: object) -> KernelSpec:
        entry = self.mapping(where, value, _KERNEL_KEYS)
        compile_spec = self._compile_spec(where, entry)
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
            signature=self.signature(f'{where}["signature"]', entry.get("signature", ())),
        )

    def _check_unique(self, kernels: tuple[KernelSpec, ...]) -> None:
        seen: dict[int, KernelSpec] = {}
        for kernel in kernels:
            other = seen.setdefault(kernel.func_id, kernel)
            if other is not kernel:
                raise GoldenError(
                    f"kernel_config.py: func_id {kernel.func_id} is used twice, by "
                    f"{other.name!r} and {kernel.name!r}\n  in {self.path}"
                )

    def _orchestration(self, value: object, runtime: Runtime) -> OrchestrationSpec:
        where = self.orchestration_name
        entry = self.mapping(where, value, _ORCHESTRATION_KEYS)
        compiled = self._compile_spec(where, entry)
        has_own_entry = runtime == "host_build_graph" or (
            runtime == "aicpu_build_graph" and _builds_with_table(compiled.source)
        )
        name = entry.get("function_name") if has_own_entry else TENSOR_ENTRY
        return OrchestrationSpec(
            function_name=self.text(f'{where}["function_name"]', name),
            compile=compiled,
            signature=self.signature(f'{where}["signature"]', entry.get("signature", ())),
        )

    def _compile_spec(self, where: str, entry: Mapping[str, Any]) -> CompileSpec:
        source = entry.get("source")
        if not isinstance(source, (str, Path)) or not str(source):
            raise self.error(f'{where}["source"]', "must be a path", source)
        directory = self.path.parent
        include_dirs = [
            each
            for key in ("include_dirs", "extra_include_dirs")
            for each in self.strings(f'{where}["{key}"]', entry.get(key, ()))
        ]
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


def _define_value(value: object) -> str:
    if value is None or value is True:
        return "" if value is None else "1"
    return "0" if value is False else str(value)


def _builds_with_table(source: Path) -> bool:
    """Whether an orchestration for aicpu_build_graph is of its first form."""
    try:
        text = source.read_bytes()
    except OSError:
        return False
    return b'#include "runtime.h"' in text and b"pto_orchestration_api.h" not in text
