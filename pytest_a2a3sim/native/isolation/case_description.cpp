#include "isolation/case_description.h"

#include <stdexcept>

#include "base/failure.h"
#include "base/ticks.h"
#include "executor/executor.h"
#include "isolation/simulation.h"

namespace a2a3sim {

CaseDescription::CaseDescription(const a2a3_request& request)
    : orchestration{"the orchestration", request.orchestration_path, request.orchestration_symbol},
      args(request.args, request.args + request.arg_count),
      runtime(static_cast<a2a3_runtime>(request.runtime)),
      ring_sizes(request.ring_sizes),
      window(reinterpret_cast<const HostWindow*>(request.window)),
      process_server(reinterpret_cast<ProcessServer*>(request.process_server)),
      kept_memory(nullptr),
      environment(request.environment, request.environment_size),
      block_dim(request.block_dim),
      thread_count(request.thread_count),
      schedule(static_cast<a2a3_schedule>(request.schedule)),
      seed(request.seed),
      isolate(request.isolate != 0),
      device_memory_size(request.device_memory_size),
      other_poison(request.other_poison, request.other_poison + request.other_poison_count),
      described_buffer(request.described_buffer),
      output_descriptor(request.output_descriptor),
      error_descriptor(request.error_descriptor),
      watches(request.watches, request.watches + request.watch_count),
      orders(request.orders, request.orders + request.order_count),
      order_seconds(request.order_seconds),
      questions(request.questions, request.questions + request.question_count),
      records_flows(request.records_flows != 0),
      checks(request.checks),
      check_each_task(request.check_each_task != 0),
      core_memory(request.core_memory),
      dump(request.dump),
      records_arguments(request.records_arguments != 0),
      records_dependencies(request.records_dependencies != 0),
      start_nanoseconds(monotonic_nanoseconds()),
      start_ticks(read_ticks()),
      nonce(static_cast<uint64_t>(read_ticks()) * 0xbf58476d1ce4e5b9 ^
            reinterpret_cast<uintptr_t>(this)) {
    if (block_dim < 1 || block_dim > kMostBlocks) {
        throw std::invalid_argument(
            format("block_dim is %d, not from 1 to %d", block_dim, kMostBlocks));
    }
    for (int32_t i = 0; i < request.kernel_count; ++i) {
        const a2a3_kernel& kernel = request.kernels[i];
        kernels.push_back(ObjectSymbol{kernel.name, kernel.object_path, kernel.symbol,
                                       kernel.func_id, kernel.core_type});
    }
    for (int32_t i = 0; i < request.tensor_count; ++i) {
        const a2a3_tensor& tensor = request.tensors[i];
        tensors.push_back(
            HostTensor{tensor.name, static_cast<char*>(tensor.data), tensor.nbytes,
                       tensor.read_only != 0, tensor.is_output != 0, tensor.dtype,
                       std::vector<uint32_t>(tensor.shape, tensor.shape + tensor.ndim),
                       tensor.order_dependent != 0});
    }
}

uint64_t receipt_of(const CaseDescription& description, const a2a3_ending& ending,
                    size_t copied_ranges) {
    uint64_t receipt = description.nonce;
    for (const uint64_t number :
         {static_cast<uint64_t>(ending.task_count), static_cast<uint64_t>(ending.edge_count),
          static_cast<uint64_t>(copied_ranges)}) {
        receipt = (receipt ^ number) * 0x9e3779b97f4a7c15;
        receipt ^= receipt >> 32;
    }
    return receipt | 1;
}

}  // namespace a2a3sim
