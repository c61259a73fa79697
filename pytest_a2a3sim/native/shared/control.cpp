#include "shared/control.h"

namespace a2a3sim {

namespace {

thread_local WorkerSlot* tls_worker = nullptr;

}  // namespace

WorkerSlot* current_worker() { return tls_worker; }

WorkingThread::WorkingThread(WorkerSlot& slot) { tls_worker = &slot; }

WorkingThread::~WorkingThread() { tls_worker = nullptr; }

}  // namespace a2a3sim
