// A file descriptor that somebody owns.
#pragma once

#include <fcntl.h>
#include <unistd.h>

#include <utility>

namespace a2a3sim {

class Descriptor {
  public:
    Descriptor() = default;
    explicit Descriptor(int number) noexcept : number_(number) {}
    Descriptor(Descriptor&& other) noexcept : number_(other.release()) {}
    Descriptor& operator=(Descriptor&& other) noexcept {
        std::swap(number_, other.number_);
        return *this;
    }
    ~Descriptor() {
        if (is_open()) close(number_);
    }

    bool is_open() const noexcept { return number_ >= 0; }
    int number() const noexcept { return number_; }

    /// The number, which nobody owns then.
    int release() noexcept { return std::exchange(number_, -1); }

  private:
    int number_ = -1;
};

/// The same file under a number that nobody takes for a standard stream, one of which may be
/// closed.
inline Descriptor behind_streams(Descriptor file) noexcept {
    if (!file.is_open() || file.number() > STDERR_FILENO) return file;
    return Descriptor(fcntl(file.number(), F_DUPFD_CLOEXEC, STDERR_FILENO + 1));
}

}  // namespace a2a3sim
