#include "isolation/spawn.h"

#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <memory>
#include <stdexcept>
#include <system_error>

#include "base/descriptor.h"
#include "isolation/default_signals.h"

namespace a2a3sim {

namespace {

constexpr size_t kStackSize = size_t{64} << 10;
// The calling thread waits until the new process has executed a program or ended, and lends it its
// memory until then.
constexpr int kBorrowingMemory = CLONE_VM | CLONE_VFORK;

struct Plan {
    char* const* command;
    char* const* environment;
    int input;
    int nowhere;
    char* stack;  // its upper end
    pid_t process = -1;
    int error = 0;
};

int execute(void* argument) {
    auto& plan = *static_cast<Plan*>(argument);
    setsid();
    if (dup2(plan.input, STDIN_FILENO) >= 0 && dup2(plan.nowhere, STDOUT_FILENO) >= 0 &&
        dup2(plan.nowhere, STDERR_FILENO) >= 0) {
#ifdef SYS_close_range
        syscall(SYS_close_range, STDERR_FILENO + 1, ~0U, 0);
#endif
        restore_default_signals();  // ignored ones, and those that are blocked, would stay so
        execve(plan.command[0], plan.command, plan.environment);
    }
    plan.error = errno;
    _exit(1);
}

/// In the process between: the program's parent, which is gone when the program begins.
int start(void* argument) {
    auto& plan = *static_cast<Plan*>(argument);
    plan.process = clone(execute, plan.stack, kBorrowingMemory | SIGCHLD, argument);
    if (plan.process < 0) plan.error = errno;
    _exit(0);
}

std::vector<char*> pointers(const std::vector<std::string>& texts) {
    std::vector<char*> all;
    for (const std::string& text : texts) all.push_back(const_cast<char*>(text.c_str()));
    all.push_back(nullptr);
    return all;
}

}  // namespace

pid_t spawn_orphan(const std::vector<std::string>& command,
                   const std::vector<std::string>& environment, int input) {
    const Descriptor nowhere = behind_streams(Descriptor(open("/dev/null", O_RDWR | O_CLOEXEC)));
    const std::vector<char*> words = pointers(command);
    const std::vector<char*> variables = pointers(environment);
    const auto stacks = std::make_unique<char[]>(2 * kStackSize);
    Plan plan{words.data(), variables.data(), input, nowhere.number(),
              stacks.get() + 2 * kStackSize};
    sigset_t all;
    sigset_t before;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);  // handlers would run on borrowed memory
    // No signal tells of its end, and wait() does not find it: it is for __WALL alone.
    const pid_t between = clone(start, stacks.get() + kStackSize, kBorrowingMemory, &plan);
    const int error = between < 0 ? errno : plan.error;
    pthread_sigmask(SIG_SETMASK, &before, nullptr);
    while (between > 0 && waitpid(between, nullptr, __WALL) < 0 && errno == EINTR) {
    }
    if (error != 0 || plan.process <= 0) {
        throw std::system_error(error, std::generic_category(), command.front());
    }
    return plan.process;
}

std::vector<std::string> first_environment() {
    const Descriptor file(open("/proc/self/environ", O_RDONLY | O_CLOEXEC));
    std::string text;
    char part[4096];
    ssize_t length = 0;
    while (file.is_open() && (length = read(file.number(), part, sizeof part)) > 0) {
        text.append(part, static_cast<size_t>(length));
    }
    std::vector<std::string> variables;
    for (size_t begin = 0; begin < text.size();) {
        std::string variable(text.c_str() + begin);
        begin += variable.size() + 1;
        // Programs that write their title over it leave the rest empty.
        if (variable.find('=') == std::string::npos) throw std::runtime_error("overwritten");
        variables.push_back(std::move(variable));
    }
    return variables;
}

}  // namespace a2a3sim
