"""Forty mistakes, each a replacement of text in one file of a golden directory that passes."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

GALLERY = Path(__file__).parent
CONFIG = "kernels/kernel_config.py"
ORCHESTRATION = "kernels/orchestration.cpp"


_SOURCE = re.compile(r'"source": "(?P<name>[^"]*)"')


@dataclass(frozen=True)
class Mutant:
    """One mistake.

    Attributes:
        directory: the golden directory in which it is made.
        name: what is wrong, as the name of a file.
        file: where, relative to the golden directory.
        old: text that is there once.
        new: what stands there instead.
        named: regular expression for the cause or the place, which the report's first lines name;
            None where they cannot.
    """

    directory: str
    name: str
    file: str
    old: str
    new: str
    named: str | None

    @property
    def title(self) -> str:
        """Of its directory and of its report."""
        return f"{self.directory}-{self.name}"

    def create(self, root: Path) -> None:
        """Writes the golden directory with its mistake below ``root``.

        Sources without a mistake stay where they are, so that each of them is compiled once.
        """
        origin, directory = GALLERY / self.directory, root / self.title
        (directory / "kernels").mkdir(parents=True)
        for file in ("golden.py", CONFIG, self.file):
            text = (origin / file).read_text()
            if file == self.file:
                assert text.count(self.old) == 1, f"{self.title}: {self.old!r} is not there once"
                text = text.replace(self.old, self.new)
            if file == CONFIG:
                text = _SOURCE.sub(lambda found: self._source(found["name"]), text)
            (directory / file).write_text(text)

    def _source(self, name: str) -> str:
        mistaken = self.file == f"kernels/{name}"
        return f'"source": "{name if mistaken else GALLERY / self.directory / "kernels" / name}"'


def _matmul(name: str, file: str, old: str, new: str, named: str | None) -> Mutant:
    return Mutant("matmul", name, file, old, new, named)


def _rms_norm(name: str, file: str, old: str, new: str, named: str | None) -> Mutant:
    return Mutant("rms_norm", name, file, old, new, named)


def _prefix_sum(name: str, file: str, old: str, new: str, named: str | None) -> Mutant:
    return Mutant("prefix_sum", name, file, old, new, named)


PART, SUM = "kernels/part.cpp", "kernels/sum.cpp"
SCALE, NORM = "kernels/scale.cpp", "kernels/norm.cpp"
SCAN, CARRY, ADD = "kernels/scan.cpp", "kernels/carry.cpp", "kernels/add.cpp"

MUTANTS = (
    _matmul("sign", SUM, "] = sum;", "] = -sum;", "sign flipped"),
    _matmul("quarter", SUM, "] = sum;", "] = sum / 4;", "constant factor"),
    _matmul("last-part-left-out", SUM, "part < count", "part < count - 1", None),
    _matmul(
        "first-part-twice", SUM, "float sum = 0;", "float sum = parts[row * kTile + column];", None
    ),
    _matmul("inner-end", PART, "k < first + count", "k < first + count - 1", None),
    _matmul("part-adds", PART, "] = sum;", "] += sum;", "device memory that nobody wrote"),
    _matmul(
        "tile-transposed",
        SUM,
        "c[row * kColumns + column]",
        "c[column * kColumns + row]",
        "transposed",
    ),
    _matmul(
        "row-stride", SUM, "c[row * kColumns + column]", "c[row * kTile + column]", "never written"
    ),
    _matmul("no-edge", ORCHESTRATION, "runtime->add_successor(part, sum);", "(void)part;", "order"),
    _matmul(
        "edge-reversed",
        ORCHESTRATION,
        "add_successor(part, sum)",
        "add_successor(sum, part)",
        r"tasks that get it: 0 \(SUM\)",
    ),
    _matmul(
        "b-not-copied",
        ORCHESTRATION,
        "    api.copy_to_device(b, host_b, args[4]);\n",
        "",
        "never copied to the device: 'b'",
    ),
    _matmul(
        "copy-swapped",
        ORCHESTRATION,
        "copy_to_device(b, host_b,",
        "copy_to_device(host_b, b,",
        "swapped",
    ),
    _matmul(
        "half-copied-back",
        ORCHESTRATION,
        "record_tensor_pair(host_c, c, args[5])",
        "record_tensor_pair(host_c, c, args[5] / 2)",
        "never copied back",
    ),
    _matmul(
        "parts-too-small",
        ORCHESTRATION,
        "device_malloc(kParts * kTileBytes)",
        "device_malloc(kTileBytes)",
        "past the end",
    ),
    _matmul("core-type", ORCHESTRATION, "5, 0, CoreType::AIC", "5, 0, CoreType::AIV", "AIV core"),
    _matmul(
        "parts-shared",
        ORCHESTRATION,
        "at(parts, k * kTile * kTile)",
        "at(parts, 0)",
        "device memory that nobody wrote",
    ),
    _rms_norm("no-epsilon", SCALE, " + 0.25f", "", "per block"),
    _rms_norm(
        "no-root",
        SCALE,
        "std::sqrt(sum / static_cast<float>(columns) + 0.25f)",
        "(sum / static_cast<float>(columns) + 0.25f)",
        "per block",
    ),
    _rms_norm("sum-not-mean", SCALE, "sum / static_cast<float>(columns)", "sum", "factor"),
    _rms_norm("no-gamma", NORM, "normal * static_cast<float>(gamma[column])", "normal", "factor"),
    _rms_norm("gamma-shifted", NORM, "gamma[column]", "gamma[(column + 1) % columns]", "factor"),
    _rms_norm(
        "tail-left-out",
        NORM,
        "column < columns;",
        "column < columns - columns % 48;",
        "never written",
    ),
    _rms_norm("first-scale-only", NORM, "scale[row]", "scale[0]", "factor"),
    _rms_norm(
        "block-left-out", ORCHESTRATION, "row < kRows;", "row + kBlock < kRows;", "never written"
    ),
    _rms_norm(
        "bytes-not-elements",
        ORCHESTRATION,
        "row * kColumns * sizeof(uint16_t)",
        "row * kColumns",
        "only the tail is wrong",
    ),
    _rms_norm(
        "wrong-type",
        NORM,
        "const _Float16* const x = reinterpret_cast<const _Float16*>",
        "const float* const x = reinterpret_cast<const float*>",
        "past the end",
    ),
    _rms_norm(
        "argument-left-out",
        ORCHESTRATION,
        "add_task(norm_args, 6,",
        "add_task(norm_args, 5,",
        "was not passed",
    ),
    _rms_norm(
        "no-edge",
        ORCHESTRATION,
        "runtime->add_successor(scaling, norm);",
        "(void)scaling, (void)norm;",
        "order",
    ),
    _rms_norm(
        "hang",
        NORM,
        "    const int64_t rows = args[4]",
        "    while (*const_cast<const volatile float*>(scale) > 0) continue;\n"
        "    const int64_t rows = args[4]",
        "task 1: kernel 'NORM' .* at rms_norm-hang/kernels/norm.cpp:9",
    ),
    _prefix_sum(
        "exclusive",
        SCAN,
        "        sum += x[i];\n        local[i] = sum;",
        "        local[i] = sum;\n        sum += x[i];",
        "shifted",
    ),
    _prefix_sum(
        "carry-included",
        CARRY,
        "        carries[block] = carry;\n        carry += totals[block];",
        "        carry += totals[block];\n        carries[block] = carry;",
        "offset",
    ),
    _prefix_sum("no-carry", ADD, " + *carry", "", "offset"),
    _prefix_sum("carry-of-one", CARRY, "carry += totals[block]", "carry = totals[block]", "offset"),
    _prefix_sum("carry-in-16-bits", CARRY, "int32_t carry = 0", "int16_t carry = 0", "offset"),
    _prefix_sum(
        "no-edge-to-carry",
        ORCHESTRATION,
        "        runtime->add_successor(scan, carry);\n",
        "        (void)scan;\n",
        "order",
    ),
    _prefix_sum(
        "cycle",
        ORCHESTRATION,
        "add_successor(carry, add)",
        "add_successor(carry, scan)",
        "cycle of",
    ),
    _prefix_sum("one-more", ADD, "i < count;", "i <= count;", "past the end"),
    _prefix_sum("func-id", ORCHESTRATION, "4, 2, CoreType", "4, 3, CoreType", "func_id 3"),
    _prefix_sum(
        "host-pointer", ORCHESTRATION, "{at(x, first)", "{at(host_x, first)", "host tensor 'x'"
    ),
    _prefix_sum(
        "half-of-x",
        ORCHESTRATION,
        "copy_to_device(x, host_x, args[2])",
        "copy_to_device(x, host_x, args[2] / 2)",
        "nobody wrote",
    ),
)
