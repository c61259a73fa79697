"""Kernels of one task, which run together and may wait for each other."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from pytest_a2a3sim import (
    KernelException,
    KernelHang,
    OrderDependence,
    SanitizerError,
    Settings,
    Simulator,
)
from tests.golden_dirs import GoldenDir
from tests.words import without_breaks

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

VALUES, BLOCKS = 5, 3

GOLDEN = f"""
import ctypes

import numpy as np

__outputs__ = ["y"]


def generate_inputs(params):
    return [
        ("way", ctypes.c_int64({{way}})),
        ("body", ctypes.c_int64({{body}})),
        ("x", np.arange(1, {VALUES + 1}, dtype=np.int32)),
        ("mail", np.zeros({BLOCKS} * 8, dtype=np.int32)),
        ("y", np.zeros(({BLOCKS}, 2, {VALUES}), dtype=np.int32)),
    ]


def compute_golden(tensors, params):
    for block in range({BLOCKS}):
        for lane in range(2):
            tensors["y"][block, lane] = (2 + lane) * (tensors["x"] + 100 * block)
"""

CONFIG = """
KERNELS = [
    {{"func_id": 0, "name": "SEND", "source": "{sources}/send.cpp", "core_type": "aic"}},
    {{"func_id": 1, "name": "RECEIVE", "source": "{sources}/receive.cpp", "core_type": "aiv"}},
    {{"func_id": 2, "name": "MEET", "source": "{sources}/meet.cpp", "core_type": "aiv"}},
    {{"func_id": 3, "name": "WRITE", "source": "{sources}/write.cpp", "core_type": "aiv"}},
    {{"func_id": 4, "name": "WRITE_AIC", "source": "{sources}/write.cpp", "core_type": "aic"}},
    {{"func_id": 5, "name": "THROW", "source": "{sources}/throw.cpp", "core_type": "aiv"}},
]
ORCHESTRATION = {{
    "source": "{sources}/orchestration.cpp", "function_name": "aicpu_orchestration_entry"
}}
RUNTIME_CONFIG = {{"runtime": "tensormap_and_ringbuffer", "block_dim": 3}}
"""

# How a kernel learns that another one has left a value, or taken one.
CHANNEL = """
#pragma once

#include <dlfcn.h>
#include <sched.h>
#include <time.h>

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <mutex>
#include <new>

#include "intrinsic.h"
#include "tensor.h"

template <typename T>
static T* data(int64_t argument) {
    const Tensor* tensor = reinterpret_cast<const Tensor*>(argument);
    return reinterpret_cast<T*>(tensor->buffer.addr) + tensor->start_offset;
}

enum Way { CONDITION, TIMED, YIELD, LOOP, ATOMIC, SLEEP };

class Channel {
  public:
    Channel(int64_t way, int block, int lane, int32_t* mail)
        : way_(static_cast<Way>(way)), slot_(mail + 8 * block + 4 * lane), memory_(memory(lane)) {}

    void put(int32_t value) {
        await(0);
        slot_[2] = value;
        tell(1);
    }

    int32_t get() {
        await(1);
        const int32_t value = slot_[2];
        tell(0);
        return value;
    }

  private:
    struct Memory {
        std::mutex mutex;
        std::condition_variable changed;
    };

    Memory& memory(int lane) const {
        using Get = void* (*)(uint64_t, size_t);
        static const Get get =
            reinterpret_cast<Get>(dlsym(RTLD_DEFAULT, "pto_sim_get_pipe_shared_state"));
        if (way_ != CONDITION && way_ != TIMED) return *reinterpret_cast<Memory*>(slot_);
        return *static_cast<Memory*>(get(static_cast<uint64_t>(lane), sizeof(Memory)));
    }

