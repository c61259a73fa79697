"""Signals in words."""

from __future__ import annotations

import signal
from typing import TYPE_CHECKING

from pytest_a2a3sim.failures.words import place_words

if TYPE_CHECKING:
    from pytest_a2a3sim.model.failure import Ending, Place

# By the names of a2a3_access.
_VERBS = {"unknown": "accessed", "read": "read", "write": "wrote to", "execute": "jumped to"}
_FAULTS = frozenset({"SIGSEGV", "SIGBUS", "SIGFPE", "SIGILL", "SIGABRT", "SIGTRAP", "SIGSYS"})
_CANONICAL_BITS = 47
_DEVICE_IS_NOT_HOST = (
    ": the host cannot reach device memory; use copy_to_device or copy_from_device"
)
_GENERAL_PROTECTION = 0x80  # SI_KERNEL: x86 does not tell the address
_MISALIGNED = 1  # BUS_ADRALN
_INTEGER_DIVISION = 1  # FPE_INTDIV


def fault_words(ending: Ending, place: Place | None, arg_count: int) -> str:
    """A signal as a predicate: ``received SIGSEGV at address 0x8: ...``.

    Args:
        ending: of the case.
        place: what its address belongs to.
        arg_count: arguments of the task at fault.
    """
    if (missing := ending.missing_argument) >= 0 and place is not None:
        s = "" if arg_count == 1 else "s"
        return (
            f"received {_name(ending.signal_number)}: args[{missing}] was not passed: the task has "
            f"{arg_count} argument{s} (num_args of add_task)"
        )
    if ending.address is None or place is None:
        return f"received {_signal_words(ending)}"
    return _access_words(ending, place)


def signal_of_fault(number: int) -> bool:
    """Whether it is a signal that code sends itself by a fault."""
    return _name(number) in _FAULTS


def _signal_words(ending: Ending) -> str:
    """A signal that names no address: ``SIGFPE (division of an integer by zero)``."""
    name = _name(ending.signal_number)
    meaning = {
        "SIGABRT": " (abort)",
        "SIGILL": " (an instruction that this CPU does not have, or a trap of the compiler)",
        "SIGSEGV": " (an address that is not canonical, or a misaligned vector)"
        if ending.signal_code == _GENERAL_PROTECTION
        else "",
        "SIGFPE": " (division of an integer by zero)"
        if ending.signal_code == _INTEGER_DIVISION
        else "",
        "SIGKILL": ": something ended the process from outside, or it did so itself",
    }
    return f"{name}{meaning.get(name, '')}"


def _access_words(ending: Ending, place: Place) -> str:
    name = _name(ending.signal_number)
    address = ending.address or 0
    if ending.stack_overflow and place.buffer is None and place.tensor is None:
        return f"overflowed its stack: {name} at address {address:#x}"
    received = f"received {name} at address {address:#x}"
    if _is_misaligned(ending, address):
        return f"{received}: a misaligned vector access {place_words(place)}"
    verb = _VERBS[ending.access]
    words = place_words(place)
    if place.kind in {"null", "unknown"}:
        return f"{received}: it {verb} that address, {words}"
    if place.tensor is None:
        hint = "" if ending.phase == "execute" else _DEVICE_IS_NOT_HOST
        return f"{received}: it {verb} memory {words}{hint}"
    reason = (
        "a host pointer reached a kernel"
        if ending.phase == "execute"
        else "the tensor is read-only"
    )
    return f"{received}: it {verb} memory {words}: {reason}"


def _is_misaligned(ending: Ending, address: int) -> bool:
    if _name(ending.signal_number) == "SIGBUS":
        return ending.signal_code == _MISALIGNED
    return ending.signal_code == _GENERAL_PROTECTION and address >> _CANONICAL_BITS == 0


def _name(number: int) -> str:
    try:
        return signal.Signals(number).name
    except ValueError:
        return f"signal {number}"
