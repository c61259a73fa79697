#include "shared/control.h"

#include <sys/syscall.h>
#include <unistd.h>

namespace a2a3sim {

namespace {

thread_local WorkerSlot* tls_worker = nullptr;

}  // namespace

int32_t system_thread_id() { return static_cast<int32_t>(syscall(SYS_gettid)); }

WorkerSlot* current_worker() { return tls_worker; }

WorkingThread::WorkingThread(WorkerSlot& slot) { tls_worker = &slot; }

WorkingThread::~WorkingThread() { tls_worker = nullptr; }

}  // namespace a2a3sim
