// One case from the loaded objects to the outputs on the host, in the calling process.
#pragma once

#include <functional>
#include <optional>

#include "base/memory.h"
#include "device/device_memory.h"
#include "dump/task_dump.h"
#include "graph/recording.h"
#include "isolation/case_description.h"
#include "sanitizer/sanitizer.h"
#include "shared/control.h"
#include "shared/shared_memory.h"

namespace a2a3sim {

/// Everything that a simulating process tells its parent.
struct SharedState {
    /// Files keep what every case has, of one that has nothing else; none: forked processes share
    /// it.
    explicit SharedState(const CaseDescription& description, SharedFile* file = nullptr,
                         SharedFile* recording_file = nullptr)
        : control(file),
          buffers(room_for<DeviceBuffer>(kMostBuffers), file),
          recording(recording_file),
          copied(room_for<a2a3_copied_range>(kMostRanges), file),
          objects(kMostObjects, file) {
        // What the report begins with, 0, is no news.
        const auto start = static_cast<uint32_t>(description.start_nanoseconds);
        control.agree_on_news((start | 1U << 31) & ~3U);
        if (description.is_sanitized()) sanitizer.emplace();
        if (description.records_dependencies) dependencies.emplace(kMostDependencies);
        if (description.dump.is_wanted() || description.records_arguments) dump.emplace();
    }

    Control control;
    SharedTable<DeviceBuffer> buffers;
    Recording recording;
    SharedTable<a2a3_copied_range> copied;
    SharedTable<a2a3_object> objects;
    std::optional<SharedTable<a2a3_dependency>> dependencies;  // of a case that records them
    std::optional<SanitizerTables> sanitizer;                  // of a sanitized case
    std::optional<DumpTables> dump;  // of a dumped one, or one that records arguments

    /// A process that a kernel forks cannot touch what belongs to the case.
    void hide_from_children() const {
        control.hide_from_children();
        buffers.hide_from_children();
        recording.hide_from_children();
        copied.hide_from_children();
        objects.hide_from_children();
        if (dependencies) dependencies->hide_from_children();
        if (sanitizer) sanitizer->hide_from_children();
        if (dump) dump->hide_from_children();
    }

  private:
    template <typename T>
    static size_t room_for(size_t count) {
        constexpr double kShare = 0.03;  // of scarce addresses
        return address_space(count * sizeof(T), kShare) / sizeof(T);
    }

    // Addresses only: memory is used as the tables grow.
    static constexpr size_t kMostBuffers = size_t{1} << 28;
    static constexpr size_t kMostRanges = size_t{1} << 28;
    static constexpr size_t kMostDependencies = size_t{1} << 24;
    static constexpr size_t kMostObjects = size_t{1} << 14;
};

/// Runs the case. Every failure ends up in the report. Calls `at_end` if there is none, when
/// nothing is left to do but to give back what the case had: that takes long.
void simulate(const CaseDescription& description, SharedState& shared,
              const std::function<void()>& at_end);

}  // namespace a2a3sim
