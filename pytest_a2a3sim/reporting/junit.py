"""A record -> the properties of its test case in JUnit XML."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pytest_a2a3sim.reporting.record import Record

_OF_FAILURE = ("kind", "task", "kernel", "func_id", "core", "source", "line", "buffer", "offset")
_OF_CASE = ("peak_rss_bytes", "compiled", "cache_hits", "seed")


def properties(record: Record) -> list[tuple[str, str]]:
    """Names, each beginning with ``a2a3sim.``, and values of what is known."""
    found: dict[str, object] = {"golden": record["golden"], "case": record["case"]}
    found |= {f"params.{name}": value for name, value in record["params"].items()}
    if record["graph"] is not None:
        found |= {"tasks": record["graph"]["tasks"], "edges": record["graph"]["edges"]}
    for tensor in record["tensors"]:
        name = tensor["name"]
        found[f"{name}.matched"] = f"{tensor['matched']}/{tensor['size']}"
        for error in ("max_abs_error", "max_rel_error", "max_ulp_error"):
            found[f"{name}.{error}"] = tensor[error]
        if tensor["diagnoses"]:
            found[f"{name}.diagnosis"] = "; ".join(each["text"] for each in tensor["diagnoses"])
    found |= {f"seconds.{phase}": f"{spent:.6f}" for phase, spent in record["phases"].items()}
    found |= {name: record[name] for name in _OF_CASE}
    if record["failure"] is not None:
        found |= {f"failure.{name}": record["failure"][name] for name in _OF_FAILURE}
    if record["findings"]:
        found["findings"] = "; ".join(record["findings"])
    return [(f"a2a3sim.{name}", str(value)) for name, value in found.items() if value is not None]
