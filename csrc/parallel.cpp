#include "parallel.h"

#include <pthread.h>
#include <sched.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cmath>
#include <condition_variable>
#include <cstdlib>
#include <deque>
#include <exception>
#include <fstream>
#include <mutex>
#include <sstream>
#include <stdexcept>
#include <string>
#include <system_error>
#include <thread>
#include <utility>
#include <vector>

#include "participant.h"

#if defined(__SSE2__)
#include <immintrin.h>
#endif

namespace pyclr {
namespace {

using std::chrono::microseconds;
using std::chrono::milliseconds;

// How often a waiting thread looks what has become of the one it waits for, how long a worker spins
// before it sleeps, and how long it keeps away from cores that other programs want: at first, and
// at most, when it finds them wanted again and again.
constexpr microseconds kBetweenLooks{5};
constexpr microseconds kPatience{200};
constexpr milliseconds kFirstLeave{50}, kLongestLeave{400};

thread_local bool in_parallel_for = false;

inline void pause_cpu() {
#if defined(__SSE2__)
  _mm_pause();
#elif defined(__aarch64__)
  asm volatile("isb");
#endif
}

// The turns of a loop that waits.
class Wait {
 public:
  // One more turn, short. True when it is time for a look.
  bool turn() {
    pause_cpu();
    if (++turns_ % 64 != 0) return false;  // the clock is slower
    const Clock::time_point now = Clock::now();
    if (turns_ == 64) start_ = looked_ = now;
    if (now - looked_ < kBetweenLooks) return false;
    looked_ = now;
    return true;
  }
  bool is_long() const { return looked_ - start_ > kPatience; }

 private:
  using Clock = std::chrono::steady_clock;
  int64_t turns_ = 0;
  Clock::time_point start_, looked_;
};

// Who this thread is: 0 for one that calls, 1 and on for the workers.
thread_local int thread_number = 0;

// A loop whose chunks threads claim: each first the same share of them in every loop, so that what
// one loop leaves in a core's caches is there in the next, and then what others have left. It stays
// where it is: a thread may look at the counters at any time.
class Loop {
 public:
  // When all chunks of the loop before have finished.
  void open(int64_t chunks, int threads, void (*call)(void*, int64_t), void* body) {
    call_ = call;
    body_ = body;
    error_ = nullptr;
    chunks_ = chunks;
    shares_ = std::min(threads, kMostShares);
    unfinished_.store(chunks, std::memory_order_relaxed);
    // seq_cst here and in a worker before it sleeps: either it sees the chunks or the opener sees
    // the sleeper.
    for (int share = 0; share < shares_; ++share)
      unclaimed_[share].count.store(begin_of(share + 1) - begin_of(share),
                                    std::memory_order_seq_cst);
  }
  bool has_work(std::memory_order order = std::memory_order_relaxed) const {
    return std::any_of(std::begin(unclaimed_), std::end(unclaimed_),
                       [order](const Counter& left) { return left.count.load(order) > 0; });
  }

  // Runs one chunk; false when none is left. A claim that succeeds keeps the loop open, so what
  // open() wrote is its own.
  bool work() {
    for (int i = 0; i < kMostShares; ++i) {
      const int share = (thread_number + i) % kMostShares;
      std::atomic<int64_t>& left = unclaimed_[share].count;
      if (left.load(std::memory_order_relaxed) <= 0) continue;
      const int64_t claimed = left.fetch_sub(1, std::memory_order_acq_rel) - 1;
      if (claimed < 0) continue;
      try {
        call_(body_, begin_of(share + 1) - 1 - claimed);  // in ascending order
      } catch (...) {
        std::lock_guard<std::mutex> lock(error_mutex_);
        if (!error_) error_ = std::current_exception();
      }
      unfinished_.fetch_sub(1, std::memory_order_acq_rel);
      return true;
    }
    return false;
  }
  // Whether other threads still run chunks that they have claimed.
  bool is_unfinished() const { return unfinished_.load(std::memory_order_acquire) > 0; }
  void rethrow_error() {
    if (error_) std::rethrow_exception(std::exchange(error_, nullptr));
  }
  // Takes the chunks back that nobody has claimed.
  void withdraw() {
    for (Counter& share : unclaimed_) {
      const int64_t left = share.count.exchange(0, std::memory_order_acq_rel);
      if (left > 0) unfinished_.fetch_sub(left, std::memory_order_acq_rel);
    }
  }

