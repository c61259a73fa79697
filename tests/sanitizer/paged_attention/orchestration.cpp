// The orchestration of examples/paged_attention, which is left as it is, without one edge.
//
// The last host tensor is one int64: the number of the call of add_successor that has no effect, or
// -1. The example gets the others.
#include <vector>

#include "runtime.h"

namespace {

int64_t edges_until_removed;

class RuntimeWithoutEdge : public Runtime {
  public:
    void add_successor(int from, int to) {
        if (edges_until_removed-- != 0) Runtime::add_successor(from, to);
    }
};

}  // namespace

#define Runtime RuntimeWithoutEdge
#include "paged_attention_orch.cpp"
#undef Runtime

extern "C" int build_without_edge(Runtime* runtime, uint64_t* args, int arg_count) {
    const int tensors = (arg_count - 1) / 2;
    edges_until_removed = *reinterpret_cast<const int64_t*>(args[tensors - 1]);
    std::vector<uint64_t> of_example(args, args + arg_count);
    of_example.erase(of_example.begin() + 2 * tensors - 1);
    of_example.erase(of_example.begin() + tensors - 1);
    return build_paged_attention_graph(static_cast<RuntimeWithoutEdge*>(runtime), of_example.data(),
                                       arg_count - 2);
}
