// The gradients of convolutions of images with few channels, which would fill few of a vector's
// lanes.
#include "kernels/blocking.h"
#include "kernels/conv.h"

namespace pyclr {

bool few_suits_input(const ConvShape& s) {
  constexpr int64_t kFew = 8, kManyOutputs = 8;
  return s.groups == 1 && s.c < kFew && s.out >= kManyOutputs;
}

// Vectors run along the positions of dy. What each of them gives to each tap and channel is a
// product of matrices; each row of it is added where its tap and channel want it. There is a plane
// for each channel and for each remainder of an input's position modulo the strides, so that
// neighbours stay neighbours.
template <class T>
void few_input_gradient(const ConvShape& s, const T* dy, const T* w, T* dx) {
  // What the taps reach, of which the image is a part.
  const int64_t reach_h = (s.oh - 1) * s.stride_h + (s.kh - 1) * s.dilation_h + 1;
  const int64_t reach_w = (s.ow - 1) * s.stride_w + (s.kw - 1) * s.dilation_w + 1;
  const int64_t width = ceil_div(reach_w, s.stride_w);
  const int64_t plane = ceil_div(reach_h, s.stride_h) * width, planes = s.stride_h * s.stride_w;
  // As many lines of dy at a time as the nearest cache holds products of.
  constexpr int64_t kBytes = 24 << 10;
  const int64_t rows = s.kh * s.kw * s.c, row_bytes = rows * s.ow * int64_t(sizeof(T));
  const int64_t lines =
      std::clamp<int64_t>(kBytes / std::max<int64_t>(1, row_bytes), 1, std::max<int64_t>(1, s.oh));
  const int64_t stride = lines * s.ow + 16;  // not a power of two
  parallel_for(s.n, [&](int64_t image) {
    thread_local Scratch scratch;
    T* turned = scratch.get<T>(s.out * stride + rows * stride + s.c * planes * plane);
    T *products = turned + s.out * stride, *sums = products + rows * stride;
    std::fill_n(sums, s.c * planes * plane, T(0));
    for (int64_t line = 0; line < s.oh; line += lines) {
      const int64_t count = std::min(lines, s.oh - line), positions = count * s.ow;
      kernels_of<T>().transpose(dy + (image * s.oh + line) * s.ow * s.out, s.out, turned, stride,
                                positions, s.out);
      kernels_of<T>().brgemm({.m = rows,
                              .n = positions,
                              .k = s.out,
                              .a = w,
                              .a_inner = s.out,
                              .a_k = 1,
                              .b = turned,
                              .b_k = stride,
                              .c = products,
                              .c_inner = stride});
      for (int64_t row = 0; row < rows; ++row) {
        const int64_t channel = row % s.c, tap = row / s.c;
        const int64_t y = tap / s.kw * s.dilation_h, x = tap % s.kw * s.dilation_w;
        const int64_t at = (channel * s.stride_h + y % s.stride_h) * s.stride_w + x % s.stride_w;
        T* target = sums + at * plane + (line + y / s.stride_h) * width + x / s.stride_w;
        kernels_of<T>().add_rows(products + row * stride, s.ow, target, width, count, s.ow);
      }
    }
    T* to = dx + image * s.h * s.w * s.c;
    std::fill_n(to, s.h * s.w * s.c, T(0));
    for (int64_t y = s.pad_top; y < std::min(s.pad_top + s.h, reach_h); ++y, to += s.w * s.c) {
      const T* row = sums + y % s.stride_h * s.stride_w * plane + y / s.stride_h * width;
      for (int64_t channel = 0; channel < s.c; ++channel, row += planes * plane) {
        const T* from = row;
        for (int64_t phase = 0; phase < s.stride_w; ++phase, from += plane) {
          // Column i of the plane is input column phase + i * stride_w - pad_left.
          int64_t i = s.pad_left > phase ? ceil_div(s.pad_left - phase, s.stride_w) : 0;
          int64_t x = phase + i * s.stride_w - s.pad_left;
          const int64_t end = std::min(s.w, reach_w - s.pad_left);
          for (; x < end; x += s.stride_w) to[x * s.c + channel] = from[i++];
        }
      }
    }
  });
}

bool one_channel_suits(const ConvShape& s) {
  return s.c == 1 && s.groups == 1 && (s.kw == 3 || s.kw == 5 || s.kw == 7) && s.stride_h == 1 &&
         s.stride_w == 1 && s.dilation_h == 1 && s.dilation_w == 1;
}

template <class T>
void one_channel_weight_gradient(const ConvShape& s, const T* x, const SparseGradient<T>& dy,
                                 T* dw) {
  // Images with the zeros around them that the taps reach, and what a register reads beyond.
  constexpr int64_t kBeyond = 8;
  const int64_t width = s.ow + s.kw + kBeyond, height = s.oh + s.kh;
  const int64_t rows = std::min(s.h, height - s.pad_top),
                columns = std::min(s.w, s.ow + s.kw - 1 - s.pad_left);
  const int64_t groups = image_groups(s), size = s.kh * s.kw * s.out;
  thread_local Scratch for_sums;
  T* sums = for_sums.get<T>(groups * size);
  parallel_for(groups, [&](int64_t group) {
    const int64_t first = s.n * group / groups, last = s.n * (group + 1) / groups;
    thread_local Scratch scratch;
    T* bordered = scratch.get<T>(height * width);
    std::fill_n(bordered, height * width, T(0));
    T* sum = sums + group * size;
    std::fill_n(sum, size, T(0));
    for (int64_t image = first; image < last; ++image) {
      for (int64_t y = 0; y < rows; ++y) {
        std::copy_n(x + (image * s.h + y) * s.w, columns,
                    bordered + (s.pad_top + y) * width + s.pad_left);
      }
      const int64_t at = image * dy.down * dy.across * s.out;
      kernels_of<T>().one_channel_gradient({.x = bordered,
                                            .x_row = width,
                                            .dy = dy.values + at,
                                            .choice = dy.choice ? dy.choice + at : nullptr,
                                            .h = dy.down,
                                            .w = dy.across,
                                            .kh = s.kh,
                                            .kw = s.kw,
                                            .out = s.out,
                                            .dw = sum});
    }
  });
  sum_rows(sums, size, groups, size, dw);
}

#define PYCLR_INSTANTIATE(T)                                                                      \
  template void few_input_gradient(const ConvShape&, const T*, const T*, T*);                     \
  template void one_channel_weight_gradient(const ConvShape&, const T*, const SparseGradient<T>&, \
                                            T*);
PYCLR_INSTANTIATE(float)
PYCLR_INSTANTIATE(double)

}  // namespace pyclr
