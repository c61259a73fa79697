"""What must be found in each broken kernel."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, order=True)
class Found:
    """A finding.

    Attributes:
        space: of the core's memories, or ``GM``; "" of flags.
        marks: of the lines that it names.
    """

    check: str
    kind: str
    space: str
    instructions: tuple[str, ...]
    pipes: tuple[str, ...]
    marks: tuple[str, ...]


def _race(kind: str, space: str, first: str, second: str, *marks: str) -> Found:
    """``first`` is such as ``"TLOAD MTE2"``."""
    (one, one_pipe), (other, other_pipe) = first.split(), second.split()
    lines = marks or ("first", "second")
    return Found("racecheck", kind, space, (one, other), (one_pipe, other_pipe), lines)


def _never_set(source: str, destination: str, mark: str = "first") -> Found:
    pipes = (source, destination)
    return Found("synccheck", "NEVER_SET", "", ("wait_flag",), pipes, (mark,))


def _never_waited(source: str, destination: str, mark: str = "first") -> Found:
    pipes = (source, destination)
    return Found("synccheck", "NEVER_WAITED", "", ("set_flag",), pipes, (mark,))


def _set_twice(source: str, destination: str, mark: str = "first") -> Found:
    return Found("synccheck", "SET_TWICE", "", ("set_flag",), (source, destination), (mark,))


def _misplaced(kind: str, space: str) -> Found:
    return Found("memcheck", kind, space, ("TASSIGN",), ("S",), ("first",))


def _overwritten(space: str, first: str, second: str) -> Found:
    race = _race("OVERWRITTEN", space, first, second)
    return Found("memcheck", race.kind, space, race.instructions, race.pipes, race.marks)


def _uninitialized(space: str, instruction: str, pipe: str) -> Found:
    return Found("initcheck", "UNINITIALIZED", space, (instruction,), (pipe,), ("first",))


_VECTOR = {
    "adds_what_is_being_loaded": _race("RAW", "UB", "TLOAD MTE2", "TADDS V"),
    "stores_what_is_being_computed": _race("RAW", "UB", "TADDS V", "TSTORE MTE3"),
    "stores_what_is_being_loaded": _race("RAW", "UB", "TLOAD MTE2", "TSTORE MTE3"),
    "loads_what_is_being_stored": _race("RAW", "GM", "TSTORE MTE3", "TLOAD MTE2"),
    "stores_what_is_being_loaded_from_there": _race("WAR", "GM", "TLOAD MTE2", "TSTORE MTE3"),
    "loads_into_a_tile_that_is_being_stored": _race("WAR", "UB", "TSTORE MTE3", "TLOAD MTE2"),
    "computes_into_a_tile_that_is_being_stored": _race("WAR", "UB", "TSTORE MTE3", "TEXPANDS V"),
    "loads_into_a_tile_that_is_being_read": _race("WAR", "UB", "TADDS V", "TLOAD MTE2"),
    "loads_into_a_tile_that_is_being_computed": _race("WAW", "UB", "TEXPANDS V", "TLOAD MTE2"),
    "vectors_without_barrier": _race("RAW", "UB", "TADDS V", "TMUL V"),
    "vectors_that_write_the_same": _race("WAW", "UB", "TEXPANDS V", "TADDS V"),
    "sum_in_a_loop_without_barrier": _race("RAW", "UB", "TADD V", "TADD V"),
    "barrier_of_another_pipe": _race("RAW", "UB", "TADDS V", "TADDS V"),
    "part_of_a_tile_is_being_loaded": _race("RAW", "UB", "TLOAD MTE2", "TADDS V"),
    "helper_without_flag": _race("RAW", "UB", "TLOAD MTE2", "TADDS V"),
    "helper_that_does_not_wait": _race("RAW", "UB", "TLOAD MTE2", "TADDS V"),
    "buffer_released_before_it_is_stored": _race("WAR", "UB", "TSTORE MTE3", "TLOAD MTE2"),
}

_SCALAR = {
    "scalar_reads_what_is_being_computed": _race("RAW", "UB", "TEXPANDS V", "scalar S"),
    "scalar_reads_what_is_being_loaded": _race("RAW", "UB", "TLOAD MTE2", "scalar S"),
    "scalar_reads_what_is_being_stored": _race("RAW", "GM", "TSTORE MTE3", "scalar S"),
    "scalar_writes_what_is_being_read": _race("WAR", "UB", "TADDS V", "scalar S"),
    "vector_reads_what_scalar_code_writes": _race("RAW", "UB", "scalar S", "TADDS V"),
    "store_reads_what_scalar_code_writes": _race("RAW", "UB", "scalar S", "TSTORE MTE3"),
}

_CUBE = {
    "moves_what_is_being_loaded": _race("RAW", "L1", "TLOAD MTE2", "TMOV MTE1"),
    "multiplies_a_left_that_is_being_moved": _race("RAW", "L0A", "TMOV MTE1", "TMATMUL M"),
    "multiplies_a_right_that_is_being_extracted": _race("RAW", "L0B", "TEXTRACT MTE1", "TMATMUL M"),
    "moves_into_a_left_that_is_being_read": _race("WAR", "L0A", "TMATMUL M", "TMOV MTE1"),
    "moves_into_a_right_that_is_being_read": _race("WAR", "L0B", "TMATMUL M", "TMOV MTE1"),
    "loads_into_a_matrix_that_is_being_moved": _race("WAR", "L1", "TMOV MTE1", "TLOAD MTE2"),
    "stores_a_product_that_is_being_computed": _race("RAW", "L0C", "TMATMUL M", "TSTORE FIX"),
    "multiplies_into_a_sum_that_is_being_stored": _race("WAR", "L0C", "TSTORE FIX", "TMATMUL M"),
    "moves_a_product_that_is_being_moved": _race("RAW", "L1", "TMOV FIX", "TMOV MTE1"),
    "loads_a_product_that_is_being_stored": _race("RAW", "GM", "TSTORE FIX", "TLOAD MTE2"),
}

_PLACES = {
    "a_row_beyond_ub": _misplaced("OUT_OF_BOUNDS", "UB"),
    "a_byte_beyond_ub": _misplaced("OUT_OF_BOUNDS", "UB"),
    "a_row_beyond_l1": _misplaced("OUT_OF_BOUNDS", "L1"),
    "a_row_beyond_l0a": _misplaced("OUT_OF_BOUNDS", "L0A"),
    "a_row_beyond_l0b": _misplaced("OUT_OF_BOUNDS", "L0B"),
    "a_row_beyond_l0c": _misplaced("OUT_OF_BOUNDS", "L0C"),
    "a_byte_beyond_l0c": _misplaced("OUT_OF_BOUNDS", "L0C"),
    "all_of_it_beyond_ub": _misplaced("OUT_OF_BOUNDS", "UB"),
    "misaligned_place": _misplaced("MISALIGNED", "UB"),
    "tile_under_another_one": _overwritten("UB", "TLOAD MTE2", "TADDS V"),
    "result_over_an_operand": _overwritten("UB", "TEXPANDS V", "TMUL V"),
    "tile_that_nobody_loaded": _uninitialized("UB", "TADDS", "V"),
    "tile_of_which_some_rows_are_loaded": _uninitialized("UB", "TADDS", "V"),
    "stores_what_nobody_computed": _uninitialized("UB", "TSTORE", "MTE3"),
    "scalar_reads_what_nobody_computed": _uninitialized("UB", "scalar", "S"),
    "multiplies_a_left_that_nobody_moved": _uninitialized("L0A", "TMATMUL", "M"),
    "adds_to_a_sum_that_nobody_computed": _uninitialized("L0C", "TMATMUL_ACC", "M"),
}

_FLAGS = {
    "flag_set_in_one_branch": (_never_set("MTE2", "V"),),
    "flag_set_in_one_branch-1": (),
    "flag_that_nobody_waits_for": (_never_waited("MTE2", "V"),),
    "flag_set_twice": (_set_twice("MTE2", "V"),),
    "wait_for_another_event": (_never_waited("MTE2", "V"), _never_set("MTE2", "V", "second")),
    "wait_in_the_other_direction": (
        _race("RAW", "UB", "TLOAD MTE2", "TADDS V", "first", "fourth"),
        _never_waited("MTE2", "V", "second"),
        _never_set("V", "MTE2", "third"),
    ),
    "flags_left_over_by_a_loop": (_never_waited("MTE3", "MTE2"),),
    "ping_pong_with_one_event": (_set_twice("MTE2", "V"), _never_set("MTE2", "V", "second")),
}

BROKEN: dict[str, tuple[Found, ...]] = {
    **{name: (found,) for name, found in (_VECTOR | _SCALAR | _CUBE | _PLACES).items()},
    **_FLAGS,
}
"""By the names of cases."""
