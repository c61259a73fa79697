// Arrays of NumPy that windows share: whoever writes, nobody else sees it.
#include <fcntl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <thread>
#include <vector>

#include "expect.h"
#include "limited_memory.h"
#include "shared/array_handler.h"
#include "shared/array_memory.h"

extern "C" {
#include "engine_api.h"
}

namespace {

// As in NumPy's ndarraytypes.h.
struct Handler {
    char name[127];
    uint8_t version;
    void* context;
    void* (*malloc)(void*, size_t);
    void* (*calloc)(void*, size_t, size_t);
    void* (*realloc)(void*, void*, size_t);
    void (*free)(void*, void*, size_t);
};

const Handler others{
    "default_allocator",
    1,
    nullptr,
    [](void*, size_t size) { return std::malloc(size); },
    [](void*, size_t count, size_t size) { return std::calloc(count, size); },
    [](void*, void* data, size_t size) { return std::realloc(data, size); },
    [](void*, void* data, size_t) { std::free(data); },
};

constexpr size_t kSize = a2a3sim::kLargeArray + 4100;

class Arrays {
  public:
    Arrays() : handler_(static_cast<const Handler*>(a2a3_array_handler(&others))) {}

    char* make(size_t size) const {
        return static_cast<char*>(handler_->malloc(handler_->context, size));
    }
    char* make_zeros(size_t size) const {
        return static_cast<char*>(handler_->calloc(handler_->context, size, 1));
    }
    char* resize(char* data, size_t size) const {
        return static_cast<char*>(handler_->realloc(handler_->context, data, size));
    }
    void free(char* data, size_t size) const { handler_->free(handler_->context, data, size); }

  private:
    const Handler* handler_;
};

struct Window {
    Window(const char* input, const char* output) {
        const uint64_t sizes[] = {kSize, kSize};
        expect(a2a3_window_create(sizes, 1, 2, 0, 2, &window) == A2A3_OK, "a window");
        int32_t is_zero = -1;
        expect(a2a3_window_fill(window, 0, input, 2, &is_zero) == A2A3_OK, "an input");
        expect(is_zero == 0, "an input that is zero");
        expect(a2a3_window_fill(window, 1, output, 2, &is_zero) == A2A3_OK, "an output");
        has_zeros = is_zero == 1;
    }
    ~Window() { a2a3_window_destroy(window); }

    char* tensor(int32_t index) const {
        return static_cast<char*>(a2a3_window_tensor(window, index));
    }