 private:
  static constexpr int kMostShares = 16;
  struct alignas(64) Counter {
    std::atomic<int64_t> count{0};
  };
  int64_t begin_of(int share) const { return chunks_ * share / shares_; }

  void (*call_)(void*, int64_t) = nullptr;
  void* body_ = nullptr;
  std::exception_ptr error_;
  std::mutex error_mutex_;
  int64_t chunks_ = 0;
  int shares_ = 1;
  Counter unclaimed_[kMostShares];
  alignas(64) std::atomic<int64_t> unfinished_{0};
};

}  // namespace

class internal::Pool {
 public:
  int threads() const { return threads_.load(std::memory_order_relaxed); }

  explicit Pool(int threads) : threads_(threads) {}

  void resize(int threads) {
    std::lock_guard<std::mutex> one_caller(caller_);
    stop_workers();
    threads_ = threads;
  }

  // False, with nothing done, when another thread has a loop running.
  bool run(int64_t chunks, void (*call)(void*, int64_t), void* body) {
    std::unique_lock<std::mutex> one_caller(caller_, std::try_to_lock);
    if (!one_caller) return false;
    if (!started_) start_workers();
    loop_.open(chunks, threads(), call, body);
    if (sleepers_.load(std::memory_order_seq_cst) > 0) {
      std::lock_guard<std::mutex> lock(sleep_);
      wake_.notify_all();
    }
    in_parallel_for = true;
    Participant& caller = participants_[0];
    caller.enroll();
    caller.begin();
    while (loop_.work()) {
    }
    in_parallel_for = false;
    wait_for(loop_);
    caller.end(/*go_back=*/false);
    loop_.rethrow_error();
    return true;
  }

  // The loop for idle threads, of one owner at a time: false while there is another.
  bool take_idle_loop() { return !idle_taken_.exchange(true); }
  void give_idle_loop() { idle_taken_.store(false); }
  Loop& idle_loop() { return idle_; }
  void finish_idle_loop() {
    while (idle_.work()) {
    }
    std::unique_lock<std::mutex> one_caller(caller_, std::try_to_lock);
    if (one_caller) {
      wait_for(idle_);
    } else {
      while (idle_.is_unfinished()) std::this_thread::yield();
    }
  }

 private:
  void worker(int number) {
    FlushDenormals flush;
    thread_number = number;
    in_parallel_for = true;
    Participant& me = participants_[number];
    me.enroll();
    milliseconds leave{0};
    std::chrono::steady_clock::time_point back;
    while (true) {
      me.begin();
      while (loop_.work()) {
      }
      me.end(/*go_back=*/true);
      if (await_work(me)) continue;
      std::unique_lock<std::mutex> lock(sleep_);
      if (me.takes_leave()) {
        const bool again = std::chrono::steady_clock::now() - back < leave;
        leave = again ? std::min(2 * leave, kLongestLeave) : kFirstLeave;
        wake_.wait_for(lock, leave, [this] { return stop_; });
        back = std::chrono::steady_clock::now();
      } else {
        sleepers_.fetch_add(1, std::memory_order_seq_cst);
        wake_.wait(lock, [this] { return stop_ || loop_.has_work(std::memory_order_seq_cst); });
        sleepers_.fetch_sub(1, std::memory_order_relaxed);
      }
      if (stop_) return;
    }
  }

  // False when there has been no work for a while, or should be none for this worker.
  bool await_work(Participant& me) {
    const Participant& caller = participants_[0];
    Watch watch;
    Wait wait;
    while (!me.is_left_out()) {
      if (loop_.has_work()) return true;
      if (work_when_idle(me)) {
        wait = Wait();
      } else if (wait.turn()) {
        if (wait.is_long()) return false;
        if (watch.sees_it_stand_still(caller)) make_way_for_caller(me);
      }
    }
    return false;
  }

  bool work_when_idle(Participant& me) {
    if (!idle_.has_work()) return false;
    me.begin();
    const bool has_worked = idle_.work();
    me.end(/*go_back=*/true);
    return has_worked;
  }

