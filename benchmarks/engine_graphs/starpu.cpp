// StarPU: explicit task dependencies, CPU workers only; the graph runs while it is built.
#include <starpu.h>

#include <vector>

#include "library_main.h"

namespace {

void kernel(void**, void* args) { benchmark::spin(*static_cast<const uint64_t*>(args)); }

benchmark::Seconds run(const benchmark::Shape& shape, uint64_t iterations) {
    static starpu_codelet codelet = [] {
        starpu_codelet made;
        starpu_codelet_init(&made);
        made.cpu_funcs[0] = kernel;
        return made;
    }();
    const double start = benchmark::now();
    std::vector<starpu_task*> tasks;
    std::vector<starpu_task*> before;
    benchmark::describe(shape, [&](int, const int* predecessors, int count) {
        starpu_task* const task = starpu_task_create();
        auto* const args = static_cast<uint64_t*>(std::malloc(sizeof(uint64_t) * benchmark::kArgs));
        benchmark::fill_args(args, iterations, static_cast<int>(tasks.size()));
        task->cl = &codelet;
        task->cl_arg = args;
        task->cl_arg_size = sizeof(uint64_t) * benchmark::kArgs;
        task->cl_arg_free = 1;
        task->destroy = 0;
        task->detach = 1;
        if (count > 0) {
            before.clear();
            for (int i = 0; i < count; ++i) {
                before.push_back(tasks[static_cast<size_t>(predecessors[i])]);
            }
            starpu_task_declare_deps_array(task, static_cast<unsigned>(count), before.data());
        }
        tasks.push_back(task);
        if (starpu_task_submit(task) != 0) std::abort();
    });
    const double built = benchmark::now();
    starpu_task_wait_for_all();
    const double end = benchmark::now();
    for (starpu_task* task : tasks) starpu_task_destroy(task);
    return {built - start, end - built};
}

}  // namespace

int main(int argc, char** argv) {
    starpu_conf conf;
    starpu_conf_init(&conf);
    conf.ncpus = argc > 5 ? std::atoi(argv[5]) : 1;
    conf.ncuda = 0;
    conf.nopencl = 0;
    conf.sched_policy_name = "lws";
    if (starpu_init(&conf) != 0) return 3;
    const int status = benchmark::library_main(argc, argv, run);
    starpu_shutdown();
    return status;
}
