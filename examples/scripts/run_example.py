#!/usr/bin/env python3
"""Runs one golden directory: the same as ``a2a3sim run``.

python examples/scripts/run_example.py -k KERNELS -g GOLDEN -p a2a3sim
"""

import sys

from pytest_a2a3sim.cli import main

if __name__ == "__main__":
    sys.exit(main(["run", *sys.argv[1:]]))
