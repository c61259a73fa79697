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

extern "C" void kernel_entry(int64_t* args) {
    const float* x = reinterpret_cast<const float*>(args[0]);
    float* y = reinterpret_cast<float*>(args[1]);
    for (int i = 3; i < 256; i++) {
        if (write(i, "GARBAGE\n", 8) < 0) continue;
    }
    for (int64_t i = 0; i < args[2]; ++i) y[i] = 2 * x[i];
}
