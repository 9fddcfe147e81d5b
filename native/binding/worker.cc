#include "binding/worker.h"

#include <ATen/Parallel.h>
#include <c10/core/GradMode.h>

#include <cstdlib>
#include <set>
#include <vector>

namespace circuit_tracer {
namespace {

// All live workers of the process. process.exit() on the main thread runs no environment cleanup
// hooks. JavaScript closes the workers when the process emits 'exit'; the exit handler here is for
// exits that emit none, and comes too late for statics LibTorch makes after it is registered. Never
// destroyed itself.
struct LiveWorkers {
  std::mutex mutex;
  std::set<Worker*> workers;

  static LiveWorkers& get() {
    static LiveWorkers* all = [] {
      std::atexit([] { get().closeAll(); });
      return new LiveWorkers;
    }();
    return *all;
  }

  void closeAll() {
    const std::lock_guard lock(mutex);
    for (Worker* worker : workers) worker->close();
  }
  void closeOf(const Napi::Env& env) {
    const std::lock_guard lock(mutex);
    for (Worker* worker : workers) {
      if (worker->belongsTo(env)) worker->close();
    }
  }
  void add(Worker* worker) {
    const std::lock_guard lock(mutex);
    workers.insert(worker);
  }
  void remove(Worker* worker) {
    const std::lock_guard lock(mutex);
    workers.erase(worker);
  }
};

// LibTorch remembers the last count that any thread was given; asked before the first is, it tells
// its default.
int defaultThreads() {
  static const int threads = at::get_num_threads();
  return threads;
}

}  // namespace

Worker::Worker(Napi::Env env, int threads) : env_(env) {
  const int available = defaultThreads();
  const int count = threads > 0 ? threads : available;
  channel_ = Channel::New(env, "circuit_tracer.engine", 0, 1, this);
  channel_.Unref(env);
  napi_add_env_cleanup_hook(env, onEnvironmentExit, this);
  LiveWorkers::get().add(this);
  thread_ = std::thread([this, count] { loop(count); });
}

Worker::~Worker() {
  *self_ = nullptr;
  LiveWorkers::get().remove(this);
  napi_remove_env_cleanup_hook(env_, onEnvironmentExit, this);
  if (!thread_.joinable()) return;
  close();
  channel_.Release();
}

// The environment can go away (process exit, worker.terminate()) while a job runs. From then on
// nothing may be posted to it. Jobs hold references to JS values, so they are destroyed here, while
// the environment still stands.
void Worker::onEnvironmentExit(void* worker) {
  static_cast<Worker*>(worker)->close();
  static_cast<Worker*>(worker)->jobs_.clear();
}

void Worker::close() {
  tearingDown_ = true;
  cancelAll();
  {
    const std::lock_guard lock(mutex_);
    closing_ = true;
  }
  wake_.notify_all();
  if (thread_.joinable()) thread_.join();
}

void Worker::closeAll(Napi::Env env) { LiveWorkers::get().closeOf(env); }

void Worker::loop(int threads) {
  // Both are properties of the calling thread, so they are set on the one that computes.
  at::set_num_threads(threads);
  c10::NoGradGuard noGrad;
  for (;;) {
    Queued next{};
    {
      std::unique_lock lock(mutex_);
      wake_.wait(lock, [this] { return closing_ || !queue_.empty(); });
      if (queue_.empty()) return;
      next = queue_.front();
      queue_.pop_front();
    }
    next.job->run([this, next] { post(next.id, false); });
    post(next.id, true);
  }
}

void Worker::post(JobId job, bool done) {
  if (tearingDown_) return;
  auto* message = new Message{job, done};
  if (channel_.NonBlockingCall(message) != napi_ok) delete message;
}

void Worker::deliver(Napi::Env env, Napi::Function, Worker* worker, Message* message) {
  const std::unique_ptr<Message> owned(message);
  if (env == nullptr || worker->tearingDown_) return;
  const auto found = worker->jobs_.find(message->job);
  if (found == worker->jobs_.end()) return;
  if (!message->done) {
    found->second->deliverProgress(env);
    return;
  }
  // Settled from here: the job may hold the last reference to the engine this worker belongs to.
  const std::unique_ptr<Job> job = worker->takeJob(env, message->job);
  job->settle(env);
}

std::unique_ptr<Job> Worker::takeJob(Napi::Env env, JobId id) {
  const auto found = jobs_.find(id);
  std::unique_ptr<Job> job = std::move(found->second);
  jobs_.erase(found);
  if (jobs_.empty()) channel_.Unref(env);
  return job;
}

Napi::Value Worker::submit(Napi::Env env, std::unique_ptr<Job> job) {
  const JobId id = nextId_++;
  const auto cancel = [self = self_, id](const Napi::CallbackInfo& info) {
    if (*self != nullptr) (*self)->cancel(info.Env(), id);
  };
  Napi::Object handle = Napi::Object::New(env);
  handle.Set("promise", job->promise());
  handle.Set("cancel", Napi::Function::New(env, cancel, "cancel"));
  if (jobs_.empty()) channel_.Ref(env);
  {
    const std::lock_guard lock(mutex_);
    queue_.push_back({id, job.get()});
  }
  jobs_.emplace(id, std::move(job));
  wake_.notify_one();
  return handle;
}

void Worker::cancel(Napi::Env env, JobId id) {
  const auto found = jobs_.find(id);
  if (found == jobs_.end() || tearingDown_) return;
  *found->second->cancelFlag() = true;
  if (leaveQueue(id)) takeJob(env, id)->reject(env);
}

bool Worker::leaveQueue(JobId id) {
  const std::lock_guard lock(mutex_);
  return std::erase_if(queue_, [id](const Queued& queued) { return queued.id == id; }) > 0;
}

void Worker::stop(Napi::Env env) {
  stopped_ = true;
  std::vector<JobId> ids;
  for (const auto& [id, job] : jobs_) ids.push_back(id);
  for (const JobId id : ids) cancel(env, id);
}

void Worker::cancelAll() {
  for (const auto& [id, job] : jobs_) *job->cancelFlag() = true;
}

}  // namespace circuit_tracer
