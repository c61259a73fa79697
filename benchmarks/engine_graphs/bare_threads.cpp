// The ideal: threads that execute the kernels of a graph one after the other, with no graph.
#include <thread>
#include <vector>

#include "library_main.h"

int main(int argc, char** argv) {
    const int threads = argc > 5 ? std::atoi(argv[5]) : 1;
    return benchmark::library_main(
        argc, argv, [&](const benchmark::Shape& shape, uint64_t iterations) {
            int tasks = 0;
            benchmark::describe(shape, [&](int, const int*, int) { ++tasks; });
            const double start = benchmark::now();
            std::vector<std::thread> running;
            for (int thread = 0; thread < threads; ++thread) {
                running.emplace_back([=] {
                    for (int i = thread; i < tasks; i += threads) benchmark::spin(iterations);
                });
            }
            for (std::thread& thread : running) thread.join();
            return benchmark::Seconds{0, benchmark::now() - start};
        });
}
