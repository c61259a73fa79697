// oneTBB flow graph: one continue_node a task.
#include <tbb/flow_graph.h>
#include <tbb/global_control.h>
#include <tbb/task_arena.h>

#include <deque>
#include <vector>

#include "library_main.h"

namespace {

using Node = tbb::flow::continue_node<tbb::flow::continue_msg>;

struct Body {
    uint64_t args[benchmark::kArgs];
    void operator()(const tbb::flow::continue_msg&) const { benchmark::spin(args[0]); }
};

benchmark::Seconds run(const benchmark::Shape& shape, uint64_t iterations) {
    const double start = benchmark::now();
    tbb::flow::graph graph;
    std::deque<Node> nodes;
    std::vector<Node*> roots;
    benchmark::describe(shape, [&](int, const int* predecessors, int count) {
        Body body;
        benchmark::fill_args(body.args, iterations, static_cast<int>(nodes.size()));
        Node& node = nodes.emplace_back(graph, body);
        for (int i = 0; i < count; ++i) {
            tbb::flow::make_edge(nodes[static_cast<size_t>(predecessors[i])], node);
        }
        if (count == 0) roots.push_back(&node);
    });
    const double built = benchmark::now();
    for (Node* node : roots) node->try_put(tbb::flow::continue_msg());
    graph.wait_for_all();
    return {built - start, benchmark::now() - built};
}

}  // namespace

int main(int argc, char** argv) {
    const int threads = argc > 5 ? std::atoi(argv[5]) : 1;
    const tbb::global_control limit(tbb::global_control::max_allowed_parallelism,
                                    static_cast<size_t>(threads));
    tbb::task_arena arena(threads);
    return arena.execute([&] { return benchmark::library_main(argc, argv, run); });
}
