// From the device to the host's tensors.
#pragma once

#include "isolation/case_description.h"
#include "runtime/runtime_host.h"
#include "shared/shared_memory.h"

namespace a2a3sim {

/// Copies what the orchestration's tensor pairs say, and notes which bytes. Throws CaseFailure.
void copy_back(const RuntimeHost& host, const CaseDescription& description,
               SharedTable<a2a3_copied_range>& copied);

}  // namespace a2a3sim
