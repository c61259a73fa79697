#include "runtime/descriptions.h"

#include <algorithm>
#include <cstring>
#include <limits>

#include "base/failure.h"

namespace a2a3sim {

namespace {

struct Dtype {
    const char* name;
    size_t size;
};

constexpr Dtype kDtypes[] = {
    {"float64", 8},        {"float32", 4},     {"float16", 2},         {"bfloat16", 2},
    {"int64", 8},          {"int32", 4},       {"int16", 2},           {"int8", 1},
    {"uint64", 8},         {"uint32", 4},      {"uint16", 2},          {"uint8", 1},
    {"bool", 1},           {"float8_e3m4", 1}, {"float8_e4m3", 1},     {"float8_e4m3b11fnuz", 1},
    {"float8_e4m3fn", 1},  {"float8_e5m2", 1}, {"float8_e4m3fnuz", 1}, {"float8_e5m2fnuz", 1},
    {"float8_e8m0fnu", 1},
};

/// "" or what is wrong with a name.
std::string check_name(const char* name) {
    const size_t length = name == nullptr ? 0 : std::strlen(name);
    const bool printable = std::all_of(name, name + length,
                                       [](char letter) { return letter >= ' ' && letter <= '~'; });
    if (length > 0 && length < A2A3_DESCRIPTION_NAME_LENGTH && printable) return "";
    return format(": a name has 1 to %d printable ASCII characters, this one has %zu%s",
                  A2A3_DESCRIPTION_NAME_LENGTH - 1, length, printable ? "" : ", others among them");
}

/// Bytes of a tensor; 0 if there are none, or more than any memory has.
size_t size_of(const int64_t* shape, int ndim, size_t element) {
    size_t size = element;
    for (int axis = 0; axis < ndim; ++axis) {
        const auto length = static_cast<size_t>(std::max<int64_t>(shape[axis], 0));
        if (length != 0 && size > std::numeric_limits<size_t>::max() / length) return 0;
        size *= length;
    }
    return size;
}

std::string text_of(const int64_t* shape, int ndim) {
    std::string text = "{";
    for (int axis = 0; axis < ndim; ++axis) {
        text += format(axis == 0 ? "%lld" : ", %lld", static_cast<long long>(shape[axis]));
    }
    return text + "}";
}

}  // namespace

size_t size_of_dtype(const char* dtype) {
    const auto* const found =
        std::find_if(std::begin(kDtypes), std::end(kDtypes),
                     [&](const Dtype& known) { return std::strcmp(known.name, dtype) == 0; });
    return found == std::end(kDtypes) ? 0 : found->size;
}

std::string Descriptions::add(const DeviceMemory& memory, const void* dev, const char* name,
                              const char* dtype, const int64_t* shape, int ndim) {
    const std::string wrong_name = check_name(name);
    if (!wrong_name.empty()) return wrong_name;
    const std::string call = format("(\"%s\"): ", name);
    const size_t element = dtype == nullptr ? 0 : size_of_dtype(dtype);
    if (element == 0) {
        std::string known;
        for (const Dtype& each : kDtypes)
            known += std::string(known.empty() ? "" : ", ") + each.name;
        return call + format("there is no dtype \"%s\"; there are %s",
                             dtype == nullptr ? "(null)" : dtype, known.c_str());
    }
    if (ndim < 0 || ndim > A2A3_MOST_DIMENSIONS || (ndim > 0 && shape == nullptr)) {
        return call + format("a shape has 0 to %d axes; got %d%s", A2A3_MOST_DIMENSIONS, ndim,
                             ndim > 0 && shape == nullptr ? ", and shape is null" : "");
    }
    const size_t size = size_of(shape, ndim, element);
    if (size == 0) {
        return call + format("a shape has lengths above 0, and fits into memory; got %s",
                             text_of(shape, ndim).c_str());
    }
    const std::string problem = memory.check_range(dev, size);
    if (!problem.empty()) {
        return call + format("%s of shape %s has %zu bytes: %s", dtype,
                             text_of(shape, ndim).c_str(), size, problem.c_str());
    }
    a2a3_description made{};
    const size_t index = memory.buffer_at(dev);
    made.buffer = static_cast<int64_t>(index);
    made.offset = reinterpret_cast<uintptr_t>(dev) - memory.buffer(index).begin;
    made.size = size;
    made.tensor = -1;
    made.dimensions = ndim;
    for (int axis = 0; axis < ndim; ++axis) made.shape[axis] = static_cast<uint64_t>(shape[axis]);
    std::strcpy(made.name, name);
    std::strcpy(made.dtype, dtype);
    all_.push_back(made);
    return "";
}

}  // namespace a2a3sim
