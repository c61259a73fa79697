"""Builds the native engine with cffi; everything else is in pyproject.toml."""

import hashlib
import importlib.util
import json
import os
import shutil
import sys
import sysconfig
from pathlib import Path

from setuptools import Extension, setup
from setuptools.command.build_ext import build_ext

OBSERVER_SOURCES = ("pytest_a2a3sim/building/observer.cpp", "pytest_a2a3sim/building/observer.h")
FREE_THREADED = bool(sysconfig.get_config_var("Py_GIL_DISABLED"))


def missing_prerequisites() -> list[str]:
    """What the engine's build needs and this machine lacks, each with how to get it."""
    configured = os.environ.get("CXX") or sysconfig.get_config_var("CXX") or "g++"
    compiler = configured.split()[0]
    found = []
    if not (shutil.which(compiler) or shutil.which("g++") or shutil.which("c++")):
        found.append(
            f"a C++ compiler ({compiler!r} is not on PATH): Debian/Ubuntu `apt install g++`, "
            "Fedora `dnf install gcc-c++`"
        )
    headers = Path(sysconfig.get_paths()["include"]) / "Python.h"
    if not headers.is_file():
        found.append(
            f"Python's headers ({headers} does not exist): Debian/Ubuntu "
            "`apt install python3-dev`, Fedora `dnf install python3-devel`"
        )
    if importlib.util.find_spec("pybind11") is None:
        found.append("pybind11, whose helpers build it: `pip install pybind11`")
    return found


def observer() -> Extension:
    """The library that is preloaded into compilers.

    It holds the digest of its sources, by which ``building/observer.py`` knows it.
    """
    sources = b"".join(Path(source).read_bytes() for source in OBSERVER_SOURCES)
    digest = hashlib.sha256(sources).hexdigest()
    flags = ("-O0", "-U_FORTIFY_SOURCE", "-g0", "-w")  # inline functions would hide what is wrapped
    apart = ("-fno-exceptions", "-fno-rtti", "-fno-threadsafe-statics")  # from the C++ library
    return Extension(
        "pytest_a2a3sim.building.observer",
        [OBSERVER_SOURCES[0]],
        define_macros=[("A2A3SIM_SOURCES", f'"{digest}"')],
        extra_compile_args=["-std=c++17", *flags, *apart],
        extra_link_args=["-Wl,--as-needed"],
        optional=True,  # without it, the user's compiler makes one
    )


def process_server() -> Extension:
    """The program that forks the processes of cases."""
    return Extension(
        "pytest_a2a3sim._process_server",
        ["pytest_a2a3sim/engine/process_server.cpp"],
        extra_compile_args=["-std=c++17", "-O1"],
        extra_link_args=["-rdynamic", "-ldl"],
        optional=True,  # without it, Python does it, which takes longer to start
    )


def needs_recompile(object_path: str, source: str) -> bool:
    """Whether the source, or a header that it included, is newer than the object, or gone.

    ``-MD`` writes the list beside the object, as a make rule: ``object: source header ...``.
    """
    try:
        built = Path(object_path).stat().st_mtime_ns
        rule = Path(object_path).with_suffix(".d").read_text(encoding="utf-8")
        _, _, prerequisites = rule.replace("\\\n", " ").replace("\\ ", "\0").partition(": ")
        names = [name.replace("\0", " ") for name in prerequisites.split()]
        return any(Path(name).stat().st_mtime_ns > built for name in [source, *names])
    except OSError:
        return True


class BuildEngine(build_ext):
    """Compiles in parallel, and only what changed since the last build in this checkout.

    cffi derives the command that runs from this class, and generates its source in ``build_temp``.
    """

    def finalize_options(self) -> None:
        """Keeps objects between builds, editable ones included: a folder for each way to build."""
        super().finalize_options()
        # What is compiled is up to needs_recompile(), and linking takes a moment.
        self.force = True
        names = ("CC", "CXX", "CFLAGS", "CPPFLAGS", "CXXFLAGS", "LDFLAGS", "SOABI")
        tools = [[os.environ.get(name), sysconfig.get_config_var(name)] for name in names]
        flags = [[ext.include_dirs, ext.extra_compile_args] for ext in self.extensions]
        digest = hashlib.sha256(json.dumps([tools, flags]).encode()).hexdigest()[:12]
        self.build_temp = str(Path("build", f"engine-{digest}"))

    def get_ext_filename(self, fullname: str) -> str:
        """The library's name is none that Python would import."""
        if fullname.endswith(("observer", "_process_server")):
            return str(Path(*fullname.split("."))) + ".elf"
        return str(super().get_ext_filename(fullname))

    def build_extension(self, ext: Extension) -> None:
        """Compiles and links the engine."""
        from pybind11.setup_helpers import ParallelCompile  # noqa: PLC0415 -- building only

        if ext.name.endswith("_engine"):
            self.write_compile_commands(ext)
        ext.extra_compile_args.append("-MD")
        jobs = len(os.sched_getaffinity(0))
        with ParallelCompile("A2A3SIM_BUILD_JOBS", jobs, needs_recompile=needs_recompile):
            if ext.name.endswith("_process_server"):
                self.build_program(ext)
            else:
                super().build_extension(ext)

    def build_program(self, ext: Extension) -> None:
        """Compiles and links what is executed, not loaded."""
        target = Path(self.get_ext_fullpath(ext.name))
        objects = self.compiler.compile(
            ext.sources, output_dir=self.build_temp, extra_postargs=ext.extra_compile_args
        )
        self.compiler.link_executable(
            objects,
            target.name,
            output_dir=str(target.parent),
            extra_postargs=ext.extra_link_args,
            target_lang="c++",
        )

    def write_compile_commands(self, ext: Extension) -> None:
        """``build/compile_commands.json``, where clangd and ``clang-tidy -p build`` find it."""
        compiler = getattr(self.compiler, "compiler_so_cxx", self.compiler.compiler_so)
        includes = [f"-I{folder}" for folder in [*ext.include_dirs, *self.include_dirs]]
        command = [*compiler, *includes, *ext.extra_compile_args, "-c"]
        entries = [
            {"directory": str(Path.cwd()), "file": source, "arguments": [*command, source]}
            for source in ext.sources
        ]
        target = Path("build", "compile_commands.json")
        target.write_text(json.dumps(entries, indent=1), encoding="utf-8")


if __name__ == "__main__":
    if {"build_ext", "bdist_wheel", "editable_wheel", "develop", "install"} & set(sys.argv) and (
        missing := missing_prerequisites()
    ):
        sys.exit("pytest-a2a3sim builds a native engine and needs " + "; and ".join(missing))

    setup(
        ext_modules=[observer(), process_server()],
        cffi_modules=["pytest_a2a3sim/native/ffi_build.py:ffibuilder"],
        cmdclass={"build_ext": BuildEngine},
        options={} if FREE_THREADED else {"bdist_wheel": {"py_limited_api": "cp310"}},
    )
