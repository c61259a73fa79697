#include "isolation/fork_server.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <exception>
#include <system_error>

#include "isolation/case_child.h"
#include "isolation/case_message.h"
#include "isolation/forking.h"
#include "isolation/surroundings.h"

namespace a2a3sim {

namespace {

constexpr int kPatience = 20'000;  // milliseconds for what takes one

enum class Task { kStart, kHasEnded, kReap };

/// A process with much memory is copied for long, and the copy would keep all of it.
constexpr size_t kMostMemory = size_t{256} << 20;

/// Memory of this process that is no file's, in bytes.
size_t own_memory() {
    const Descriptor file(open("/proc/self/statm", O_RDONLY | O_CLOEXEC));
    char text[128] = "";
    unsigned long total = 0;
    unsigned long resident = 0;
    unsigned long shared = 0;
    if (!file.is_open() || read(file.number(), text, sizeof text - 1) <= 0 ||
        std::sscanf(text, "%lu %lu %lu", &total, &resident, &shared) != 3) {
        return kMostMemory + 1;
    }
    return (resident - shared) * static_cast<size_t>(sysconf(_SC_PAGESIZE));
}

/// `ulimit -f` is for files in memory, too; what a case shares has address space for large graphs.
bool may_have_large_files() {
    rlimit limit{};
    return getrlimit(RLIMIT_FSIZE, &limit) == 0 && limit.rlim_cur == RLIM_INFINITY;
}

}  // namespace

struct ServerProcess::Request {
    Task task;
    pid_t process = -1;
    size_t text_size = 0;
};

struct ServerProcess::Answer {
    pid_t process = -1;
    bool has_ended = true;
    Reaped ending{SIGKILL, 0};  // of one whose server is gone
};

ServerProcess::ServerProcess() : surroundings_(surroundings()), owner_(getpid()) {
    ChannelEnds ends = open_channel();
    pid_ = fork_quietly(nullptr);
    if (pid_ == 0) {
        // What a terminal tells its foreground is for the parent.
        setpgid(0, 0);
        signal(SIGCHLD, SIG_DFL);  // ignored, it would leave nothing to wait for
        const int nowhere = open("/dev/null", O_RDWR);
        for (const int stream : {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO}) {
            dup2(nowhere, stream);
        }
        close_descriptors_of_parent(ends.other.descriptor());
        serve(std::move(ends.other), owner_);
    }
    channel_ = std::move(ends.one);
    channel_.limit_sending(kPatience);
}

ServerProcess::~ServerProcess() {
    if (getpid() != owner_) return;  // a forked process does not end its parent's
    kill(pid_, SIGKILL);
    while (waitpid(pid_, nullptr, 0) < 0 && errno == EINTR) {
    }
}

bool ServerProcess::is_current() const {
    return !is_gone_ && getpid() == owner_ && surroundings_ == surroundings();
}

void ServerProcess::ask(const Request& request, Answer& answer, const std::string& text,
                        const std::vector<int>& descriptors) noexcept {
    const std::lock_guard<std::mutex> lock(mutex_);
    if (is_gone_ || getpid() != owner_) return;  // a copy of this process has the channel, too
    is_gone_ = !channel_.send(&request, sizeof request, descriptors) ||
               !channel_.send(text.data(), text.size()) || !channel_.has_news(kPatience) ||
               !channel_.receive(&answer, sizeof answer);
    if (is_gone_) kill(pid_, SIGKILL);  // a kernel may have stopped it
}

std::optional<pid_t> ServerProcess::start(const CaseDescription& description,
                                          const SharedFile& shared, const Descriptor& window) {
    const std::string text =
        encode({description, description.window->place(), shared.sizes(), environment()});
    const auto stream = [](int wanted, int own) { return wanted < 0 ? own : wanted; };
    const std::vector<int> descriptors{shared.descriptor(), window.number(),
                                       stream(description.output_descriptor, STDOUT_FILENO),
                                       stream(description.error_descriptor, STDERR_FILENO)};
    const auto is_closed = [](int each) { return fcntl(each, F_GETFD) < 0; };
    if (std::any_of(descriptors.begin(), descriptors.end(), is_closed)) return std::nullopt;
    Answer answer;
    ask({Task::kStart, -1, text.size()}, answer, text, descriptors);
    if (answer.process < 0) return std::nullopt;
    return answer.process;
}

bool ServerProcess::has_ended(pid_t process) noexcept {
    Answer answer;
    ask({Task::kHasEnded, process}, answer);
    return answer.has_ended;
}

Reaped ServerProcess::reap(pid_t process) noexcept {
    Answer answer;
    ask({Task::kReap, process}, answer);
    return answer.ending;
}

void ServerProcess::serve(Channel channel, pid_t parent) noexcept {
    // A process that the parent has forked may keep the channel open for longer.
    while (getppid() == parent) {
        constexpr int kSecond = 1000;
        if (!channel.has_news(kSecond)) continue;
        Request request{};
        Answer answer;
        try {
            std::vector<Descriptor> descriptors;
            if (!channel.receive(&request, sizeof request, descriptors)) break;
            std::string text(request.text_size, '\0');
            if (!channel.receive(text.data(), text.size())) break;
            if (request.task == Task::kStart) {
                answer.process = fork_case(text, std::move(descriptors));
            } else if (request.task == Task::kHasEnded) {
                answer.has_ended = has_process_ended(request.process);
            } else {
                answer.ending = reap_process(request.process);
            }
        } catch (const std::exception&) {  // the case is forked from the parent instead
        }
        if (!channel.send(&answer, sizeof answer)) break;
    }
    _exit(0);  // which ends the processes that it has forked
}

pid_t ServerProcess::fork_case(const std::string& text, std::vector<Descriptor> descriptors) {
    CaseMessage message = decode(text);
    SharedFile file(std::move(descriptors.at(0)), std::move(message.shared_sizes));
    const HostWindow window(message.window, std::move(descriptors.at(1)));
    CaseDescription& description = message.description;
    description.window = &window;
    description.output_descriptor = descriptors.at(2).number();
    description.error_descriptor = descriptors.at(3).number();
    SharedState shared(description, &file);
    const pid_t server = getpid();
    const pid_t process = fork();
    if (process == 0) {
        set_environment(message.environment);
        run_child(description, shared, server);
    }
    if (process > 0) setpgid(process, process);
    return process;
}

std::shared_ptr<ServerProcess> ForkServer::process_for(const CaseDescription& description) {
    if (!fits_message(description) || !description.window->has_file()) return nullptr;
    const std::lock_guard<std::mutex> lock(mutex_);
    if (process_ != nullptr && process_->is_current()) return process_;
    process_.reset();
    if (own_memory() > kMostMemory || !may_have_large_files()) return nullptr;
    try {
        process_ = std::make_shared<ServerProcess>();
    } catch (const std::exception&) {  // as the process of the case, which will tell why
    }
    return process_;
}

}  // namespace a2a3sim
