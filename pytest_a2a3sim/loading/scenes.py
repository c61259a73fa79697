"""Scene tests: classes of test files that say what a golden directory does."""

from __future__ import annotations

import functools
import os
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

from pytest_a2a3sim.loading.case_names import case_names
from pytest_a2a3sim.loading.kernel_config import KernelConfigReader
from pytest_a2a3sim.loading.scene_calls import SceneCalls, overridden
from pytest_a2a3sim.loading.siblings import Siblings
from pytest_a2a3sim.loading.stand_ins import StandIns
from pytest_a2a3sim.loading.tolerances import read_tolerances
from pytest_a2a3sim.loading.user_code import load_module
from pytest_a2a3sim.model.chip import CHIPS, Platform
from pytest_a2a3sim.model.frozen import frozen
from pytest_a2a3sim.model.spec import TENSOR_ENTRY, CaseSpec, GoldenSpec

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path
    from types import ModuleType

    from pytest_a2a3sim.model.spec import KernelConfig

_CHIP_LEVEL = 2
_API = b"pto_orchestration_api.h"
_RINGS = {
    "ring_task_window": "PTO2_RING_TASK_WINDOW",
    "ring_heap": "PTO2_RING_HEAP",
    "ring_dep_pool": "PTO2_RING_DEP_POOL",
}


@frozen
class SceneCase:
    """A case of a scene test.

    Attributes:
        golden: what it does; None where that is not simulated.
        why_not: the reason, in words.
        platform: the chip that it is simulated on.
    """

    case: CaseSpec
    golden: GoldenSpec | None = None
    why_not: str = ""
    platform: Platform = "a2a3"


@frozen
class Scenes:
    """A file of scene tests.

    Attributes:
        module: the loaded file.
        classes: its scene tests by name.
    """

    path: Path
    module: ModuleType
    classes: Mapping[str, type]
    wrap: Callable[[Callable[..., Any]], Callable[..., Any]]

    def cases(self, scene: type, platform: Platform | None) -> list[SceneCase]:
        """The cases of a scene test.

        Args:
            scene: one of the classes.
            platform: the chip that is wanted; None for the first that each case names.

        Raises:
            GoldenError: it says something impossible.
        """
        reader = _Reader(self.path, scene)
        entries = reader.entries()
        names = case_names([{"name": str(entry.get("name", "default"))} for entry in entries])
        why_not = _why_not(scene)
        made = []
        for name, entry in zip(names, entries, strict=True):
            chosen = _platform(entry, platform)
            is_manual = chosen is not None and _is_manual(entry.get("manual"), chosen)
            case = CaseSpec(name, entry.get("params", {}), runs_by_default=not is_manual)
            if why_not or chosen is None:
                named = ", ".join(map(str, entry.get("platforms", ())))
                wanted = f"{platform}sim" if platform else "a simulator"
                said = why_not or f"the case is for {named or 'no platform'}, not for {wanted}"
                made.append(SceneCase(case, why_not=said))
            else:
                golden = self._golden(scene, entry, reader.config(entry, chosen))
                made.append(SceneCase(case, golden, platform=chosen))
        return made

    def _golden(self, scene: type, entry: Mapping[str, Any], config: KernelConfig) -> GoldenSpec:
        skips = bool(entry.get("skip_golden", getattr(scene, "SKIP_GOLDEN", False)))
        calls = SceneCalls(scene(), skips=skips)
        compares = skips or overridden(scene, "compare_outputs")
        return GoldenSpec(
            path=self.path,
            module=self.module,
            generate_inputs=self.wrap(calls.generate_inputs),
            compute_golden=self.wrap(calls.compute_golden),
            compare_outputs=self.wrap(calls.compare_outputs) if compares else None,
            cases=(),
            config=config,
            scene=scene.__name__,
            tolerances=read_tolerances(scene),
        )


def load_scenes(path: Path, root: Path) -> Scenes:
    """Executes a test file below the root of the tests, and finds its scene tests.

    Raises:
        GoldenError: it cannot be executed.
    """
    siblings = Siblings(path.parent, root)
    stand_ins = StandIns(path, path.read_bytes())
    module = load_module(path, siblings, stand_ins)

    def wrap(function: Callable[..., Any]) -> Callable[..., Any]:
        @functools.wraps(function)
        def importing(*args: Any) -> Any:
            with stand_ins.importable():
                return function(*args)

        return siblings.wrap(importing)

    classes = {
        name: value
        for name, value in vars(module).items()
        if is_scene(value) and value.__module__ == module.__name__
    }
    return Scenes(path, module, classes, wrap)


