// Which task works on what which other one left: edges that data itself draws.
#pragma once

#include <cstdint>
#include <unordered_map>
#include <vector>

#include "device/device_memory.h"
#include "sanitizer/device_map.h"
#include "sanitizer/history.h"
#include "shared/shared_memory.h"

extern "C" {
#include "engine_api.h"
}

namespace a2a3sim {

class DataFlow {
  public:
    DataFlow(const History& history, const DeviceMemory& memory)
        : history_(history), memory_(memory) {}

    /// Adds what the task that has just ended read and replaced.
    void end_task();

    /// Adds what was copied to the device, and what is copied back when the graph has run.
    void end_graph(const std::vector<DeviceCopy>& copies);

    /// The task that wrote a byte last, or an a2a3_flow_end.
    int32_t writer_of(uint64_t address, bool is_copied_to) const;

    /// False if there was no room for all.
    bool put(SharedTable<a2a3_flow>& flows, const DeviceMap& map) const;

  private:
    struct Key {
        int32_t kind;
        int32_t from;
        int32_t to;
        int32_t buffer;

        bool operator==(const Key& other) const {
            return kind == other.kind && from == other.from && to == other.to &&
                   buffer == other.buffer;
        }
    };
    struct Hash {
        size_t operator()(const Key& key) const;
    };

    void add_access(const Access& access);
    void add(int32_t kind, int32_t from, int32_t to, int32_t buffer, uint64_t bytes, bool unread);

    const History& history_;
    const DeviceMemory& memory_;
    std::vector<a2a3_flow> flows_;
    std::unordered_map<Key, size_t, Hash> index_;
};

}  // namespace a2a3sim
