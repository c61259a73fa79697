"""A kernel that crashes is named, whatever it does with signals before."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from pytest_a2a3sim import KernelFault, Settings, run_case

if TYPE_CHECKING:
    from tests.golden_dirs import GoldenDir

_BLOCK = "sigset_t all;\nsigfillset(&all);\n"
_CRASH = "*reinterpret_cast<volatile int*>(8) = 1;  // HERE"


def with_signals(directory: GoldenDir, before: str, body: str) -> None:
    directory.kernel_body(f"{body}\n{_CRASH}")
    source = directory.path / "kernels" / "double.cpp"
    headers = "#include <csignal>\n#include <sys/syscall.h>\n#include <unistd.h>\n"
    source.write_text(f"{headers}{before}\n{source.read_text()}")


@pytest.mark.parametrize(
    ("before", "body"),
    [
        pytest.param(
            "",
            f"{_BLOCK}pthread_sigmask(SIG_SETMASK, &all, nullptr);\nstd::signal(SIGSEGV, SIG_IGN);",
            id="blocks-all",
        ),
        pytest.param("", f"{_BLOCK}sigprocmask(SIG_BLOCK, &all, nullptr);", id="sigprocmask"),
        pytest.param(
            "",
            "struct sigaction action{}, old;\naction.sa_handler = SIG_IGN;\n"
            "sigaction(SIGSEGV, &action, &old);\nsigaction(SIGSEGV, &old, nullptr);",
            id="sigaction",
        ),
        pytest.param(
            "void handle(int) {}",
            "std::signal(SIGSEGV, handle);\nif (std::signal(SIGSEGV, SIG_DFL) != handle) return;",
            id="handler-and-back",
        ),
        pytest.param(
            "auto* const block = pthread_sigmask;",
            f"{_BLOCK}block(SIG_SETMASK, &all, nullptr);",
            id="pointer",
        ),
        pytest.param(
            f"const int blocked = [] {{ {_BLOCK} std::signal(SIGSEGV, SIG_IGN);"
            "return sigprocmask(SIG_SETMASK, &all, nullptr); }();",
            "",
            id="static-constructor",
        ),
    ],
)
@pytest.mark.parametrize("flags", ["", "-Wl,-z,now,-z,relro", "-Wl,-z,norelro,-z,lazy"])
def test_blocked_signal_of_a_crash(
    golden_dir: GoldenDir, before: str, body: str, flags: str
) -> None:
    with_signals(golden_dir, before, body)
    with pytest.raises(KernelFault, match=r"SIGSEGV\)\n  address 0x8: ") as caught:
        run_case(golden_dir.path, settings=Settings(cxxflags=(flags,) if flags else ()))
    culprit = caught.value.culprit
    assert (culprit.task, culprit.kernel) == (0, "double")
    source = (golden_dir.path / "kernels" / "double.cpp").read_text().splitlines()
    assert culprit.line is not None
    assert "// HERE" in source[culprit.line - 1]


def test_other_signals_are_blocked_as_asked(golden_dir: GoldenDir) -> None:
    with_signals(
        golden_dir,
        "",
        f"""\
        {_BLOCK}sigset_t now;
        if (pthread_sigmask(SIG_BLOCK, &all, nullptr) != 0) std::abort();
        if (pthread_sigmask(SIG_BLOCK, nullptr, &now) != 0) std::abort();
        if (!sigismember(&now, SIGUSR1) || sigismember(&now, SIGSEGV)) std::abort();
        if (sigprocmask(12345, &all, nullptr) != -1) std::abort();
        if (std::signal(SIGUSR1, SIG_IGN) != SIG_DFL) std::abort();
        if (std::signal(SIGUSR1, SIG_DFL) != SIG_IGN) std::abort();
        for (int64_t i = 0; i < args[2]; ++i) y[i] = 2 * x[i];
        return;""",
    )
    run_case(golden_dir.path).check()


def test_signal_that_the_system_was_asked_to_block(golden_dir: GoldenDir) -> None:
    """Past the C library: what is known is the task and its kernel."""
    with_signals(
        golden_dir, "", f"{_BLOCK}syscall(SYS_rt_sigprocmask, SIG_SETMASK, &all, nullptr, 8);"
    )
    with pytest.raises(
        KernelFault, match=r"kernel 'double' in task 0 received SIGSEGV(.|\n)*had blocked"
    ) as caught:
        run_case(golden_dir.path)
    assert (caught.value.culprit.task, caught.value.culprit.kernel) == (0, "double")
