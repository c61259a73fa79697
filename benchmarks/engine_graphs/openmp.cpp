// OpenMP tasks with depend clauses: the graph runs while it is built.
#include <omp.h>

#include <vector>

#include "library_main.h"

namespace {

struct Args {
    uint64_t values[benchmark::kArgs];
};

benchmark::Seconds run(const benchmark::Shape& shape, uint64_t iterations) {
    const double start = benchmark::now();
    std::vector<char> tokens;
    int tasks = 0;
    benchmark::describe(shape, [&](int, const int*, int) { ++tasks; });
    tokens.resize(static_cast<size_t>(tasks));
    char* const token = tokens.data();
#pragma omp parallel
#pragma omp single
    {
        int id = 0;
        benchmark::describe(shape, [&](int, const int* before, int count) {
            Args args;
            benchmark::fill_args(args.values, iterations, id);
            char* const own = token + id;
            ++id;
            if (count == 0) {
#pragma omp task firstprivate(args) depend(out : own[0])
                benchmark::spin(args.values[0]);
            } else if (count == 1) {
#pragma omp task firstprivate(args) depend(in : token[before[0]]) depend(out : own[0])
                benchmark::spin(args.values[0]);
            } else {
#pragma omp task firstprivate(args) depend(iterator(int i = 0 : count), in : token[before[i]]) \
    depend(out : own[0])
                benchmark::spin(args.values[0]);
            }
        });
    }
    return {0, benchmark::now() - start};
}

}  // namespace

int main(int argc, char** argv) {
    omp_set_num_threads(argc > 5 ? std::atoi(argv[5]) : 1);
    return benchmark::library_main(argc, argv, run);
}
