// Programs that are nobody's children.
#pragma once

#include <sys/types.h>

#include <string>
#include <vector>

namespace a2a3sim {

/// Executes a program in a session of its own, with `input` as its stdin and nothing else to read
/// or to write. It is no child of this process, so that nobody waits for it, nor finds it by
/// waiting. Nothing of this process is copied, and it is none of fork()'s handlers' business.
/// Returns the process's id; throws std::system_error when it cannot be had.
pid_t spawn_orphan(const std::vector<std::string>& command,
                   const std::vector<std::string>& environment, int input);

/// The environment that this process had at its start, which the system's loader has looked at.
/// Throws std::runtime_error if nobody can tell any more.
std::vector<std::string> first_environment();

}  // namespace a2a3sim
