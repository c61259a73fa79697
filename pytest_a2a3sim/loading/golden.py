"""golden.py -> GoldenSpec."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from pytest_a2a3sim.loading.case_names import case_names
from pytest_a2a3sim.loading.fixtures import asked_by
from pytest_a2a3sim.loading.kernel_config import directory_of_config, load_kernel_config
from pytest_a2a3sim.loading.params import unwrapped
from pytest_a2a3sim.loading.siblings import Siblings
from pytest_a2a3sim.loading.tolerances import read_tolerances
from pytest_a2a3sim.loading.user_code import load_module
from pytest_a2a3sim.model.checks import checks_of_mark, in_order
from pytest_a2a3sim.model.errors import GoldenError, SettingsError
from pytest_a2a3sim.model.spec import CaseSpec, GoldenSpec

if TYPE_CHECKING:
    import os
    from collections.abc import Callable, Mapping
    from types import ModuleType

    from pytest_a2a3sim.model.checks import Check
    from pytest_a2a3sim.model.tolerance import Tolerances


def load_golden(
    path: Path, kernels_dir: Path | None = None, root: Path | None = None
) -> GoldenSpec:
    """Reads and checks a golden.py and the kernel_config.py that belongs to it.

    Args:
        path: golden.py.
        kernels_dir: the directory of kernel_config.py; by default ``kernels`` beside golden.py, or
            golden.py's own.
        root: of the tests, if there is one.

    Raises:
        GoldenError: a file is missing, cannot be executed, or says something impossible.
    """
    path = path.absolute()
    if not path.is_file():
        raise GoldenError(f"golden.py is missing\n  {path} does not exist")
    siblings = Siblings(path.parent, root)
    module = load_module(path, siblings)
    reader = _Reader(path, module)

    def function(name: str) -> Callable[..., Any]:
        return siblings.wrap(reader.function(name))

    compares = getattr(module, "compare_outputs", None) is not None
    functions: dict[str, Any] = {
        "generate_inputs": function("generate_inputs"),
        "compute_golden": function("compute_golden"),
        "compare_outputs": function("compare_outputs") if compares else None,
    }
    return GoldenSpec(
        path=path,
        module=module,
        **functions,
        fixtures=asked_by(functions),
        cases=reader.cases(),
        config=load_kernel_config((kernels_dir or directory_of_config(path)).absolute()),
        outputs=reader.names("__outputs__"),
        tensor_order=reader.names("TENSOR_ORDER"),
        order_dependent=reader.names("ORDER_DEPENDENT") or (),
        sanitize=reader.checks(),
        options=reader.options(),
        tolerances=reader.tolerances(),
        importable=siblings.importable,
    )


class _Reader:
    """Reads one golden.py; every error says which name of which file is wrong."""

    def __init__(self, path: Path, module: ModuleType) -> None:
        self.path = path
        self.module = module

    def error(self, message: str) -> GoldenError:
        return GoldenError(f"golden.py: {message}\n  in {self.path}")

    def wrong(self, name: str, problem: str, got: object) -> GoldenError:
        return self.error(f"{name} {problem}; got {got!r} ({type(got).__name__})")

    def function(self, name: str) -> Any:
        value = getattr(self.module, name, None)
        if value is None:
            raise self.error(
                f"{name} is missing; define `def generate_inputs(params)` and "
                "`def compute_golden(tensors, params)`"
            )
        if not callable(value):
            raise self.wrong(name, "must be a function", value)
        return value

    def names(self, name: str) -> tuple[str, ...] | None:
        value = getattr(self.module, name, None)
        if value is None:
            return None
        if not isinstance(value, (list, tuple)) or not all(isinstance(v, str) for v in value):
            raise self.wrong(name, "must be a list of tensor names", value)
        return tuple(value)

    def checks(self) -> tuple[Check, ...]:
        """What ``pytest.mark.sim_sanitize`` in ``pytestmark`` names, without pytest."""
        found: list[Check] = []
        for mark in self.marks("sim_sanitize"):
            try:
                found += checks_of_mark(mark.args, mark.kwargs)
            except ValueError as error:  # noqa: PERF203 - there is a mark or two
                got = (*mark.args, *mark.kwargs.items())
                raise self.wrong("pytest.mark.sim_sanitize", str(error), got) from None
        return in_order(found)

    def options(self) -> dict[str, Any]:
        """What ``pytest.mark.sim`` in ``pytestmark`` says, without pytest."""
        return {name: mark.kwargs[name] for mark in self.marks("sim") for name in mark.kwargs}

    def marks(self, name: str) -> list[Any]:
        value = getattr(self.module, "pytestmark", ())
        marks = [
            getattr(each, "mark", each)
            for each in (value if isinstance(value, (list, tuple)) else [value])
        ]
        return [mark for mark in marks if getattr(mark, "name", None) == name]

    def tolerances(self) -> Tolerances:
        try:
            return read_tolerances(self.module)
        except GoldenError as error:
            raise self.error(error.message) from None

    def cases(self) -> tuple[CaseSpec, ...]:
        if hasattr(self.module, "PARAMS_LIST"):
            return self.listed_cases(self.module.PARAMS_LIST)
        if hasattr(self.module, "ALL_CASES"):
            return self.named_cases(self.module.ALL_CASES)
        return self.listed_cases([{}])

    def listed_cases(self, params_list: object) -> tuple[CaseSpec, ...]:
        if not isinstance(params_list, (list, tuple)):
            raise self.wrong("PARAMS_LIST", "must be a list of dicts, one a test case", params_list)
        if not params_list:
            raise self.error(
                "PARAMS_LIST is empty, so nothing would be tested; remove it to run one case "
                "with params {}"
            )
        entries = [unwrapped(entry) for entry in params_list]
        for index, entry in enumerate(entries):
            self.check_params(f"PARAMS_LIST[{index}]", entry.params)
        names = case_names([entry.named for entry in entries])
        return tuple(
            CaseSpec(name, entry.params, marks=entry.marks)
            for name, entry in zip(names, entries, strict=True)
        )

    def named_cases(self, all_cases: object) -> tuple[CaseSpec, ...]:
        if not isinstance(all_cases, dict) or not all_cases:
            raise self.wrong("ALL_CASES", "must be a non-empty dict, name -> params", all_cases)
        default = getattr(self.module, "DEFAULT_CASE", "Default")
        if default not in all_cases:
            known = ", ".join(repr(name) for name in all_cases)
            raise self.error(
                f"DEFAULT_CASE is {default!r}, which is not in ALL_CASES; known cases: {known}"
            )
        for name, params in all_cases.items():
            self.check_params(f"ALL_CASES[{name!r}]", params)
        params_list = [{"name": name, **params} for name, params in all_cases.items()]
        names = case_names(params_list)
        return tuple(
            CaseSpec(case_name, params, runs_by_default=name == default)
            for name, case_name, params in zip(all_cases, names, params_list, strict=True)
        )

    def check_params(self, where: str, params: object) -> None:
        if not isinstance(params, dict):
            raise self.wrong(where, "must be a dict", params)
        bad = [key for key in params if not isinstance(key, str)]
        if bad:
            raise self.wrong(f"{where} key", "must be a string", bad[0])


def load_case(
    golden: str | os.PathLike[str],
    case: str | None = None,
    *,
    params: Mapping[str, Any] | None = None,
    kernels: str | os.PathLike[str] | None = None,
) -> tuple[GoldenSpec, CaseSpec]:
    """A golden directory and one of its cases; see :func:`pytest_a2a3sim.run_case`.

    Raises:
        GoldenError: as :func:`load_golden` does.
        SettingsError: there is no such case, or both a case and params are given.
    """
    path = Path(golden)
    spec = load_golden(
        path / "golden.py" if path.is_dir() else path, None if kernels is None else Path(kernels)
    )
    return spec, choose_case(spec, case, params)


def choose_case(
    spec: GoldenSpec, name: str | None, params: Mapping[str, Any] | None = None
) -> CaseSpec:
    """A case by name; a case of its own for params; the first that runs by default for neither.

    Raises:
        SettingsError: there is no such case, or both a name and params are given.
    """
    if params is not None:
        if name is not None:
            raise SettingsError("give a case's name or params, not both")
        return CaseSpec("params", dict(params))
    if name is None:
        return next(case for case in spec.cases if case.runs_by_default)
    for case in spec.cases:
        if case.name == name:
            return case
    known = ", ".join(repr(case.name) for case in spec.cases)
    raise SettingsError(f"golden.py has no case {name!r}; its cases: {known}\n  in {spec.path}")
