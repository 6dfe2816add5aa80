// Max pooling of a convolution while its outputs are in registers or in a core's cache.
#include <type_traits>

#include "kernels/blocking.h"
#include "kernels/conv.h"

namespace pyclr {
namespace {

// Disjoint windows of two by two, none of which leaves the image.
bool two_by_two(const PoolShape& pool) {
  return pool.ph == 2 && pool.pw == 2 && pool.stride_h == 2 && pool.stride_w == 2 &&
         2 * pool.oh <= pool.h && 2 * pool.ow <= pool.w;
}

bool pools_one_channel(const ConvShape& s, const PoolShape& pool) {
  return one_channel_suits(s) && stays_inside(s) && 2 * pool.ow >= TwoRows::kLeast;
}

void one_channel_max_pool(const ConvShape& s, const PoolShape& pool, const float* x, const float* w,
                          const float* bias, Activation act, float* y, uint8_t* index) {
  const int64_t rows = s.n * pool.oh, row_size = pool.ow * s.out;
  const int64_t parts = std::min(rows, parts_of(rows * 4 * row_size * s.kh * s.kw));
  parallel_for(parts, [&](int64_t part) {
    for (int64_t row = rows * part / parts; row < rows * (part + 1) / parts; ++row) {
      kernels().one_channel_rows({.x = x + (row / pool.oh * s.h + row % pool.oh * 2) * s.w,
                                  .x_row = s.w,
                                  .w = w,
                                  .kh = s.kh,
                                  .kw = s.kw,
                                  .to = {.positions = 2 * pool.ow,
                                         .out = s.out,
                                         .bias = bias,
                                         .activation = act,
                                         .y = y + row * row_size,
                                         .pooled = true,
                                         .index = index ? index + row * row_size : nullptr}});
    }
  });
}

// A few images at a time.
template <class T, class I>
void max_pool_by_images(ConvShape s, PoolShape pool, const T* x, const T* w, const T* bias,
                        Activation act, int64_t first, int64_t last, T* y, I* index) {
  thread_local Scratch scratch, for_index;
  const auto kernel = kernels().pool.of(T{}).max(I{}).forward;
  const int64_t row_size = pool.ow * s.out, size = pool.oh * row_size;
  T* whole = scratch.get<T>((last - first) * s.oh * s.ow * s.out);
  index = index ? index + first * size : for_index.get<I>((last - first) * size);
  s.n = pool.n = last - first;
  conv_forward(s, x + first * s.h * s.w * s.c, w, bias, act, whole);
  y += first * size;
  const int64_t rows = s.n * pool.oh;
  const int64_t parts = std::clamp<int64_t>(rows, 1, parts_of(s.n * s.oh * s.ow * s.out));
  parallel_for(parts, [&](int64_t part) {
    for (int64_t row = rows * part / parts; row < rows * (part + 1) / parts; ++row) {
      kernel(pool, whole, row, y + row * row_size, index + row * row_size);
    }
  });
}

}  // namespace

bool pools_in_passing(const ConvShape& s, const PoolShape& pool) {
  // Winograd's algorithm has work that images share.
  return !winograd_suits(s) || two_by_two(pool);
}

template <class T, class I>
void conv_max_pool(const ConvShape& s, const PoolShape& pool, const T* x, const T* w, const T* bias,
                   Activation act, T* y, I* index) {
  if constexpr (std::is_same_v<T, float> && std::is_same_v<I, uint8_t>) {
    if (two_by_two(pool)) {
      if (winograd_suits(s)) return winograd_max_pool(s, x, w, bias, act, y, index);
      if (winograd_rows_suits(s)) {
        return winograd_rows_forward(s, x, w, bias, act, y, true, index);
      }
      if (pools_one_channel(s, pool)) {
        return one_channel_max_pool(s, pool, x, w, bias, act, y, index);
      }
    }
  }
  const bool whole_batch =
      s.n < 2 * num_threads() || (std::is_same_v<T, float> && winograd_suits(s));
  const int64_t parts =
      whole_batch ? 1 : std::min(s.n, parts_of(s.n * s.oh * s.ow * s.out * s.kh * s.kw * s.c));
  // One image at a time stays in a core's cache.
  parallel_for(parts, [&](int64_t part) {
    const int64_t first = s.n * part / parts, last = s.n * (part + 1) / parts;
    const int64_t step = whole_batch ? s.n : 1;
    for (int64_t i = first; i < last; i += step)
      max_pool_by_images(s, pool, x, w, bias, act, i, i + step, y, index);
  });
}

#define PYCLR_INSTANTIATE(T, I)                                                                 \
  template void conv_max_pool(const ConvShape&, const PoolShape&, const T*, const T*, const T*, \
                              Activation, T*, I*);
PYCLR_INSTANTIATE(float, uint8_t)
PYCLR_INSTANTIATE(float, int32_t)
PYCLR_INSTANTIATE(double, uint8_t)
PYCLR_INSTANTIATE(double, int32_t)

}  // namespace pyclr
