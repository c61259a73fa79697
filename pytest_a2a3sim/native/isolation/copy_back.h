// From the device to the host's tensors.
#pragma once

#include "isolation/case_description.h"
#include "runtime/runtime_host.h"
#include "shared/shared_memory.h"

namespace a2a3sim {

/// Has the host get large outputs without a copy, if nothing but tasks uses device memory from now
/// on, and the graph is executed but once. To be called before that is open.
void place_outputs(RuntimeHost& host, const CaseDescription& description);

/// Copies what the orchestration's tensor pairs say, and notes which bytes. Throws CaseFailure.
void copy_back(const RuntimeHost& host, const CaseDescription& description,
               SharedTable<a2a3_copied_range>& copied);

}  // namespace a2a3sim
