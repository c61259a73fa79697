// What an orchestration says of ranges of device memory: their name, type and shape.
#pragma once

#include <string>
#include <vector>

#include "device/device_memory.h"

namespace a2a3sim {

class Descriptions {
  public:
    /// "" or what is wrong, to follow the name of the call.
    std::string add(const DeviceMemory& memory, const void* dev, const char* name,
                    const char* dtype, const int64_t* shape, int ndim);

    /// In the order of the calls.
    const std::vector<a2a3_description>& all() const { return all_; }

  private:
    std::vector<a2a3_description> all_;
};

/// Bytes of an element of the type, or 0 if there is none of that name.
size_t size_of_dtype(const char* dtype);

}  // namespace a2a3sim