    void await(int32_t state) {
        if (way_ == CONDITION) {
            std::unique_lock<std::mutex> lock(memory_.mutex);
            memory_.changed.wait(lock, [&] { return slot_[0] == state; });
        } else if (way_ == TIMED) {
            std::unique_lock<std::mutex> lock(memory_.mutex);
            while (!memory_.changed.wait_for(lock, std::chrono::hours(1),
                                             [&] { return slot_[0] == state; })) {
            }
        } else if (way_ == ATOMIC) {
            while (__atomic_load_n(slot_, __ATOMIC_ACQUIRE) != state) sched_yield();
        } else {
            while (*const_cast<volatile int32_t*>(slot_) != state) {
                const timespec moment{0, 1000};
                if (way_ == YIELD) sched_yield();
                if (way_ == SLEEP) nanosleep(&moment, nullptr);
            }
            std::atomic_thread_fence(std::memory_order_acquire);
        }
    }

    void tell(int32_t state) {
        if (way_ == CONDITION || way_ == TIMED) {
            {
                const std::lock_guard<std::mutex> lock(memory_.mutex);
                slot_[0] = state;
            }
            memory_.changed.notify_all();
        } else {
            __atomic_store_n(slot_, state, __ATOMIC_RELEASE);
        }
    }

    const Way way_;
    int32_t* const slot_;
    Memory& memory_;
};
"""

SEND = """
#include "channel.h"

extern "C" void kernel_entry(int64_t* args) {  // (x, mail, y, way, values)
    const int block = get_block_idx(args);
    Channel lanes[] = {{args[3], block, 0, data<int32_t>(args[1])},
                       {args[3], block, 1, data<int32_t>(args[1])}};
    for (int64_t i = 0; i < args[4]; ++i) {
        for (Channel& lane : lanes) lane.put(data<int32_t>(args[0])[i] + 100 * block);
    }
}
"""

RECEIVE = f"""
#include "channel.h"

extern "C" void kernel_entry(int64_t* args) {{  // (x, mail, y, way, values)
    const int block = get_block_idx(args);
    const int lane = get_sub_block_id(args);
    Channel channel(args[3], block, lane, data<int32_t>(args[1]));
    int32_t* to = data<int32_t>(args[2]) + (2 * block + lane) * {VALUES};
    for (int i = 0; i < {VALUES}; ++i) to[i] = (2 + lane) * channel.get();
}}
"""

# Both lanes of all blocks come, and then they go on.
MEET = f"""
#include "channel.h"

extern "C" void kernel_entry(int64_t* args) {{  // (x, mail, y)
    const int block = get_block_idx(args);
    const int lane = get_sub_block_id(args);
    int32_t* mail = data<int32_t>(args[1]);
    __atomic_add_fetch(mail, 1, __ATOMIC_ACQ_REL);
    while (__atomic_load_n(mail, __ATOMIC_ACQUIRE) != 2 * {BLOCKS}) sched_yield();
    int32_t* to = data<int32_t>(args[2]) + (2 * block + lane) * {VALUES};
    const int32_t* from = data<int32_t>(args[0]);
    for (int i = 0; i < {VALUES}; ++i) to[i] = (2 + lane) * (from[i] + 100 * block);
}}
"""

# The second lane makes what is expected, the first one does not.
WRITE = f"""
#include "channel.h"

extern "C" void kernel_entry(int64_t* args) {{  // (x, mail, y)
    for (int i = 0; i < 6 * {VALUES}; ++i) {{
        const int lane = i / {VALUES} % 2;
        const int value = data<int32_t>(args[0])[i % {VALUES}] + i / {2 * VALUES} * 100;
        data<int32_t>(args[2])[i] = (2 + lane) * value * get_sub_block_id(args);
    }}
}}
"""

THROW = """
#include <stdexcept>

