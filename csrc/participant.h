// A thread that takes part in loops, as the others see it: whether it is given processor time, and
// on which core. The system may give that core to another program for milliseconds, in the middle
// of a chunk that all others wait for: docs/decisions/0008-busy-cores.md.
#pragma once

#include <pthread.h>

#include <atomic>
#include <cstdint>
#if defined(__linux__)
#include <sched.h>
#include <time.h>
#endif

namespace pyclr {

// Lets others have the core of this thread; returns the nanoseconds until it has it back.
int64_t yield_core();
constexpr int64_t kAtOnce = 20'000;  // ns; yield_core() takes longer when another thread ran

int current_core();  // -1 where the system does not tell
// These move the calling thread at once. Afterwards it may run wherever it might before.
void go_to_core(int core);
void leave_core();

class Participant {
 public:
  // For the thread itself.

  // The calling thread is the participant from now on.
  void enroll();
  // Between begin() and end() others may wait for this thread, and move it.
  void begin();
  // Undoes a move: the thread may run wherever it might before. Goes back to the core it came from
  // if it should.
  void end(bool go_back);
  // Whether leave_out() was called since the last time.
  bool takes_leave() { return left_out_.exchange(false, std::memory_order_relaxed); }

  // For all threads.

  // The calling thread should do without this one for a while.
  void leave_out() { left_out_.store(true, std::memory_order_relaxed); }
  bool is_left_out() const { return left_out_.load(std::memory_order_relaxed); }
  bool is_at_work() const { return state_.load(std::memory_order_acquire) == State::at_work; }
  bool is_moved() const { return state_.load(std::memory_order_acquire) == State::moved; }
  // Nanoseconds of processor time that the thread has had, negative if can_be_watched() is false.
  int64_t cpu_time() const;
  // Whether the system tells a thread's processor time to the microsecond.
  static bool can_be_watched();
  // Where it began.
  int core() const { return core_.load(std::memory_order_relaxed); }
  // Moves the participant, if it is at work and does not run, to the core of the calling thread,
  // which should yield; false when it may not run there.
  bool bring_here();

 private:
  enum class State { away, at_work, being_moved, moved };

  alignas(64) std::atomic<State> state_{State::away};
  std::atomic<bool> left_out_{false};
  std::atomic<int> core_{-1};
#if defined(__linux__)
  pthread_t thread_{};
  std::atomic<clockid_t> clock_{-1};
  cpu_set_t cores_;  // where it might run before it was moved
#endif
};

// A look at a participant from time to time.
class Watch {
 public:
  // Whether it was at work at the last look and now, and had no processor time between.
  bool sees_it_stand_still(const Participant& participant);

 private:
  int64_t time_ = -1;
};

}  // namespace pyclr
