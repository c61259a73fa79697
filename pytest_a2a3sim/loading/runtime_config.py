"""RUNTIME_CONFIG and RUNTIME_ENV of kernel_config.py -> RuntimeConfig."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from pytest_a2a3sim.model.chip import CHIPS
from pytest_a2a3sim.model.errors import GoldenError
from pytest_a2a3sim.model.spec import RUNTIMES, RingSizes, RuntimeConfig

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pytest_a2a3sim.loading.config_reader import ConfigReader
    from pytest_a2a3sim.model.chip import Platform
    from pytest_a2a3sim.model.spec import KernelConfig

IGNORED_KEYS = {"signature", "config_name", "rounds", "name"}
"""What has no meaning here, wherever it stands."""

_OF_ONE_THREAD = {"orch_thread_num"}  # an orchestration is called once, with one thread
_OF_CARDS = {"requires_comm", "n_devices", "first_device_id", "root"}
_KEYS = {
    *("runtime", "aicpu_thread_num", "block_dim", "enable_sdma"),
    *(IGNORED_KEYS | _OF_ONE_THREAD | _OF_CARDS),
}
_RINGS = {  # of RUNTIME_ENV: what they are in RingSizes, and the least value
    "PTO2_RING_TASK_WINDOW": ("tasks", 4),
    "PTO2_RING_HEAP": ("bytes", 1024),
    "PTO2_RING_DEP_POOL": ("dependencies", 4),
}
_POWERS_OF_TWO = {"PTO2_RING_TASK_WINDOW", "PTO2_RING_HEAP"}
_CHIP_HAS = {"block_dim": "blocks", "aicpu_thread_num": "aicpu_threads"}
_LEAVE_OUT = (
    "Run it on the hardware, and leave it out here: collect_ignore in a conftest.py, or --ignore."
)
_MOST_BLOCKS = max(chip.blocks for chip in CHIPS.values())
_MOST_THREADS = max(chip.aicpu_threads for chip in CHIPS.values())


def read_runtime(reader: ConfigReader, value: object, environment: object) -> RuntimeConfig:
    """Checks them.

    Args:
        reader: of the file.
        value: RUNTIME_CONFIG.
        environment: RUNTIME_ENV.

    Raises:
        GoldenError: they say something impossible, or something that is not simulated.
    """
    entry = reader.mapping("RUNTIME_CONFIG", value, _KEYS)
    _check_simulated(reader, entry)
    defaults = RuntimeConfig()
    runtime = entry.get("runtime", defaults.runtime)
    if runtime not in RUNTIMES:
        known = ", ".join(f'"{name}"' for name in RUNTIMES)
        raise reader.error(
            'RUNTIME_CONFIG["runtime"]',
            f"must be one of the runtimes that are simulated: {known}",
            runtime,
        )
    return RuntimeConfig(
        runtime=runtime,
        aicpu_thread_num=reader.integer(
            'RUNTIME_CONFIG["aicpu_thread_num"]',
            entry.get("aicpu_thread_num", defaults.aicpu_thread_num),
            0,
            _MOST_THREADS,
        ),
        block_dim=reader.integer(
            'RUNTIME_CONFIG["block_dim"]',
            entry.get("block_dim", defaults.block_dim),
            1,
            _MOST_BLOCKS,
        ),
        rings=_rings(reader, environment),
    )


def check_fits(config: KernelConfig, platform: Platform) -> None:
    """Checks that a directory asks for no more than a chip has.

    Raises:
        GoldenError: it does.
    """
    chip = CHIPS[platform]
    for key, has in _CHIP_HAS.items():
        number, most = getattr(config.runtime, key), getattr(chip, has)
        if number > most:
            others = [name for name, other in CHIPS.items() if number <= getattr(other, has)]
            raise GoldenError(
                f'kernel_config.py: RUNTIME_CONFIG["{key}"] must be at most {most} on {platform}; '
                f"got {number}\n  in {config.path}\n"
                f"--sim-platform={others[0]} simulates a chip that has so many (ini: sim_platform)."
            )


def _check_simulated(reader: ConfigReader, entry: Mapping[str, object]) -> None:
    """Refuses what cannot be right here, before anything is compiled."""
    if entry.get("requires_comm"):
        cards = entry.get("n_devices", 2)
        raise GoldenError(
            f"kernel_config.py: this directory needs {cards} cards that talk to each other, and "
            f'one is simulated\n  RUNTIME_CONFIG["requires_comm"] is '
            f"{entry['requires_comm']!r} in {reader.path}\n{_LEAVE_OUT}"
        )
    if entry.get("enable_sdma"):
        raise GoldenError(
            "kernel_config.py: these kernels use the SDMA workspace, which is not modelled\n"
            f'  RUNTIME_CONFIG["enable_sdma"] is {entry["enable_sdma"]!r} in {reader.path}\n'
            f"{_LEAVE_OUT}"
        )
    cards = entry.get("n_devices", 1)
    if reader.integer('RUNTIME_CONFIG["n_devices"]', cards, 1) > 1:
        reader.notes.append(
            f"kernel_config.py: n_devices is {cards}, and without requires_comm each card does the "
            f"same: one of them is simulated (in {reader.path})"
        )


def _rings(reader: ConfigReader, value: object) -> RingSizes:
    """What RUNTIME_ENV says about rings, else the process's environment."""
    if not isinstance(value, dict):
        raise reader.error("RUNTIME_ENV", "must be a dict", value)
    sizes = {}
    for key, (name, least) in _RINGS.items():
        given = value.get(key, os.environ.get(key))
        if given is None:
            continue
        where = f'RUNTIME_ENV["{key}"]' if key in value else f"the environment variable {key}"
        try:
            number = int(given)
        except (TypeError, ValueError):
            raise reader.error(where, "must be a number", given) from None
        if number < least or (key in _POWERS_OF_TWO and number & (number - 1)):
            power = "a power of two, and " if key in _POWERS_OF_TWO else ""
            raise reader.error(where, f"must be {power}at least {least}", given)
        sizes[name] = number
    return RingSizes(**sizes)
