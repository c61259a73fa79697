// Elements of tensors that an orchestration reads and sets.
#include "base/failure.h"
#include "runtime/tensor_runtime.h"

namespace a2a3sim {

std::string TensorRuntime::find_element(const Tensor& tensor, uint32_t ndims,
                                        const uint32_t* indices, uint64_t& address) {
    const uint64_t size = get_element_size(tensor.dtype);
    if (ndims != tensor.ndims || size == 0) {
        return format("%u indices for a tensor of %u dimensions", ndims, tensor.ndims);
    }
    for (uint32_t i = 0; i < ndims; ++i) {
        if (indices[i] >= tensor.shapes[i]) {
            return format("index %u of dimension %u, which has %u elements", indices[i], i,
                          tensor.shapes[i]);
        }
    }
    address = tensor.buffer.addr + tensor.compute_flat_offset(indices, ndims) * size;
    return host_.memory().check_range(reinterpret_cast<const void*>(address), size);
}

std::string TensorRuntime::awaited(const Tensor& tensor, bool writes) {
    const int32_t buffer = map_.buffer(tensor.buffer.addr);
    if (!(writes ? map_.is_used(buffer) : map_.is_written(buffer))) return "";
    return format(
        "tasks that were submitted before %s the tensor: waiting for tasks while the orchestration "
        "runs is not simulated; %s the element before they are submitted, or have a kernel do it",
        writes ? "use" : "write", writes ? "set" : "read");
}

uint64_t TensorRuntime::get_data(const Tensor& tensor, uint32_t ndims, const uint32_t* indices) {
    host_.count_call();
    if (is_fatal_) return 0;
    uint64_t address = 0;
    std::string problem = find_element(tensor, ndims, indices, address);
    if (problem.empty()) problem = awaited(tensor, false);
    uint64_t value = 0;
    if (!problem.empty()) {
        fail("get_tensor_data: " + problem);
        return value;
    }
    host_.memory().copy_out(&value, reinterpret_cast<const void*>(address),
                            get_element_size(tensor.dtype));
    if (options_.side == Side::kDevice) host_.memory().open();
    return value;
}

void TensorRuntime::set_data(const Tensor& tensor, uint32_t ndims, const uint32_t* indices,
                             uint64_t value) {
    host_.count_call();
    if (is_fatal_) return;
    uint64_t address = 0;
    std::string problem = find_element(tensor, ndims, indices, address);
    if (problem.empty()) problem = awaited(tensor, true);
    if (!problem.empty()) return fail("set_tensor_data: " + problem);
    host_.write(reinterpret_cast<void*>(address), get_element_size(tensor.dtype), value);
    if (options_.side == Side::kDevice) host_.memory().open();
}

}  // namespace a2a3sim
