"""Builds the native engine with cffi; everything else is in pyproject.toml."""

import os
import shutil
import sys
import sysconfig
from pathlib import Path

from setuptools import setup


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
    return found


if {"build_ext", "bdist_wheel", "editable_wheel", "develop", "install"} & set(sys.argv) and (
    missing := missing_prerequisites()
):
    sys.exit("pytest-a2a3sim builds a native engine and needs " + "; and ".join(missing))

setup(
    cffi_modules=["pytest_a2a3sim/native/ffi_build.py:ffibuilder"],
    options={"bdist_wheel": {"py_limited_api": "cp310"}},
)
