"""Paged attention: inputs, expected output and test cases.

Every sequence of the batch has one query token per head. Its keys and values lie in blocks of
``block_size`` tokens, scattered over a cache that all sequences share; ``block_table`` says which
block of the cache holds which part of the sequence. Query heads share KV heads in groups of
``num_heads / kv_head_num`` (grouped-query attention).

    out = softmax(q @ k.T / sqrt(head_dim)) @ v      over the context_len tokens of the sequence

See README.md for shapes and layouts.
"""

import math
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

Params = dict[str, Any]
Tensors = dict[str, npt.NDArray[Any]]

TENSOR_ORDER = ["query", "key_cache", "value_cache", "block_table", "context_lens", "out", "config"]
__outputs__ = ["out"]

# Kernels and golden add the same numbers in a different order. Outputs are of order 0.1 to 1.
RTOL = 1e-4
ATOL = 1e-4

PARAMS_LIST: list[Params] = [
    {"name": "default"},
    {"name": "gqa-2-kv-heads", "kv_head_num": 2},
    {"name": "gqa-4-kv-heads", "kv_head_num": 4},
    {"name": "one-head-per-kv-head", "num_heads": 4, "kv_head_num": 4},
    {"name": "partial-block", "context_len": 200},
    {"name": "mixed-lengths", "batch": 5, "context_len": [1, 64, 65, 130, 256]},
    {"name": "shuffled-blocks", "shuffle_blocks": True},
    {"name": "large-scores", "query_scale": 30.0, "context_len": 250},
    {
        "name": "odd-sizes",
        "batch": 3,
        "num_heads": 6,
        "kv_head_num": 3,
        "head_dim": 37,
        "block_size": 13,
        "block_num": 5,
        "context_len": [65, 7, 40],
        "shuffle_blocks": True,
    },
    {
        "name": "64-heads-128-token-blocks",
        "batch": 1,
        "num_heads": 64,
        "block_size": 128,
        "context_len": 512,
    },
]


class Settings(NamedTuple):
    """The parameters of a case, with defaults filled in."""

    batch: int
    num_heads: int
    kv_head_num: int
    head_dim: int
    block_size: int
    block_num: int
    context_lens: list[int]
    shuffle_blocks: bool
    query_scale: float

    @property
    def scale(self) -> np.float32:
        """What the scores are multiplied with before the softmax."""
        scale: np.float32 = np.float32(1.0 / math.sqrt(self.head_dim))
        return scale


def settings(params: Params) -> Settings:
    """The case's parameters, checked.

    Raises:
        ValueError: if a size is not positive, ``num_heads`` is no multiple of ``kv_head_num``, or
            a context length does not fit the blocks of its sequence.
    """
    batch = params.get("batch", 2)
    context_len = params.get("context_len", 256)
    case = Settings(
        batch=batch,
        num_heads=params.get("num_heads", 16),
        kv_head_num=params.get("kv_head_num", 1),
        head_dim=params.get("head_dim", 128),
        block_size=params.get("block_size", 64),
        block_num=params.get("block_num", 4),
        context_lens=[context_len] * batch if isinstance(context_len, int) else list(context_len),
        shuffle_blocks=params.get("shuffle_blocks", False),
        query_scale=params.get("query_scale", 1.0),
    )
    for name in ("batch", "num_heads", "kv_head_num", "head_dim", "block_size", "block_num"):
        if getattr(case, name) < 1:
            raise ValueError(f"{name}={getattr(case, name)} must be at least 1")
    if case.num_heads % case.kv_head_num != 0:
        raise ValueError(
            f"num_heads={case.num_heads} must be a multiple of kv_head_num={case.kv_head_num}"
        )
    if len(case.context_lens) != batch:
        raise ValueError(f"context_len lists {len(case.context_lens)} lengths for batch={batch}")
    longest = case.block_size * case.block_num
    for length in case.context_lens:
        if length < 1:
            raise ValueError(f"context_len={length}: a sequence without tokens has no attention")
        if length > longest:
            raise ValueError(
                f"context_len={length} exceeds block_size * block_num = "
                f"{case.block_size} * {case.block_num} = {longest}"
            )
    return case