  // Another program has the core of the caller.
  void make_way_for_caller(Participant& me) {
    Participant& caller = participants_[0];
    const bool is_shared = caller.core() == current_core();
    const int64_t before = caller.cpu_time();
    const int64_t away = yield_core();
    if (away < kAtOnce) {
      // Nobody else wants this core.
      if (caller.bring_here()) is_shared ? leave_core() : go_to_core(caller.core());
    } else if (is_shared && 2 * (caller.cpu_time() - before) > away) {
      leave_core();  // it is the caller who wants this core
    } else {
      me.leave_out();  // every core is wanted: the caller alone does more with its part of them
    }
  }

  // Waits for the chunks that workers have claimed, with caller_ held.
  void wait_for(const Loop& loop) {
    for (Wait wait; loop.is_unfinished();) {
      if (!wait.turn()) continue;
      for (size_t i = 1; i < participants_.size() && loop.is_unfinished(); ++i)
        help(participants_[i], watches_[i]);
    }
  }

  // A worker that has to wait for its core in the middle of a chunk has this one meanwhile.
  void help(Participant& worker, Watch& watch) {
    if (worker.is_moved() || !Participant::can_be_watched()) {
      yield_core();
    } else if (watch.sees_it_stand_still(worker)) {
      if (yield_core() < kAtOnce) {
        if (worker.bring_here()) yield_core();
      } else if (watch.sees_it_stand_still(worker)) {
        worker.leave_out();  // other programs want this core too
      }
    }
  }

  void start_workers() {
    started_ = true;
    for (int i = 0; i < threads_; ++i) participants_.emplace_back();
    watches_.resize(participants_.size());
    try {
      for (int i = 1; i < threads_; ++i) workers_.emplace_back([this, i] { worker(i); });
    } catch (const std::system_error&) {
      // The system gives no more threads: go on with those there are.
    }
  }

  void stop_workers() {
    {
      std::lock_guard<std::mutex> lock(sleep_);
      stop_ = true;
      wake_.notify_all();
    }
    for (std::thread& worker : workers_) worker.join();
    workers_.clear();
    participants_.clear();
    watches_.clear();
    stop_ = started_ = false;
  }

  std::mutex caller_;  // held while a loop runs
  std::atomic<int> threads_;
  bool started_ = false;
  std::vector<std::thread> workers_;
  std::deque<Participant> participants_;  // the caller, then the workers
  std::vector<Watch> watches_;            // the caller's, of each

  Loop loop_, idle_;
  std::atomic<bool> idle_taken_{false};

