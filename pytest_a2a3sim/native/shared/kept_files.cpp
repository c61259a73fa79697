#include "shared/kept_files.h"

#include <pthread.h>

#include <atomic>
#include <utility>

namespace a2a3sim {

namespace {

/// How often this process has been forked, and those that it is a copy of: copies go on having what
/// has been mapped by then.
std::atomic<uint64_t> forks{0};

void count_forks() {
    const auto count = [] { ++forks; };
    static const int counts = pthread_atfork(nullptr, count, count);
    (void)counts;
}

}  // namespace

KeptFiles::Lent::Lent(std::unique_ptr<SharedFile> file, std::weak_ptr<Free> free)
    : file_(std::move(file)), free_(std::move(free)), forks_(forks) {}

KeptFiles::Lent::~Lent() {
    const std::shared_ptr<Free> free = free_.lock();
    if (free == nullptr || is_left_ || forks_ != forks || file_->used_bytes() > kMostBytes) return;
    const std::lock_guard<std::mutex> lock(free->mutex);
    if (free->files.size() >= kMostFiles) return;
    file_->rewind();
    free->files.push_back(std::move(file_));  // there is room
}

KeptFiles::KeptFiles() { free_->files.reserve(kMostFiles); }

std::unique_ptr<KeptFiles::Lent> KeptFiles::take() {
    count_forks();
    std::unique_ptr<SharedFile> file;
    {
        const std::lock_guard<std::mutex> lock(free_->mutex);
        if (!free_->files.empty()) {
            file = std::move(free_->files.back());
            free_->files.pop_back();
        }
    }
    if (file == nullptr) file = std::make_unique<SharedFile>();
    return std::make_unique<Lent>(std::move(file), free_);
}

}  // namespace a2a3sim
