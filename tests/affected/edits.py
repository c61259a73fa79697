"""Random edits of the repository: most change what some cases may do, some break them."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from tests.affected import repository
from tests.affected.repository import DIRECTORIES, Repository, header_of

if TYPE_CHECKING:
    import random
OPTIONS = ((), ("--sim-schedule=fifo",), ("--sim-sanitize=memcheck",), ("--sim-orders=2",))
_COMPILERS = ("", "compilers/one", "compilers/two")


def _directory(repo: Repository, chance: random.Random) -> str:
    return f"k{chance.randrange(repo.directories):02}"


def _append(repo: Repository, name: str, text: str) -> str:
    path = repo.root / name
    path.write_text(path.read_text() + text)
    return name


def _number(chance: random.Random) -> str:
    return str(chance.randrange(10**9))


def kernel(repo: Repository, chance: random.Random) -> str:
    name = f"{_directory(repo, chance)}/kernels/scale.cpp"
    return _append(repo, name, f"static const int unused_{_number(chance)} = 1;\n")


def header(repo: Repository, chance: random.Random) -> str:
    name = chance.choice(["a", "b", "lone", "base"])
    return _append(repo, f"include/{name}.h", f"constexpr int version_{_number(chance)} = 1;\n")


def comment(repo: Repository, chance: random.Random) -> str:
    name = chance.choice(["include/lone.h", f"{_directory(repo, chance)}/kernels/scale.cpp"])
    return _append(repo, name, f"// {_number(chance)}\n")


def golden(repo: Repository, chance: random.Random) -> str:
    return _append(repo, f"{_directory(repo, chance)}/golden.py", f"VERSION = {_number(chance)}\n")


def helper(repo: Repository, chance: random.Random) -> str:
    name = chance.choice(["golden/shared.py", "golden/nested.py", "tools/lazy.py", "conftest.py"])
    return _append(repo, name, f"VERSION_{_number(chance)} = 1\n")


def orchestration(repo: Repository, chance: random.Random) -> str:
    return _append(repo, "orchestration.cpp", f"// {_number(chance)}\n")


def data(repo: Repository, chance: random.Random) -> str:
    name = chance.choice(["d0", "d1", "bias"])
    repo.array(name, chance.randrange(4))
    return f"data/{name}.npy"


def flag(repo: Repository, chance: random.Random) -> str:
    name = f"{_directory(repo, chance)}/kernels/kernel_config.py"
    text = f'KERNELS[0]["defines"] = {{"VERSION": {chance.randrange(3)}}}\n'
    path = repo.root / name
    lines = [line for line in path.read_text().splitlines() if "defines" not in line]
    path.write_text("\n".join([*lines, text]))
    return name


def options(repo: Repository, chance: random.Random) -> str:
    repo.options = chance.choice(OPTIONS)
    return f"options {repo.options}"


def compiler(repo: Repository, chance: random.Random) -> str:
    repo.compiler = chance.choice(_COMPILERS)
    return f"compiler {repo.compiler}"


def variable(repo: Repository, chance: random.Random) -> str:
    repo.variable = chance.choice(["", "one", "two"])
    return f"variable {repo.variable!r}"


def touch(repo: Repository, chance: random.Random) -> str:
    """Other times and inodes, and the same contents."""
    names = [name for nodeid in repo.nodeids() for name in repo.files_of(nodeid)]
    for name in chance.sample(names, 20):
        path = repo.root / name
        if path.is_file():
            copy = path.with_name("copy.tmp")
            copy.write_bytes(path.read_bytes())
            copy.replace(path)
            os.utime(path, (chance.randrange(10**9), chance.randrange(10**9)))
    return "touched"


def unrelated(repo: Repository, chance: random.Random) -> str:
    name = chance.choice(["README.md", "include/unused.h", "tools/unused.py", "data/unused.npy"])
    repo.write(name, _number(chance))
    return name


def hidden(repo: Repository, chance: random.Random) -> str:
    """A header or a module that comes before the one that was found so far."""
    number = chance.randrange(repo.directories)
    header = header_of(number)
    places = {f"k{number:02}/kernels/{header}": repo.root / "include" / header}
    if repository.helper_of(number) == "lazy":
        places[f"k{number:02}/lazy.py"] = repo.root / "tools" / "lazy.py"
    name, original = chance.choice(list(places.items()))
    path = repo.root / name
    if path.exists():
        path.unlink()
    else:
        path.write_text(original.read_text())
    return name


def conftest(repo: Repository, chance: random.Random) -> str:
    """A conftest.py of one directory that comes or goes."""
    name = f"{_directory(repo, chance)}/conftest.py"
    path = repo.root / name
    if path.exists():
        path.unlink()
    else:
        path.write_text(f"VERSION = {_number(chance)}\n")
    return name


BREAKABLE = {
    "include/base.h": ("FACTOR = 2;", "FACTOR = 3;"),
    "include/lone.h": ("return 2 *", "return 3 *"),
    "golden/nested.py": ("FACTOR = 2\n", "FACTOR = 5\n"),
    "tools/lazy.py": ("FACTOR = 2\n", "FACTOR = 5\n"),
    **{
        f"k{number:02}/kernels/scale.cpp": ("scaled(x[i])", "scaled(x[i]) + 1")
        for number in range(DIRECTORIES)
    },
}


def breakable(repo: Repository) -> list[str]:
    """The files of the repository that can be broken."""
    return [name for name in BREAKABLE if (repo.root / name).is_file()]


def breakage(repo: Repository, chance: random.Random) -> str:
    """Breaks something, or mends what is broken."""
    there = breakable(repo)
    broken = [name for name in there if BREAKABLE[name][1] in (repo.root / name).read_text()]
    name = chance.choice(broken or there)
    sound, wrong = BREAKABLE[name]
    path = repo.root / name
    text = path.read_text()
    path.write_text(text.replace(wrong, sound) if broken else text.replace(sound, wrong))
    return f"{'mended' if broken else 'broken'} {name}"


EDITS = (
    *(kernel, kernel, header, header, comment, golden, golden, helper, orchestration, data, data),
    *(flag, options, compiler, variable, touch, touch, unrelated, hidden, hidden, conftest),
    *(breakage, breakage, breakage),
)