  alignas(64) std::atomic<int> sleepers_{0};
  std::mutex sleep_;
  std::condition_variable wake_;
  bool stop_ = false;
};

namespace {

using internal::Pool;

// The number in an environment variable, 0 when it is absent or no positive number. OMP_NUM_THREADS
// may be a list.
int threads_from(const char* variable) {
  const char* text = std::getenv(variable);
  return text ? std::max(0, std::atoi(text)) : 0;
}

template <class... Numbers>
bool read(const std::string& path, Numbers&... numbers) {
  std::ifstream file(path);
  return bool((file >> ... >> numbers));
}

// CPUs that the cgroup's quota allows, 0 without a limit: cgroup v2's cpu.max or v1's cpu.cfs_*,
// the least from the process's own group up to the root.
[[gnu::cold]] int cgroup_quota() {
  double cpus = 0;
  const auto limit = [&cpus](double quota, double period) {  // v1 writes -1 for no limit, v2 a word
    if (quota > 0 && period > 0) cpus = cpus > 0 ? std::min(cpus, quota / period) : quota / period;
  };
  std::ifstream groups("/proc/self/cgroup");  // lines id:controllers:path, v2 with no controllers
  for (std::string line; std::getline(groups, line);) {
    const size_t first = line.find(':'), second = line.find(':', first + 1);
    if (second == std::string::npos) continue;
    std::istringstream controllers(line.substr(first + 1, second - first - 1));
    bool v1 = false;
    for (std::string name; std::getline(controllers, name, ',');) v1 = v1 || name == "cpu";
    const bool v2 = second == first + 1;
    if (!v1 && !v2) continue;
    for (std::string path = line.substr(second + 1);; path.resize(path.rfind('/'))) {
      double quota = 0, period = 0;
      const std::string root = "/sys/fs/cgroup";
      const bool found = v2 ? read(root + path + "/cpu.max", quota, period)
                            : read(root + "/cpu" + path + "/cpu.cfs_quota_us", quota) &&
                                  read(root + "/cpu" + path + "/cpu.cfs_period_us", period);
      if (found) limit(quota, period);
      if (path.empty() || path.rfind('/') == std::string::npos) break;
    }
  }
  return int(std::ceil(cpus));
}

int default_threads() {
  for (const char* variable : {"PYCLR_NUM_THREADS", "OMP_NUM_THREADS"}) {
    if (const int n = threads_from(variable)) return n;
  }
  int n = std::max(1, int(std::thread::hardware_concurrency()));
#if defined(__linux__)
  cpu_set_t set;
  if (sched_getaffinity(0, sizeof set, &set) == 0) n = CPU_COUNT(&set);
  if (const int quota = cgroup_quota()) n = std::min(n, quota);
#endif
  return n;
}

// Never deleted: workers may still wait on it while the process exits.
std::atomic<Pool*> the_pool{nullptr};

Pool& pool() {
  static std::once_flag once;
  std::call_once(once, [] {
    the_pool = new Pool(default_threads());
    // A child of fork has none of the workers, and perhaps a pool in the middle of a loop: it
    // starts afresh.
    pthread_atfork(nullptr, nullptr, [] { the_pool = new Pool(the_pool.load()->threads()); });
  });
  return *the_pool.load(std::memory_order_acquire);
}

}  // namespace

int num_threads() { return pool().threads(); }

void set_num_threads(int n) {
  if (n < 1) {
    throw std::invalid_argument("The number of threads must be at least 1. Received: n=" +
                                std::to_string(n));
  }
  if (in_parallel_for)
    throw std::logic_error("set_num_threads() cannot be called inside a parallel_for.");
  if (n != num_threads()) pool().resize(n);
}

void internal::parallel_for(int64_t chunks, void (*call)(void*, int64_t), void* body) {
  if (chunks > 1 && !in_parallel_for && pool().threads() > 1 && pool().run(chunks, call, body))
    return;
  for (int64_t i = 0; i < chunks; ++i) call(body, i);
}

IdleLoop::IdleLoop()
    : pool_(pool().threads() > 1 && !in_parallel_for && pool().take_idle_loop() ? &pool()
                                                                                : nullptr) {}

IdleLoop::~IdleLoop() {
  if (!pool_) return;
  pool_->idle_loop().withdraw();
  pool_->finish_idle_loop();
  pool_->give_idle_loop();
}

void IdleLoop::start(int64_t chunks, std::function<void(int64_t)> body) {
  body_ = std::move(body);
  if (pool_) {
    pool_->idle_loop().open(
        chunks, pool_->threads(),
        [](void* f, int64_t i) { (*static_cast<std::function<void(int64_t)>*>(f))(i); }, &body_);
  } else {
    chunks_ = chunks;
  }
}

void IdleLoop::finish() {
  for (int64_t i = 0; i < chunks_; ++i) body_(i);
  chunks_ = 0;
  if (!pool_) return;
  pool_->finish_idle_loop();
}

#if defined(__SSE2__)
FlushDenormals::FlushDenormals() : saved_(_mm_getcsr()) {
  _mm_setcsr(unsigned(saved_) | 0x8040);  // flush to zero, denormals are zero
}
FlushDenormals::~FlushDenormals() { _mm_setcsr(unsigned(saved_)); }
#elif defined(__aarch64__)
FlushDenormals::FlushDenormals() {
  asm volatile("mrs %0, fpcr" : "=r"(saved_));
  asm volatile("msr fpcr, %0" : : "r"(saved_ | (uint64_t{1} << 24)));
}
FlushDenormals::~FlushDenormals() { asm volatile("msr fpcr, %0" : : "r"(saved_)); }
#else
FlushDenormals::FlushDenormals() : saved_(0) {}
FlushDenormals::~FlushDenormals() {}
#endif

}  // namespace pyclr
