#include <csignal>
#include <cstdint>

extern "C" void kernel_entry(int64_t* args) {
    const float* x = reinterpret_cast<const float*>(args[0]);
    float* y = reinterpret_cast<float*>(args[1]);
    sigset_t all;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, nullptr);
    std::signal(SIGSEGV, SIG_IGN);
    *reinterpret_cast<volatile int*>(8) = 1;
    for (int64_t i = 0; i < args[2]; ++i) y[i] = 2 * x[i];
}
