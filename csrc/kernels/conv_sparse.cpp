// The gradients of a convolution whose output's gradient dy is mostly zeros, as max pooling makes
// it: each nonzero number is taken by itself. For the input gradient it adds its taps to a window
// of dx; for the weight gradient, a window of x to the taps of its channel. The sums are those of
// the dense loops, in the same order, without the zeros: for finite numbers, the same bits.
#include "kernels/blocking.h"
#include "kernels/conv.h"

namespace pyclr {
namespace {

int64_t words_of(int64_t bits) { return ceil_div(bits, 64); }

// An image with the zeros around it that the windows reach, (h, w, c) in all.
struct Border {
  int64_t h, w, top, left, rows, pixels;  // the last two: how much of the image is in it
  explicit Border(const ConvShape& s)
      : h((s.oh - 1) * s.stride_h + s.kh),
        w((s.ow - 1) * s.stride_w + s.kw),
        top(s.pad_top),
        left(s.pad_left),
        rows(std::clamp<int64_t>(h - top, 0, s.h)),
        pixels(std::clamp<int64_t>(w - left, 0, s.w)) {}
};

template <class T>
void add_border(const ConvShape& s, const Border& b, const T* image, T* bordered) {
  std::fill_n(bordered, b.h * b.w * s.c, T(0));
  for (int64_t i = 0; i < b.rows; ++i) {
    std::copy_n(image + i * s.w * s.c, b.pixels * s.c,
                bordered + ((b.top + i) * b.w + b.left) * s.c);
  }
}

template <class T>
void remove_border(const ConvShape& s, const Border& b, const T* bordered, T* image) {
  std::fill_n(image, s.h * s.w * s.c, T(0));
  for (int64_t i = 0; i < b.rows; ++i) {
    std::copy_n(bordered + ((b.top + i) * b.w + b.left) * s.c, b.pixels * s.c,
                image + i * s.w * s.c);
  }
}

// The nonzeros of image `image` of dy, channels [first, last): pixel by pixel, a bit a channel.
template <class T>
void find_nonzeros(const ConvShape& s, const SparseGradient<T>& dy, int64_t image, int64_t first,
                   int64_t last, uint64_t* bits) {
  const int64_t words = words_of(last - first);
  const int64_t width = std::min(s.ow, dy.across * dy.window_w);
  std::fill_n(bits, s.oh * s.ow * words, 0);
  for (int64_t oy = 0; oy < std::min(s.oh, dy.down * dy.window_h); ++oy) {
    const int64_t at = ((image * dy.down + oy / dy.window_h) * dy.across) * s.out + first;
    kernels_of<T>().nonzeros({.values = dy.values + at,
                              .choice = dy.choice ? dy.choice + at : nullptr,
                              .pixels = width,
                              .channels = last - first,
                              .pixel = s.out,
                              .window = dy.window_w,
                              .first = oy % dy.window_h * dy.window_w},
                             bits + oy * s.ow * words);
  }
}

// Transposes 64 x 64 bits: quadrants change places, then theirs.
void transpose_bits(uint64_t* rows) {
  uint64_t mask = 0xFFFFFFFF;
  for (int size = 32; size; size /= 2, mask ^= mask << size) {
    for (uint64_t* block = rows; block < rows + 64; block += 2 * size) {
      for (int i = 0; i < size; ++i) {
        const uint64_t moved = (block[i] >> size ^ block[i + size]) & mask;
        block[i] ^= moved << size;
        block[i + size] ^= moved;
      }
    }
  }
}

// bits: positions by channels, each position in whole words, to channels by positions, each channel
// `row` words after the other.
void by_channel(const uint64_t* bits, int64_t positions, int64_t channels, uint64_t* transposed,
                int64_t row) {
  const int64_t words = words_of(channels);
  for (int64_t p = 0; p < words_of(positions); ++p) {
    for (int64_t q = 0; q < words; ++q) {
      uint64_t block[64] = {};
      const int64_t rows = std::min<int64_t>(64, positions - 64 * p);
      for (int64_t i = 0; i < rows; ++i) block[i] = bits[(64 * p + i) * words + q];
      transpose_bits(block);
      const int64_t columns = std::min<int64_t>(64, channels - 64 * q);
      for (int64_t j = 0; j < columns; ++j) transposed[(64 * q + j) * row + p] = block[j];
    }
  }
}

}  // namespace

bool stays_inside(const ConvShape& s) {
  return s.pad_top == 0 && s.pad_left == 0 && (s.oh - 1) * s.stride_h + s.kh <= s.h &&
         (s.ow - 1) * s.stride_w + s.kw <= s.w;
}

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
  return seen > 0 && 10 * nonzeros < 3 * seen;
}

