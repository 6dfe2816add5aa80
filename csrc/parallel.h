// The thread pool: one parallel loop over chunks.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <type_traits>

namespace pyclr {

// Threads that parallel_for uses, the caller included. At first what PYCLR_NUM_THREADS or
// OMP_NUM_THREADS says, else the cores that affinity and the cgroup's CPU quota leave to this
// process.
int num_threads();

// Throws std::invalid_argument for n < 1 and std::logic_error inside a parallel_for.
void set_num_threads(int n);

namespace internal {
class Pool;
void parallel_for(int64_t chunks, void (*call)(void* body, int64_t chunk), void* body);
}  // namespace internal

// Runs body(i) for i in [0, chunks), each exactly once, on any thread. What `body` does must depend
// on i only: that keeps results independent of the number of threads. Runs in the caller when there
// is one chunk or one thread, inside another parallel_for, and while another thread has one
// running. An exception in `body` is rethrown here once no thread runs `body` any more.
template <class F>
void parallel_for(int64_t chunks, F&& body) {
  using Body = std::remove_reference_t<F>;
  internal::parallel_for(
      chunks, [](void* f, int64_t i) { (*static_cast<Body*>(f))(i); },
      const_cast<void*>(static_cast<const void*>(std::addressof(body))));
}

// A loop in the background: threads of the pool take its chunks while they have nothing else to do,
// and finish() runs what is left. One object at a time has the pool's help.
class IdleLoop {
 public:
  IdleLoop();
  ~IdleLoop();
  IdleLoop(const IdleLoop&) = delete;
  IdleLoop& operator=(const IdleLoop&) = delete;

  // False when finish() runs everything: with one thread, or while another object has the help.
  bool has_help() const { return pool_ != nullptr; }
  // When the loop before is finished. `body` must not throw.
  void start(int64_t chunks, std::function<void(int64_t chunk)> body);
  void finish();

 private:
  internal::Pool* pool_;
  std::function<void(int64_t)> body_;
  int64_t chunks_ = 0;  // that finish() runs without help
};

// Denormal numbers count as zero in this thread while the object lives: arithmetic with them is
// many times slower. The pool's workers always run so.
class FlushDenormals {
 public:
  FlushDenormals();
  ~FlushDenormals();
  FlushDenormals(const FlushDenormals&) = delete;
  FlushDenormals& operator=(const FlushDenormals&) = delete;

 private:
  uint64_t saved_;
};

}  // namespace pyclr
