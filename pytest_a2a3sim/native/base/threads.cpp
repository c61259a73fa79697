#include "base/threads.h"

#include <exception>
#include <thread>
#include <vector>

namespace a2a3sim {

void run_on_threads(size_t count, const std::function<void()>& work) {
    std::vector<std::thread> helpers;
    helpers.reserve(count);
    try {
        for (size_t i = 1; i < count; ++i) helpers.emplace_back(work);
    } catch (const std::exception&) {
        // There are no more threads, or there is no memory for one.
    }
    work();
    for (std::thread& helper : helpers) helper.join();
}

}  // namespace a2a3sim
