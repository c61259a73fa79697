#include "isolation/case_message.h"

#include <cstring>
#include <stdexcept>
#include <type_traits>

namespace a2a3sim {

namespace {

class Writer {
  public:
    void bytes(const void* data, size_t size) { text.append(static_cast<const char*>(data), size); }
    template <typename List>
    void size(const List& list) {
        const size_t count = list.size();
        bytes(&count, sizeof count);
    }

    std::string text;
};

class Reader {
  public:
    explicit Reader(const std::string& text) : text_(text) {}

    void bytes(void* data, size_t size) {
        if (size > text_.size() - position_) refuse();
        if (size > 0) std::memcpy(data, text_.data() + position_, size);
        position_ += size;
    }
    template <typename List>
    void size(List& list) {
        size_t count = 0;
        bytes(&count, sizeof count);
        if (count > text_.size() - position_) refuse();  // each is a byte at least
        list.resize(count);
    }

  private:
    [[noreturn]] static void refuse() { throw std::invalid_argument("no description of a case"); }

    const std::string& text_;
    size_t position_ = 0;
};

template <typename T>
constexpr bool kIsList = false;
template <typename T>
constexpr bool kIsList<std::vector<T>> = true;

/// The format, of both directions.
template <typename Stream, typename Value>
void pass(Stream& stream, Value& value) {
    const auto all = [&](auto&... each) { (pass(stream, each), ...); };
    using T = std::remove_const_t<Value>;
    if constexpr (kIsList<T>) {
        stream.size(value);
        for (auto& each : value) pass(stream, each);
    } else if constexpr (std::is_same_v<T, std::string>) {
        stream.size(value);
        stream.bytes(value.data(), value.size());
    } else if constexpr (std::is_same_v<T, ObjectSymbol>) {
        all(value.name, value.path, value.symbol, value.func_id, value.core_type);
    } else if constexpr (std::is_same_v<T, HostTensor>) {
        all(value.name, value.data, value.nbytes, value.read_only, value.is_output, value.dtype,
            value.shape, value.order_dependent);
    } else if constexpr (std::is_same_v<T, CaseDescription>) {
        all(value.environment, value.orchestration, value.kernels, value.tensors, value.args,
            value.runtime, value.ring_sizes, value.block_dim, value.thread_count, value.schedule,
            value.seed, value.isolate, value.device_memory_size, value.other_poison,
            value.described_buffer, value.orders, value.order_seconds, value.check_each_task,
            value.core_memory, value.start_nanoseconds, value.start_ticks, value.nonce);
    } else if constexpr (std::is_same_v<T, CaseMessage>) {
        all(value.description, value.window, value.shared_sizes, value.recording_sizes,
            value.locale, value.umask);
    } else {
        static_assert(std::is_trivially_copyable_v<T>);
        stream.bytes(&value, sizeof value);
    }
}

CaseDescription blank() {
    a2a3_request request{};
    request.orchestration_path = request.orchestration_symbol = "";
    request.block_dim = 1;
    return CaseDescription(request);
}

}  // namespace

bool fits_message(const CaseDescription& description) {
    return description.isolate && !description.is_sanitized() && description.watches.empty() &&
           description.questions.empty() && !description.dump.is_wanted() &&
           !description.records_arguments && !description.records_dependencies;
}

std::string encode(const CaseMessage& message) {
    Writer writer;
    pass(writer, message);
    return std::move(writer.text);
}

CaseMessage decode(const std::string& bytes) {
    CaseMessage message{blank(), {}, {}, {}, {}, {}};
    Reader reader(bytes);
    pass(reader, message);
    return message;
}

}  // namespace a2a3sim