extern "C" void kernel_entry(int64_t*) { throw std::runtime_error("no mail today"); }
"""

BODIES = {
    "exchange": "submit({SEND, RECEIVE, RECEIVE}, BLOCKS, false, VALUES);",
    "exchange of all blocks": "submit({SEND, RECEIVE, RECEIVE}, BLOCKS, true, VALUES);",
    "meeting": "submit({INVALID_KERNEL_ID, MEET, MEET}, BLOCKS, true, VALUES);",
    "too few values": "submit({SEND, RECEIVE, RECEIVE}, BLOCKS, false, VALUES - 1);",
    "lanes that do not agree": "submit({INVALID_KERNEL_ID, WRITE, WRITE}, 1, false, VALUES);",
    "a sender that throws": "submit({INVALID_KERNEL_ID, RECEIVE, THROW}, 1, false, VALUES);",
    "a value of a task that throws": """
        submit({INVALID_KERNEL_ID, THROW, INVALID_KERNEL_ID}, 1, false, VALUES);
        const uint32_t at[3] = {0, 0, 0};
        get_tensor_data<int32_t>(args.tensor(2).ref(), 3, at);
    """,
    "a value of a task that waits for nobody": """
        submit({INVALID_KERNEL_ID, RECEIVE, INVALID_KERNEL_ID}, 1, false, VALUES);
        const uint32_t at[3] = {0, 0, 0};
        get_tensor_data<int32_t>(args.tensor(2).ref(), 3, at);
    """,
    "in a chain": f"""
        for (int i = 0; i < 20; ++i) submit({{SEND, RECEIVE, RECEIVE}}, {BLOCKS}, i % 2, VALUES);
    """,
}

ORCHESTRATION = """
#include "pto_orchestration_api.h"

enum {{ SEND, RECEIVE, MEET, WRITE, WRITE_AIC, THROW }};

