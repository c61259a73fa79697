#include "runtime/entry_arguments.h"

namespace a2a3sim {

void EntryArguments::add_tensor(const HostTensor& tensor, uint64_t address) {
    EntryTensor made{};
    static_cast<Tensor&>(made) =
        Tensor::whole(address, tensor.shape.data(), static_cast<uint32_t>(tensor.shape.size()),
                      static_cast<DataType>(tensor.dtype), false, 0);
    made.buffer.size = tensor.nbytes;
    made.data = address;
    tensors_.push_back(made);
    all_.push_back(address);
}

}  // namespace a2a3sim
