// The parts of engine_test.
#pragma once

#include <random>
#include <utility>
#include <vector>

using Edges = std::vector<std::pair<int, int>>;

/// Edges of one of several shapes; every edge leads to a larger id, and some are there twice.
Edges random_edges(int tasks, std::mt19937& random);

// execution_test.cpp
void run_random_graph(std::mt19937& random, int thread_count);
void find_random_cycle(std::mt19937& random);

// gang_test.cpp
void run_random_gangs(std::mt19937& random, int thread_count);

// structures_test.cpp
void analyse_random_graph(std::mt19937& random);
void grow_an_array(std::mt19937& random);
void populate_shared_memory(std::mt19937& random);
void take_from_a_set(std::mt19937& random);
void share_a_queue(std::mt19937& random, int thief_count);
