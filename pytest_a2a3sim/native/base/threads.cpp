#include "base/threads.h"

#include <pthread.h>

#include <exception>
#include <vector>

namespace a2a3sim {

OtherCpus::OtherCpus() {
    const int own = sched_getcpu();
    if (own < 0 || own >= CPU_SETSIZE || sched_getaffinity(0, sizeof all_, &all_) != 0) return;
    others_ = all_;
    CPU_CLR(static_cast<size_t>(own), &others_);
    are_there_ = CPU_COUNT(&others_) > 0;
}

void OtherCpus::receive(std::thread& thread) const {
    if (!are_there_) return;
    pthread_setaffinity_np(thread.native_handle(), sizeof others_, &others_);
    pthread_setaffinity_np(thread.native_handle(), sizeof all_, &all_);
}

void run_on_threads(size_t count, const std::function<void()>& work) {
    std::vector<std::thread> helpers;
    helpers.reserve(count);
    const OtherCpus other_cpus;
    try {
        for (size_t i = 1; i < count; ++i) {
            other_cpus.receive(helpers.emplace_back(work));
        }
    } catch (const std::exception&) {
        // There are no more threads, or there is no memory for one.
    }
    work();
    for (std::thread& helper : helpers) helper.join();
}

}  // namespace a2a3sim
