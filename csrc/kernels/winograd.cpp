// Convolution as products in Winograd's domain: transform tiles, multiply point by point - each
// point a matrix product over the channels -, transform back.
#include <atomic>

#include "kernels/blocking.h"
#include "kernels/conv.h"

namespace pyclr {
namespace {

std::atomic<bool> enabled{true};

// Tiles of outputs, `size` a side, numbered image by image, row by row.
struct Tiles {
  int64_t size, down, across, count;
};

Tiles tiles_of(const ConvShape& s, int64_t size) {
  const int64_t down = ceil_div(s.oh, size), across = ceil_div(s.ow, size);
  return {size, down, across, s.n * down * across};
}

// The pixels of a tile: those from (top, left) on of an image (h, w, c) of the batch.
template <class T>
WinogradPixels<T> pixels(T* images, int64_t image, int64_t h, int64_t w, int64_t c, int64_t top,
                         int64_t left) {
  return {images + image * h * w * c, w * c, c, h, w, top, left};
}

// The inputs and the outputs of a tile.
template <class T>
WinogradPixels<T> tile_inputs(const ConvShape& s, const Tiles& tiles, int64_t tile, T* x) {
  const int64_t ty = tile / tiles.across % tiles.down, tx = tile % tiles.across;
  return pixels(x, tile / (tiles.down * tiles.across), s.h, s.w, s.c, ty * tiles.size - s.pad_top,
                tx * tiles.size - s.pad_left);
}
template <class T>
WinogradPixels<T> tile_outputs(const ConvShape& s, const Tiles& tiles, int64_t tile, T* y) {
  const int64_t ty = tile / tiles.across % tiles.down, tx = tile % tiles.across;
  return pixels(y, tile / (tiles.down * tiles.across), s.oh, s.ow, s.out, ty * tiles.size,
                tx * tiles.size);
}

// body(tile, count) for runs of tiles side by side, of those in [first, last).
template <class F>
void for_runs(const Tiles& tiles, int64_t first, int64_t last, const F& body) {
  for (int64_t t = first; t < last;) {
    const int64_t count = std::min(last - t, tiles.across - t % tiles.across);
    body(t, count);
    t += count;
  }
}

// How many pairs of output position and tap along one axis meet an input.
int64_t pairs(int64_t in, int64_t out, int64_t taps, int64_t pad) {
  int64_t count = 0;
  for (int64_t tap = 0; tap < taps; ++tap) {
    const int64_t shift = pad - tap;  // position p reads p - shift
    count += std::max<int64_t>(0, std::min(out, in + shift) - std::max<int64_t>(0, shift));
  }
  return count;
}

// Row c of the taps (r, r, s.c, s.out).
template <class T>
WinogradPixels<T> tap_row(const ConvShape& s, T* w, int64_t c) {
  const int64_t tap = s.c * s.out;
  return {w + c * s.out, s.kw * tap, tap, s.kh, s.kw, 0, 0};
}

// Stride between the points of `size` numbers: not a power of two, whose multiples would all fall
// on the same sets of a cache.
int64_t point_stride(int64_t size) { return size + 16; }

// How many tiles are transformed at a time: those whose points stay in a core's cache, yet enough
// for the products.
int64_t block_of(const ConvShape& s, const WinogradForm& form, int64_t bytes) {
  const int64_t tile = form.points() * (s.c + s.out) * int64_t(sizeof(float));
  return std::clamp<int64_t>(bytes / tile, 32, 512);
}

const WinogradForm& forward_form(const ConvShape& s) {
  const WinogradKernels& forms = kernels().winograd;
  return s.kh == 3 ? forms.f4x4_3x3 : forms.f4x4_5x5;
}
const WinogradForm& gradient_form(const ConvShape& s) {
  const WinogradKernels& forms = kernels().winograd;
  return s.kh == 3 ? forms.f4x4_3x3 : forms.f2x2_5x5;
}

bool is_possible(const ConvShape& s) {
  return enabled && s.groups == 1 && s.kh == s.kw && (s.kh == 3 || s.kh == 5) && s.stride_h == 1 &&
         s.stride_w == 1 && s.dilation_h == 1 && s.dilation_w == 1;
}

// Multiply-adds of an image in whole vectors, those of the transforms counted as measured, beside
// those of the direct algorithm. The batch does not matter: a sample's result would depend on it.
double share_of_direct(const ConvShape& s, const WinogradForm& form) {
  constexpr int64_t kLanes = 16;
  const auto whole = [](int64_t channels) { return ceil_div(channels, kLanes) * kLanes; };
  const Tiles tiles = tiles_of(s, form.size);
  const int64_t c = whole(s.c), out = whole(s.out), transforms = 11 * form.points() * (c + out);
  const int64_t per_tile = form.points() * s.c * out + transforms;
  const int64_t direct = pairs(s.h, s.oh, s.kh, s.pad_top) * pairs(s.w, s.ow, s.kw, s.pad_left);
  return double(tiles.down * tiles.across * per_tile) / double(direct * s.c * out);
}

}  // namespace

void set_use_winograd(bool use) { enabled = use; }
bool use_winograd() { return enabled; }

bool winograd_suits(const ConvShape& s, double share) {
  return is_possible(s) && share_of_direct(s, forward_form(s)) < share;
}

// The direct gradient rounds less, and leaves out the zeros behind max pooling.
bool winograd_suits_weights(const ConvShape& s) {
  return is_possible(s) && share_of_direct(s, gradient_form(s)) < 0.65;
}

namespace {

// finish(tile, points, stride) makes outputs of a tile's points.
template <class F>
void forward(const ConvShape& s, const float* x, const float* w, const F& finish) {
  const WinogradForm& form = forward_form(s);
  const auto gemm = kernels().f32.brgemm;
  const Tiles tiles = tiles_of(s, form.size);
  thread_local Scratch of_taps;
  const int64_t u_stride = point_stride(s.c * s.out);
  float* u = of_taps.get<float>(form.points() * u_stride);
  const int64_t row_parts = std::min(s.c, parts_of(s.c * s.out * form.points() * 8));
  parallel_for(row_parts, [&](int64_t part) {
    for (int64_t c = s.c * part / row_parts; c < s.c * (part + 1) / row_parts; ++c)
      form.from_taps(tap_row(s, w, c), 1, s.out, u + c * s.out, u_stride);
  });
  const int64_t largest = block_of(s, form, 768 << 10);
  const int64_t threads = num_threads(), most = tiles.count / 16;
  int64_t blocks =
      std::max({int64_t{1}, ceil_div(tiles.count, largest), std::min(most, 2 * threads)});
  // As many for each thread, if there are enough.
  const int64_t even = ceil_div(blocks, threads) * threads;
  if (even <= most) blocks = even;
  parallel_for(blocks, [&](int64_t block) {
    const int64_t first = tiles.count * block / blocks, last = tiles.count * (block + 1) / blocks;
    const int64_t v_stride = point_stride((last - first) * s.c);
    const int64_t m_stride = point_stride((last - first) * s.out);
    thread_local Scratch scratch;
    float* v = scratch.get<float>(form.points() * (v_stride + m_stride));
    float* m = v + form.points() * v_stride;
    for_runs(tiles, first, last, [&](int64_t t, int64_t count) {
      form.from_inputs(tile_inputs(s, tiles, t, x), count, s.c, v + (t - first) * s.c, v_stride);
    });
    for (int64_t p = 0; p < form.points(); ++p) {
      gemm({.m = last - first,
            .n = s.out,
            .k = s.c,
            .a = v + p * v_stride,
            .a_inner = s.c,
            .a_k = 1,
            .b = u + p * u_stride,
            .b_k = s.out,
            .c = m + p * m_stride,
            .c_inner = s.out});
    }
    for (int64_t t = first; t < last; ++t) finish(t, m + (t - first) * s.out, m_stride);
  });
}

}  // namespace

void winograd_forward(const ConvShape& s, const float* x, const float* w, const float* bias,
                      Activation activation, float* y) {
  const WinogradForm& form = forward_form(s);
  const Tiles tiles = tiles_of(s, form.size);
  forward(s, x, w, [&](int64_t tile, const float* points, int64_t stride) {
    form.to_outputs(points, stride, s.out, bias, activation, tile_outputs(s, tiles, tile, y));
  });
}

void winograd_max_pool(const ConvShape& s, const float* x, const float* w, const float* bias,
                       Activation activation, float* y, uint8_t* index) {
  // The pooled image, whose tiles are half the size. An odd last row or column is in no window.
  ConvShape pooled = s;
  pooled.oh /= 2, pooled.ow /= 2;
  const WinogradForm& form = forward_form(s);
  Tiles tiles = tiles_of(s, form.size);
  tiles.size /= 2;
  forward(s, x, w, [&](int64_t tile, const float* points, int64_t stride) {
    form.to_maxima(points, stride, s.out, bias, activation, tile_outputs(pooled, tiles, tile, y),
                   index ? tile_outputs(pooled, tiles, tile, index).image : nullptr);
  });
}

void winograd_weight_gradient(const ConvShape& s, const float* x, const float* dy, float* dw) {
  const WinogradForm& form = gradient_form(s);
  const auto gemm = kernels().f32.brgemm;
  const Tiles tiles = tiles_of(s, form.size);
  if (tiles.count == 0) {
    std::fill_n(dw, s.kh * s.kw * s.c * s.out, 0.0f);
    return;
  }
  thread_local Scratch scratch;
  const int64_t block = std::min(block_of(s, form, 2 << 20), tiles.count);
  const int64_t v_stride = point_stride(block * s.c), g_stride = point_stride(block * s.out);
  const int64_t u_stride = point_stride(s.c * s.out);
  float* v = scratch.get<float>(form.points() * (v_stride + g_stride + 2 * u_stride));
  float *g = v + form.points() * v_stride, *u = g + form.points() * g_stride;
  float* of_group = u + form.points() * u_stride;
  // Blocks make groups of tiles. The sum over a group is one chain, whatever thread computes it,
  // and so is the sum of the groups.
  constexpr int64_t kTilesOfGroup = 256, kRows = 64, kTilesAtOnce = 8;
  const int64_t group = ceil_div(kTilesOfGroup, block) * block;
  const int64_t row_parts = ceil_div(s.c, kRows);
  for (int64_t first = 0; first < tiles.count; first += block) {
    const int64_t count = std::min(block, tiles.count - first);
    parallel_for(ceil_div(count, kTilesAtOnce), [&](int64_t part) {
      const int64_t begin = first + part * kTilesAtOnce;
      for_runs(tiles, begin, std::min(first + count, begin + kTilesAtOnce),
               [&](int64_t t, int64_t run) {
                 const int64_t at = t - first;
                 form.from_inputs(tile_inputs(s, tiles, t, x), run, s.c, v + at * s.c, v_stride);
                 form.from_output_gradient(tile_outputs(s, tiles, t, dy), run, s.out,
                                           g + at * s.out, g_stride);
               });
    });
    const bool begins = first % group == 0;
    const bool ends = (first + block) % group == 0 || first + block >= tiles.count;
    float* sums = first < group ? u : of_group;
    parallel_for(form.points() * row_parts, [&](int64_t part) {
      const int64_t p = part / row_parts, row = part % row_parts * kRows;
      const int64_t rows = std::min(kRows, s.c - row), at = p * u_stride + row * s.out;
      gemm({.m = rows,
            .n = s.out,
            .k = count,
            .a = v + p * v_stride + row,
            .a_inner = 1,
            .a_k = s.c,
            .b = g + p * g_stride,
            .b_k = s.out,
            .c = sums + at,
            .c_inner = s.out,
            .accumulate = !begins});
      if (ends && sums != u) kernels().f32.add_rows(sums + at, 0, u + at, 0, 1, rows * s.out);
    });
  }
  const int64_t parts = std::min(s.c, parts_of(s.c * s.out * form.points() * 8));
  parallel_for(parts, [&](int64_t part) {
    for (int64_t c = s.c * part / parts; c < s.c * (part + 1) / parts; ++c)
      form.to_tap_gradient(u + c * s.out, u_stride, s.out, tap_row(s, dw, c));
  });
}

}  // namespace pyclr