def is_scene(value: object) -> bool:
    """Whether something is a class that scene_test has made a scene."""
    return isinstance(value, type) and "_st_runtime" in vars(value) and hasattr(value, "_st_level")


def _why_not(scene: Any) -> str:
    """Why a scene test is not simulated; empty if it is."""
    level = int(scene._st_level)  # noqa: SLF001 - it is how scene_test says so
    if level != _CHIP_LEVEL:
        return f"it is of level {level}: several chips or processes, and one chip is simulated"
    for name in ("test_run", "_run_and_validate", "_run_and_validate_l2", "build_callable"):
        if overridden(scene, name):
            return f"it defines {name}: it is about the PTO runtime itself, which is not run here"
    return ""


def _platform(entry: Mapping[str, Any], wanted: Platform | None) -> Platform | None:
    """The chip on which a case is simulated; None if it names no such simulator."""
    named = [str(each) for each in entry.get("platforms", ())]
    return next((chip for chip in CHIPS if f"{chip}sim" in named and wanted in {None, chip}), None)


def _is_manual(manual: object, platform: Platform) -> bool:
    """Whether a case does not run unasked: nowhere, or not on some platforms."""
    if isinstance(manual, str):
        return manual == f"{platform}sim"
    if isinstance(manual, (list, tuple, set, frozenset)):
        return f"{platform}sim" in manual
    return bool(manual)


class _Reader(KernelConfigReader):
    """Reads what a class says."""

    kernels_name = 'CALLABLE["incores"]'
    orchestration_name = 'CALLABLE["orchestration"]'

    def __init__(self, path: Path, scene: Any) -> None:
        super().__init__(path)
        self.scene = scene

    def entries(self) -> list[Mapping[str, Any]]:
        cases = getattr(self.scene, "CASES", None)
        where = f"{self.scene.__name__}.CASES"
        if not isinstance(cases, (list, tuple)):
            raise self.error(where, "must be a list of dicts, one a test case", cases)
        for index, entry in enumerate(cases):
            if not isinstance(entry, dict):
                raise self.error(f"{where}[{index}]", "must be a dict", entry)
        return list(cases)

    def config(self, entry: Mapping[str, Any], platform: Platform) -> KernelConfig:
        """What is compiled and how it runs, on a chip."""
        callable_ = getattr(self.scene, "CALLABLE", None)
        if not isinstance(callable_, dict):
            raise self.error(f"{self.scene.__name__}.CALLABLE", "must be a dict", callable_)
        config = entry.get("config", {})
        return self.read(
            SimpleNamespace(
                KERNELS=[
                    _with_present(each, self.path.parent) for each in callable_.get("incores", ())
                ],
                ORCHESTRATION=_with_entry(callable_.get("orchestration"), self.path.parent),
                RUNTIME_CONFIG={
                    "runtime": self.scene._st_runtime,  # noqa: SLF001 - it is how scene_test says so
                    "aicpu_thread_num": config.get("aicpu_thread_num", 0),
                    "block_dim": CHIPS[platform].blocks,
                },
                RUNTIME_ENV={
                    **getattr(self.scene, "RUNTIME_ENV", {}),
                    **_rings(config.get("runtime_env", {})),
                },
            )
        )


def _with_present(kernel: Any, directory: Path) -> Any:
    """A kernel without directories that are not there: a list may name those of several SDKs."""
    if not isinstance(kernel, dict) or not isinstance(kernel.get("extra_include_dirs"), list):
        return kernel
    named = kernel["extra_include_dirs"]
    present = [each for each in named if (directory / os.path.expandvars(each)).is_dir()]
    return {**kernel, "extra_include_dirs": present or named}


def _with_entry(orchestration: Any, directory: Path) -> Any:
    """An orchestration whose function has the name that the API of tensors wants, whatever it is.

    Orchestrations of 2026-08 may call it otherwise.
    """
    if not isinstance(orchestration, dict) or not isinstance(orchestration.get("source"), str):
        return orchestration
    source, name = directory / orchestration["source"], orchestration.get("function_name")
    if name == TENSOR_ENTRY or not source.is_file() or _API not in source.read_bytes():
        return orchestration
    defines = {**orchestration.get("defines", {}), str(name): TENSOR_ENTRY}
    return {**orchestration, "function_name": TENSOR_ENTRY, "defines": defines}


def _rings(given: Mapping[str, Any]) -> dict[str, Any]:
    """Sizes of rings by the variables that say so; of several, the largest."""
    return {
        variable: max(given[name]) if isinstance(given[name], (list, tuple)) else given[name]
        for name, variable in _RINGS.items()
        if given.get(name)
    }
