"""The golden of the paged-attention example against plain float64 attention."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
import pytest

if TYPE_CHECKING:
    from types import ModuleType

GOLDEN_FILE = Path(__file__).parents[2] / "examples" / "paged_attention" / "golden.py"

Tensors = dict[str, npt.NDArray[Any]]


def load_golden() -> ModuleType:
    spec = importlib.util.spec_from_file_location("paged_attention_golden_under_test", GOLDEN_FILE)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


golden = load_golden()

CASES: list[dict[str, Any]] = [
    *golden.PARAMS_LIST,
    {"name": "one-token", "batch": 1, "context_len": 1},
    {"name": "one-token-blocks", "block_size": 1, "block_num": 9, "context_len": [9, 4]},
    {"name": "one-block", "batch": 3, "block_num": 1, "context_len": [64, 63, 1]},
    {"name": "one-element-heads", "head_dim": 1, "num_heads": 2},
    {
        "name": "everything-at-once",
        "batch": 4,
        "num_heads": 12,
        "kv_head_num": 4,
        "head_dim": 80,
        "block_size": 48,
        "block_num": 3,
        "context_len": [144, 100, 1, 48],
        "shuffle_blocks": True,
        "query_scale": 10.0,
    },
]


def plain_attention(tensors: Tensors, params: dict[str, Any]) -> npt.NDArray[np.float64]:
    """softmax(q @ k.T / sqrt(head_dim)) @ v in float64, one head after the other, flat."""
    case = golden.settings(params)
    query = tensors["query"].astype(np.float64).reshape(case.batch, case.num_heads, case.head_dim)
    cache_shape = (-1, case.block_size, case.kv_head_num, case.head_dim)
    key_cache = tensors["key_cache"].astype(np.float64).reshape(cache_shape)
    value_cache = tensors["value_cache"].astype(np.float64).reshape(cache_shape)
    block_table = tensors["block_table"].reshape(case.batch, case.block_num)

    out = np.empty_like(query)
    for b in range(case.batch):
        tokens = [
            (block_table[b, position // case.block_size], position % case.block_size)
            for position in range(tensors["context_lens"][b])
        ]
        for h in range(case.num_heads):
            kv_head = h * case.kv_head_num // case.num_heads
            keys = np.array([key_cache[block, slot, kv_head] for block, slot in tokens])
            values = np.array([value_cache[block, slot, kv_head] for block, slot in tokens])
            scores = keys @ query[b, h] / np.sqrt(case.head_dim)
            weights = np.exp(scores - scores.max())
            out[b, h] = (weights / weights.sum()) @ values
    return out.ravel()


def golden_output(tensors: Tensors, params: dict[str, Any]) -> npt.NDArray[np.float32]:
    copies = {name: tensor.copy() for name, tensor in tensors.items()}
    golden.compute_golden(copies, params)
    out: npt.NDArray[np.float32] = copies["out"]
    return out


def used_tokens(tensors: Tensors, params: dict[str, Any]) -> npt.NDArray[np.bool_]:
    """Which tokens of the caches belong to a sequence, (cache blocks, block_size)."""
    case = golden.settings(params)
    block_table = tensors["block_table"].reshape(case.batch, case.block_num)
    used = np.zeros((case.batch * case.block_num, case.block_size), dtype=bool)
    for b, context_len in enumerate(case.context_lens):
        for position in range(context_len):
            used[block_table[b, position // case.block_size], position % case.block_size] = True
    return used


def case_name(params: dict[str, Any]) -> str:
    return str(params["name"])


@pytest.mark.parametrize("params", CASES, ids=case_name)
def test_golden_is_plain_attention(params: dict[str, Any]) -> None:
    tensors = golden.generate_inputs(params)

    # float32 scores of up to a few hundred are off by 1e-5, and so are then their exponentials.
    np.testing.assert_allclose(
        golden_output(tensors, params), plain_attention(tensors, params), rtol=2e-5, atol=2e-5
    )


@pytest.mark.parametrize("params", CASES, ids=case_name)
def test_inputs_have_the_documented_shapes(params: dict[str, Any]) -> None:
    case = golden.settings(params)
    tensors = golden.generate_inputs(params)

    query = case.batch * case.num_heads * case.head_dim
    cache = case.batch * case.block_num * case.block_size * case.kv_head_num * case.head_dim
    expected: dict[str, tuple[tuple[int], type[np.generic]]] = {
        "query": ((query,), np.float32),
        "key_cache": ((cache,), np.float32),
        "value_cache": ((cache,), np.float32),
        "block_table": ((case.batch * case.block_num,), np.int32),
        "context_lens": ((case.batch,), np.int32),
        "out": ((query,), np.float32),
        "config": ((7,), np.int64),
    }
    assert list(tensors) == golden.TENSOR_ORDER
    assert {name: (t.shape, t.dtype.type) for name, t in tensors.items()} == expected
    scale = np.array(tensors["config"][6], dtype=np.uint32).view(np.float32)
    assert tensors["config"][:6].tolist() == list(case[:6])
    assert scale == pytest.approx(case.head_dim**-0.5, rel=1e-7)


@pytest.mark.parametrize("params", CASES, ids=case_name)
def test_exactly_the_unused_cache_entries_are_nan(params: dict[str, Any]) -> None:
    tensors = golden.generate_inputs(params)

    used = used_tokens(tensors, params)
    assert used.sum() == sum(golden.settings(params).context_lens)
    for name in ("key_cache", "value_cache"):
        tokens = tensors[name].reshape(*used.shape, -1)
        np.testing.assert_array_equal(
            np.isnan(tokens), np.broadcast_to(~used[..., None], tokens.shape)
        )


@pytest.mark.parametrize("junk", [0.0, -1e30, 3e38, np.inf])
def test_unused_cache_entries_do_not_matter(junk: float) -> None:
    params = next(p for p in CASES if p["name"] == "everything-at-once")
    tensors = golden.generate_inputs(params)
    expected = golden_output(tensors, params)

    for name in ("key_cache", "value_cache"):
        unused = np.isnan(tensors[name])
        assert unused.any()
        tensors[name][unused] = junk

    assert np.isfinite(expected).all()
    np.testing.assert_array_equal(golden_output(tensors, params), expected)


def test_every_used_token_matters() -> None:
    params = next(p for p in CASES if p["name"] == "mixed-lengths")
    tensors = golden.generate_inputs(params)
    expected = golden_output(tensors, params).reshape(golden.settings(params).batch, -1)

    used = used_tokens(tensors, params)
    values = tensors["value_cache"].reshape(*used.shape, -1)
    table = tensors["block_table"].reshape(-1, 4)
    for b, context_len in enumerate(tensors["context_lens"]):
        last = int(context_len) - 1
        values[table[b, last // 64], last % 64] += 100.0
    changed = golden_output(tensors, params).reshape(expected.shape)

    assert (np.abs(changed - expected) > golden.ATOL + golden.RTOL * np.abs(expected)).all()


def test_inputs_are_the_same_every_time() -> None:
    for name, tensor in golden.generate_inputs({}).items():
        np.testing.assert_array_equal(tensor, golden.generate_inputs({})[name])


def test_default_case() -> None:
    tensors = golden.generate_inputs({})

    assert tensors["config"][:6].tolist() == [2, 16, 1, 128, 64, 4]
    assert tensors["context_lens"].tolist() == [256, 256]
    assert tensors["block_table"].tolist() == list(range(8))
    assert tensors["out"].shape == (4096,)
    assert golden.PARAMS_LIST[0] == {"name": "default"}


def test_shuffled_blocks_are_a_permutation() -> None:
    block_table = golden.generate_inputs({"shuffle_blocks": True})["block_table"]

    assert sorted(block_table) == list(range(8))
    assert block_table.tolist() != list(range(8))


def test_unused_block_table_entries_name_no_block() -> None:
    params = {"batch": 3, "context_len": [1, 64, 129]}
    block_table = golden.generate_inputs(params)["block_table"]

    assert block_table.tolist() == [0, -1, -1, -1, 4, -1, -1, -1, 8, 9, 10, -1]


def test_large_scores_overflow_a_softmax_that_does_not_subtract_the_maximum() -> None:
    params = next(p for p in CASES if p["name"] == "large-scores")
    tensors = golden.generate_inputs(params)
    query = tensors["query"].reshape(2, 16, 128)
    keys = tensors["key_cache"].reshape(2, 256, 128)[:, :250]

    scores = np.einsum("bhd,btd->bht", query, keys) * golden.settings(params).scale

    assert scores.max() > np.log(np.finfo(np.float32).max)


@pytest.mark.parametrize(
    ("params", "message"),
    [
        ({"context_len": 0}, "context_len=0: a sequence without tokens has no attention"),
        ({"context_len": [256, 0]}, "context_len=0: a sequence without tokens"),
        ({"context_len": -5}, "context_len=-5: a sequence without tokens"),
        (
            {"context_len": 257},
            r"context_len=257 exceeds block_size \* block_num = 64 \* 4 = 256",
        ),
        ({"context_len": [1, 2, 3]}, "context_len lists 3 lengths for batch=2"),
        ({"kv_head_num": 3}, "num_heads=16 must be a multiple of kv_head_num=3"),
        ({"batch": 0}, "batch=0 must be at least 1"),
        ({"block_num": -1}, "block_num=-1 must be at least 1"),
        ({"kv_head_num": 0}, "kv_head_num=0 must be at least 1"),
    ],
)
def test_parameters_that_make_no_sense(params: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        golden.generate_inputs(params)


def test_case_names_are_unique_and_fit_for_node_ids() -> None:
    names = [params["name"] for params in golden.PARAMS_LIST]

    assert len(set(names)) == len(names)
    assert all(name.replace("-", "").isalnum() and name == name.lower() for name in names)