def generate_inputs(params: Params) -> Tensors:
    """All tensors of a case, flat, in the order of TENSOR_ORDER.

    Cache entries that no sequence uses hold NaN and unused block-table entries -1: whoever reads
    one of them fails the case.
    """
    case = settings(params)
    rng = np.random.default_rng(20260201)
    cache_blocks = case.batch * case.block_num
    cache_shape = (cache_blocks, case.block_size, case.kv_head_num, case.head_dim)

    query = rng.standard_normal((case.batch, case.num_heads, case.head_dim), dtype=np.float32)
    query *= np.float32(case.query_scale)
    key_cache = rng.standard_normal(cache_shape, dtype=np.float32)
    value_cache = rng.standard_normal(cache_shape, dtype=np.float32)
    context_lens = np.array(case.context_lens, dtype=np.int32)

    block_ids = rng.permutation(cache_blocks) if case.shuffle_blocks else np.arange(cache_blocks)
    block_table = block_ids.astype(np.int32).reshape(case.batch, case.block_num)

    # used[b, i, t]: token t of block i belongs to sequence b.
    position = np.arange(case.block_num * case.block_size).reshape(1, case.block_num, -1)
    used = position < context_lens[:, None, None]
    unused_tokens = np.ones((cache_blocks, case.block_size), dtype=bool)
    unused_tokens[block_table] = ~used
    key_cache[unused_tokens] = np.nan
    value_cache[unused_tokens] = np.nan
    block_table[~used.any(axis=2)] = -1

    config = [
        case.batch,
        case.num_heads,
        case.kv_head_num,
        case.head_dim,
        case.block_size,
        case.block_num,
        int(case.scale.view(np.uint32)),
    ]
    return {
        "query": query.ravel(),
        "key_cache": key_cache.ravel(),
        "value_cache": value_cache.ravel(),
        "block_table": block_table.ravel(),
        "context_lens": context_lens,
        "out": np.zeros(query.size, dtype=np.float32),
        "config": np.array(config, dtype=np.int64),
    }


def compute_golden(tensors: Tensors, params: Params) -> None:
    """Writes the attention of every sequence into ``tensors["out"]``.

    The online softmax (Milakov and Gimelshein, arXiv:1805.02867): block by block, in float32, all
    heads at once.
    """
    case = settings(params)
    groups = (case.batch, case.kv_head_num, case.num_heads // case.kv_head_num, case.head_dim)
    query = tensors["query"].reshape(groups)
    out = tensors["out"].reshape(groups)
    cache_shape = (-1, case.block_size, case.kv_head_num, case.head_dim)
    key_cache = tensors["key_cache"].reshape(cache_shape)
    value_cache = tensors["value_cache"].reshape(cache_shape)
    block_table = tensors["block_table"].reshape(case.batch, case.block_num)

    for b, context_len in enumerate(tensors["context_lens"]):
        # Running maximum and sum of a row, (kv_head_num, heads_per_kv, 1), and p @ v, not yet
        # divided by the sum, (kv_head_num, heads_per_kv, head_dim).
        m_acc = np.full((*groups[1:3], 1), -np.inf, dtype=np.float32)
        l_acc = np.zeros((*groups[1:3], 1), dtype=np.float32)
        o_acc = np.zeros(groups[1:], dtype=np.float32)

        for i, first in enumerate(range(0, int(context_len), case.block_size)):
            block = block_table[b, i]
            tokens = min(case.block_size, int(context_len) - first)
            k = key_cache[block, :tokens].transpose(1, 2, 0)  # (kv_head_num, head_dim, tokens)
            v = value_cache[block, :tokens].transpose(1, 0, 2)  # (kv_head_num, tokens, head_dim)

            s = (query[b] @ k) * case.scale
            m = np.maximum(m_acc, s.max(axis=-1, keepdims=True))
            p = np.exp(s - m)
            rescale = np.exp(m_acc - m)  # 0 for the first block
            l_acc = rescale * l_acc + p.sum(axis=-1, keepdims=True)
            o_acc = rescale * o_acc + p @ v
            m_acc = m

        out[b] = o_acc / l_acc
