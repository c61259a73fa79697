// Messages with descriptors from one process to another.
#pragma once

#include <sys/types.h>

#include <cstddef>
#include <string>
#include <vector>

#include "base/descriptor.h"

namespace a2a3sim {

/// One end of a connection between two processes. A message arrives as a whole or not at all, so
/// that one which cannot be sent leaves nothing behind.
class Channel {
  public:
    static constexpr size_t kMostBytes = size_t{128} << 10;  // of a message

    explicit Channel(Descriptor end);
    ~Channel();
    Channel(Channel&&) = default;
    Channel& operator=(Channel&&) = delete;

    int descriptor() const noexcept { return end_.number(); }

    /// Whether the descriptor is still this channel's: anything in the process can close it, and
    /// open something else under its number.
    bool is_intact() const noexcept;

    /// Sends it at once, with copies of the descriptors. False, with errno, if that is impossible.
    bool send(const std::string& message, const std::vector<int>& descriptors = {}) noexcept;

    /// Whether something has been sent, or nobody is left who could. Waits for it so many
    /// milliseconds, less when a signal arrives, which `interrupted` tells.
    bool has_news(int milliseconds, bool& interrupted) const noexcept;

    enum class Found { kMessage, kNothing, kEnd };

    /// A message that is there, of so many bytes at most: others are none. Nothing where another
    /// process has taken it, the end where nobody is left who could send one. Throws
    /// std::bad_alloc.
    Found receive(std::string& message, size_t most, std::vector<Descriptor>& descriptors);

  private:
    Descriptor end_;
    dev_t device_ = 0;
    ino_t inode_ = 0;
};

struct ChannelEnds {
    Channel one;
    Channel other;
};

/// Throws std::system_error.
ChannelEnds open_channel();

}  // namespace a2a3sim
