"""Sees what the user's Python reads while it runs, and whose doing it is.

Python tells of files that are opened and of much else by audit events (PEP 578). Nothing tells of
files that are only asked about, of the environment, and of numbers drawn without a seed: the
functions through which all of that goes are replaced as long as somebody watches. What a library
does while it is imported does not count, nor what pytest and this package do themselves.
"""

from __future__ import annotations

import builtins
import contextlib
import functools
import importlib
import os
import pathlib
import pickle
import random
import sys
import threading
import types
from typing import TYPE_CHECKING, Any, Protocol

from pytest_a2a3sim.loading.libraries import is_host_file, is_library_file
from pytest_a2a3sim.loading.observing import EVENTS, SHARED_RANDOM, Observer

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from pytest_a2a3sim.model.uses import Uses

_STATE = threading.local()
_LOCK = threading.RLock()  # functions are replaced by one thread at a time
_IMPORTING = "_find_and_load"


class Watch(Protocol):
    """Whoever wants to know."""

    def part(self, whose: str) -> Observer | None:
        """Who notes what the top-level code of a file does, or other code where that is empty."""


@contextlib.contextmanager
def watching(observer: Observer) -> Iterator[None]:
    """Observes the calling thread, random numbers included."""
    outer: Watch | None = getattr(_STATE, "watch", None)
    with _LOCK, Randomness().watched() as randomness, told_to(observer):
        yield
    if randomness.changed:
        observer.untracked[SHARED_RANDOM] = None
    if outer is not None and (noted := outer.part("")) is not None:
        noted.take_in(observer)


def tell_watch(uses: Uses) -> None:
    """Tells whoever watches the thread what a computation uses that need not be done again."""
    watch: Watch | None = getattr(_STATE, "watch", None)
    if watch is not None and (noted := watch.part("")) is not None:
        noted.take_in(uses)


@contextlib.contextmanager
def told_to(watch: Watch) -> Iterator[None]:
    """Has somebody know what the calling thread does, in place of who knew it before."""
    _listen()
    before = getattr(_STATE, "watch", None)
    with _replaced(_places()):
        _STATE.watch = watch
        try:
            yield
        finally:
            _STATE.watch = before


def _whose(frame: types.FrameType | None) -> str | None:
    """Whose doing it is that something happens in a frame.

    Returns:
        The file whose top-level code is being executed; empty for other code of the user's; None
        for what a library does by itself.
    """
    while frame is not None and frame.f_code.co_filename == __file__:
        frame = frame.f_back
    is_users = False
    while frame is not None:
        code = frame.f_code
        if code.co_name == _IMPORTING and not is_users:
            return None
        if not is_library_file(code.co_filename):
            is_users = True
            if code.co_name == "<module>":
                return code.co_filename
        elif is_host_file(code.co_filename):
            break
        frame = frame.f_back
    return "" if is_users else None


@contextlib.contextmanager
def _noted(frame: types.FrameType) -> Iterator[Observer | None]:
    """Who notes what happens in a frame; what happens inside is not observed."""
    watch: Watch | None = getattr(_STATE, "watch", None)
    _STATE.watch = None
    try:
        whose = _whose(frame) if watch is not None else None
        yield watch.part(whose) if watch is not None and whose is not None else None
    finally:
        _STATE.watch = watch


@functools.cache
def _listen() -> None:
    """From now on the process's audit events reach who watches the thread that causes them."""
    sys.addaudithook(_hear)


def _hear(event: str, arguments: tuple[Any, ...]) -> None:
    if event not in EVENTS or getattr(_STATE, "watch", None) is None:
        return
    with _noted(sys._getframe(1)) as observer:  # noqa: SLF001 - the one way
        if observer is not None:
            observer.heard(event, arguments)


_Place = tuple[Any, str, "Callable[[Any], Any]"]


@contextlib.contextmanager
def _replaced(places: list[_Place]) -> Iterator[None]:
    """Has functions replaced: where they are, their names, and what makes the substitute."""
    with _LOCK:
        originals = [owner.__dict__[name] for owner, name, _ in places]
        for (owner, name, substitute), original in zip(places, originals, strict=True):
            made = substitute(original)
            builtin = isinstance(original, types.BuiltinFunctionType)
            setattr(
                owner, name, staticmethod(made) if builtin and isinstance(owner, type) else made
            )
    try:
        yield
    finally:
        with _LOCK:
            for (owner, name, _), original in zip(places, originals, strict=True):
                setattr(owner, name, original)


