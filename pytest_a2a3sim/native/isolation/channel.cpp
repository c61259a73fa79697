#include "isolation/channel.h"

#include <poll.h>
#include <sys/socket.h>
#include <sys/time.h>

#include <cerrno>
#include <cstring>
#include <system_error>

namespace a2a3sim {

namespace {

constexpr size_t kMostDescriptors = 8;  // of a message

/// Room for what goes with a message, as sendmsg() and recvmsg() have it.
struct alignas(cmsghdr) Control {
    char bytes[CMSG_SPACE(kMostDescriptors * sizeof(int))];
};

template <typename Call>
ssize_t without_interruption(Call call) noexcept {
    ssize_t result;
    do {
        result = call();
    } while (result < 0 && errno == EINTR);
    return result;
}

}  // namespace

void Channel::limit_sending(int milliseconds) noexcept {
    const timeval limit{milliseconds / 1000, milliseconds % 1000 * 1000};
    setsockopt(descriptor(), SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof limit);
}

bool Channel::send(const void* data, size_t size, const std::vector<int>& descriptors) noexcept {
    const auto* position = static_cast<const char*>(data);
    bool is_first = true;
    while (size > 0) {
        iovec part{const_cast<char*>(position), size};
        Control control{};
        msghdr message{};
        message.msg_iov = &part;
        message.msg_iovlen = 1;
        if (is_first && !descriptors.empty()) {
            message.msg_control = control.bytes;
            message.msg_controllen = CMSG_SPACE(descriptors.size() * sizeof(int));
            cmsghdr* const header = CMSG_FIRSTHDR(&message);
            header->cmsg_level = SOL_SOCKET;
            header->cmsg_type = SCM_RIGHTS;
            header->cmsg_len = CMSG_LEN(descriptors.size() * sizeof(int));
            std::memcpy(CMSG_DATA(header), descriptors.data(), descriptors.size() * sizeof(int));
        }
        const ssize_t sent =
            without_interruption([&] { return sendmsg(descriptor(), &message, MSG_NOSIGNAL); });
        if (sent <= 0) return false;
        is_first = false;
        position += sent;
        size -= static_cast<size_t>(sent);
    }
    return true;
}

bool Channel::has_news(int milliseconds) const noexcept {
    pollfd asked{descriptor(), POLLIN, 0};
    return without_interruption([&] { return poll(&asked, 1, milliseconds); }) > 0;
}

bool Channel::receive(void* data, size_t size) noexcept {
    auto* position = static_cast<char*>(data);
    while (size > 0) {
        const ssize_t received =
            without_interruption([&] { return recv(descriptor(), position, size, 0); });
        if (received <= 0) return false;
        position += received;
        size -= static_cast<size_t>(received);
    }
    return true;
}

bool Channel::receive(void* data, size_t size, std::vector<Descriptor>& descriptors) {
    iovec part{data, size};
    Control control{};
    msghdr message{};
    message.msg_iov = &part;
    message.msg_iovlen = 1;
    message.msg_control = control.bytes;
    message.msg_controllen = sizeof control.bytes;
    const ssize_t received =
        without_interruption([&] { return recvmsg(descriptor(), &message, MSG_CMSG_CLOEXEC); });
    if (received <= 0) return false;
    for (cmsghdr* header = CMSG_FIRSTHDR(&message); header != nullptr;
         header = CMSG_NXTHDR(&message, header)) {
        const size_t count = (header->cmsg_len - CMSG_LEN(0)) / sizeof(int);
        for (size_t i = 0; i < count; ++i) {
            int number = -1;
            std::memcpy(&number, CMSG_DATA(header) + i * sizeof number, sizeof number);
            descriptors.emplace_back(number);
        }
    }
    const auto got = static_cast<size_t>(received);
    return receive(static_cast<char*>(data) + got, size - got);
}

ChannelEnds open_channel() {
    int ends[2];
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) != 0) {
        throw std::system_error(errno, std::generic_category(), "a pair of sockets");
    }
    return {Channel(behind_streams(Descriptor(ends[0]))),
            Channel(behind_streams(Descriptor(ends[1])))};
}

}  // namespace a2a3sim
