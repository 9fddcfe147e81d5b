#pragma once

#include <napi.h>

#include <condition_variable>
#include <deque>
#include <memory>
#include <mutex>
#include <thread>
#include <unordered_map>

#include "binding/job.h"

namespace circuit_tracer {

// One thread that runs jobs in order, and the channel that brings their results back to the JS
// thread. All public functions are called on the JS thread.
class Worker {
 public:
  // `threads` for tensor arithmetic; 0 leaves LibTorch's default.
  Worker(Napi::Env env, int threads);
  // Cancels what is left and joins the thread.
  ~Worker();

  // Queues the job and keeps the process alive until it has settled. Returns {promise, cancel}:
  // what waits leaves the queue and rejects at once, what runs does at its next poll.
  Napi::Value submit(Napi::Env env, std::unique_ptr<Job> job);
  // Cancels all jobs; they reject with ABORT_ERR. No further job is taken.
  void stop(Napi::Env env);
  bool stopped() const { return stopped_; }
  bool belongsTo(const Napi::Env& env) const { return env_ == env; }
  // Stops posting, cancels, and joins the thread. Also called when the process exits.
  void close();
  // Closes every worker of one environment.
  static void closeAll(Napi::Env env);

 private:
  using JobId = uint64_t;
  struct Message {
    JobId job;
    bool done;
  };
  struct Queued {
    JobId id;
    Job* job;
  };
  static void deliver(Napi::Env env, Napi::Function, Worker* worker, Message* message);
  using Channel = Napi::TypedThreadSafeFunction<Worker, Message, Worker::deliver>;

  void loop(int threads);
  void post(JobId job, bool done);
  void cancel(Napi::Env env, JobId id);
  bool leaveQueue(JobId id);
  std::unique_ptr<Job> takeJob(Napi::Env env, JobId id);
  void cancelAll();
  static void onEnvironmentExit(void* worker);

  Napi::Env env_;
  Channel channel_;
  std::unordered_map<JobId, std::unique_ptr<Job>> jobs_;  // queued, running or not yet delivered
  JobId nextId_ = 0;
  bool stopped_ = false;
  // What `cancel` functions hold, which may outlive the worker: then it is empty.
  std::shared_ptr<Worker*> self_ = std::make_shared<Worker*>(this);

  std::mutex mutex_;
  std::condition_variable wake_;
  std::deque<Queued> queue_;
  bool closing_ = false;
  std::atomic<bool> tearingDown_{false};
  std::thread thread_;
};

}  // namespace circuit_tracer
