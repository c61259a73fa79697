// Where NumPy gets memory for arrays from.
#pragma once

namespace a2a3sim {

/// NumPy's `PyDataMem_Handler` (NumPy's C API, "Memory management") that puts large arrays into
/// ArrayMemory while it is open, and others where `other` does, which is NumPy's own. nullptr: it
/// is somebody else's, or there is no memory.
void* array_handler(const void* other) noexcept;

}  // namespace a2a3sim
