#include "graph/kernel_table.h"

#include <algorithm>
#include <utility>

#include "base/failure.h"

namespace a2a3sim {

KernelTable::KernelTable(std::vector<Kernel> kernels)
    : kernels_(std::move(kernels)), direct_index_(kDirectIds, -1) {
    for (size_t i = 0; i < kernels_.size(); ++i) {
        const int func_id = kernels_[i].func_id;
        index_of_[func_id] = static_cast<int>(i);
        if (func_id >= 0 && func_id < kDirectIds) {
            direct_index_[static_cast<size_t>(func_id)] = static_cast<int>(i);
        }
    }
}

bool KernelTable::changes_process() const {
    return std::any_of(kernels_.begin(), kernels_.end(),
                       [](const Kernel& kernel) { return kernel.changes_process; });
}

std::string KernelTable::known_ids() const {
    std::string text;
    for (const Kernel& kernel : kernels_) {
        if (!text.empty()) text += ", ";
        text += format("%d (%s)", kernel.func_id, kernel.name.c_str());
    }
    return text;
}

}  // namespace a2a3sim
