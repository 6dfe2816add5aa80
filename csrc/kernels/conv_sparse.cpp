// The input gradient of a convolution for gradients that are mostly zeros, as max pooling makes
// them: each nonzero number adds its taps to the gradient. The sums are those of the dense loop, in
// the same order, without the zeros.
#include "kernels/blocking.h"
#include "kernels/conv.h"

namespace pyclr {

template <class T>
bool mostly_zeros(const T* values, int64_t size) {
  // A look at a few places: how the sums are computed does not change them.
  constexpr int64_t kLooks = 16, kRun = 128;
  int64_t nonzeros = 0, seen = 0;
  for (int64_t look = 0; look < kLooks; ++look) {
    const int64_t begin = size * look / kLooks, end = std::min(size, begin + kRun);
    for (int64_t i = begin; i < end; ++i) nonzeros += values[i] != 0;
    seen += end - begin;
  }
  return seen > 0 && 5 * nonzeros < 2 * seen;
}

bool sparse_suits(const ConvShape& s) {
  return s.groups == 1 && s.dilation_h == 1 && s.dilation_w == 1 && s.pad_top == 0 &&
         s.pad_left == 0 && (s.oh - 1) * s.stride_h + s.kh <= s.h &&
         (s.ow - 1) * s.stride_w + s.kw <= s.w;
}

template <class T>
void sparse_input_gradient(const ConvShape& s, const T* dy, const T* w, T* dx) {
  const int64_t taps = s.kh * s.kw * s.c, image = s.h * s.w * s.c;
  thread_local Scratch scratch;
  T* by_output = scratch.get<T>(s.out * taps);
  kernels_of<T>().transpose(w, s.out, by_output, taps, taps, s.out);
  parallel_for(s.n, [&](int64_t i) {
    std::fill_n(dx + i * image, image, T(0));
    SparseSum<T> sum{.k = s.out,
                     .rows = s.kh,
                     .n = s.kw * s.c,
                     .x = dy + i * s.oh * s.ow * s.out,
                     .w = by_output,
                     .w_k = taps,
                     .w_row = s.kw * s.c,
                     .y = nullptr,
                     .y_row = s.w * s.c};
    for (int64_t oy = 0; oy < s.oh; ++oy) {
      sum.y = dx + i * image + oy * s.stride_h * sum.y_row;
      for (int64_t ox = 0; ox < s.ow; ++ox) {
        kernels_of<T>().sparse_sum(sum);
        sum.x += s.out;
        sum.y += s.stride_w * s.c;
      }
    }
  });
}

#define PYCLR_INSTANTIATE(T)                          \
  template bool mostly_zeros(const T*, int64_t size); \
  template void sparse_input_gradient(const ConvShape&, const T*, const T*, T*);
PYCLR_INSTANTIATE(float)
PYCLR_INSTANTIATE(double)

}  // namespace pyclr
