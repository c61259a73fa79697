#include "isolation/process_server.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/resource.h>
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

/// `ulimit -f` is for files in memory, too; what a case shares has address space for large graphs.
bool may_have_large_files() {
    rlimit limit{};
    return getrlimit(RLIMIT_FSIZE, &limit) == 0 && limit.rlim_cur == RLIM_INFINITY;
}

/// By a signal. One that a debugger or a tracer holds for a moment is not.
bool is_stopped(pid_t process) { return state_of_process(process) == 'T'; }

std::string message_of(Wanted wanted, pid_t owner, pid_t process = -1,
                       const std::string& text = "") {
    const Request request{wanted, owner, process};
    return std::string(reinterpret_cast<const char*>(&request), sizeof request) + text;
}

}  // namespace

ServerProcess::ServerProcess(const std::vector<std::string>& command, std::string surroundings)
    : ServerProcess(command, std::move(surroundings), open_channel()) {}

ServerProcess::ServerProcess(const std::vector<std::string>& command, std::string surroundings,
                             ChannelEnds ends)
    : surroundings_(std::move(surroundings)),
      owner_(getpid()),
      channel_(std::move(ends.one)),
      pid_(spawn_orphan(command, first_environment(), ends.other.descriptor())) {}

ServerProcess::~ServerProcess() {
    if (is_foreign() || is_gone_) return;
    if (is_stopped(pid_)) give_up();
    // Another process that has been forked from this one may keep the channel open.
    tell(message_of(Wanted::kQuit, owner_));
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

bool ServerProcess::tell(const std::string& message, const std::vector<int>& descriptors) noexcept {
    return channel_.is_intact() && channel_.send(message, descriptors);
}

std::optional<Answer> ServerProcess::receive() noexcept {
    const int64_t patience = has_answered_ ? kPatience : kPatienceAtStart;
    int64_t end = monotonic_nanoseconds() + patience * kNanoseconds;
    int stopped = 0;
    for (bool interrupted = false; !channel_.has_news(kPause, interrupted);) {
        const int64_t now = monotonic_nanoseconds();
        if (interrupted) end = std::min(end, now + kPatienceAfterSignal * kNanoseconds);
        stopped = is_stopped(pid_) ? stopped + 1 : 0;
        if (now >= end || stopped > kMostPausesStopped) return std::nullopt;
    }
    try {
        std::string message;
        std::vector<Descriptor> none;
        Answer answer;
        if (!channel_.receive(message, sizeof answer, none) || message.size() != sizeof answer) {
            return std::nullopt;
        }
        std::memcpy(&answer, message.data(), sizeof answer);
        return answer;
    } catch (const std::bad_alloc&) {
        return std::nullopt;
    }
}

std::optional<Answer> ServerProcess::ask(const std::string& message,
                                         const std::vector<int>& descriptors) noexcept {
    if (is_foreign()) return std::nullopt;
    const std::lock_guard<std::mutex> lock(mutex_);
    if (is_gone_) return std::nullopt;
    std::optional<Answer> answer;
    if (tell(message, descriptors)) answer = receive();
    if (!answer) give_up();
    has_answered_ = has_answered_ || answer;
    return answer;
}

std::optional<pid_t> ServerProcess::start(const CaseDescription& description, Control& control,
                                          const SharedFile& shared, const Descriptor& window) {
    const std::optional<mode_t> mask = current_umask();
    const Descriptor directory(open(".", O_PATH | O_DIRECTORY | O_CLOEXEC));
    if (!mask || !directory.is_open()) return std::nullopt;
    const std::string text = encode(
        {description, description.window->place(), shared.sizes(), environment(), locale(), *mask});
    if (text.size() > Channel::kMostBytes - sizeof(Request)) return std::nullopt;
    const auto stream = [](int wanted, int own) { return wanted < 0 ? own : wanted; };
    const std::vector<int> descriptors{
        shared.descriptor(), window.number(), stream(description.output_descriptor, STDOUT_FILENO),
        stream(description.error_descriptor, STDERR_FILENO), directory.number()};
    const auto is_closed = [](int each) { return fcntl(each, F_GETFD) < 0; };
    if (std::any_of(descriptors.begin(), descriptors.end(), is_closed)) return std::nullopt;
    std::fflush(nullptr);  // what has been printed by now comes first
    const std::optional<Answer> answer =
        ask(message_of(Wanted::kStart, owner_, -1, text), descriptors);
    if (answer) return answer->process > 0 ? std::optional(answer->process) : std::nullopt;
    // It may have forked a process before something ended it.
    const pid_t process = control.refuse_to_begin();
    if (process == 0) return std::nullopt;
    if (process < 0 || getsid(process) != pid_) {
        throw std::runtime_error("its process was lost as it began");
    }
    return process;
}

bool ServerProcess::has_ended(pid_t process) noexcept {
    if (const std::optional<Answer> answer = ask(message_of(Wanted::kHasEnded, owner_, process))) {
        return answer->has_ended;
    }
    if (channel_.is_intact()) return true;  // the server has ended, and so have its children
    const char state = state_of_process(process);
    return state == '\0' || state == 'Z' || state == 'X';
}

std::optional<Reaped> ServerProcess::reap(pid_t process) noexcept {
    const std::optional<Answer> answer = ask(message_of(Wanted::kReap, owner_, process));
    if (!answer) return std::nullopt;
    return answer->ending;
}

void ServerProcess::forget(pid_t process) noexcept {
    if (is_foreign()) return;
    const std::lock_guard<std::mutex> lock(mutex_);
    if (!is_gone_ && !tell(message_of(Wanted::kForget, owner_, process))) give_up();
}

ProcessServer::ProcessServer(std::vector<std::string> command)
    : command_(std::move(command)), owner_(getpid()) {}

std::shared_ptr<ServerProcess> ProcessServer::process_for(const CaseDescription& description) {
    // A copy of the process, which may have been forked while another thread held the lock.
    if (getpid() != owner_) return nullptr;
    if (!fits_message(description) || !description.window->has_file()) return nullptr;
    const std::string now = surroundings();
    const std::lock_guard<std::mutex> lock(mutex_);
    if (process_ != nullptr && process_->is_useless()) impossible_ = process_->surroundings();
    if (process_ != nullptr && process_->serves(now)) return process_;
    process_.reset();
    if (impossible_ == now || adopts_orphans() || !may_have_large_files()) return nullptr;
    try {
        process_ = std::make_shared<ServerProcess>(command_, now);
    } catch (const std::exception&) {
        impossible_ = now;
    }
    return process_;
}

}  // namespace a2a3sim
