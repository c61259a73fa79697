// Random graphs on the engine itself, for sanitizers. Usage: engine_test THREADS ROUNDS; prints the
// first broken promise and exits with 1.
#include "engine_test.h"

#include <cstdio>
#include <cstdlib>

#include "expect.h"

/// Edges of one of several shapes; every edge leads to a larger id, and some are there twice.
Edges random_edges(int tasks, std::mt19937& random) {
    const auto below = [&](int bound) {
        return static_cast<int>(random() % static_cast<unsigned>(bound));
    };
    Edges edges;
    switch (below(6)) {
        case 0:  // no edges
            break;
        case 1:  // chain
            for (int id = 1; id < tasks; ++id) edges.emplace_back(id - 1, id);
            break;
        case 2:  // fan-out
            for (int id = 1; id < tasks; ++id) edges.emplace_back(0, id);
            break;
        case 3:  // fan-in
            for (int id = 1; id < tasks; ++id) edges.emplace_back(id - 1, tasks - 1);
            edges.pop_back();
            break;
        case 4: {  // layers
            const int width = 1 + below(40);
            for (int id = width; id < tasks; ++id) {
                const int layer = id - id % width;
                for (int i = below(4); i-- > 0;) edges.emplace_back(layer - 1 - below(width), id);
            }
            break;
        }
        default:  // anything
            for (int i = below(4 * tasks); i-- > 0;) {
                const int to = 1 + below(tasks - 1);
                edges.emplace_back(below(to), to);
            }
    }
    return edges;
}

int main(int argc, char** argv) {
    expect(argc == 3, "usage: engine_test THREADS ROUNDS");
    const int thread_count = std::atoi(argv[1]);
    const int rounds = std::atoi(argv[2]);
    std::mt19937 random(static_cast<unsigned>(thread_count));
    for (int round = 0; round < rounds; ++round) {
        run_random_graph(random, thread_count);
        find_random_cycle(random);
        analyse_random_graph(random);
        run_random_gangs(random, thread_count);
    }
    grow_an_array(random);
    populate_shared_memory(random);
    take_from_a_set(random);
    share_a_queue(random, thread_count - 1);
    std::printf("%d graphs, %d cycles\n", rounds, rounds);
}
