#include "dump/dump_file.h"

#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

namespace a2a3sim {

int64_t DumpFile::append(uintptr_t begin, size_t size) {
    if (full_ || size > limit_ - end_) {
        full_ = true;
        return -1;
    }
    for (size_t done = 0; done < size;) {
        const ssize_t written = pwrite(descriptor_, reinterpret_cast<const void*>(begin + done),
                                       size - done, static_cast<off_t>(end_ + done));
        if (written < 0 && errno == EINTR) continue;
        if (written <= 0) {
            error_ = written < 0 ? errno : ENOSPC;
            full_ = true;
            return -1;
        }
        done += static_cast<size_t>(written);
    }
    end_ += size;
    return static_cast<int64_t>(end_ - size);
}

bool DumpFile::has(int64_t position, uintptr_t begin, size_t size) {
    char chunk[size_t{64} << 10];  // on the stack of a worker thread
    for (size_t done = 0; done < size;) {
        const size_t wanted = std::min(size - done, sizeof chunk);
        const ssize_t got = pread(descriptor_, chunk, wanted, position + static_cast<off_t>(done));
        if (got < 0 && errno == EINTR) continue;
        if (got <= 0 || std::memcmp(chunk, reinterpret_cast<const void*>(begin + done),
                                    static_cast<size_t>(got)) != 0) {
            return false;
        }
        done += static_cast<size_t>(got);
    }
    return true;
}

}  // namespace a2a3sim
