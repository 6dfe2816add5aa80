// Gradients of convolutions of images with few channels. Included once per instruction set
// (isa.cpp).
//
// The weight gradient for one channel and stride 1: all taps of as many rows of the kernel as the
// registers hold are summed at a time, beside one vector of outputs. Positions of the output come
// in blocks of two by two, row by row: these are the windows of the usual max pooling, of which one
// position has a gradient. Where there is an instruction for it, each lane picks the inputs of its
// position, and a block is a single step.
#pragma once

#include "kernels/kernels.h"
#include "kernels/pool.h"
#include "kernels/simd.h"

namespace pyclr::PYCLR_ISA {
namespace {

// Sums kept in registers.
#if defined(__AVX512F__) || defined(__ARM_NEON)
constexpr int kTapRegisters = 25;
#else
constexpr int kTapRegisters = 10;
#endif

template <class T, int kTaps, int kRows>
struct OneChannelSums {
  const OneChannelGradient<T>& s;
  FirstLanes<T> lanes;  // also for all of them: code for both would be twice as much
  Vec<T> sums[kRows][kTaps];

  // What one position gives.
  PYCLR_INLINE void add(Vec<T> dy, const T* x) {
    PYCLR_UNROLL for (int r = 0; r < kRows; ++r) {
      PYCLR_UNROLL for (int tap = 0; tap < kTaps; ++tap) {
        sums[r][tap] = fma(dy, broadcast(x[r * s.x_row + tap]), sums[r][tap]);
      }
    }
  }

  PYCLR_INLINE void add_all(const T* x, int64_t j) {
    for (int64_t y = 0; y < s.h; y += 2) {
      for (int64_t p = 0; p < s.w; p += 2) {
        for (int64_t i = y; i < y + 2 && i < s.h; ++i) {
          for (int64_t q = p; q < p + 2 && q < s.w; ++q) {
            add(lanes.read(s.dy + (i * s.w + q) * s.out + j), x + i * s.x_row + q);
          }
        }
      }
    }
  }

  // dy and choice are of windows of two by two.
  PYCLR_INLINE void add_windows(const T* x, int64_t j) {
    for (int64_t y = 0; y < s.h; ++y) {
      for (int64_t p = 0; p < s.w; ++p) {
        const int64_t at = (y * s.w + p) * s.out + j;
        const T* corner = x + 2 * y * s.x_row + 2 * p;
        const Vec<T> dy = lanes.read(s.dy + at);
        const IntVec<T> where = read_index(s.choice + at, lanes);
#if defined(__AVX512F__)
        if constexpr (sizeof(T) == sizeof(float)) {
          add_chosen(dy, where, corner);
          continue;
        }
#endif
        PYCLR_UNROLL for (int i = 0; i < 4; ++i) {
          add(select(where == i, dy, Vec<T>{}), corner + i / 2 * s.x_row + i % 2);
        }
      }
    }
  }

#if defined(__AVX512F__)
  // A register holds eight inputs of each of two rows.
  PYCLR_INLINE void add_chosen(Vec<float> dy, IntVec<float> where, const float* x) {
    const IntVec<float> first = (where >> 1) * 8 + (where & 1);
    PYCLR_UNROLL for (int r = 0; r < kRows; ++r) {
      const float* row = x + r * s.x_row;
      const __m512 inputs = _mm512_insertf32x8(_mm512_castps256_ps512(_mm256_loadu_ps(row)),
                                               _mm256_loadu_ps(row + s.x_row), 1);
      PYCLR_UNROLL for (int tap = 0; tap < kTaps; ++tap) {
        const auto at = reinterpret_cast<__m512i>(first + tap);
        sums[r][tap] = fma(dy, _mm512_maskz_permutexvar_ps(0xFFFF, at, inputs), sums[r][tap]);
      }
    }
  }
#endif

  PYCLR_INLINE void run(const T* x, T* dw, int64_t j) {
    PYCLR_UNROLL for (int r = 0; r < kRows; ++r) {
      PYCLR_UNROLL for (int tap = 0; tap < kTaps; ++tap) {
        sums[r][tap] = lanes.read(dw + (r * kTaps + tap) * s.out + j);
      }
    }
    s.choice ? add_windows(x, j) : add_all(x, j);
    PYCLR_UNROLL for (int r = 0; r < kRows; ++r) {
      PYCLR_UNROLL for (int tap = 0; tap < kTaps; ++tap) {
        lanes.write(dw + (r * kTaps + tap) * s.out + j, sums[r][tap]);
      }
    }
  }
};

template <class T, int kTaps, int kRows>
void one_channel_rows_gradient(const OneChannelGradient<T>& s, int64_t row) {
  for (int64_t j = 0; j < s.out; j += kLanes<T>) {
    const int64_t n = s.out - j < kLanes<T> ? s.out - j : kLanes<T>;
    OneChannelSums<T, kTaps, kRows> sums{s, {n}, {}};
    sums.run(s.x + row * s.x_row, s.dw + row * kTaps * s.out, j);
  }
}

// As many rows at a time as a square kernel has, or the registers hold; the rest one by one.
template <class T, int kTaps>
void one_channel_gradient_of(const OneChannelGradient<T>& s) {
  constexpr int kFit = kTapRegisters / kTaps;
  constexpr int kRows = sizeof(T) == 8 ? 1 : kFit < kTaps ? kFit : kTaps;
  int64_t row = 0;
  for (; row + kRows <= s.kh; row += kRows) one_channel_rows_gradient<T, kTaps, kRows>(s, row);
  for (; row < s.kh; ++row) one_channel_rows_gradient<T, kTaps, 1>(s, row);
}

template <class T>
void one_channel_gradient(const OneChannelGradient<T>& s) {
  s.kw == 3   ? one_channel_gradient_of<T, 3>(s)
  : s.kw == 5 ? one_channel_gradient_of<T, 5>(s)
              : one_channel_gradient_of<T, 7>(s);
}

template <class T>
void add_rows(const T* x, int64_t x_row, T* y, int64_t y_row, int64_t rows, int64_t columns) {
  for (int64_t i = 0; i < rows; ++i) {
    for_vectors<T>(columns, [&](int64_t j, auto lanes) {
      lanes.write(y + j, lanes.read(y + j) + lanes.read(x + j));
    });
    x += x_row, y += y_row;
  }
}

}  // namespace
}  // namespace pyclr::PYCLR_ISA
