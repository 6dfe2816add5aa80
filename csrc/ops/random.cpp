// Random numbers as a pure function of (seed, step, position), so that they are the same for any
// number of threads.
//
// Every op takes `state`, an int64 tensor [seed, step], and adds 1 to the step: the next call gives
// other numbers, and a Program that replays does too. kernels/random.h has the generator.
#include <limits>

#include "ops/ops.h"
#include "parallel.h"

namespace pyclr {

namespace {

void check_state(const Call& call) {
  const TensorData& state = *call.in(0);
  check(state.dtype == DType::int64 && state.shape == Shape{2}, call.op->name,
        ": the state must be "
        "an int64 tensor [seed, step]. Received: ",
        state.dtype, ' ', state.shape);
}
void check_float(const Call& call, DType dtype) {
  check_type(is_float(dtype), call.op->name,
             ": dtype must be float32 or float64. Received: dtype=", dtype);
}

// f(key, begin, end) for pieces of the stream.
template <class F>
void for_stream(const Call& call, F&& f) {
  int64_t* state = call.in(0)->data<int64_t>();
  const RandomKey key{static_cast<uint64_t>(state[0]), static_cast<uint64_t>(state[1])};
  state[1] = static_cast<int64_t>(key.step + 1);
  constexpr int64_t kPiece = 128 * kRandomGroup;
  const int64_t size = call.out()->size();
  parallel_for((size + kPiece - 1) / kPiece,
               [&](int64_t i) { f(key, i * kPiece, std::min(size, (i + 1) * kPiece)); });
}

struct Random {
  static bool writes(const Call&, size_t input) { return input == 0; }
};

// state -> `shape`, uniform in [low, high).
struct RandomUniform : Random {
  static constexpr const char* name = "random_uniform";
  static constexpr size_t max_inputs = 1;
  struct Attributes {
    std::vector<int64_t> shape;
    double low = 0, high = 1;
    DType dtype = DType::float32;
    bool operator==(const Attributes&) const = default;
    void fields(auto&& v) { v("shape", shape), v("low", low), v("high", high), v("dtype", dtype); }
  };
  static Specs infer(const Call& call) {
    const auto& a = call.attrs_as<Attributes>();
    check_state(call), check_float(call, a.dtype);
    check(a.low <= a.high, name, ": low must not be greater than high. Received: low=", a.low,
          ", high=", a.high);
    return {{Shape(a.shape), a.dtype}};
  }
  static void run(const Call& call) {
    const auto& a = call.attrs_as<Attributes>();
    with_float(a.dtype, [&](auto t) {
      auto* y = call.out()->data<decltype(t)>();
      for_stream(call, [&](RandomKey key, int64_t begin, int64_t end) {
        kernels().random.of(t).uniform(key, begin, end, a.low, a.high, y);
      });
    });
  }
};

// state -> `shape`, from the normal distribution.
struct RandomNormal : Random {
  static constexpr const char* name = "random_normal";
  static constexpr size_t max_inputs = 1;
  struct Attributes {
    std::vector<int64_t> shape;
    double mean = 0, stddev = 1;
    DType dtype = DType::float32;
    bool operator==(const Attributes&) const = default;
    void fields(auto&& v) {
      v("shape", shape), v("mean", mean), v("stddev", stddev), v("dtype", dtype);
    }
  };
  static Specs infer(const Call& call) {
    const auto& a = call.attrs_as<Attributes>();
    check_state(call), check_float(call, a.dtype);
    check(a.stddev >= 0, name, ": stddev must not be negative. Received: stddev=", a.stddev);
    return {{Shape(a.shape), a.dtype}};
  }
  static void run(const Call& call) {
    const auto& a = call.attrs_as<Attributes>();
    with_float(a.dtype, [&](auto t) {
      auto* y = call.out()->data<decltype(t)>();
      for_stream(call, [&](RandomKey key, int64_t begin, int64_t end) {
        kernels().random.of(t).normal(key, begin, end, a.mean, a.stddev, y);
      });
    });
  }
};

// state -> `shape`: 0 with probability `rate`, else 1 / (1 - rate).
struct DropoutMask : Random {
  static constexpr const char* name = "dropout_mask";
  static constexpr size_t max_inputs = 1;
  struct Attributes {
    std::vector<int64_t> shape;
    double rate = 0.5;
    DType dtype = DType::float32;
    bool operator==(const Attributes&) const = default;
    void fields(auto&& v) { v("shape", shape), v("rate", rate), v("dtype", dtype); }
  };
  static Specs infer(const Call& call) {
    const auto& a = call.attrs_as<Attributes>();
    check_state(call), check_float(call, a.dtype);
    check(a.rate >= 0 && a.rate <= 1, name, ": rate must be in [0, 1]. Received: rate=", a.rate);
    return {{Shape(a.shape), a.dtype}};
  }
  static void run(const Call& call) {
    const auto& a = call.attrs_as<Attributes>();
    with_float(a.dtype, [&](auto t) {
      auto* y = call.out()->data<decltype(t)>();
      for_stream(call, [&](RandomKey key, int64_t begin, int64_t end) {
        kernels().random.of(t).dropout_mask(key, begin, end, a.rate, y);
      });
    });
  }
};

// state -> `shape`, integers uniform in [low, high).
struct RandomIntegers : Random {
  static constexpr const char* name = "random_integers";
  static constexpr size_t max_inputs = 1;
  struct Attributes {
    std::vector<int64_t> shape;
    int64_t low = 0, high = 2;
    DType dtype = DType::int32;
    bool operator==(const Attributes&) const = default;
    void fields(auto&& v) { v("shape", shape), v("low", low), v("high", high), v("dtype", dtype); }
  };
  static Specs infer(const Call& call) {
    const auto& a = call.attrs_as<Attributes>();
    check_state(call);
    check_type(a.dtype == DType::int32 || a.dtype == DType::int64, name,
               ": dtype must be int32 or "
               "int64. Received: dtype=",
               a.dtype);
    check(a.low < a.high, name, ": low must be less than high. Received: low=", a.low,
          ", high=", a.high);
    using Limits = std::numeric_limits<int32_t>;
    check(a.dtype == DType::int64 || (a.low >= Limits::min() && a.high - 1 <= Limits::max()), name,
          ": [low, high) must lie within int32. Received: low=", a.low, ", high=", a.high);
    return {{Shape(a.shape), a.dtype}};
  }
  static void run(const Call& call) {
    const auto& a = call.attrs_as<Attributes>();
    const uint64_t range = static_cast<uint64_t>(a.high) - static_cast<uint64_t>(a.low);
    with_integer(a.dtype, [&](auto t) {
      using T = decltype(t);
      T* y = call.out()->data<T>();
      for_stream(call, [&](RandomKey key, int64_t begin, int64_t end) {
        kernels().random.integers(t)(key, begin, end, a.low, range, y);
      });
    });
  }
  template <class F>
  static void with_integer(DType dtype, F&& f) {
    dtype == DType::int32 ? f(int32_t{}) : f(int64_t{});
  }
};

}  // namespace

const Op random_uniform_op = make_op<RandomUniform>();
const Op random_normal_op = make_op<RandomNormal>();
const Op random_integers_op = make_op<RandomIntegers>();
const Op dropout_mask_op = make_op<DropoutMask>();

}  // namespace pyclr
