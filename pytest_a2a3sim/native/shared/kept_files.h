// Files in memory that one case has after the other: the pages that a case needs are there then,
// which takes the system longer to make than to write.
#pragma once

#include <cstddef>
#include <memory>
#include <mutex>
#include <vector>

#include "shared/shared_file.h"

namespace a2a3sim {

class KeptFiles {
  public:
    /// Of larger files, none is kept.
    static constexpr size_t kMostBytes = size_t{4} << 20;

    /// A file that nobody else has until it is given back, whose parts are claimed anew. It may
    /// hold what an earlier case has left in its first bytes. Throws std::system_error.
    std::shared_ptr<SharedFile> take();

  private:
    static constexpr size_t kMostFiles = 2;

    struct Free {
        std::mutex mutex;
        std::vector<std::unique_ptr<SharedFile>> files;
    };

    static void give_back(const std::weak_ptr<Free>& free, SharedFile* file) noexcept;

    const std::shared_ptr<Free> free_ = std::make_shared<Free>();
};

}  // namespace a2a3sim
