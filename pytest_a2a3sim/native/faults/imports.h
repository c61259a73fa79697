// What an object that dlopen() loaded takes from others.
#pragma once

#include <functional>

namespace a2a3sim {

/// Calls `visit` with the name of each such function or variable, and with the address in the
/// object that holds where it is. False if that cannot be told.
bool for_each_import(void* handle, const std::function<void(const char* name, void** slot)>& visit);

/// Has `slot` of the object hold `value`, also where the object's memory is read-only by now.
void set_import(void* handle, void** slot, void* value);

}  // namespace a2a3sim
