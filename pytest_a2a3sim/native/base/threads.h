// Work that several threads share.
#pragma once

#include <cstddef>
#include <functional>

namespace a2a3sim {

/// Calls work() on so many threads, the calling one among them, and waits for them. On fewer where
/// there are no more: whoever comes takes what is left to do.
void run_on_threads(size_t count, const std::function<void()>& work);

}  // namespace a2a3sim
