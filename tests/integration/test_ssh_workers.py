"""Workers of xdist on other machines: sshd on two ports, directories and caches of their own."""

from __future__ import annotations

import contextlib
import getpass
import json
import shutil
import socket
import subprocess
import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pytest

from tests.golden_dirs import GoldenDir

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

SERVER = """
Port {port}
ListenAddress 127.0.0.1
HostKey {keys}/host
AuthorizedKeysFile {keys}/user.pub
StrictModes no
UsePAM no
PidFile none
PermitRootLogin prohibit-password
"""
CLIENT = """
Host {name}
  HostName 127.0.0.1
  Port {port}
  User {user}
  IdentityFile {keys}/user
  IdentitiesOnly yes
  BatchMode yes
  StrictHostKeyChecking no
  UserKnownHostsFile /dev/null
  LogLevel ERROR
"""


@dataclass(frozen=True)
class Machine:
    """What ssh reaches under a name."""

    name: str
    config: Path
    directory: Path

    def worker(self, cache: Path) -> str:
        """The option that has xdist start a worker there."""
        self.directory.mkdir(exist_ok=True)
        return (
            f"--tx=ssh=-F {self.config} {self.name}//python={sys.executable}"
            f"//chdir={self.directory}//env:A2A3SIM_CACHE_DIR={cache}"
        )


@contextlib.contextmanager
def served(name: str, keys: Path, client: Path) -> Iterator[None]:
    """Has a sshd answer to a name, on a port that is free."""
    for _ in range(5):  # another process may take the port first
        with socket.create_server(("127.0.0.1", 0)) as found:
            port = found.getsockname()[1]
        server = keys / f"{name}.server"
        server.write_text(SERVER.format(port=port, keys=keys))
        command = [shutil.which("sshd") or "/usr/sbin/sshd", "-D", "-e", "-f", str(server)]
        with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as daemon:
            assert daemon.stderr is not None
            said = ""
            for line in daemon.stderr:
                said += line
                if line.startswith("Server listening"):
                    with client.open("a") as file:
                        file.write(
                            CLIENT.format(name=name, port=port, keys=keys, user=getpass.getuser())
                        )
                    try:
                        yield
                    finally:
                        daemon.terminate()
                        daemon.stderr.read()
                    return
    pytest.skip(f"sshd does not start: {said}")


@pytest.fixture
def machines(tmp_path: Path) -> Iterator[list[Machine]]:
    if not (shutil.which("ssh") and (shutil.which("sshd", path="/usr/sbin:/usr/local/sbin"))):
        pytest.skip("sshd is not installed")
    for name in ("host", "user"):
        key = ["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(tmp_path / name)]
        subprocess.run(key, check=True)
    client = tmp_path / "client"
    with contextlib.ExitStack() as stack:
        for name in ("one", "two"):
            stack.enter_context(served(name, tmp_path, client))
        done = subprocess.run(
            ["ssh", "-F", str(client), "one", "true"], capture_output=True, text=True, check=False
        )
        if done.returncode:
            pytest.skip(f"sshd lets nobody in: {done.stderr}")
        yield [Machine(name, client, tmp_path / name) for name in ("one", "two")]


def run(pytester: pytest.Pytester, *arguments: str) -> pytest.RunResult:
    """Runs the project of the current directory on other machines, to which it is copied."""
    directory = pytester.path / "project"
    return pytester.runpytest_subprocess(
        *("-d", "-v", "-p", "no:cacheprovider", "-W", "ignore::DeprecationWarning"),
        *(f"--rsyncdir={directory}", *arguments, str(directory)),
    )


def project(pytester: pytest.Pytester) -> GoldenDir:
    """A golden directory with four cases in the directory that is copied."""
    pytester.mkdir("project")
    (pytester.path / "project" / "pytest.ini").touch()
    golden = GoldenDir.create(pytester.path / "project" / "doubler")
    golden.extend_golden("PARAMS_LIST = [{'n': n} for n in range(4)]")
    return golden


def test_machines_with_caches_of_their_own(
    pytester: pytest.Pytester, tmp_path: Path, machines: list[Machine]
) -> None:
    project(pytester)
    caches = [tmp_path / f"cache-{machine.name}" for machine in machines]
    workers = [machine.worker(cache) for machine, cache in zip(machines, caches, strict=True)]
    result = run(pytester, *workers, "--sim-json=report.json")
    result.assert_outcomes(passed=4)
    ran = {line.split()[0] for line in result.outlines if " PASSED " in line}
    assert ran == {"[gw0]", "[gw1]"}
    cases = json.loads((pytester.path / "report.json").read_text())["cases"]
    assert [case["nodeid"] for case in cases] == [f"doubler/golden.py::n={n}" for n in range(4)]
    assert sum(case["compiled"] for case in cases) == 4
    assert all(list(cache.glob("v*/objects/*/*.so")) for cache in caches)


def test_machines_that_share_a_cache(
    pytester: pytest.Pytester,
    tmp_path: Path,
    machines: list[Machine],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """They share objects, and passes."""
    golden = project(pytester)
    cache = tmp_path / "cache"
    monkeypatch.setenv("A2A3SIM_CACHE_DIR", str(cache))
    workers = [*(machine.worker(cache) for machine in machines), "--sim-affected"]
    run(pytester, *workers, "--sim-json=report.json").assert_outcomes(passed=4)
    cases = json.loads((pytester.path / "report.json").read_text())["cases"]
    assert sum(case["compiled"] for case in cases) == 2
    result = run(pytester, *workers)
    assert result.ret == 0
    result.stdout.fnmatch_lines("a2a3sim: 4 of 4 cases deselected: *")
    golden.kernel("// other\n" + (golden.path / "kernels" / "double.cpp").read_text())
    run(pytester, *workers).assert_outcomes(passed=4)
