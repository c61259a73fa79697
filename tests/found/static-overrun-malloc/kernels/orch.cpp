#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>
#include <cerrno>
#include <csetjmp>
#include <csignal>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>
#include "runtime.h"

extern "C" int build_graph(Runtime* runtime, uint64_t* args, int arg_count) {
    HostApi& api = runtime->host_api;

    void* x = api.device_malloc(args[2]);
    void* y = api.device_malloc(args[3]);
    api.copy_to_device(x, reinterpret_cast<void*>(args[0]), args[2]);
    uint64_t task[] = {reinterpret_cast<uint64_t>(x), reinterpret_cast<uint64_t>(y), args[4]};
    int id = runtime->add_task(task, 3, 0, CoreType::AIV);
    (void)id;
    runtime->record_tensor_pair(reinterpret_cast<void*>(args[1]), y, args[3]);

    return 0;
}
