#include "isolation/channel.h"

#include <poll.h>
#include <sys/socket.h>
#include <sys/stat.h>

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

Channel::Channel(Descriptor end) : end_(std::move(end)) {
    struct stat socket{};
    if (fstat(descriptor(), &socket) != 0) return;
    device_ = socket.st_dev;
    inode_ = socket.st_ino;
}

Channel::~Channel() {
    if (end_.is_open() && !is_intact()) end_.release();
}

bool Channel::is_intact() const noexcept {
    struct stat socket{};
    return fstat(descriptor(), &socket) == 0 && socket.st_dev == device_ && socket.st_ino == inode_;
}

bool Channel::send(const std::string& text, const std::vector<int>& descriptors) noexcept {
    iovec part{const_cast<char*>(text.data()), text.size()};
    Control control{};
    msghdr message{};
    message.msg_iov = &part;
    message.msg_iovlen = 1;
    if (!descriptors.empty()) {
        message.msg_control = control.bytes;
        message.msg_controllen = CMSG_SPACE(descriptors.size() * sizeof(int));
        cmsghdr* const header = CMSG_FIRSTHDR(&message);
        header->cmsg_level = SOL_SOCKET;
        header->cmsg_type = SCM_RIGHTS;
        header->cmsg_len = CMSG_LEN(descriptors.size() * sizeof(int));
        std::memcpy(CMSG_DATA(header), descriptors.data(), descriptors.size() * sizeof(int));
    }
    return without_interruption(
               [&] { return sendmsg(descriptor(), &message, MSG_NOSIGNAL | MSG_DONTWAIT); }) >= 0;
}

bool Channel::has_news(int milliseconds, bool& interrupted) const noexcept {
    pollfd asked{descriptor(), POLLIN, 0};
    const int found = poll(&asked, 1, milliseconds);
    interrupted = found < 0 && errno == EINTR;
    return found > 0;
}

Channel::Found Channel::receive(std::string& text, size_t most,
                                std::vector<Descriptor>& descriptors) {
    text.resize(most);
    descriptors.reserve(kMostDescriptors);
    iovec part{text.data(), text.size()};
    Control control{};
    msghdr message{};
    message.msg_iov = &part;
    message.msg_iovlen = 1;
    message.msg_control = control.bytes;
    message.msg_controllen = sizeof control.bytes;
    const ssize_t received = without_interruption(
        [&] { return recvmsg(descriptor(), &message, MSG_CMSG_CLOEXEC | MSG_DONTWAIT); });
    if (received < 0 && errno == EAGAIN) return Found::kNothing;
    if (received <= 0) return Found::kEnd;
    text.resize(static_cast<size_t>(received));
    for (cmsghdr* header = CMSG_FIRSTHDR(&message); header != nullptr;
         header = CMSG_NXTHDR(&message, header)) {
        const size_t count = (header->cmsg_len - CMSG_LEN(0)) / sizeof(int);
        for (size_t i = 0; i < count; ++i) {
            int number = -1;
            std::memcpy(&number, CMSG_DATA(header) + i * sizeof number, sizeof number);
            descriptors.emplace_back(number);
        }
    }
    return (message.msg_flags & MSG_TRUNC) != 0 ? Found::kNothing : Found::kMessage;
}

ChannelEnds open_channel() {
    int ends[2];
    if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) != 0) {
        throw std::system_error(errno, std::generic_category(), "a pair of sockets");
    }
    Descriptor one = behind_streams(Descriptor(ends[0]));
    Descriptor other = behind_streams(Descriptor(ends[1]));
    if (!one.is_open() || !other.is_open()) {
        throw std::system_error(errno, std::generic_category(), "a pair of sockets");
    }
    return {Channel(std::move(one)), Channel(std::move(other))};
}

}  // namespace a2a3sim
