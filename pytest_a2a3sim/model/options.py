"""The one table of options: pytest's, the ini file's and the command line's are made from it."""

from __future__ import annotations

from pytest_a2a3sim.model.option import DEFAULT_DUMP_DIR, DEFAULT_HANG_TIMEOUT, Option

OPTIONS = (
    Option(
        "threads",
        "threads that simulate the cores (default: usable CPUs, shared out among xdist workers), "
        "or a thread per simulated core",
        "values.parse_threads",
        "N|cores",
        field="threads",
    ),
    Option(
        "schedule",
        "execute ready tasks in another order, on one thread unless {p}threads is given: "
        "fifo, lifo, creation, reverse, random, random:SEED, or before:TASK,TASK for the order of "
        "creation in which the second task runs right after the first",
        "order_options.parse_schedule",
        "ORDER",
        field="schedule",
    ),
    Option(
        "orders",
        "execute each graph in further orders on one thread, which must leave the same outputs "
        "bit for bit: a number of them, off, or auto (default: those that may show something, if "
        "it takes less than 100 ms of CPU time)",
        "order_options.parse_orders",
        "auto|N|off",
        field="orders",
    ),
    Option(
        "sanitize",
        "run graphs on instrumented kernels, and fail a case with a race, an access outside of its "
        "buffers, a use of bytes that nobody wrote, or flags between pipes that do not pair up: "
        "memcheck, racecheck, initcheck, synccheck, several with commas between them, or all",
        "checks.parse_checks",
        "CHECK[,CHECK]|all",
        field="sanitize",
    ),
    Option(
        "pto_isa_root",
        "directory of PTO ISA, whose headers kernels may include; the environment variable "
        "PTO_ISA_ROOT goes before it",
        field="pto_isa_root",
        option=False,
        command=False,
    ),
    Option(
        "compiler",
        "the C++ compiler of all sources, such as clang++-19; the environment variable CXX goes "
        "before it, and COMPILER of a kernel_config.py before both",
        field="compiler",
        option=False,
        command=False,
    ),
    Option(
        "platform",
        "the chip that is simulated: a2a3 or a5 (default: the one that a directory was generated "
        "for, else a2a3)",
        "chip.parse_platform",
        "a2a3|a5",
        field="platform",
        command=False,
    ),
    Option(
        "core_memory",
        "the chip of which the memories and rules of a core are inside kernels on PTO ISA: a2a3, "
        "a5, or generous for memories without end (default: that of {p}platform)",
        "chip.parse_core_memory",
        "a2a3|a5|generous",
        field="core_memory",
    ),
    Option(
        "blame",
        "when outputs do not match, say which tasks the first and the worst mismatch come from, as "
        "{p}sanitize does by itself",
        kind="flag",
        field="blame",
        decides=False,
    ),
    Option(
        "witness",
        "run a case with races (racecheck of {p}sanitize) once more with the two tasks of a race "
        "in either order, and say what differs",
        field="witness",
        kind="flag",
        decides=False,
    ),
    Option(
        "suppressions",
        "findings of the sanitizer to leave out, a line each, with a reason: "
        "CHECK KERNEL [KERNEL [TENSOR]]: REASON",
        "suppressions.parse_suppression",
        field="suppressions",
        kind="lines",
        option=False,
        command=False,
    ),
    Option(
        "dump",
        "keep what tasks find and leave in their arguments, as files, and run the graph on one "
        "thread: those of a kernel by its name, a task by its id, several with commas between "
        "them, all, or off (default)",
        "dump_choice.parse_dump",
        "KERNEL|TASK|all|off",
        field="dump",
        decides=False,
    ),
    Option(
        "dump_limit",
        "bytes that {p}dump keeps of a case (default: 1G)",
        "values.parse_size",
        "SIZE",
        field="dump_limit",
        decides=False,
    ),
    Option(
        "dump_dir",
        f"directory in which {{p}}dump makes one for each case (default: {DEFAULT_DUMP_DIR})",
        metavar="DIR",
        field="dump_dir",
        ini=False,
        decides=False,
    ),
    Option(
        "hang_timeout",
        "fail a case in which no task starts or finishes for so long (default: "
        f"{DEFAULT_HANG_TIMEOUT:g})",
        "values.parse_seconds",
        "SECONDS",
        field="hang_timeout",
    ),
    Option(
        "timeout",
        "fail a case that takes longer than this in all, its compilation aside (default: no limit)",
        "values.parse_seconds",
        "SECONDS",
        field="timeout",
    ),
    Option(
        "device_memory",
        "memory of the simulated device, such as 8G or 512M (default: 64G, or what this machine "
        "has if less)",
        "values.parse_size",
        "SIZE",
        field="device_memory",
    ),
    Option(
        "isolation",
        "simulate in a process of its own (process, the default), in one that is forked from "
        "this one, with what that has loaded (fork), or in this one, for gdb (none)",
        "values.parse_isolation",
        "process|fork|none",
        field="isolate",
        ini=False,
    ),
    Option(
        "cxxflags",
        "compiler flags added to every source's own",
        metavar="FLAGS",
        field="cxxflags",
        kind="words",
        option=False,
    ),
    Option(
        "golden_cache",
        "keep expected outputs in the build cache, and compute them again only when golden.py, the "
        "inputs or something else that compute_golden uses changes",
        kind="flag",
        field="golden_cache",
        decides=False,
    ),
    Option(
        "cache_size",
        "size above which the build cache evicts, such as 500M or 2G",
        "values.parse_size",
        "SIZE",
        field="cache_limit",
        option=False,
        command=False,
        decides=False,
    ),
    Option(
        "cache_shared",
        "use a build cache to which others may write, too: what they put there runs as you",
        kind="flag",
        field="cache_shared",
        option=False,
        command=False,
        decides=False,
    ),
    Option(
        "rebuild",
        "compile every source anew, and compute expected outputs, whatever the build cache holds",
        kind="flag",
        ini=False,
        decides=False,
    ),
    Option(
        "all_cases",
        "run every case of ALL_CASES, not only DEFAULT_CASE",
        kind="flag",
        ini=False,
        command=False,
        decides=False,
    ),
    Option(
        "affected",
        "leave out the cases that have passed with all that they depend on as it is now, and keep "
        "those that pass; =explain says why each of the others runs, =record leaves out none",
        kind="switch",
        words=("on", "explain", "record", "off"),
        command=False,
        decides=False,
    ),
    Option(
        "since",
        "leave out the cases that are not affected by what git says has changed since the merge "
        "base with a commit, such as origin/main; what git does not know has changed",
        metavar="REF",
        ini=False,
        command=False,
        decides=False,
    ),
    Option(
        "strict",
        "a golden that proves nothing fails its case instead of warning",
        kind="flag",
        command=False,
    ),
    Option(
        "json",
        "write what happened to every case as JSON, in one file",
        metavar="PATH",
        ini=False,
        command=False,
        decides=False,
    ),
    Option(
        "artifacts",
        "save tensors, report and a script that reproduces it for each failed case",
        metavar="DIR",
        ini=False,
        command=False,
        decides=False,
    ),
    Option(
        "html",
        "write a page that shows every case: errors, times, graphs; needs the extra html",
        metavar="PATH",
        ini=False,
        command=False,
        decides=False,
    ),
    Option(
        "baseline",
        "say which errors and critical paths have grown since an earlier report of {p}json; with "
        "{p}strict a case with one fails; the page of {p}html compares with it, too",
        metavar="FILE",
        ini=False,
        command=False,
        decides=False,
    ),
    Option(
        "baseline_factor",
        "by which an error may grow since {p}baseline (default: 2)",
        "values.parse_factor",
        option=False,
        command=False,
        decides=False,
    ),
    Option(
        "trace",
        "write a trace of each case that runs to its end, which Perfetto and chrome://tracing open",
        metavar="DIR",
        ini=False,
        command=False,
        decides=False,
    ),
    Option(
        "durations",
        "show the N slowest cases and their slowest kernels",
        metavar="N",
        kind="count",
        ini=False,
        command=False,
        decides=False,
    ),
)
