// What a process gets from the one that starts it, and a case could notice.
#pragma once

#include <sys/types.h>

#include <optional>
#include <string>

namespace a2a3sim {

/// What programs that the calling thread starts are given by the system, but for environment,
/// directory, umask and descriptors: limits, ids, rights, CPUs, namespaces. Two answers are equal
/// while nothing of that has changed.
std::string surroundings();

/// Whether orphaned processes become children of this one, which is found by whoever waits for any
/// child then.
bool adopts_orphans() noexcept;

/// None where the system does not tell.
std::optional<mode_t> current_umask();

/// The C library's, of all categories.
std::string locale();

/// Replaces the environment by variables with a NUL behind each, for as long as this process lives.
void set_environment(const std::string& variables);

}  // namespace a2a3sim
