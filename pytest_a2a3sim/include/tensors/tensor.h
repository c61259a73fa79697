// Descriptors of tensors in device memory: what orchestrations make and kernels get.
#ifndef A2A3SIM_TENSORS_TENSOR_H_
#define A2A3SIM_TENSORS_TENSOR_H_

#include <stdint.h>

#include <stdexcept>
#include <string>
#include <utility>

#include "tensors/data_type.h"
#include "tensors/dims.h"
#include "tensors/task_id.h"

/// Memory of the device: address and size in bytes.
struct PTOBufferHandle {
    uint64_t addr;
    uint64_t size;
};

namespace a2a3sim {

/// A flag that older sources call, and newer ones read.
class Flag {
  public:
    constexpr Flag() = default;
    constexpr Flag(bool value) : value_(value) {}
    constexpr operator bool() const { return value_; }
    constexpr bool operator()() const { return value_; }

  private:
    bool value_ = false;
};

}  // namespace a2a3sim

/// Elements of a buffer: those at start_offset + sum of index * stride, for each index below the
/// shape. Shapes, strides and offsets count elements. Two descriptors of one buffer that overlap
/// order the tasks that use them.
///
/// Runtimes of March and April 2026 know of no strides: to them it is a box of `shapes` at
/// `offsets` in a buffer that holds `raw_shapes` elements in row-major order.
struct alignas(64) Tensor {
    PTOBufferHandle buffer;
    PTO2TaskId owner_task_id;  // the task that the buffer was made for, or an invalid one
    uint64_t start_offset;
    int32_t version;  // a later one overlaps whatever was written in an earlier one
    uint32_t ndims;
    DataType dtype;
    bool manual_dep;              // its author orders the tasks that use it
    a2a3sim::Flag is_contiguous;  // strides are those of the shape
    bool forgets_offset;          // to a runtime without strides
    uint32_t shapes[MAX_TENSOR_DIMS];
    uint32_t strides[MAX_TENSOR_DIMS];
    uint32_t raw_shapes[MAX_TENSOR_DIMS];
    uint32_t offsets[MAX_TENSOR_DIMS];

    Tensor() = default;
    /// A box in a buffer of that many bytes, until the middle of March 2026: in param_array.h.
    Tensor(void* address, uint64_t bytes, const uint64_t raw[], const uint64_t box[],
           const uint64_t box_offsets[], uint64_t count, DataType type, int32_t of_version = 0);

    /// The part of these shapes at `view_offsets` in this one. Throws std::logic_error if it is
    /// none; one without elements may begin anywhere.
    Tensor view(const uint32_t view_shapes[], const uint32_t view_offsets[],
                bool manual = false) const {
        bool is_empty = false;
        for (uint32_t i = 0; i < ndims; ++i) is_empty |= view_shapes[i] == 0;
        Tensor made = *this;
        made.manual_dep = manual;
        for (uint32_t i = 0; i < ndims; ++i) {
            if (!is_empty) {
                check_part("view", i, view_offsets[i], uint64_t{view_offsets[i]} + view_shapes[i]);
                made.start_offset += uint64_t{view_offsets[i]} * strides[i];
                made.offsets[i] += view_offsets[i];
            }
            made.shapes[i] = view_shapes[i];
        }
        made.update_contiguous();
        return made;
    }

    Tensor view(const uint64_t view_shapes[], const uint64_t view_offsets[]) const {
        return view(a2a3sim::Dims(view_shapes, ndims).values,
                    a2a3sim::Dims(view_offsets, ndims).values);
    }

    /// Every `step`-th element of a dimension from `begin` up to `end`. Throws std::logic_error if
    /// there is none.
    Tensor slice(uint32_t dimension, uint32_t begin, uint32_t end, uint32_t step = 1,
                 bool manual = false) const {
        check_dimension("slice", dimension);
        check_part("slice", dimension, begin, end);
        if (step == 0 || begin >= end) {
            throw std::logic_error("Tensor::slice: from " + std::to_string(begin) + " to " +
                                   std::to_string(end) + " in steps of " + std::to_string(step));
        }
        Tensor made = *this;
        made.manual_dep = manual;
        made.start_offset += uint64_t{begin} * strides[dimension];
        made.offsets[dimension] += begin;
        made.shapes[dimension] = (end - begin + step - 1) / step;
        made.strides[dimension] *= step;
        made.update_contiguous();
        return made;
    }

    /// The same elements in other dimensions. Throws std::logic_error where the device would stop.
    Tensor reshape(const uint32_t new_shapes[], uint32_t new_ndims, bool manual = false) const {
        check_rank("Tensor::reshape", new_ndims);
        uint64_t elements = 1;
        for (uint32_t i = 0; i < new_ndims; ++i) elements *= new_shapes[i];
        if (elements != numel()) {
            throw std::logic_error("Tensor::reshape: the new shape has " +
                                   std::to_string(elements) + " elements, the tensor " +
                                   std::to_string(numel()));
        }
        if (!is_contiguous) {
            throw std::logic_error(
                "Tensor::reshape: the tensor is a view that is not contiguous; the device stops "
                "here. Reshape the whole tensor, and take the view of the result");
        }
        Tensor made = *this;
        made.ndims = new_ndims;
        made.manual_dep = manual;
        made.forgets_offset |= start_offset != 0;
        for (uint32_t i = 0; i < new_ndims; ++i) {
            made.shapes[i] = made.raw_shapes[i] = new_shapes[i];
            made.offsets[i] = 0;
        }
        made.set_row_major();
        return made;
    }

