// Descriptors of tensors in device memory: what orchestrations make and kernels get.
#ifndef A2A3SIM_TENSOR_H_
#define A2A3SIM_TENSOR_H_

#include <stdint.h>

#include <stdexcept>
#include <string>
#include <utility>

constexpr int RUNTIME_MAX_TENSOR_DIMS = 5;

enum class DataType : uint32_t {
    FLOAT32,
    FLOAT16,
    INT32,
    INT16,
    INT8,
    UINT8,
    BFLOAT16,
    INT64,
    UINT64,
};

/// Bytes of an element; 0 for an unknown type.
constexpr uint64_t get_element_size(DataType type) {
    switch (type) {
        case DataType::INT8:
        case DataType::UINT8:
            return 1;
        case DataType::FLOAT16:
        case DataType::INT16:
        case DataType::BFLOAT16:
            return 2;
        case DataType::FLOAT32:
        case DataType::INT32:
            return 4;
        case DataType::INT64:
        case DataType::UINT64:
            return 8;
    }
    return 0;
}

constexpr const char* get_dtype_name(DataType type) {
    switch (type) {
        case DataType::FLOAT32:
            return "FLOAT32";
        case DataType::FLOAT16:
            return "FLOAT16";
        case DataType::INT32:
            return "INT32";
        case DataType::INT16:
            return "INT16";
        case DataType::INT8:
            return "INT8";
        case DataType::UINT8:
            return "UINT8";
        case DataType::BFLOAT16:
            return "BFLOAT16";
        case DataType::INT64:
            return "INT64";
        case DataType::UINT64:
            return "UINT64";
    }
    return "UNKNOWN";
}

/// Memory of the device: address and size in bytes.
struct PTOBufferHandle {
    uint64_t addr;
    uint64_t size;
};

/// A box of elements in a buffer that holds `raw_shapes` elements in row-major order. Shapes and
/// offsets count elements. Two descriptors of one buffer that overlap order the tasks that use
/// them.
struct alignas(64) Tensor {
    PTOBufferHandle buffer;
    uint64_t start_offset;  // of the first element of the box; set when a kernel gets it
    int32_t version;        // a later one overlaps whatever was written in an earlier one
    DataType dtype;
    uint32_t ndims;
    bool is_all_offset_zero;
    bool is_raw_eq_shapes;
    bool manual_dep;  // its author orders the tasks that use it
    uint32_t shapes[RUNTIME_MAX_TENSOR_DIMS];
    uint32_t raw_shapes[RUNTIME_MAX_TENSOR_DIMS];
    uint32_t offsets[RUNTIME_MAX_TENSOR_DIMS];

    /// The box of these shapes at `view_offsets` in this one.
    Tensor view(const uint32_t view_shapes[], const uint32_t view_offsets[],
                bool manual = false) const {
        Tensor made = *this;
        made.manual_dep = manual;
        made.is_raw_eq_shapes = false;
        made.is_all_offset_zero = true;
        for (uint32_t i = 0; i < ndims; ++i) {
            made.shapes[i] = view_shapes[i];
            made.offsets[i] += view_offsets[i];
            if (made.offsets[i] != 0) made.is_all_offset_zero = false;
        }
        return made;
    }

    /// The same elements in other dimensions. Throws std::logic_error where the device would stop,
    /// or lose where the view begins.
    Tensor reshape(const uint32_t new_shapes[], uint32_t new_ndims, bool manual = false) const {
        check_dimensions("Tensor::reshape", new_ndims);
        uint64_t elements = 1;
        for (uint32_t i = 0; i < new_ndims; ++i) elements *= new_shapes[i];
        if (elements != numel()) {
            throw std::logic_error("Tensor::reshape: the new shape has " +
                                   std::to_string(elements) + " elements, the tensor " +
                                   std::to_string(numel()));
        }
        if (!is_contiguous()) {
            throw std::logic_error(
                "Tensor::reshape: the tensor is a view that is not contiguous; the device stops "
                "here. Reshape the whole tensor, and take the view of the result");
        }
        if (!is_all_offset_zero) {
            throw std::logic_error(
                "Tensor::reshape: the tensor is a view that does not begin at 0; the device "
                "forgets its offset here. Reshape the whole tensor, and take the view of the "
                "result");
        }
        Tensor made = *this;
        made.ndims = new_ndims;
        made.manual_dep = manual;
        made.is_raw_eq_shapes = true;
        for (uint32_t i = 0; i < new_ndims; ++i) {
            made.shapes[i] = made.raw_shapes[i] = new_shapes[i];
            made.offsets[i] = 0;
        }
        return made;
    }