def _places() -> list[_Place]:
    """The functions that no audit event tells of."""
    asked, drawn = _telling(Observer.asked), _telling(Observer.drawn)
    imports = _telling(Observer.imports, is_before=False, is_direct=True)
    by_name = _telling(Observer.imports_by_name, is_before=False)
    places: list[_Place] = [
        (os, "stat", asked),
        (os, "access", asked),
        (os, "urandom", drawn),
        (random, "_urandom", drawn),
        (random.Random, "seed", _telling(Observer.seeded)),
        (type(os.environ), "__getitem__", _telling(Observer.read)),
        (importlib._bootstrap, "_gcd_import", by_name),  # noqa: SLF001 - what import_module calls
        (builtins, "__import__", imports),
        (threading.Thread, "start", _telling(Observer.started)),
    ]
    if accessor := getattr(pathlib, "_NormalAccessor", None):  # Python 3.10
        places.append((accessor, "stat", asked))
    return places


def _telling(
    tell: Callable[..., None], *, is_before: bool = True, is_direct: bool = False
) -> Callable[[Any], Any]:
    """Makes functions that tell who watches that they are called, or were.

    Args:
        tell: how they tell it.
        is_before: tell it before the call.
        is_direct: say nothing of calls in libraries, which are many.
    """

    def substitute(function: Any) -> Any:
        @functools.wraps(function)
        def call(*args: Any, **kwargs: Any) -> Any:
            if getattr(_STATE, "watch", None) is None:
                return function(*args, **kwargs)
            frame = sys._getframe(1)  # noqa: SLF001 - the one way
            if is_direct and is_library_file(frame.f_code.co_filename):
                return function(*args, **kwargs)
            if is_before:
                told(frame, *args, **kwargs)
                return function(*args, **kwargs)
            try:
                return function(*args, **kwargs)
            finally:
                told(frame, *args, **kwargs)

        return call

    def told(frame: types.FrameType, *args: Any, **kwargs: Any) -> None:
        with _noted(frame) as observer:
            if observer is not None:
                tell(observer, *args, **kwargs)

    return substitute


class Randomness:
    """What becomes of random numbers that all code shares: Python's own, numpy's and torch's.

    Attributes:
        changed: libraries of which some were drawn, or which were seeded.
        seeded: libraries that were seeded before any was drawn.
    """

    def __init__(self) -> None:
        self.changed: set[str] = set()
        self.seeded: set[str] = set()

    @contextlib.contextmanager
    def watched(self) -> Iterator[Randomness]:
        """Watches over all code; afterwards the attributes are there."""
        before = {name: _random_state(name) for name in _LIBRARIES if name in sys.modules}

        def seeds(name: str) -> Callable[[Any], Any]:
            def substitute(function: Any) -> Any:
                @functools.wraps(function)
                def call(*args: Any, **kwargs: Any) -> Any:
                    if args and args[0] is not None and _random_state(name) == before[name]:
                        self.seeded.add(name)
                    return function(*args, **kwargs)

                return call

            return substitute

        places = [(_seeding(name)[0], _seeding(name)[1], seeds(name)) for name in before]
        with _replaced(places):
            yield self
        self.changed |= {name for name, state in before.items() if _random_state(name) != state}


_LIBRARIES = ("random", "numpy", "torch")


def _seeding(name: str) -> tuple[Any, str]:
    """Where a library's function is that seeds them, and its name."""
    module: Any = sys.modules[name]
    if name == "numpy":
        return module.random, "seed"
    return module, "manual_seed" if name == "torch" else "seed"


def _random_state(name: str) -> bytes:
    """The state of a library's random numbers."""
    module: Any = sys.modules[name]
    if name == "random":
        return pickle.dumps(module.getstate())
    if name == "numpy":
        return pickle.dumps(module.random.get_state())
    return bytes(module.random.get_rng_state().numpy())
