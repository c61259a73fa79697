"""The paged-attention example, whose orchestration describes what its kernels leave."""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from pathlib import Path

EXAMPLE = Path(__file__).parents[1] / "examples" / "paged_attention"
PARAMS = {
    "batch": 2,
    "num_heads": 4,
    "head_dim": 32,
    "block_num": 3,
    "block_size": 16,
    "context_len": 40,
}
ORCHESTRATION = "orchestration/paged_attention_orch.cpp"
OF_A_BLOCK = "    float* o = memory.allocate(c.heads_floats());\n"
OF_A_SEQUENCE = "    float* o_acc = memory.allocate(c.heads_floats());\n"
DESCRIBED = {
    OF_A_BLOCK: """
    runtime.describe(s, "s", "float32", {c.num_heads, tokens});
    runtime.describe(p, "p", "float32", {c.num_heads, tokens});
    runtime.describe(m, "m", "float32", {c.num_heads});
    runtime.describe(l, "l", "float32", {c.num_heads});
    runtime.describe(o, "o", "float32", {c.num_heads, c.head_dim});
""",
    OF_A_SEQUENCE: """
    runtime.describe(m_acc, "m_acc", "float32", {c.num_heads});
    runtime.describe(l_acc, "l_acc", "float32", {c.num_heads});
    runtime.describe(o_acc, "o_acc", "float32", {c.num_heads, c.head_dim});
""",
}
GOLDEN = '''
PARAMS_LIST = [__PARAMS__]

_attention = compute_golden


def compute_golden(tensors, params):
    """The example's, and what each task leaves on the way, in the order of the descriptions."""
    _attention(tensors, params)
    case = settings(params)
    found = {name: [] for name in ("s", "p", "m", "l", "o", "m_acc", "l_acc", "o_acc")}
    heads = (case.batch, case.num_heads, case.head_dim)
    caches = (-1, case.block_size, case.kv_head_num, case.head_dim)
    query = tensors["query"].reshape(heads)
    table = tensors["block_table"].reshape(case.batch, case.block_num)
    for b, length in enumerate(tensors["context_lens"]):
        sums = {"m_acc": [], "l_acc": [], "o_acc": []}
        for i, first in enumerate(range(0, int(length), case.block_size)):
            tokens = min(case.block_size, int(length) - first)
            k, v = (
                np.repeat(tensors[cache].reshape(caches)[table[b, i], :tokens],
                          case.num_heads // case.kv_head_num, axis=1)
                for cache in ("key_cache", "value_cache")
            )
            s = np.einsum("hd,thd->ht", query[b], k)
            m = (case.scale * s).max(axis=1)
            p = np.exp(case.scale * s - m[:, None])
            l = p.sum(axis=1)
            o = np.einsum("ht,thd->hd", p, v)
            for name, value in (("s", s), ("p", p), ("m", m), ("l", l), ("o", o)):
                found[name].append(value)
            if i == 0:
                m_acc, l_acc, o_acc = m, l, o
            else:
                m_new = np.maximum(m_acc, m)
                old, new = np.exp(m_acc - m_new), np.exp(m - m_new)
                l_acc = old * l_acc + new * l
                o_acc = old[:, None] * o_acc + new[:, None] * o
                m_acc = m_new
            for name, value in (("m_acc", m_acc), ("l_acc", l_acc), ("o_acc", o_acc)):
                sums[name].append(value)
        for name, values in sums.items():
            found[name].append(values)
    return found
'''


@dataclass(frozen=True)
class Fault:
    """A fault in a kernel.

    Attributes:
        kernel: its name.
        source: below kernels/.
        right: a part of the source,
        wrong: and what takes its place.
        task: the kernel's first task.
        ranges: what of its results differs then.
    """

    kernel: str
    source: str
    right: str
    wrong: str
    task: int
    ranges: tuple[str, ...]

    @property
    def id(self) -> str:
        return f"{self.kernel}: {self.wrong}"


QK, SF = "aic/aic_qk_matmul.cpp", "aiv/aiv_softmax_prepare.cpp"
PV, UP = "aic/aic_pv_matmul.cpp", "aiv/aiv_online_update.cpp"
FAULTS = (
    Fault("QK", QK, "sum += partial;", "sum -= partial;", 0, ("s[0]",)),
    Fault("QK", QK, "s[h * tokens + t] =", "if (t > 0) s[h * tokens + t] =", 0, ("s[0]",)),
    Fault("SF", SF, "l[h] = row_sum(p_row, tokens);", "", 1, ("l[0]",)),
    Fault("SF", SF, "m[h] = softmax_row", "m[h] = 1 + softmax_row", 1, ("m[0]",)),
    Fault("SF", SF, "p[t] = scale * s[t]", "p[t] = s[t]", 1, ("p[0]", "m[0]", "l[0]")),
    Fault("PV", PV, "int64_t t = 1; t < tokens", "int64_t t = 2; t < tokens", 2, ("o[0]",)),
    Fault("PV", PV, "o_row = o + h * head_dim", "o_row = o + (h ^ 1) * head_dim", 2, ("o[0]",)),
    Fault("UP", UP, "copy(l, l_acc, num_heads);", "", 9, ("l_acc[0] after task 9",)),
    Fault("UP", UP, "l_acc[h] = a * l_acc[h] + b * l[h];", "l_acc[h] = b * l[h];", 10,
          ("l_acc[0] after task 10",)),
    Fault("UP", UP, "m_acc[h] = m_new;", "m_acc[h] = m[h];", 10, ("m_acc[0] after task 10",)),
)  # fmt: skip


def create(directory: Path, fault: Fault | None = None, *, described: bool = True) -> Path:
    """A copy of the example with a fault, whose intermediates are described or not."""
    shutil.copytree(EXAMPLE, directory, ignore=shutil.ignore_patterns("__pycache__"))
    golden = directory / "golden.py"
    if described:
        golden.write_text(golden.read_text() + GOLDEN.replace("__PARAMS__", repr(PARAMS)))
        _replace(
            directory / "kernels" / ORCHESTRATION, {at: at + more for at, more in DESCRIBED.items()}
        )
    if fault is not None:
        _replace(directory / "kernels" / fault.source, {fault.right: fault.wrong})
    return directory


def _replace(path: Path, parts: dict[str, str]) -> None:
    text = path.read_text()
    for old, new in parts.items():
        assert old in text, f"{path} has no {old!r}"
        text = text.replace(old, new, 1)
    path.write_text(text)
