// What a process gets from the one that forks it, and a case could notice.
#pragma once

#include <string>
#include <vector>

namespace a2a3sim {

/// What this process's children find, but for memory, environment and descriptors: two answers are
/// equal while nothing of that has changed.
std::string surroundings();

/// `name=value` of each variable.
std::vector<std::string> environment();

/// Replaces it, for as long as this process lives.
void set_environment(const std::vector<std::string>& variables);

}  // namespace a2a3sim