    Tensor reshape(const uint64_t new_shapes[], uint64_t new_ndims) const {
        return reshape(a2a3sim::Dims(new_shapes, new_ndims).values,
                       static_cast<uint32_t>(new_ndims));
    }

    /// Dimensions x and y change places. To a runtime without strides memory stays row-major, so
    /// that elements do not move.
    Tensor transpose(uint32_t x, uint32_t y, bool manual = false) const {
        check_dimension("transpose", x);
        check_dimension("transpose", y);
        Tensor made = *this;
        made.manual_dep = manual;
        std::swap(made.shapes[x], made.shapes[y]);
        std::swap(made.strides[x], made.strides[y]);
        std::swap(made.raw_shapes[x], made.raw_shapes[y]);
        std::swap(made.offsets[x], made.offsets[y]);
        made.update_contiguous();
        return made;
    }

    /// Dimension i is what dimension order[i] was.
    Tensor permute(const uint32_t order[], bool manual = false) const {
        Tensor made = *this;
        made.manual_dep = manual;
        for (uint32_t i = 0; i < ndims; ++i) {
            check_dimension("permute", order[i]);
            made.shapes[i] = shapes[order[i]];
            made.strides[i] = strides[order[i]];
            made.raw_shapes[i] = raw_shapes[order[i]];
            made.offsets[i] = offsets[order[i]];
        }
        made.update_contiguous();
        return made;
    }

    uint64_t numel() const {
        uint64_t elements = ndims == 0 ? 0 : 1;
        for (uint32_t i = 0; i < ndims; ++i) elements *= shapes[i];
        return elements;
    }

    /// Elements from the first one to the last one, both included.
    uint64_t extent_elem() const {
        if (numel() == 0) return 0;
        uint64_t last = 0;
        for (uint32_t i = 0; i < ndims; ++i) last += uint64_t{shapes[i] - 1} * strides[i];
        return last + 1;
    }

    Tensor& data() { return *this; }  // until the middle of March 2026 tensors were handles

    uint64_t nbytes() const { return numel() * get_element_size(dtype); }

    /// Where the buffer begins.
    template <typename T>
    T* data_as() const {
        return reinterpret_cast<T*>(static_cast<uintptr_t>(buffer.addr));
    }

    /// Where an element is in the buffer, in elements.
    uint64_t compute_flat_offset(const uint32_t indices[], uint32_t count) const {
        uint64_t offset = start_offset;
        for (uint32_t i = 0; i < count; ++i) offset += uint64_t{indices[i]} * strides[i];
        return offset;
    }

    bool is_same_memref(const Tensor& other) const { return buffer.addr == other.buffer.addr; }

    /// Where the box begins in row-major order.
    uint64_t box_offset() const {
        uint64_t stride = 1;
        uint64_t offset = 0;
        for (uint32_t i = ndims; i-- > 0;) {
            offset += offsets[i] * stride;
            stride *= raw_shapes[i];
        }
        return offset;
    }

    /// For people to read.
    std::string dump() const {
        return "Tensor at " + std::to_string(buffer.addr) + ", " + std::to_string(buffer.size) +
               " bytes, " + get_dtype_name(dtype) + ", version " + std::to_string(version) +
               ", shapes " + listed(shapes) + ", strides " + listed(strides) + ", first element " +
               std::to_string(start_offset);
    }

    /// A tensor of that shape that owns its buffer, or has none yet. Throws std::logic_error for
    /// more dimensions than a descriptor has.
    static Tensor whole(uint64_t address, const uint32_t of_shapes[], uint32_t of_ndims,
                        DataType type, bool manual, int32_t of_version) {
        check_rank("make_tensor", of_ndims);
        Tensor made{};
        made.version = of_version;
        made.dtype = type;
        made.ndims = of_ndims;
        made.manual_dep = manual;
        for (uint32_t i = 0; i < of_ndims; ++i) made.shapes[i] = made.raw_shapes[i] = of_shapes[i];
        made.set_row_major();
        made.buffer = {address, made.nbytes()};
        return made;
    }

    static void check_rank(const char* call, uint32_t count) {
        if (count <= MAX_TENSOR_DIMS) return;
        throw std::logic_error(std::string(call) + ": " + std::to_string(count) +
                               " dimensions; a descriptor has " + std::to_string(MAX_TENSOR_DIMS));
    }

    /// After a change of shapes or strides.
    void update_contiguous() {
        uint64_t stride = 1;
        bool matches = true;
        for (uint32_t i = ndims; i-- > 0;) {
            matches &= strides[i] == stride;
            stride *= shapes[i];
        }
        is_contiguous = matches || stride == 0;
    }

  private:
    void set_row_major() {
        uint32_t stride = 1;
        for (uint32_t i = ndims; i-- > 0;) {
            strides[i] = stride;
            stride *= shapes[i];
        }
        is_contiguous = true;
    }

    void check_dimension(const char* call, uint32_t dimension) const {
        if (dimension < ndims) return;
        throw std::logic_error("Tensor::" + std::string(call) + ": dimension " +
                               std::to_string(dimension) + "; the tensor has " +
                               std::to_string(ndims) + " dimensions");
    }

    void check_part(const char* call, uint32_t dimension, uint64_t begin, uint64_t end) const {
        if (begin <= end && end <= shapes[dimension]) return;
        throw std::logic_error("Tensor::" + std::string(call) + ": elements " +
                               std::to_string(begin) + " to " + std::to_string(end) +
                               " of dimension " + std::to_string(dimension) +
                               ", of which the tensor has " + std::to_string(shapes[dimension]));
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
using ChipTensor = Tensor;

#endif  // A2A3SIM_TENSORS_TENSOR_H_
