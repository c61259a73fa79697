#include "sanitizer/data_flow.h"

#include <algorithm>

namespace a2a3sim {

size_t DataFlow::Hash::operator()(const Key& key) const {
    const uint64_t tasks = static_cast<uint64_t>(static_cast<uint32_t>(key.from)) << 32 |
                           static_cast<uint32_t>(key.to);
    const uint64_t rest = static_cast<uint64_t>(static_cast<uint32_t>(key.buffer)) << 2 |
                          static_cast<uint32_t>(key.kind);
    return (tasks * 0x9e3779b97f4a7c15) ^ (rest * 0xbf58476d1ce4e5b9);
}

void DataFlow::end_task() {
    for (uint32_t i = history_.first_of_task(); i < history_.end(); ++i) {
        const Access& access = history_[i];
        if (access.bytes != 0 && access.buffer != History::kOutside) add_access(access);
    }
}

void DataFlow::add_access(const Access& access) {
    constexpr int kUses =
        A2A3_MODE_READ | A2A3_MODE_ATOMIC_LOAD | A2A3_MODE_ATOMIC_ADD | A2A3_MODE_ATOMIC_OTHER;
    const bool uses = (access.modes & kUses) != 0;
    bool was_read = uses;
    uint32_t before = access.before;
    for (; before != 0 && !history_[before].writes(); before = history_[before].before) {
        was_read = true;
        if (access.writes()) {
            add(A2A3_FINDING_WAR, history_[before].task, access.task, access.buffer, access.bytes,
                false);
        }
    }
    int32_t from = access.is_copied_to ? A2A3_FLOW_HOST : A2A3_FLOW_NOBODY;
    if (before != 0) from = history_[before].task;
    if (uses) add(A2A3_FINDING_RAW, from, access.task, access.buffer, access.bytes, false);
    if (access.writes()) {
        const bool unread = !was_read && from != A2A3_FLOW_NOBODY;
        add(A2A3_FINDING_WAW, from, access.task, access.buffer, access.bytes, unread);
    }
}

void DataFlow::add(int32_t kind, int32_t from, int32_t to, int32_t buffer, uint64_t bytes,
                   bool unread) {
    const Key key{kind, from, to, buffer};
    const auto [found, is_new] = index_.emplace(key, flows_.size());
    if (is_new) flows_.push_back(a2a3_flow{kind, from, to, buffer, -1, 0, 0});
    a2a3_flow& flow = flows_[found->second];
    flow.bytes += bytes;
    if (unread) flow.unread_bytes += bytes;
}

int32_t DataFlow::writer_of(uint64_t address, bool is_copied_to) const {
    uint32_t last = history_.last_of(address);
    while (last != 0 && !history_[last].writes()) last = history_[last].before;
    if (last != 0) return history_[last].task;
    return is_copied_to ? A2A3_FLOW_HOST : A2A3_FLOW_NOBODY;
}

void DataFlow::end_graph(const std::vector<DeviceCopy>& copies) {
    for (const DeviceCopy& copy : copies) {
        if (copy.to_device) {
            const ptrdiff_t buffer = memory_.find(copy.begin);
            add(A2A3_FINDING_WAW, A2A3_FLOW_NOBODY, A2A3_FLOW_HOST, static_cast<int32_t>(buffer),
                copy.size, false);
            continue;
        }
        for (uint64_t at = copy.begin; at < copy.begin + copy.size; ++at) {
            uint32_t last = history_.last_of(at);
            while (last != 0 && !history_[last].writes()) last = history_[last].before;
            if (last == 0) continue;
            const Access& access = history_[last];
            add(A2A3_FINDING_RAW, access.task, A2A3_FLOW_HOST, access.buffer, 1, false);
        }
    }
}

bool DataFlow::put(SharedTable<a2a3_flow>& flows, const DeviceMap& map) const {
    for (a2a3_flow flow : flows_) {
        if (flow.source == A2A3_FLOW_HOST || flow.to == A2A3_FLOW_HOST) {
            uint64_t offset = 0;
            const uint64_t begin = memory_.buffers()[static_cast<size_t>(flow.buffer)].begin;
            flow.tensor = map.tensor_at(begin, offset);
        }
        if (flows.size() == flows.capacity()) return false;
        flows.push_back(flow);
    }
    return true;
}

}  // namespace a2a3sim
