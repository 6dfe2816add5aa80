#include "participant.h"

#include <chrono>
#include <thread>
#include <utility>

namespace pyclr {

int64_t yield_core() {
  using Clock = std::chrono::steady_clock;
  const Clock::time_point start = Clock::now();
  std::this_thread::yield();
  return std::chrono::nanoseconds(Clock::now() - start).count();
}

bool Watch::sees_it_stand_still(const Participant& participant) {
  const int64_t time = participant.is_at_work() ? participant.cpu_time() : -1;
  return std::exchange(time_, time) == time && time >= 0;
}

#if defined(__linux__)

namespace {

int64_t read_clock(clockid_t clock) {
  timespec time;
  if (clock_gettime(clock, &time) != 0) return -1;
  return int64_t{time.tv_sec} * 1'000'000'000 + time.tv_nsec;
}

bool read_cores(pthread_t thread, cpu_set_t& cores) {
  return pthread_getaffinity_np(thread, sizeof cores, &cores) == 0;
}

bool set_cores(pthread_t thread, const cpu_set_t& cores) {
  return pthread_setaffinity_np(thread, sizeof cores, &cores) == 0;
}

cpu_set_t only(int core) {
  cpu_set_t cores;
  CPU_ZERO(&cores);
  CPU_SET(core, &cores);
  return cores;
}

bool contains(const cpu_set_t& cores, int core) {
  return core >= 0 && core < CPU_SETSIZE && CPU_ISSET(core, &cores);
}

}  // namespace

int current_core() { return sched_getcpu(); }

void go_to_core(int core) {
  cpu_set_t cores;
  if (!read_cores(pthread_self(), cores) || !contains(cores, core)) return;
  if (set_cores(pthread_self(), only(core))) set_cores(pthread_self(), cores);
}

void leave_core() {
  cpu_set_t cores;
  const int core = current_core();
  if (!read_cores(pthread_self(), cores) || !contains(cores, core)) return;
  cpu_set_t others = cores;
  CPU_CLR(core, &others);
  // None left: an error, and nothing changes.
  if (set_cores(pthread_self(), others)) set_cores(pthread_self(), cores);
}

void Participant::enroll() {
  thread_ = pthread_self();
  clockid_t clock;
  if (pthread_getcpuclockid(thread_, &clock) == 0) clock_.store(clock, std::memory_order_relaxed);
}

void Participant::begin() {
  core_.store(current_core(), std::memory_order_relaxed);
  state_.store(State::at_work, std::memory_order_release);
}

void Participant::end(bool go_back) {
  State state = State::at_work;
  while (!state_.compare_exchange_strong(state, State::away, std::memory_order_acq_rel)) {
    if (state == State::moved) {
      if (go_back && contains(cores_, core())) set_cores(thread_, only(core()));
      set_cores(thread_, cores_);
      // Its turn on that core was over when it was moved: back there it is the other program's.
      if (go_back) std::this_thread::yield();
      state_.store(State::away, std::memory_order_release);
      return;
    }
    std::this_thread::yield();  // being moved
    state = State::at_work;
  }
}

int64_t Participant::cpu_time() const {
  return can_be_watched() ? read_clock(clock_.load(std::memory_order_relaxed)) : -1;
}

// Some systems, gVisor for one, count it in ticks of milliseconds: all would seem to stand still.
bool Participant::can_be_watched() {
  static const bool is_fine = [] {
    constexpr int kReads = 16;
    int changes = 0;
    int64_t time = read_clock(CLOCK_THREAD_CPUTIME_ID);
    for (int i = 0; i < kReads; ++i) {
      const int64_t start = read_clock(CLOCK_MONOTONIC);
      while (read_clock(CLOCK_MONOTONIC) - start < 1000) {
      }
      const int64_t before = std::exchange(time, read_clock(CLOCK_THREAD_CPUTIME_ID));
      changes += time != before;
    }
    return changes > kReads / 2;
  }();
  return is_fine;
}

bool Participant::bring_here() {
  State state = State::at_work;
  if (!state_.compare_exchange_strong(state, State::being_moved, std::memory_order_acq_rel))
    return false;
  const int here = current_core();
  const bool is_moved =
      read_cores(thread_, cores_) && contains(cores_, here) && set_cores(thread_, only(here));
  state_.store(is_moved ? State::moved : State::at_work, std::memory_order_release);
  return is_moved;
}

#else  // Threads stay where the system puts them.

int current_core() { return -1; }
void go_to_core(int) {}
void leave_core() {}
void Participant::enroll() {}
void Participant::begin() { state_.store(State::at_work, std::memory_order_release); }
void Participant::end(bool) { state_.store(State::away, std::memory_order_release); }
int64_t Participant::cpu_time() const { return -1; }
bool Participant::can_be_watched() { return false; }
bool Participant::bring_here() { return false; }

#endif

}  // namespace pyclr
