#include "isolation/serving.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <clocale>
#include <cstring>
#include <exception>
#include <optional>
#include <vector>

#include "base/kept_memory.h"
#include "executor/task_runner.h"
#include "faults/snapshot.h"
#include "isolation/case_child.h"
#include "isolation/case_message.h"
#include "isolation/channel.h"
#include "isolation/default_signals.h"
#include "isolation/surroundings.h"

namespace a2a3sim {

namespace {

/// The process that a server works for.
class Owner {
  public:
    /// Of the first request.
    void set(pid_t owner) {
        if (pid_ > 0) return;
        pid_ = owner;
#ifdef SYS_pidfd_open
        handle_ = Descriptor(static_cast<int>(syscall(SYS_pidfd_open, owner, 0)));
#endif
    }

    bool has_ended() const {
        pollfd asked{handle_.number(), POLLIN, 0};
        if (handle_.is_open()) return poll(&asked, 1, 0) > 0;
        return pid_ > 0 && kill(pid_, 0) != 0 && errno == ESRCH;
    }

    /// Waits for its end, or so many milliseconds for whatever else.
    void wait_with(pollfd other, int milliseconds) const {
        constexpr int kOften = 1000;
        pollfd asked[] = {other, {handle_.number(), POLLIN, 0}};
        if (!handle_.is_open() && (milliseconds < 0 || milliseconds > kOften)) {
            milliseconds = kOften;
        }
        poll(asked, 2, milliseconds);
    }

  private:
    pid_t pid_ = -1;
    Descriptor handle_;  // tells of its end, where the system has such
};

/// Whoever wants to unmount a directory shall not find it in use between cases.
void leave_directory() { [[maybe_unused]] const int result = chdir("/"); }

/// A case as its process begins, which has a copy of this.
struct ReceivedCase {
    ReceivedCase(const std::string& text, std::vector<Descriptor> sent, const KeptMemory& kept)
        : descriptors(std::move(sent)),
          message(decode(text)),
          file(std::move(descriptor(Sent::kShared)), std::move(message.shared_sizes)),
          window(message.window, std::move(descriptor(Sent::kWindow))),
          recording_file(std::move(descriptor(Sent::kRecording)),
                         std::move(message.recording_sizes)),
          shared(message.description, &file, &recording_file) {
        message.description.window = &window;
        message.description.kept_memory = &kept;
        message.description.output_descriptor = descriptor(Sent::kOutput).number();
        message.description.error_descriptor = descriptor(Sent::kError).number();
    }

    Descriptor& descriptor(Sent which) { return descriptors[static_cast<size_t>(which)]; }

    std::vector<Descriptor> descriptors;
    CaseMessage message;
    SharedFile file;
    HostWindow window;
    SharedFile recording_file;
    SharedState shared;
};

class Server {
  public:
    explicit Server(Channel channel) : channel_(std::move(channel)) {}

    /// Returns when there is nothing more to serve.
    void serve() {
        for (std::string message;;) {
            owner_.wait_with({channel_.descriptor(), POLLIN, 0}, -1);
            if (owner_.has_ended()) return;
            std::vector<Descriptor> descriptors;
            const Channel::Found found =
                channel_.receive(message, Channel::kMostBytes, descriptors);
            if (found == Channel::Found::kNothing) continue;
            if (found == Channel::Found::kEnd) {
                await_cases();
                return;
            }
            Request request{};
            if (message.size() < sizeof request) return;
            std::memcpy(&request, message.data(), sizeof request);
            owner_.set(request.owner);
            if (request.wanted == Wanted::kQuit) return;
            Answer answer = answer_to(request, message, std::move(descriptors));
            answer.number = request.number;
            const auto* const bytes = reinterpret_cast<const char*>(&answer);
            channel_.send(std::string(bytes, sizeof answer));
            begun_.reset();  // which the owner need not wait for
            if (request.wanted != Wanted::kStart) kept_.refill();  // nor for this
        }
    }

    void end_cases() const noexcept {
        for (const pid_t process : cases_) {
            kill(-process, SIGKILL);
            kill(process, SIGKILL);
        }
    }

  private:
    /// The owner has lost the channel: something has closed all of its descriptors. It still looks
    /// at what the cases leave in memory.
    void await_cases() {
        constexpr int kPause = 20;
        while (!cases_.empty() && !owner_.has_ended()) {
            const auto is_over = [](pid_t process) {
                const bool has_ended = has_process_ended(process);
                if (has_ended) reap_process(process);
                return has_ended;
            };
            cases_.erase(std::remove_if(cases_.begin(), cases_.end(), is_over), cases_.end());
            owner_.wait_with({-1, 0, 0}, kPause);
        }
    }

    Answer answer_to(const Request& request, const std::string& message,
                     std::vector<Descriptor> descriptors) {
        Answer answer;
        if (request.wanted == Wanted::kGreeting) {
            answer.agrees = message.substr(sizeof request) == surroundings();
        } else if (request.wanted == Wanted::kStart) {
            try {
                answer.process = fork_case(message.substr(sizeof request), std::move(descriptors));
                if (answer.process > 0) cases_.push_back(answer.process);
            } catch (const std::exception&) {  // the owner forks the case itself
            }
        } else if (const auto found = std::find(cases_.begin(), cases_.end(), request.process);
                   found != cases_.end()) {
            if (request.wanted == Wanted::kForget) {
                kill(-request.process, SIGKILL);
                kill(request.process, SIGKILL);
            }
            answer.ending = reap_process(request.process);
            cases_.erase(found);
        }
        return answer;
    }

    /// -1 if the case cannot be forked here.
    pid_t fork_case(const std::string& text, std::vector<Descriptor> descriptors) {
        if (descriptors.size() != static_cast<size_t>(Sent::kCount)) return -1;
        ReceivedCase& received = begun_.emplace(text, std::move(descriptors), kept_);
        const CaseMessage& message = received.message;
        if (locale() != message.locale &&
            std::setlocale(LC_ALL, message.locale.c_str()) == nullptr) {
            return -1;
        }
        umask(message.umask);
        if (fchdir(received.descriptor(Sent::kDirectory).number()) != 0) return -1;
        const pid_t server = getpid();
        const pid_t process = fork();
        if (process == 0) {
            if (!received.shared.control.begin(getpid())) _exit(0);
            set_environment(message.description.environment);
            run_child(message.description, received.shared, server);
        }
        if (process > 0) setpgid(process, process);
        leave_directory();
        return process;
    }

    Channel channel_;
    Owner owner_;
    KeptMemory kept_;
    std::optional<ReceivedCase> begun_;  // until it is answered
    std::vector<pid_t> cases_;           // processes that are not reaped
};

}  // namespace

void serve_processes(int descriptor) noexcept {
    restore_default_signals();
    Descriptor end(fcntl(descriptor, F_DUPFD_CLOEXEC, STDERR_FILENO + 1));
    Descriptor nowhere = behind_streams(Descriptor(open("/dev/null", O_RDWR | O_CLOEXEC)));
    dup2(nowhere.number(), descriptor);
    close_descriptors_of_parent(end.number());
    nowhere.release();  // one of these
    Server server{Channel(std::move(end))};
    leave_directory();
    // What its children would have to find out each for itself.
    prepare_snapshots();
    usable_cpus();
    try {
        server.serve();
    } catch (const std::bad_alloc&) {
    }
    server.end_cases();
    _exit(0);
}

}  // namespace a2a3sim
