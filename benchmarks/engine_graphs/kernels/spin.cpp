#include "graphs.h"

extern "C" void kernel_entry(int64_t* args) { benchmark::spin(static_cast<uint64_t>(args[0])); }
