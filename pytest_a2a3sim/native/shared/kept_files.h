// Files in memory that one case has after the other: the pages that a case needs are there then,
// which takes the system longer to make than to write.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>
#include <vector>

#include "shared/shared_file.h"

namespace a2a3sim {

class KeptFiles {
    struct Free {
        std::mutex mutex;
        std::vector<std::unique_ptr<SharedFile>> files;
    };

  public:
    /// Of larger files, none is kept.
    static constexpr size_t kMostBytes = size_t{4} << 20;

    /// A file that nobody else has for as long as this lives.
    class Lent {
      public:
        Lent(std::unique_ptr<SharedFile> file, std::weak_ptr<Free> free);
        /// Keeps the file for a later case.
        ~Lent();
        Lent(const Lent&) = delete;
        Lent& operator=(const Lent&) = delete;

        SharedFile& file() const { return *file_; }

        /// Somebody goes on reading it: no case gets it any more.
        void leave_to_readers() { is_left_ = true; }

      private:
        std::unique_ptr<SharedFile> file_;
        const std::weak_ptr<Free> free_;
        const uint64_t forks_;
        bool is_left_ = false;
    };

    KeptFiles();

    /// Its parts are claimed anew; it may hold what an earlier case has left in its first bytes.
    /// Throws std::system_error.
    std::unique_ptr<Lent> take();

  private:
    static constexpr size_t kMostFiles = 2;

    const std::shared_ptr<Free> free_ = std::make_shared<Free>();
};

}  // namespace a2a3sim