    a2a3_window* window = nullptr;
    bool has_zeros = false;
};

bool has_only(const char* data, char byte) {
    return std::all_of(data, data + kSize, [byte](char each) { return each == byte; });
}

void share(const Arrays& arrays) {
    a2a3_arrays_open(2);
    char* const x = arrays.make(kSize);
    char* const y = arrays.make_zeros(kSize);
    std::memset(x, 1, kSize);
    a2a3_arrays_close();
    {
        const Window first(x, y);
        expect(first.has_zeros && has_only(first.tensor(0), 1), "the first window");
        std::memset(first.tensor(0), 2, 5000);
        expect(has_only(x, 1), "what a window writes");
        x[kSize - 1] = 3;
        y[7] = 1;
        const Window second(x, y);
        expect(!second.has_zeros && second.tensor(1)[7] == 1, "an output that was written to");
        expect(std::memcmp(second.tensor(0), x, kSize) == 0, "an array that was written to");
        arrays.free(x, kSize);
        expect(second.tensor(0)[5] == 1 && first.tensor(0)[5] == 2, "an array that is freed");
        expect(first.tensor(0)[kSize - 1] == 1, "what an array gets later");
    }
    arrays.free(y, kSize);
}

/// As inputs are made: in steps, each of which frees what the one before made.
void make_in_steps(const Arrays& arrays) {
    a2a3_arrays_open(1);
    char* const first = arrays.make(kSize);
    std::memset(first, 1, kSize);
    arrays.free(first, kSize);
    char* const y = arrays.make(2 * kSize);
    char* const x = arrays.make(kSize);
    expect(x == first, "memory of an array that was freed");
    arrays.free(y, 2 * kSize);
    std::memset(x, 2, kSize);
    char* const output = arrays.make_zeros(kSize);
    a2a3_arrays_close();
    {
        const Window window(x, output);
        expect(has_only(window.tensor(0), 2), "an array in used memory");
        x[0] = 3;
        expect(window.tensor(0)[0] == 2, "what it gets later");
    }
    arrays.free(x, kSize);
    arrays.free(output, kSize);
    a2a3_arrays_open(1);
    char* const larger = arrays.make(kSize + 60);
    std::memset(larger, 7, kSize + 60);
    arrays.free(larger, kSize + 60);
    char* const smaller = arrays.make(kSize);  // as many pages
    expect(smaller[-1] == 0 && smaller[kSize] == 0, "what lies around an array in used memory");
    arrays.free(smaller, kSize);
    std::vector<char*> made;
    for (size_t i = 1; i <= 12; ++i) {  // more than is kept
        made.push_back(arrays.make(a2a3sim::kLargeArray * i));
        arrays.free(made.back(), a2a3sim::kLargeArray * i);
    }
    a2a3_arrays_close();
}

void resize(const Arrays& arrays) {
    a2a3_arrays_open(1);
    char* data = arrays.make(kSize);
    std::memset(data, 1, kSize);
    for (const size_t size : {2 * kSize, kSize, size_t{100}, kSize}) {
        data = arrays.resize(data, size);
        expect(data[0] == 1 && data[99] == 1, "%zu bytes", size);
        std::memset(data, 1, size);
    }
    a2a3_arrays_close();
    arrays.free(data, kSize);
}

/// Each has arrays of its own, whatever the others make, free and share.
void use_on_threads(const Arrays& arrays) {
    std::vector<std::thread> threads;
    for (int number = 1; number <= 3; ++number) {
        threads.emplace_back([&arrays, number] {
            for (int round = 0; round < 3; ++round) {
                a2a3_arrays_open(1);
                char* const x = arrays.make(kSize);
                std::memset(x, number, kSize);
                arrays.free(arrays.make(kSize), kSize);
                a2a3_arrays_close();
                expect(has_only(x, static_cast<char>(number)), "an array of thread %d", number);
                arrays.free(x, kSize);
            }
        });
    }
    for (std::thread& thread : threads) thread.join();
}

size_t open_descriptors() {
    size_t count = 0;
    for (int number = 0; number < 256; ++number) {
        if (fcntl(number, F_GETFD) >= 0) ++count;
    }
    return count;
}

void keep_few_descriptors(const Arrays& arrays) {
    const size_t before = open_descriptors();
    a2a3_arrays_open(1);
    std::vector<char*> made;
    for (int i = 0; i < 20; ++i) made.push_back(arrays.make(kSize));
    expect(open_descriptors() <= before + 16, "%zu descriptors", open_descriptors() - before);
    a2a3_arrays_close();
    a2a3_arrays_open(1);
    expect(open_descriptors() == before, "descriptors of arrays that were made before");
    a2a3_arrays_close();
    for (char* const data : made) arrays.free(data, kSize);
}

/// In a forked process, what has the number of an array's file may be another one.
void leave_other_descriptors_alone(const Arrays& arrays) {
    a2a3_arrays_open(1);
    char* const x = arrays.make(kSize);
    std::memset(x, 1, kSize);
    const pid_t child = fork();
    if (child == 0) {
        const int last = 255;
        for (int number = 3; number <= last; ++number) close(number);
        for (int number = 3; number <= last; ++number) dup2(0, number);
        x[0] = 2;
        arrays.free(x, kSize);
        char* const other = arrays.make(kSize);
        other[0] = 3;
        a2a3_arrays_close();
        a2a3_arrays_open(1);
        _exit(open_descriptors() == last + 1 && other[0] == 3 ? 0 : 1);
    }
    int status = -1;
    expect(waitpid(child, &status, 0) == child && status == 0, "a forked process");
    expect(has_only(x, 1), "what a forked process writes");
    a2a3_arrays_close();
    arrays.free(x, kSize);
}

void leave_other_handlers_alone() {
    Handler handler = others;
    std::strcpy(handler.name, "somebody's");
    expect(a2a3_array_handler(&handler) == nullptr, "a handler that is not NumPy's");
}

/// NumPy is written in C.
void survive_without_memory(const Arrays& arrays) {
    for (int left = 0; left < 12; ++left) {
        a2a3_arrays_open(1);
        allocations_left = left;
        char* const x = arrays.make(kSize);
        char* const y = arrays.make_zeros(kSize);
        arrays.free(x, kSize);
        arrays.free(y, kSize);
        allocations_left = kUnlimited;
        a2a3_arrays_close();
        expect(x != nullptr && y != nullptr, "arrays after %d allocations", left);
    }
}

}  // namespace

int main() {
    const Arrays arrays;
    share(arrays);
    make_in_steps(arrays);
    resize(arrays);
    keep_few_descriptors(arrays);
    leave_other_descriptors_alone(arrays);
    leave_other_handlers_alone();
    use_on_threads(arrays);
    survive_without_memory(arrays);  // after which no array is shared any more
    std::puts("every array is its own");
}