    /// Dimensions x and y change places; memory stays row-major, so that elements do not move.
    Tensor transpose(uint32_t x, uint32_t y, bool manual = false) const {
        if (x >= ndims || y >= ndims) {
            throw std::logic_error("Tensor::transpose: the tensor has " + std::to_string(ndims) +
                                   " dimensions");
        }
        Tensor made = *this;
        made.manual_dep = manual;
        std::swap(made.shapes[x], made.shapes[y]);
        std::swap(made.raw_shapes[x], made.raw_shapes[y]);
        std::swap(made.offsets[x], made.offsets[y]);
        return made;
    }

    bool is_contiguous() const {
        for (uint32_t i = 1; i < ndims; ++i) {
            if (shapes[i] != raw_shapes[i]) return false;
        }
        return true;
    }

    uint64_t numel() const {
        uint64_t elements = ndims == 0 ? 0 : 1;
        for (uint32_t i = 0; i < ndims; ++i) elements *= shapes[i];
        return elements;
    }

    bool is_same_memref(const Tensor& other) const { return buffer.addr == other.buffer.addr; }

    void update_start_offset() {
        uint64_t stride = 1;
        start_offset = 0;
        for (uint32_t i = ndims; i-- > 0;) {
            start_offset += offsets[i] * stride;
            stride *= raw_shapes[i];
        }
    }

    /// For people to read.
    std::string dump() const {
        return "Tensor at " + std::to_string(buffer.addr) + ", " + std::to_string(buffer.size) +
               " bytes, " + get_dtype_name(dtype) + ", version " + std::to_string(version) +
               ", shapes " + listed(shapes) + " at " + listed(offsets) + " of " +
               listed(raw_shapes);
    }

    /// A tensor of that shape that owns its buffer, or has none yet. Throws std::logic_error for
    /// more dimensions than a descriptor has.
    static Tensor whole(uint64_t address, const uint32_t of_shapes[], uint32_t of_ndims,
                        DataType type, bool manual, int32_t of_version) {
        check_dimensions("make_tensor", of_ndims);
        Tensor made{};
        made.version = of_version;
        made.dtype = type;
        made.ndims = of_ndims;
        made.is_all_offset_zero = made.is_raw_eq_shapes = true;
        made.manual_dep = manual;
        uint64_t elements = 1;
        for (uint32_t i = 0; i < of_ndims; ++i) {
            made.shapes[i] = made.raw_shapes[i] = of_shapes[i];
            elements *= of_shapes[i];
        }
        made.buffer = {address, elements * get_element_size(type)};
        return made;
    }

  private:
    static void check_dimensions(const char* call, uint32_t count) {
        if (count <= RUNTIME_MAX_TENSOR_DIMS) return;
        throw std::logic_error(std::string(call) + ": " + std::to_string(count) +
                               " dimensions; a descriptor has " +
                               std::to_string(RUNTIME_MAX_TENSOR_DIMS));
    }

    std::string listed(const uint32_t* values) const {
        std::string text = "[";
        for (uint32_t i = 0; i < ndims; ++i) {
            text += (i == 0 ? "" : ", ") + std::to_string(values[i]);
        }
        return text + "]";
    }
};

using TensorData = Tensor;

#endif  // A2A3SIM_TENSOR_H_