template <class T>
void sparse_input_gradient(const ConvShape& s, const SparseGradient<T>& dy, const T* w, T* dx) {
  const int64_t taps = s.kh * s.kw * s.c, words = words_of(s.out);
  thread_local Scratch for_weights, for_tables;
  T* by_output = for_weights.get<T>(s.out * taps);
  kernels_of<T>().transpose(w, s.out, by_output, taps, taps, s.out);
  int32_t* numbers = for_tables.get<int32_t>(2 * s.out);
  int32_t* taps_at = numbers + s.out;
  for (int64_t o = 0; o < s.out; ++o) numbers[o] = int32_t(o), taps_at[o] = int32_t(o * taps);
  const Border border(s);
  const bool inside = stays_inside(s);
  const int64_t width = inside ? s.w : border.w, size = (inside ? s.h : border.h) * width * s.c;
  parallel_for(s.n, [&](int64_t i) {
    thread_local Scratch for_bits, for_border;
    uint64_t* bits = for_bits.get<uint64_t>(s.oh * s.ow * words);
    find_nonzeros(s, dy, i, 0, s.out, bits);
    T* image = dx + i * s.h * s.w * s.c;
    T* target = inside ? image : for_border.get<T>(size);
    std::fill_n(target, size, T(0));
    for (int64_t oy = 0; oy < s.oh; ++oy) {
      const int64_t row = (i * dy.down + oy / dy.window_h) * dy.across;
      kernels_of<T>().sparse_sum({.bits = bits + oy * s.ow * words,
                                  .words = words,
                                  .x = dy.values + row * s.out,
                                  .x_at = numbers,
                                  .w = by_output,
                                  .w_at = taps_at,
                                  .w_row = s.kw * s.c,
                                  .rows = s.kh,
                                  .n = s.kw * s.c,
                                  .y = target + oy * s.stride_h * width * s.c,
                                  .y_row = width * s.c,
                                  .count = s.ow,
                                  .y_step = s.stride_w * s.c,
                                  .x_step = s.out,
                                  .window = dy.window_w});
    }
    if (!inside) remove_border(s, border, target, image);
  });
}

