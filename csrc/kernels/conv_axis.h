// What forward pass and gradients of a convolution share: its two axes, cut into spans, and
// depthwise convolutions as others.
#pragma once

#include <vector>

#include "kernels/blocking.h"
#include "kernels/conv.h"

namespace pyclr {

// One axis of a correlation: position p reads inputs p * stride - pad + tap * dilation.
struct Axis {
  int64_t in, out, taps, stride, dilation, pad;
};

// Positions and taps such that each of the taps falls inside the image at each of the positions.
struct Span {
  int64_t begin, end;
  int64_t tap_begin, tap_end;
  int64_t positions() const { return end - begin; }
  int64_t taps() const { return tap_end - tap_begin; }
};

// Input index that position `p` reads with tap `tap`.
inline int64_t input_of(const Axis& axis, int64_t p, int64_t tap) {
  return p * axis.stride - axis.pad + tap * axis.dilation;
}

// All positions in order, each with all of its taps; there may be none.
inline std::vector<Span> spans_of(const Axis& axis) {
  std::vector<Span> spans;
  for (int64_t p = 0; p < axis.out; ++p) {
    const int64_t first = input_of(axis, p, 0);
    const int64_t begin = std::min(axis.taps, first < 0 ? ceil_div(-first, axis.dilation) : 0);
    const int64_t end = std::clamp(axis.in > first ? ceil_div(axis.in - first, axis.dilation) : 0,
                                   begin, axis.taps);
    if (!spans.empty() && spans.back().tap_begin == begin && spans.back().tap_end == end) {
      ++spans.back().end;
    } else {
      spans.push_back({p, p + 1, begin, end});
    }
  }
  return spans;
}

// All taps in order, each with all of its positions.
inline std::vector<Span> tap_spans_of(const Axis& axis) {
  std::vector<Span> spans;
  for (int64_t tap = 0; tap < axis.taps; ++tap) {
    const int64_t shift = axis.pad - tap * axis.dilation;  // position p reads p * stride - shift
    const int64_t begin = std::min(axis.out, shift > 0 ? ceil_div(shift, axis.stride) : 0);
    const int64_t end = std::clamp(axis.in + shift > 0 ? ceil_div(axis.in + shift, axis.stride) : 0,
                                   begin, axis.out);
    if (!spans.empty() && spans.back().begin == begin && spans.back().end == end) {
      ++spans.back().tap_end;
    } else {
      spans.push_back({begin, end, tap, tap + 1});
    }
  }
  return spans;
}

inline Axis height_of(const ConvShape& s) {
  return {s.h, s.oh, s.kh, s.stride_h, s.dilation_h, s.pad_top};
}
inline Axis width_of(const ConvShape& s) {
  return {s.w, s.ow, s.kw, s.stride_w, s.dilation_w, s.pad_left};
}
inline bool is_depthwise(const ConvShape& s) {
  return s.groups > 1 && s.groups == s.c && s.out == s.c;
}

// A depthwise convolution with several outputs a channel is one with one, on an image with each
// channel repeated.
inline bool has_multiplier(const ConvShape& s) {
  return s.groups > 1 && s.groups == s.c && s.out > s.c;
}

inline ConvShape without_multiplier(ConvShape s) {
  s.c = s.groups = s.out;
  return s;
}

// Whether each nonzero number of dy meets enough others to be worth the search for it, side by side
// in memory. Places in an image have 32 bits there.
inline bool is_worth_a_search(const ConvShape& s) {
  constexpr int64_t kNumbers = 128, kMostPlaces = int64_t{1} << 31;
  const int64_t taps = s.kh * s.kw * s.c;
  return taps >= kNumbers && s.groups == 1 && s.dilation_h == 1 && s.dilation_w == 1 &&
         (s.h + s.kh) * (s.w + s.kw) * s.c < kMostPlaces && s.oh * s.ow * s.out < kMostPlaces &&
         taps * s.out < kMostPlaces;
}

// body(first, last) for parts of the batch's pixels, on all threads.
template <class F>
void for_pixels(const ConvShape& s, const F& body) {
  const int64_t pixels = s.n * s.h * s.w;
  const int64_t parts = std::min(std::max<int64_t>(1, pixels), parts_of(pixels * s.out));
  parallel_for(parts,
               [&](int64_t part) { body(pixels * part / parts, pixels * (part + 1) / parts); });
}

template <class T>
void repeat_channels(const ConvShape& s, const T* x, T* repeated) {
  const int64_t times = s.out / s.c;
  for_pixels(s, [&](int64_t first, int64_t last) {
    for (int64_t i = first * s.c; i < last * s.c; ++i) {
      std::fill_n(repeated + i * times, times, x[i]);
    }
  });
}

}  // namespace pyclr
