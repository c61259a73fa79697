#include "isolation/surroundings.h"

#include <fcntl.h>
#include <link.h>
#include <sched.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <clocale>
#include <cstring>
#include <memory>

#include "base/descriptor.h"

namespace a2a3sim {

namespace {

template <typename T>
void add(std::string& all, const T& value) {
    all.append(reinterpret_cast<const char*>(&value), sizeof value);
}

/// It can be read only by changing it, which other threads would notice, or from here.
std::string umask_line() {
    const Descriptor file(open("/proc/self/status", O_RDONLY | O_CLOEXEC));
    char text[512];
    const ssize_t length = file.is_open() ? read(file.number(), text, sizeof text - 1) : 0;
    text[length > 0 ? length : 0] = '\0';
    const char* const line = std::strstr(text, "\nUmask:");
    return line == nullptr ? "" : std::string(line + 1, std::strcspn(line + 1, "\n"));
}

/// How often objects have been loaded and unloaded.
void add_loaded_objects(std::string& all) {
    dl_iterate_phdr(
        [](dl_phdr_info* info, size_t, void* state) {
            add(*static_cast<std::string*>(state), info->dlpi_adds);
            add(*static_cast<std::string*>(state), info->dlpi_subs);
            return 1;
        },
        &all);
}

}  // namespace

std::string surroundings() {
    std::string all = umask_line();
    add_loaded_objects(all);
    struct stat directory{};
    stat(".", &directory);
    add(all, directory.st_dev);
    add(all, directory.st_ino);
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
    for (const auto id : {getuid(), geteuid(), getgid(), getegid()}) add(all, id);
    add(all, getsid(0));
    const char* const locale = std::setlocale(LC_ALL, nullptr);
    return all + (locale == nullptr ? "" : locale);
}

std::vector<std::string> environment() {
    std::vector<std::string> variables;
    for (char** variable = environ; variable != nullptr && *variable != nullptr; ++variable) {
        variables.emplace_back(*variable);
    }
    return variables;
}

void set_environment(const std::vector<std::string>& variables) {
    // Never freed: the process may look at it until it ends.
    auto* const texts = new std::vector<std::string>(variables);
    auto* const pointers = new std::vector<char*>;
    for (std::string& text : *texts) pointers->push_back(text.data());
    pointers->push_back(nullptr);
    environ = pointers->data();
}

}  // namespace a2a3sim
