#include "shared/kept_files.h"

#include <utility>

namespace a2a3sim {

std::shared_ptr<SharedFile> KeptFiles::take() {
    std::unique_ptr<SharedFile> file;
    {
        const std::lock_guard<std::mutex> lock(free_->mutex);
        if (!free_->files.empty()) {
            file = std::move(free_->files.back());
            free_->files.pop_back();
        }
    }
    if (file == nullptr) file = std::make_unique<SharedFile>();
    return {file.release(),
            [free = std::weak_ptr<Free>(free_)](SharedFile* taken) { give_back(free, taken); }};
}

void KeptFiles::give_back(const std::weak_ptr<Free>& free, SharedFile* file) noexcept {
    std::unique_ptr<SharedFile> owned(file);
    const std::shared_ptr<Free> kept = free.lock();
    if (kept == nullptr || owned->used_bytes() > kMostBytes) return;
    const std::lock_guard<std::mutex> lock(kept->mutex);
    if (kept->files.size() >= kMostFiles) return;
    owned->rewind();
    kept->files.push_back(std::move(owned));
}

}  // namespace a2a3sim