extern "C" {{
__attribute__((visibility("default")))
PTO2OrchestrationConfig aicpu_orchestration_config(const ChipTaskArgs&) {{
    return PTO2OrchestrationConfig{{.expected_arg_count = 5}};
}}

__attribute__((visibility("default")))
void aicpu_orchestration_entry(const ChipTaskArgs& args) {{
    constexpr int VALUES = {values}, BLOCKS = {blocks};
    const auto submit = [&](MixedKernels kernels, int blocks, bool together, int values) {{
        CoreTaskArgs task;
        task.add_input(args.tensor(0).ref());
        task.add_inout(args.tensor(1).ref());
        task.add_inout(args.tensor(2).ref());
        task.add_scalar(args.scalar(0));
        task.add_scalar(values);
        task.launch_spec.set_block_num(blocks);
        task.launch_spec.set_require_sync_start(together);
        rt_submit_task(kernels, task);
    }};
    (void)BLOCKS;
    switch (args.scalar(1)) {{
{cases}
    }}
}}
}}
"""

WAYS = ["CONDITION", "TIMED", "YIELD", "LOOP", "ATOMIC", "SLEEP"]


def gang_dir(path: Path, sources: Path, body: str, way: str = "CONDITION") -> GoldenDir:
    directory = GoldenDir(path)
    directory.golden(GOLDEN.format(way=WAYS.index(way), body=list(BODIES).index(body)))
    directory.kernel_config(CONFIG.format(sources=sources))
    cases = "\n".join(f"case {i}: {{{text}}} break;" for i, text in enumerate(BODIES.values()))
    for file, content in {
        "channel.h": CHANNEL,
        "send.cpp": SEND,
        "receive.cpp": RECEIVE,
        "meet.cpp": MEET,
        "write.cpp": WRITE,
        "throw.cpp": THROW,
        "orchestration.cpp": ORCHESTRATION.format(cases=cases, values=VALUES, blocks=BLOCKS),
    }.items():
        if not (sources / file).exists():
            (sources / file).write_text(content)
    return directory


def run(directory: GoldenDir, simulator: Simulator, **changes: Any) -> None:
    settings: Mapping[str, Any] = {"threads": 1, **changes}
    simulator.run_case(directory.path, settings=replace(Settings(), **settings)).check()


@pytest.mark.parametrize("threads", [1, 2, "cores"])
@pytest.mark.parametrize("way", WAYS)
def test_each_way_to_wait(
    way: str, threads: int | str, simulator: Simulator, sources: Path, tmp_path: Path
) -> None:
    directory = gang_dir(tmp_path / "case", sources, "exchange", way)
    run(directory, simulator, threads=threads)


@pytest.mark.parametrize("schedule", ["fifo", "lifo", "reverse", "creation", "random:3"])
@pytest.mark.parametrize("body", ["exchange of all blocks", "in a chain"])
def test_each_order(
    body: str, schedule: str, simulator: Simulator, sources: Path, tmp_path: Path
) -> None:
    run(gang_dir(tmp_path / "case", sources, body), simulator, schedule=schedule)


@pytest.mark.parametrize("threads", [1, 4])
def test_all_blocks_meet(threads: int, simulator: Simulator, sources: Path, tmp_path: Path) -> None:
    run(gang_dir(tmp_path / "case", sources, "meeting", "ATOMIC"), simulator, threads=threads)


def test_chains_on_many_threads(simulator: Simulator, sources: Path, tmp_path: Path) -> None:
    run(gang_dir(tmp_path / "case", sources, "in a chain"), simulator, threads=4)


def test_value_that_nobody_sends(simulator: Simulator, sources: Path, tmp_path: Path) -> None:
    directory = gang_dir(tmp_path / "case", sources, "too few values")
    with pytest.raises(KernelHang) as caught:
        run(directory, simulator, hang_timeout=1)
    message = without_breaks(str(caught.value))
    assert "kernel 'RECEIVE'" in message
    assert "receive.cpp" in message


def test_kernel_that_fails_while_others_wait_for_it(
    simulator: Simulator, sources: Path, tmp_path: Path
) -> None:
    directory = gang_dir(tmp_path / "case", sources, "a sender that throws")
    with pytest.raises(KernelException, match="no mail today"):
        run(directory, simulator)


def test_kernel_that_fails_while_the_orchestration_waits_for_it(
    simulator: Simulator, sources: Path, tmp_path: Path
) -> None:
    directory = gang_dir(tmp_path / "case", sources, "a value of a task that throws")
    with pytest.raises(KernelException, match="no mail today") as caught:
        run(directory, simulator)
    assert "THROW" in str(caught.value)


def test_kernel_that_hangs_while_the_orchestration_waits_for_it(
    simulator: Simulator, sources: Path, tmp_path: Path
) -> None:
    directory = gang_dir(tmp_path / "case", sources, "a value of a task that waits for nobody")
    with pytest.raises(KernelHang, match="task 0: kernel 'RECEIVE'"):
        run(directory, simulator, hang_timeout=1)


def test_lanes_that_write_the_same(simulator: Simulator, sources: Path, tmp_path: Path) -> None:
    directory = gang_dir(tmp_path / "case", sources, "lanes that do not agree")
    with pytest.raises(OrderDependence):
        run(directory, simulator)
    with pytest.raises(SanitizerError) as caught:
        run(directory, simulator, sanitize="racecheck")
    assert "task 0 (WRITE) and task 1 (WRITE)" in without_breaks(str(caught.value))


@pytest.mark.parametrize("way", ["CONDITION", "YIELD", "ATOMIC"])
def test_sanitizer_follows_those_that_wait(
    way: str, simulator: Simulator, sources: Path, tmp_path: Path
) -> None:
    directory = gang_dir(tmp_path / "case", sources, "exchange", way)
    result = simulator.run_case(directory.path, settings=Settings(sanitize="all"))
    result.check()
    assert result.sanitizer is not None
    assert result.sanitizer.exchanging > 0


def test_dump_of_those_that_wait(simulator: Simulator, sources: Path, tmp_path: Path) -> None:
    directory = gang_dir(tmp_path / "case", sources, "exchange")
    result = simulator.run_case(
        directory.path, settings=Settings(dump="all", dump_dir=str(tmp_path / "dump"))
    )
    result.check()
