"""Signals in words."""

from __future__ import annotations

import signal
from typing import TYPE_CHECKING

from pytest_a2a3sim.failures.words import place_words, short_place

if TYPE_CHECKING:
    from pytest_a2a3sim.model.failure import Ending, Place

# By the names of a2a3_access.
_VERBS = {"unknown": "accessed", "read": "read", "write": "wrote to", "execute": "jumped to"}
_BESIDE = {"unknown": "accessed", "read": "read", "write": "wrote", "execute": "jumped"}
_FAULTS = frozenset({"SIGSEGV", "SIGBUS", "SIGFPE", "SIGILL", "SIGABRT", "SIGTRAP", "SIGSYS"})
_CANONICAL_BITS = 47
_GENERAL_PROTECTION = 0x80  # SI_KERNEL: x86 does not tell the address
_MISALIGNED = 1  # BUS_ADRALN
_INTEGER_DIVISION = 1  # FPE_INTDIV


def fault_words(ending: Ending, place: Place | None, arg_count: int) -> tuple[str, ...]:
    """A signal as a predicate, ``wrote to freed device buffer #2 (SIGSEGV)``, and further lines.

    Args:
        ending: of the case.
        place: what its address belongs to.
        arg_count: arguments of the task at fault.
    """
    if (missing := ending.missing_argument) >= 0 and place is not None:
        s = "" if arg_count == 1 else "s"
        return (
            f"read args[{missing}], which was not passed ({_name(ending.signal_number)})",
            f"the task has {arg_count} argument{s} (num_args of add_task)",
        )
    if ending.address is None or place is None:
        return (f"received {_signal_words(ending)}",)
    address = ending.address
    name = _name(ending.signal_number)
    if ending.stack_overflow and place.buffer is None and place.tensor is None:
        return (f"overflowed its stack ({name})", f"address {address:#x}")
    return (
        f"{_access_words(ending, place)} ({name})",
        f"address {address:#x}: {place_words(place)}",
        *_advice(ending, place),
    )


def signal_of_fault(number: int) -> bool:
    """Whether it is a signal that code sends itself by a fault."""
    return _name(number) in _FAULTS


def _signal_words(ending: Ending) -> str:
    """A signal that names no address: ``SIGFPE (division of an integer by zero)``."""
    name = _name(ending.signal_number)
    meaning = {
        "SIGABRT": " (abort)",
        "SIGILL": " (a trap of the compiler, or an unknown instruction)",
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
    """What the code did where, in as few words as tell one fault from another."""
    if _is_misaligned(ending, ending.address or 0):
        inside = "" if place.kind in {"near_buffer", "near_tensor"} else "in "
        return f"accessed a misaligned vector {inside}{short_place(place)}"
    if place.kind in {"near_buffer", "near_tensor"}:
        return f"{_BESIDE[ending.access]} {short_place(place)}"
    words = f"{_VERBS[ending.access]} {short_place(place)}"
    if place.kind == "tensor":
        executes = ending.phase == "execute"
        return f"{words}: {'a host pointer reached it' if executes else 'it is read-only'}"
    if place.kind == "buffer" and ending.phase != "execute":
        return f"{words}, which the host cannot reach"
    return words


def _advice(ending: Ending, place: Place) -> tuple[str, ...]:
    if place.buffer is not None and ending.phase != "execute":
        return ("use copy_to_device or copy_from_device",)
    return ()


def _is_misaligned(ending: Ending, address: int) -> bool:
    if _name(ending.signal_number) == "SIGBUS":
        return ending.signal_code == _MISALIGNED
    return ending.signal_code == _GENERAL_PROTECTION and address >> _CANONICAL_BITS == 0


def _name(number: int) -> str:
    try:
        return signal.Signals(number).name
    except ValueError:
        return f"signal {number}"
