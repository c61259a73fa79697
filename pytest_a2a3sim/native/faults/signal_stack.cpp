#include "faults/signal_stack.h"

#include <cstddef>
#include <new>

#include "shared/control.h"

namespace a2a3sim {

namespace {

constexpr size_t kSignalStackSize = size_t{64} << 10;

}  // namespace

SignalStack::SignalStack() : memory_(new (std::nothrow) char[kSignalStackSize]) {
    if (memory_ != nullptr) {
        stack_t stack{};
        stack.ss_sp = memory_.get();
        stack.ss_size = kSignalStackSize;
        sigaltstack(&stack, &previous_);
    }
    if (WorkerSlot* const worker = current_worker()) {
        worker->thread_id.store(system_thread_id(), std::memory_order_relaxed);
    }
}

SignalStack::~SignalStack() {
    if (memory_ != nullptr) sigaltstack(&previous_, nullptr);
}

}  // namespace a2a3sim
