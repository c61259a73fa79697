// The case that fuzz_test runs: it writes random and structured bytes over every mapping that it
// shares with its parent, in the phase that its first argument says, and ends as the second says.
// As an orchestration and as its kernel, and as code that runs while it is loaded.
#include <pthread.h>
#include <unistd.h>

#include <cstdlib>

#include "runtime.h"
#include "scribble.h"

namespace {

void end(uint64_t how) {
    switch (how) {
        case 1:
            *reinterpret_cast<volatile int*>(8) = 1;
            break;
        case 2:
            _exit(0);
        case 3:
            std::abort();
        case 4:
            std::exit(0);
        case 5:
            throw 7;
        default:
            break;
    }
}

void* scribble_for_ever(void* seed) {
    for (uint64_t i = 0;; ++i) scribble(reinterpret_cast<uint64_t>(seed) + i, true);
}

void act(const uint64_t* args, uint64_t phase) {
    if (args[0] != phase) return;
    if (args[1] == 6) {
        pthread_t thread;
        pthread_create(&thread, nullptr, scribble_for_ever, reinterpret_cast<void*>(args[2]));
        pthread_detach(thread);
        return;
    }
    scribble(args[2], args[2] % 4 != 0);
    end(args[1]);
}

// LOAD: arguments are not known yet.
[[gnu::constructor]] void on_load() {
    const char* const text = std::getenv("FUZZ_WHILE_LOADED");
    if (text == nullptr) return;
    const uint64_t seed = std::strtoull(text, nullptr, 10);
    const uint64_t args[] = {1, seed % 7, seed};
    act(args, 1);
}

}  // namespace

extern "C" int orchestrate(Runtime* runtime, uint64_t* args, int) {
    void* const buffer = runtime->host_api.device_malloc(64);
    void* const other = runtime->host_api.device_malloc(100);
    runtime->host_api.device_free(other);
    uint64_t task_args[] = {args[0], args[1], args[2], reinterpret_cast<uint64_t>(buffer)};
    const int first = runtime->add_task(task_args, 4, 0, CoreType::AIC);
    const int second = runtime->add_task(task_args, 4, 0, CoreType::AIC);
    runtime->add_successor(first, second);
    act(args, 2);
    runtime->host_api.copy_to_device(buffer, reinterpret_cast<void*>(args[3]), 64);
    runtime->record_tensor_pair(reinterpret_cast<void*>(args[3]), buffer, 64);
    return 0;
}

extern "C" void kernel_entry(int64_t* args) { act(reinterpret_cast<const uint64_t*>(args), 4); }
