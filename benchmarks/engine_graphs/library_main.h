// The program around one task-graph library: PROGRAM GRAPH A B ITERATIONS THREADS REPEATS prints a
// line for each repetition: seconds to build the graph and to run it.
#pragma once

#include <chrono>
#include <cstdio>
#include <cstdlib>

#include "graphs.h"

namespace benchmark {

struct Seconds {
    double build;
    double run;
};

inline double now() {
    return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch())
        .count();
}

/// `run` builds and runs a graph once.
template <typename Run>
int library_main(int argc, char** argv, Run run) {
    if (argc != 7) return 2;
    const Shape shape{argv[1], std::atoi(argv[2]), std::atoi(argv[3])};
    const uint64_t iterations = std::strtoull(argv[4], nullptr, 10);
    run(Shape{"fan", 100, 0}, 1000);  // the library's threads are up
    for (int repeats = std::atoi(argv[6]); repeats > 0; --repeats) {
        const Seconds seconds = run(shape, iterations);
        std::printf("%.9f %.9f\n", seconds.build, seconds.run);
    }
    return 0;
}

}  // namespace benchmark
