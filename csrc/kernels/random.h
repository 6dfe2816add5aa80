// Random numbers: Philox4x32-10 (Salmon, Moraes, Dror, Shaw, "Parallel random numbers: as easy as
// 1, 2, 3", 2011) and what is made of its bits. Included once per instruction set (isa.cpp).
//
// The key is the seed; the counter is (block, step), 64 bits each. Blocks are computed 16 at a
// time: a group of 64 words, word w of block b at place 16 w + b % 16. Numbers of 32 bits take one
// word each; numbers of 64 bits two, so that a group makes 32: places 16 k + b % 16 hold words 2k,
// 2k + 1.
#pragma once

#include "kernels/random_table.h"
#include "kernels/simd.h"

extern "C" double sin(double) noexcept, cos(double) noexcept;

namespace pyclr::PYCLR_ISA {
namespace {

// The product of the low halves of 64-bit numbers: one, or a vector of them.
typedef uint64_t Words __attribute__((vector_size(kVectorBytes)));
PYCLR_INLINE constexpr uint64_t multiply_low(uint64_t a, uint64_t b) {
  return (a & 0xFFFFFFFF) * (b & 0xFFFFFFFF);
}
PYCLR_INLINE Words multiply_low(Words a, uint64_t b) {
#if defined(__AVX512F__)
  const __m512i factor = _mm512_set1_epi64(static_cast<int64_t>(b));
  return reinterpret_cast<Words>(
      _mm512_maskz_mul_epu32(0xFF, reinterpret_cast<__m512i>(a), factor));
#elif defined(__AVX2__)
  const __m256i factor = _mm256_set1_epi64x(static_cast<int64_t>(b));
  return reinterpret_cast<Words>(_mm256_mul_epu32(reinterpret_cast<__m256i>(a), factor));
#elif defined(__SSE2__)
  const __m128i factor = _mm_set1_epi64x(static_cast<int64_t>(b));
  return reinterpret_cast<Words>(_mm_mul_epu32(reinterpret_cast<__m128i>(a), factor));
#elif defined(__ARM_NEON)
  const uint32x2_t low = vmovn_u64(reinterpret_cast<uint64x2_t>(a));
  return reinterpret_cast<Words>(vmull_n_u32(low, static_cast<uint32_t>(b)));
#else
  return (a & 0xFFFFFFFF) * (b & 0xFFFFFFFF);
#endif
}

// The ten rounds for a counter of four words, each the low half of an element; what the high halves
// hold does not matter, before or after.
template <class V>
PYCLR_INLINE constexpr void philox(V& x0, V& x1, V& x2, V& x3, uint64_t seed) {
  uint32_t key0 = static_cast<uint32_t>(seed), key1 = static_cast<uint32_t>(seed >> 32);
  PYCLR_UNROLL
  for (int round = 0; round < 10; ++round) {
    const V a = multiply_low(x0, 0xD2511F53), b = multiply_low(x2, 0xCD9E8D57);
    x0 = (b >> 32) ^ x1 ^ uint64_t{key0};
    x2 = (a >> 32) ^ x3 ^ uint64_t{key1};
    x1 = b, x3 = a;
    key0 += 0x9E3779B9, key1 += 0xBB67AE85;
  }
}

// Known answers, published with the Random123 library.
constexpr bool philox_gives(uint64_t x0, uint64_t x1, uint64_t x2, uint64_t x3, uint64_t seed,
                            uint32_t y0, uint32_t y1, uint32_t y2, uint32_t y3) {
  philox(x0, x1, x2, x3, seed);
  return uint32_t(x0) == y0 && uint32_t(x1) == y1 && uint32_t(x2) == y2 && uint32_t(x3) == y3;
}
static_assert(philox_gives(0, 0, 0, 0, 0, 0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8));
static_assert(philox_gives(~0u, ~0u, ~0u, ~0u, ~uint64_t{0}, 0x408f276d, 0x41c83b0e, 0xa20bc7c6,
                           0x6d5451fd));
static_assert(philox_gives(0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344, 0x299f31d0a4093822,
                           0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1));

constexpr int kBlocks = 16;
struct RandomWords {
  uint32_t word[4 * kBlocks];
  // 64 bits: word 2k of block b, then word 2k + 1.
  PYCLR_INLINE uint64_t wide(int k, int b) const {
    return uint64_t{word[2 * k * kBlocks + b]} << 32 | word[(2 * k + 1) * kBlocks + b];
  }
};

PYCLR_INLINE RandomWords random_words(RandomKey key, uint64_t group) {
  constexpr int kCount = kVectorBytes / 8;
  RandomWords words;
  for (int first = 0; first < kBlocks; first += kCount) {
    Words block{}, step = Words{} + key.step;
    for (int i = 0; i < kCount; ++i) block[i] = group * kBlocks + first + i;
    Words x[4] = {block, block >> 32, step, step >> 32};
    philox(x[0], x[1], x[2], x[3], key.seed);
    for (int w = 0; w < 4; ++w)
      for (int i = 0; i < kCount; ++i)
        words.word[w * kBlocks + first + i] = static_cast<uint32_t>(x[w][i]);
  }
  return words;
}

// Fills `y` with the values [begin, end) group by group; make(words, values) makes the `kValues`
// values of a group.
template <int kValues, class T, class F>
PYCLR_NOINLINE void fill_random(RandomKey key, int64_t begin, int64_t end, T* y, F make) {
  for (; end - begin >= kValues; begin += kValues, y += kValues)
    make(random_words(key, static_cast<uint64_t>(begin / kValues)), y);
  if (begin == end) return;
  T values[kValues];
  fill_random<kValues>(key, begin, begin + kValues, values, make);
  __builtin_memcpy(y, values, (end - begin) * sizeof(T));
}

// In [0, 1), with the 24 or 53 bits that a float or a double has.
PYCLR_INLINE float unit(uint32_t word) {
  return static_cast<float>(static_cast<int32_t>(word >> 8)) * 0x1p-24f;
}
PYCLR_INLINE double unit(uint64_t bits) {
  return static_cast<double>(static_cast<int64_t>(bits >> 11)) * 0x1p-53;
}
PYCLR_INLINE float below(float x) { return __builtin_nextafterf(x, -__builtin_inff()); }
PYCLR_INLINE double below(double x) { return __builtin_nextafter(x, -__builtin_inf()); }

template <class T>
void random_uniform(RandomKey key, int64_t begin, int64_t end, double low, double high, T* y) {
  const T from = T(low), width = T(high - low);
  // Rounding could give `high` itself, which lies outside.
  const T last = from < T(high) ? below(T(high)) : from;
  if constexpr (sizeof(T) == 4) {
    fill_random<64>(key, begin, end, y + begin, [=](const RandomWords& x, float* values) {
      for (int j = 0; j < 64; ++j) {
        const float value = from + width * unit(x.word[j]);
        values[j] = value < last ? value : last;
      }
    });
  } else {
    fill_random<32>(key, begin, end, y + begin, [=](const RandomWords& x, double* values) {
      for (int j = 0; j < 32; ++j) {
        const double value = from + width * unit(x.wide(j / 16, j % 16));
        values[j] = value < last ? value : last;
      }
    });
  }
}

template <class T>
void random_dropout_mask(RandomKey key, int64_t begin, int64_t end, double rate, T* y) {
  const double limit = rate * 0x1p32;
  const uint32_t threshold = limit < 4294967295.0 ? static_cast<uint32_t>(limit) : ~0u;
  const T scale = rate < 1 ? T(1 / (1 - rate)) : T(0);
  fill_random<64>(key, begin, end, y + begin, [=](const RandomWords& x, T* values) {
    for (int j = 0; j < 64; ++j) values[j] = x.word[j] < threshold ? T(0) : scale;
  });
}

// sin and cos of 2 pi t, for 0 <= t <= 1: Taylor polynomials within an eighth of a turn of the
// nearest quarter, where their error is below float's.
PYCLR_INLINE void sine_cosine_of_turn(Vec<float> t, Vec<float>& sine, Vec<float>& cosine) {
  const Vec<float> round = broadcast(12582912.0f);  // 1.5 * 2^23
  const Vec<float> shifted = t * 4.0f + round;
  const IntVec<float> quarter = bits_of(shifted);
  const Vec<float> a = (t - (shifted - round) * 0.25f) * 6.28318531f, z = a * a;
  Vec<float> s = fma(z, broadcast(2.75573192e-6f), broadcast(-1.98412698e-4f));
  s = fma(s, z, broadcast(8.33333333e-3f));
  s = fma(s, z, broadcast(-1.66666667e-1f));
  s = fma(s * z, a, a);
  Vec<float> c = fma(z, broadcast(-2.75573192e-7f), broadcast(2.48015873e-5f));
  c = fma(c, z, broadcast(-1.38888889e-3f));
  c = fma(c, z, broadcast(4.16666667e-2f));
  c = fma(c, z, broadcast(-0.5f));
  c = fma(c, z, broadcast(1.0f));
  const auto odd = (quarter & 1) != 0;
  sine = from_bits(bits_of(select(odd, c, s)) ^ ((quarter & 2) << 30));
  cosine = from_bits(bits_of(select(odd, s, c)) ^ (((quarter + 1) & 2) << 30));
}

// Box and Muller (1958): r cos(2 pi t) and r sin(2 pi t), with r = sqrt(-2 log(u)). u is in (0, 1],
// down to 2^-33 or 2^-54.
template <class T>
void random_normal(RandomKey key, int64_t begin, int64_t end, double mean, double stddev, T* y) {
  const T center = T(mean), spread = T(stddev);
  if constexpr (sizeof(T) == 4) {
    fill_random<64>(key, begin, end, y + begin, [=](const RandomWords& x, float* values) {
      for (int k = 0; k < 2; ++k) {
        // u or 1 - u, whichever is smaller and so has more digits.
        float least[kBlocks], t[kBlocks];
        int32_t word[kBlocks];
        for (int i = 0; i < kBlocks; ++i) {
          word[i] = static_cast<int32_t>(x.word[2 * k * kBlocks + i]);
          least[i] = static_cast<float>(word[i] < 0 ? ~word[i] : word[i]) * 0x1p-32f + 0x1p-33f;
          t[i] = unit(x.word[(2 * k + 1) * kBlocks + i]);
        }
        for (int i = 0; i < kBlocks; i += kLanes<float>) {
          Vec<float> sine, cosine;
          sine_cosine_of_turn(load(t + i), sine, cosine);
          const Vec<float> v = load(least + i);
          IntVec<float> bits;
          __builtin_memcpy(&bits, word + i, sizeof bits);
          const Vec<float> r = sqrt(-2.0f * select(bits < 0, log1p(-v), log(v)));
          store(values + 32 * k + i, center + spread * (r * cosine));
          store(values + 32 * k + 16 + i, center + spread * (r * sine));
        }
      }
    });
  } else {
    fill_random<32>(key, begin, end, y + begin, [=](const RandomWords& x, double* values) {
      for (int i = 0; i < kBlocks; ++i) {
        const double r = __builtin_sqrt(-2 * ::log(unit(x.wide(0, i)) + 0x1p-54));
        const double angle = 6.283185307179586 * unit(x.wide(1, i));
        values[i] = center + spread * (r * ::cos(angle));
        values[16 + i] = center + spread * (r * ::sin(angle));
      }
    });
  }
}

// The high half of 64 random bits times the range. A value is off its fair share by 2^-64 at most.
template <class T>
void random_integers(RandomKey key, int64_t begin, int64_t end, int64_t low, uint64_t range, T* y) {
  fill_random<32>(key, begin, end, y + begin, [=](const RandomWords& x, T* values) {
    for (int j = 0; j < 32; ++j) {
      const auto product = static_cast<unsigned __int128>(x.wide(j / 16, j % 16)) * range;
      values[j] = static_cast<T>(static_cast<uint64_t>(low) + static_cast<uint64_t>(product >> 64));
    }
  });
}

template <class T>
constexpr RandomTable<T> random_table() {
  return {random_uniform<T>, random_normal<T>, random_dropout_mask<T>};
}

}  // namespace
}  // namespace pyclr::PYCLR_ISA
