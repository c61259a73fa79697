// Taskflow: one static task a task. The executor and its threads live as long as the program.
#include <taskflow/taskflow.hpp>

#include <vector>

#include "library_main.h"

namespace {

struct Body {
    uint64_t args[benchmark::kArgs];
    void operator()() const { benchmark::spin(args[0]); }
};

benchmark::Seconds run(tf::Executor& executor, const benchmark::Shape& shape, uint64_t iterations) {
    const double start = benchmark::now();
    tf::Taskflow graph;
    std::vector<tf::Task> tasks;
    benchmark::describe(shape, [&](int, const int* predecessors, int count) {
        Body body;
        benchmark::fill_args(body.args, iterations, static_cast<int>(tasks.size()));
        tf::Task& task = tasks.emplace_back(graph.emplace(body));
        for (int i = 0; i < count; ++i) {
            tasks[static_cast<size_t>(predecessors[i])].precede(task);
        }
    });
    const double built = benchmark::now();
    executor.run(graph).wait();
    return {built - start, benchmark::now() - built};
}

}  // namespace

int main(int argc, char** argv) {
    tf::Executor executor(static_cast<size_t>(argc > 5 ? std::atoi(argv[5]) : 1));
    return benchmark::library_main(argc, argv,
                                   [&](const benchmark::Shape& shape, uint64_t iterations) {
                                       return run(executor, shape, iterations);
                                   });
}
