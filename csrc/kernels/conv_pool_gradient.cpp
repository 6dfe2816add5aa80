// The gradients of a convolution whose output was max-pooled, from the gradient of the maxima:
// without the zeros in between where the algorithm leaves them out, else from a copy with them.
#include "kernels/blocking.h"
#include "kernels/conv.h"
#include "kernels/dense.h"

namespace pyclr {
namespace {

// dy with its zeros, (n, oh, ow, out).
template <class T>
const T* unpooled(const ConvShape& s, const SparseGradient<T>& dy) {
  thread_local Scratch scratch;
  T* y = scratch.get<T>(s.n * s.oh * s.ow * s.out);
  const PoolShape pool{.n = s.n,
                       .h = s.oh,
                       .w = s.ow,
                       .c = s.out,
                       .oh = dy.down,
                       .ow = dy.across,
                       .ph = dy.window_h,
                       .pw = dy.window_w,
                       .stride_h = dy.window_h,
                       .stride_w = dy.window_w,
                       .pad_top = 0,
                       .pad_left = 0};
  const auto unpool = kernels().pool.of(T()).max_u8.gradient;
  parallel_for(s.n, [&](int64_t image) {
    for (int64_t row = image * s.oh; row < (image + 1) * s.oh; ++row) {
      unpool(pool, dy.values, dy.choice, row, y + row * s.ow * s.out);
    }
  });
  return y;
}

}  // namespace

template <class T>
void pooled_input_gradient(const ConvShape& s, const SparseGradient<T>& dy, const T* w, T* dx) {
  if (sparse_suits_input<T>(s)) return sparse_input_gradient(s, dy, w, dx);
  conv_input_gradient(s, unpooled(s, dy), w, dx);
}

template <class T>
void pooled_weight_gradient(const ConvShape& s, const T* x, const SparseGradient<T>& dy, T* dw) {
  if (one_channel_suits(s) && dy.window_h == 2 && dy.window_w == 2) {
    return one_channel_weight_gradient(s, x, dy, dw);
  }
  if (sparse_suits_weights<T>(s)) return sparse_weight_gradient(s, x, dy, dw);
  conv_weight_gradient(s, x, unpooled(s, dy), dw);
}

template <class T>
void pooled_bias_gradient(const ConvShape& s, const SparseGradient<T>& dy, T* db) {
  constexpr int64_t kLongestRun = 512;  // as in bias_gradient
  if (s.ow > kLongestRun || s.ow == 1) {
    return bias_gradient(unpooled(s, dy), db, s.n * s.oh * s.ow, s.out, s.ow);
  }
  thread_local Scratch scratch;
  T* sums = scratch.get<T>(s.n * s.oh * s.out);
  const int64_t parts = std::min(s.n, parts_of(s.n * dy.down * dy.across * s.out * 2));
  parallel_for(parts, [&](int64_t part) {
    for (int64_t image = s.n * part / parts; image < s.n * (part + 1) / parts; ++image) {
      T* of_image = sums + image * s.oh * s.out;
      std::fill_n(of_image, s.oh * s.out, T(0));
      for (int64_t row = 0; row < dy.down; ++row) {
        const int64_t at = (image * dy.down + row) * dy.across * s.out, oy = row * dy.window_h;
        kernels_of<T>().pixel_sums({.values = dy.values + at,
                                    .choice = dy.choice + at,
                                    .pixels = std::min(s.ow, dy.across * dy.window_w),
                                    .channels = s.out,
                                    .pixel = s.out,
                                    .window = dy.window_w,
                                    .first = 0},
                                   std::min(dy.window_h, s.oh - oy), of_image + oy * s.out, s.out);
      }
    }
  });
  bias_gradient(sums, db, s.n * s.oh, s.out);
}

#define PYCLR_INSTANTIATE(T)                                                                      \
  template void pooled_input_gradient(const ConvShape&, const SparseGradient<T>&, const T*, T*);  \
  template void pooled_weight_gradient(const ConvShape&, const T*, const SparseGradient<T>&, T*); \
  template void pooled_bias_gradient(const ConvShape&, const SparseGradient<T>&, T*);
PYCLR_INSTANTIATE(float)
PYCLR_INSTANTIATE(double)

}  // namespace pyclr
