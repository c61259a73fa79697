#include "isolation/process_server.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <exception>
#include <system_error>

#include "base/ticks.h"
#include "isolation/case_message.h"
#include "isolation/spawn.h"
#include "isolation/surroundings.h"

namespace a2a3sim {

namespace {

constexpr int64_t kNanoseconds = 1'000'000;  // of a millisecond

// Milliseconds. What a server is asked takes it one, but for the first question: it begins then.
constexpr int64_t kPatience = 60'000;
constexpr int64_t kPatienceAtStart = 10'000;
constexpr int64_t kPatienceAfterSignal = 10'000;  // somebody may be pressing Ctrl-C
constexpr int kPause = 50;                        // after which it is looked at
constexpr int kMostPausesStopped = 10;            // by a signal that a kernel has sent

/// By a signal. One that a debugger or a tracer holds for a moment is not.
bool is_stopped(pid_t process) { return state_of_process(process) == 'T'; }

std::string message_of(const Request& request, const std::string& text = "") {
    return std::string(reinterpret_cast<const char*>(&request), sizeof request) + text;
}

/// A thread that is not the first has a stack of its own size, as a process has that it forks.
bool is_first_thread() { return syscall(SYS_gettid) == getpid(); }

}  // namespace

ServerProcess::ServerProcess(const std::vector<std::string>& command, std::string surroundings)
    : ServerProcess(command, std::move(surroundings), open_channel()) {}

ServerProcess::ServerProcess(const std::vector<std::string>& command, std::string surroundings,
                             ChannelEnds ends)
    : surroundings_(std::move(surroundings)),
      owner_(getpid()),
      channel_(std::move(ends.one)),
      last_number_(static_cast<uint64_t>(monotonic_nanoseconds())),
      pid_(spawn_orphan(command, first_environment(), ends.other.descriptor())) {}

ServerProcess::~ServerProcess() {
    if (is_foreign() || is_gone_) return;
    if (is_stopped(pid_)) give_up();
    // Another process that has been forked from this one may keep the channel open.
    if (channel_.is_intact()) channel_.send(message_of({0, Wanted::kQuit, owner_, -1}));
}

bool ServerProcess::is_foreign() const noexcept { return getpid() != owner_; }

bool ServerProcess::serves(const std::string& surroundings) const noexcept {
    if (is_gone_ || !channel_.is_intact() || surroundings_ != surroundings) return false;
    return !is_stopped(pid_);  // by a kernel
}

void ServerProcess::give_up() noexcept {
    is_gone_ = true;
    // One that only the channel was taken from ends by itself, when its cases have. The leader of a
    // session is no other process that happens to have got its id.
    if (channel_.is_intact() && getsid(pid_) == pid_) kill(pid_, SIGKILL);
}

/// Whatever it has done since it was forked: it leads a process group, so that it cannot leave its
/// session.
bool ServerProcess::is_child(pid_t process) const noexcept {
    return process > 1 && process != pid_ && getsid(process) == pid_;
}

std::optional<Answer> ServerProcess::receive(uint64_t number, int64_t patience) {
    int64_t end = monotonic_nanoseconds() + patience * kNanoseconds;
    int stopped = 0;
    for (;;) {
        bool interrupted = false;
        if (channel_.has_news(kPause, interrupted)) {
            std::string message;
            std::vector<Descriptor> none;
            Answer answer;
            const Channel::Found found = channel_.receive(message, sizeof answer, none);
            if (found == Channel::Found::kEnd) return std::nullopt;
            if (found == Channel::Found::kMessage && message.size() == sizeof answer) {
                std::memcpy(&answer, message.data(), sizeof answer);
                if (answer.number == number) return answer;
            }
        }
        const int64_t now = monotonic_nanoseconds();
        if (interrupted) end = std::min(end, now + kPatienceAfterSignal * kNanoseconds);
        stopped = is_stopped(pid_) ? stopped + 1 : 0;
        if (now >= end || stopped > kMostPausesStopped) return std::nullopt;
    }
}

std::optional<Answer> ServerProcess::ask(Wanted wanted, pid_t process, const std::string& text,
                                         const std::vector<int>& descriptors) noexcept {
    if (is_foreign()) return std::nullopt;
    const std::lock_guard<std::mutex> lock(mutex_);
    if (is_gone_) return std::nullopt;
    const uint64_t number = ++last_number_;
    std::optional<Answer> answer;
    try {
        const std::string message = message_of({number, wanted, owner_, process}, text);
        if (channel_.is_intact() && channel_.send(message, descriptors)) {
            answer = receive(number, wanted == Wanted::kGreeting ? kPatienceAtStart : kPatience);
        }
    } catch (const std::bad_alloc&) {
    }
    if (!answer) give_up();
    return answer;
}

bool ServerProcess::greets() noexcept {
    const std::optional<Answer> answer = ask(Wanted::kGreeting, -1, surroundings_);
    return answer && answer->agrees;
}

std::optional<pid_t> ServerProcess::start(const CaseDescription& description, Control& control,
                                          const CaseFiles& files) {
    const std::optional<mode_t> mask = current_umask();
    const Descriptor directory(open(".", O_PATH | O_DIRECTORY | O_CLOEXEC));
    if (!mask || !directory.is_open()) return std::nullopt;
    const std::string text = encode({description, description.window->place(), files.shared.sizes(),
                                     files.recording.sizes(), locale(), *mask});
    if (text.size() > Channel::kMostBytes - sizeof(Request)) return std::nullopt;
    const auto stream = [](int wanted, int own) { return wanted < 0 ? own : wanted; };
    const std::vector<int> descriptors{files.shared.descriptor(),
                                       files.recording.descriptor(),
                                       files.window.number(),
                                       stream(description.output_descriptor, STDOUT_FILENO),
                                       stream(description.error_descriptor, STDERR_FILENO),
                                       directory.number()};
    const auto is_closed = [](int each) { return fcntl(each, F_GETFD) < 0; };
    if (std::any_of(descriptors.begin(), descriptors.end(), is_closed)) return std::nullopt;
    std::fflush(nullptr);  // what has been printed by now comes first
    const std::optional<Answer> answer = ask(Wanted::kStart, -1, text, descriptors);
    if (answer && is_child(answer->process)) return answer->process;
    // It may have forked a process before something ended it.
    const pid_t process = control.refuse_to_begin();
    if (process == 0) return std::nullopt;
    if (!is_child(process)) throw std::runtime_error("its process was lost as it began");
    return process;
}

std::optional<Reaped> ServerProcess::reap(pid_t process) noexcept {
    const std::optional<Answer> answer = ask(Wanted::kReap, process);
    if (!answer) return std::nullopt;
    return answer->ending;
}

void ServerProcess::forget(pid_t process) noexcept { ask(Wanted::kForget, process); }

ProcessServer::ProcessServer(std::vector<std::vector<std::string>> commands)
    : commands_(std::move(commands)), owner_(getpid()) {}

std::shared_ptr<ServerProcess> ProcessServer::process_for(const CaseDescription& description) {
    // A copy of the process, which may have been forked while another thread held the lock.
    if (getpid() != owner_ || !is_first_thread()) return nullptr;
    if (!fits_message(description) || !description.window->has_file()) return nullptr;
    const std::string now = surroundings();
    const std::lock_guard<std::mutex> lock(mutex_);
    if (process_ != nullptr && process_->serves(now)) return process_;
    process_.reset();
    if (impossible_ == now || adopts_orphans()) return nullptr;
    for (const std::vector<std::string>& command : commands_) {
        try {
            process_ = std::make_shared<ServerProcess>(command, now);
            if (process_->greets()) return process_;
            process_.reset();
        } catch (const std::exception&) {
        }
    }
    impossible_ = now;
    return nullptr;
}

}  // namespace a2a3sim
