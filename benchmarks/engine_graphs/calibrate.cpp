// Prints how many iterations of the benchmark's kernel take a microsecond, at best.
#include <algorithm>

#include "library_main.h"

int main() {
    constexpr uint64_t kIterations = 200000;
    double best = 1e9;
    for (int i = 0; i < 200; ++i) {
        const double start = benchmark::now();
        benchmark::spin(kIterations);
        best = std::min(best, benchmark::now() - start);
    }
    std::printf("%.3f\n", kIterations / (best * 1e6));
}