template <class T>
void sparse_weight_gradient(const ConvShape& s, const T* x, const SparseGradient<T>& dy, T* dw) {
  const int64_t taps = s.kh * s.kw * s.c, size = taps * s.out, positions = s.oh * s.ow;
  const int64_t words = words_of(positions);  // of an image and channel
  const Border border(s);
  const bool inside = stays_inside(s);
  const int64_t width = inside ? s.w : border.w;
  const int64_t image_size = (inside ? s.h : border.h) * width * s.c;
  // As many images at a time as the nearest cache holds, or as many words of an image.
  constexpr int64_t kBytes = 40 << 10;
  const int64_t groups = image_groups(s), bytes = std::max<int64_t>(1, image_size * sizeof(T));
  const int64_t images = std::clamp<int64_t>(kBytes / bytes, 1, ceil_div(s.n, groups));
  const int64_t step = std::max<int64_t>(1, images * words * std::min(kBytes, bytes) / bytes);
  // Where the number of each position of the output lies in so many images of dy, and its window
  // in x.
  thread_local Scratch for_tables, for_sums;
  int32_t* value_at = for_tables.get<int32_t>(2 * 64 * words * images);
  int32_t* window_at = value_at + 64 * words * images;
  for (int64_t i = 0; i < images; ++i) {
    for (int64_t oy = 0, p = 64 * words * i; oy < s.oh; ++oy) {
      for (int64_t ox = 0; ox < s.ow; ++ox, ++p) {
        const int64_t row = i * dy.down + oy / dy.window_h;
        value_at[p] = int32_t((row * dy.across + ox / dy.window_w) * s.out);
        window_at[p] = int32_t(i * image_size + (oy * s.stride_h * width + ox * s.stride_w) * s.c);
      }
    }
  }
  // Each group of images sums the gradient of each channel, (out, taps).
  const int64_t shares = std::min(s.out, ceil_div(parts_of(s.n * positions * size / 4), groups));
  T* sums = for_sums.get<T>(groups * size);
  parallel_for(groups * shares, [&](int64_t chunk) {
    const int64_t group = chunk / shares, share = chunk % shares;
    const int64_t begin = s.out * share / shares, channels = s.out * (share + 1) / shares - begin;
    const int64_t first = s.n * group / groups, last = s.n * (group + 1) / groups;
    thread_local Scratch for_bits, for_border;
    const int64_t by_pixel = positions * words_of(channels), row = images * words;
    uint64_t* bits = for_bits.get<uint64_t>(by_pixel + channels * row);
    uint64_t* of_channel = bits + by_pixel;
    T* sum = sums + (group * s.out + begin) * taps;
    std::fill_n(sum, channels * taps, T(0));
    for (int64_t image = first; image < last; image += images) {
      const int64_t count = std::min(images, last - image);
      const T* inputs = x + image * s.h * s.w * s.c;
      T* bordered = inside ? nullptr : for_border.get<T>(images * image_size);
      for (int64_t i = 0; i < count; ++i) {
        find_nonzeros(s, dy, image + i, begin, begin + channels, bits);
        by_channel(bits, positions, channels, of_channel + i * words, row);
        if (!inside) add_border(s, border, inputs + i * s.h * s.w * s.c, bordered + i * image_size);
      }
      const T* values = dy.values + image * dy.down * dy.across * s.out + begin;
      for (int64_t word = 0; word < count * words; word += step) {
        for (int64_t o = 0; o < channels; ++o) {
          kernels_of<T>().sparse_sum({.bits = of_channel + o * row + word,
                                      .words = std::min(step, count * words - word),
                                      .x = values + o,
                                      .x_at = value_at + 64 * word,
                                      .w = inside ? inputs : bordered,
                                      .w_at = window_at + 64 * word,
                                      .w_row = width * s.c,
                                      .rows = s.kh,
                                      .n = s.kw * s.c,
                                      .y = sum + o * taps,
                                      .y_row = s.kw * s.c});
        }
      }
    }
  });
  const int64_t parts = std::min(s.out, parts_of(groups * size * 8));
  parallel_for(parts, [&](int64_t part) {
    const int64_t begin = s.out * part / parts, end = s.out * (part + 1) / parts;
    thread_local Scratch scratch;
    T* sum = scratch.get<T>((end - begin) * taps);
    sum_rows(sums + begin * taps, size, groups, (end - begin) * taps, sum);
    kernels_of<T>().transpose(sum, taps, dw + begin, s.out, end - begin, taps);
  });
}

#define PYCLR_INSTANTIATE(T)                                                                     \
  template bool mostly_zeros(const T*, int64_t size);                                            \
  template void sparse_input_gradient(const ConvShape&, const SparseGradient<T>&, const T*, T*); \
  template void sparse_weight_gradient(const ConvShape&, const T*, const SparseGradient<T>&, T*);
PYCLR_INSTANTIATE(float)
PYCLR_INSTANTIATE(double)

}  // namespace pyclr
