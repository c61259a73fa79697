// Bytes and descriptors from one process to another.
#pragma once

#include <cstddef>
#include <vector>

#include "base/descriptor.h"

namespace a2a3sim {

/// One end of a connection between two processes.
class Channel {
  public:
    Channel() = default;
    explicit Channel(Descriptor end) : end_(std::move(end)) {}

    int descriptor() const noexcept { return end_.number(); }

    /// What cannot be sent within so many milliseconds is not.
    void limit_sending(int milliseconds) noexcept;

    /// Sends all of it, with copies of the descriptors. False if nobody gets it.
    bool send(const void* data, size_t size, const std::vector<int>& descriptors = {}) noexcept;

    /// Whether something has been sent, or nobody is left who could, within so many milliseconds.
    bool has_news(int milliseconds) const noexcept;

    /// Receives so much. False if there is nobody who could send it.
    bool receive(void* data, size_t size) noexcept;
    bool receive(void* data, size_t size, std::vector<Descriptor>& descriptors);

  private:
    Descriptor end_;
};

struct ChannelEnds {
    Channel one;
    Channel other;
};

/// Throws std::system_error.
ChannelEnds open_channel();

}  // namespace a2a3sim
