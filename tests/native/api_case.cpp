// The case that api_test runs, as an orchestration and as its kernel: two tasks, one after the
// other, that hang if the orchestration's argument is 1.
#include <unistd.h>

#include "runtime.h"

extern "C" int orchestrate(Runtime* runtime, uint64_t* args, int) {
    void* const buffer = runtime->host_api.device_malloc(64);
    uint64_t task_args[] = {reinterpret_cast<uint64_t>(buffer), args[0]};
    const int first = runtime->add_task(task_args, 2, 0, CoreType::AIC);
    const int second = runtime->add_task(task_args, 2, 0, CoreType::AIC);
    runtime->add_successor(first, second);
    return runtime->get_task(second)->task_id == second ? 0 : -1;
}

extern "C" void spin(int64_t* args) {
    while (args[1] == 1) usleep(1000);
}
