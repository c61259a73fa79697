"""How much faster two machines run a suite than one, by pytest-xdist over ssh.

    python benchmarks/machines.py [--repeat N] [--cases N] [--millions N]

Each machine is a sshd on this one that has a single CPU to itself (taskset), with a directory and
a build cache of its own; it needs sshd, ssh and two CPUs. Kernels compute, so many million steps
each. Both ways to run the suite take turns, with objects in the caches. Printed are the time of the
whole command (ssh, the copy of the project, collection, cases, report), and the CPU time of the
machine that has most to do, which is what counts where other work has the CPUs, too.
"""

from __future__ import annotations

import argparse
import contextlib
import getpass
import os
import shutil
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING

from directories import KERNEL, golden_directory

if TYPE_CHECKING:
    from collections.abc import Iterator

SPIN = """    volatile uint64_t steps = 0;
    for (uint64_t i = 0; i < {count}; ++i) steps = steps * 6364136223846793005u + 1;
    for (int64_t i"""
SERVER = """
Port {port}
ListenAddress 127.0.0.1
HostKey {keys}/key
AuthorizedKeysFile {keys}/key.pub
StrictModes no
UsePAM no
PidFile none
PermitRootLogin prohibit-password
"""
CLIENT = """
Host machine{cpu}
  HostName 127.0.0.1
  Port {port}
  User {user}
  IdentityFile {keys}/key
  IdentitiesOnly yes
  BatchMode yes
  StrictHostKeyChecking no
  UserKnownHostsFile /dev/null
  LogLevel ERROR
"""


@contextlib.contextmanager
def machine(keys: Path, cpu: int) -> Iterator[int]:
    """Has a sshd on one CPU answer to the name of that CPU; gives its process id."""
    with socket.create_server(("127.0.0.1", 0)) as found:
        port = found.getsockname()[1]
    server = keys / f"server{cpu}"
    server.write_text(SERVER.format(port=port, keys=keys))
    with (keys / "client").open("a") as file:
        file.write(CLIENT.format(cpu=cpu, port=port, user=getpass.getuser(), keys=keys))
    sshd = shutil.which("sshd") or "/usr/sbin/sshd"
    command = ["taskset", "-c", str(cpu), sshd, "-D", "-e", "-f", str(server)]
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as daemon:
        assert daemon.stderr is not None
        said = daemon.stderr.readline()
        if "listening" not in said:
            sys.exit(f"sshd does not start: {said}")
        try:
            yield daemon.pid
        finally:
            daemon.terminate()


def used(pid: int) -> float:
    """CPU seconds of the children of a process that have ended, and of theirs."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[13]) + int(fields[14])) / os.sysconf("SC_CLK_TCK")


def seconds(
    keys: Path, suite: Path, cpus: list[int], servers: dict[int, int]
) -> tuple[float, float]:
    """Of one run of the suite on the machines with these CPUs: time, and the most CPU time."""
    workers = []
    for cpu in cpus:
        place = keys / f"machine{cpu}"
        place.mkdir(exist_ok=True)
        workers.append(
            f"--tx=ssh=-F {keys}/client machine{cpu}//python={sys.executable}//chdir={place}"
            f"//env:A2A3SIM_CACHE_DIR={place}/cache"
        )
    command = [sys.executable, "-m", "pytest", "-q", "-d", "-p", "no:cacheprovider", *workers]
    before = {cpu: used(servers[cpu]) for cpu in cpus}
    begun = time.perf_counter()
    environment = {**os.environ}
    environment.pop("PYTHONDONTWRITEBYTECODE", None)
    done = subprocess.run(
        [*command, f"--rsyncdir={suite}", str(suite)],
        cwd=suite.parent,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        sys.exit(done.stdout + done.stderr)
    ended = time.perf_counter()
    return ended - begun, max(used(servers[cpu]) - before[cpu] for cpu in cpus)


def main() -> None:
    """Runs both in turns and prints medians and their ratio."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--repeat", type=int, default=5)
    parser.add_argument("--cases", type=int, default=24)
    parser.add_argument("--millions", type=int, default=300)
    options = parser.parse_args()
    cpus = sorted(os.sched_getaffinity(0))[:2]
    if len(cpus) < len("ab"):
        sys.exit("two machines need two CPUs")
    with tempfile.TemporaryDirectory() as directory, contextlib.ExitStack() as stack:
        keys = Path(directory)
        key = ["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(keys / "key")]
        subprocess.run(key, check=True)
        suite = keys / "suite"
        kernel = KERNEL.format(include="").replace(
            "    for (int64_t i", SPIN.format(count=options.millions * 10**6)
        )
        golden = golden_directory(suite / "spin", {"spin.cpp": kernel}) / "golden.py"
        cases = f"PARAMS_LIST = [{{'i': i}} for i in range({options.cases})]\n"
        golden.write_text(f"{golden.read_text()}\n{cases}")
        (suite / "pytest.ini").write_text("[pytest]\n")
        servers = {cpu: stack.enter_context(machine(keys, cpu)) for cpu in cpus}
        seconds(keys, suite, cpus, servers)  # compiles
        times = [
            (seconds(keys, suite, cpus[:1], servers), seconds(keys, suite, cpus, servers))
            for _ in range(options.repeat)
        ]
    print(f"load {os.getloadavg()[0]:.1f}")
    for index, name in enumerate(("time", "CPU time of the busiest")):
        one, two = (
            statistics.median(run[index] for run in runs) for runs in zip(*times, strict=True)
        )
        ratio = statistics.median(first[index] / second[index] for first, second in times)
        print(f"{name}: one machine {one:.1f} s, two {two:.1f} s: {ratio:.2f}x")


if __name__ == "__main__":
    main()
