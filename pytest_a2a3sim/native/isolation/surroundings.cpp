#include "isolation/surroundings.h"

#include <fcntl.h>
#include <sched.h>
#include <sys/personality.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <clocale>
#include <cstdlib>
#include <cstring>
#include <vector>

#include "base/descriptor.h"

namespace a2a3sim {

namespace {

constexpr unsigned long kAskPersonality = 0xffffffff;

template <typename T>
void add(std::string& all, const T& value) {
    all.append(reinterpret_cast<const char*>(&value), sizeof value);
}

void add_file(std::string& all, const char* path) {
    struct stat file{};
    stat(path, &file);
    add(all, file.st_dev);
    add(all, file.st_ino);
}

std::string content(const char* path) {
    const Descriptor file(open(path, O_RDONLY | O_CLOEXEC));
    char text[8192];
    const ssize_t length = file.is_open() ? read(file.number(), text, sizeof text) : 0;
    return std::string(text, length > 0 ? static_cast<size_t>(length) : 0);
}

/// The line that begins with this, or "".
std::string line_of(const std::string& text, const char* begin) {
    const size_t at = text.find(std::string("\n") + begin);
    return at == std::string::npos ? "" : text.substr(at + 1, text.find('\n', at + 1) - at);
}

}  // namespace

std::string surroundings() {
    std::string all;
    const std::string status = content("/proc/thread-self/status");
    for (const char* const line :
         {"Uid:", "Gid:", "Groups:", "CapInh:", "CapPrm:", "CapEff:", "CapBnd:", "CapAmb:",
          "NoNewPrivs:", "Seccomp:", "Seccomp_filters:", "THP_enabled:", "Mems_allowed:"}) {
        all += line_of(status, line);
    }
    all += content("/proc/thread-self/cgroup");
    for (const char* const space :
         {"cgroup", "ipc", "mnt", "net", "pid_for_children", "time_for_children", "user", "uts"}) {
        add_file(all, (std::string("/proc/thread-self/ns/") + space).c_str());
    }
    add_file(all, "/");
    for (int resource = 0; resource < RLIM_NLIMITS; ++resource) {
        rlimit limit{};
        getrlimit(static_cast<__rlimit_resource_t>(resource), &limit);
        add(all, limit);
    }
    cpu_set_t cpus;
    CPU_ZERO(&cpus);
    sched_getaffinity(0, sizeof cpus, &cpus);
    add(all, cpus);
    add(all, getpriority(PRIO_PROCESS, 0));
    add(all, sched_getscheduler(0));
    sched_param priority{};
    sched_getparam(0, &priority);
    add(all, priority);
    constexpr int kThisProcess = 1;  // IOPRIO_WHO_PROCESS, which has no header
    add(all, syscall(SYS_ioprio_get, kThisProcess, 0));
    add(all, prctl(PR_GET_TIMERSLACK));
    add(all, personality(kAskPersonality));
    add(all, prctl(PR_GET_SECUREBITS));
    return all;
}

bool adopts_orphans() noexcept {
    int is_reaper = 0;
    return getpid() == 1 || prctl(PR_GET_CHILD_SUBREAPER, &is_reaper) != 0 || is_reaper != 0;
}

std::optional<mode_t> current_umask() {
    // A call that told it would change it, which other threads would notice.
    const std::string line = line_of(content("/proc/thread-self/status"), "Umask:");
    if (line.empty()) return std::nullopt;
    constexpr int kOctal = 8;
    return static_cast<mode_t>(std::strtoul(line.c_str() + std::strlen("Umask:"), nullptr, kOctal));
}

std::string locale() {
    const char* const name = std::setlocale(LC_ALL, nullptr);
    return name == nullptr ? "" : name;
}

void set_environment(const std::string& variables) {
    // Never freed: the process may look at it until it ends.
    auto* const text = new std::string(variables);
    auto* const pointers = new std::vector<char*>;
    for (size_t begin = 0; begin < text->size();) {
        char* const variable = text->data() + begin;
        pointers->push_back(variable);
        begin += std::strlen(variable) + 1;
    }
    pointers->push_back(nullptr);
    environ = pointers->data();
}

}  // namespace a2a3sim
