/* Vectors of LANES float32 numbers, as wide as the processor's registers. GCC supports wider
   vectors too, but passes them through memory. */
#ifndef VECTORS_H
#define VECTORS_H

#include <stdint.h>

#define INLINE static inline __attribute__((always_inline))

#if defined(__AVX512F__)
enum { LANES = 16 };
#elif defined(__AVX2__)
enum { LANES = 8 };
#else
enum { LANES = 4 };
#endif

typedef float floats __attribute__((vector_size(4 * LANES), aligned(4), may_alias));
typedef int32_t ints __attribute__((vector_size(4 * LANES), aligned(4), may_alias));
typedef float floats4 __attribute__((vector_size(16), aligned(4), may_alias));
typedef int32_t ints4 __attribute__((vector_size(16)));

INLINE floats load(const float *from) { return *(const floats *)from; }

INLINE void store(float *to, floats x) { *(floats *)to = x; }

INLINE floats splat(float x) { return x - (floats){0}; }

/* `yes` where a comparison is true, else `no`. */
INLINE floats blend(ints mask, floats yes, floats no) {
  return (floats)(((ints)yes & mask) | ((ints)no & ~mask));
}

/* Four sums, each of every fourth number. */
INLINE floats4 fold(floats x) {
  floats4 quarters[LANES / 4];
  __builtin_memcpy(quarters, &x, sizeof quarters);
#if defined(__AVX512F__)
  quarters[0] += quarters[2], quarters[1] += quarters[3];
#endif
#if defined(__AVX2__)
  quarters[0] += quarters[1];
#endif
  return quarters[0];
}

INLINE float sum(floats x) {
  floats4 part = fold(x);
  return (part[0] + part[2]) + (part[1] + part[3]);
}

#ifdef __clang__
#define PICK(a, b, ...) __builtin_shufflevector(a, b, __VA_ARGS__)
#else
#define PICK(a, b, ...) __builtin_shuffle(a, b, (ints4){__VA_ARGS__})
#endif

/* The sums of four vectors, with the same bits as by `sum`. */
INLINE floats4 four_sums(const floats *x) {
  floats4 a = fold(x[0]), b = fold(x[1]), c = fold(x[2]), d = fold(x[3]);
  a = PICK(a, b, 0, 4, 1, 5) + PICK(a, b, 2, 6, 3, 7);
  c = PICK(c, d, 0, 4, 1, 5) + PICK(c, d, 2, 6, 3, 7);
  return PICK(a, c, 0, 1, 4, 5) + PICK(a, c, 2, 3, 6, 7);
}

/* exp(x), exact to a few units in the last place of float32; 0 where it is less than 1e-38, NaN for
   NaN. */
INLINE floats exponential(floats x) {
  floats low = splat(-87.3f), high = splat(88.3f);
  ints too_low = x < low;
  x = blend(too_low, low, x);
  x = blend(x > high, high, x);
  /* x = n ln 2 + r. Adding 1.5 * 2^23 rounds to an integer, which is in the lowest bits. */
  floats shifted = x * 1.44269504f + 12582912.0f;
  floats n = shifted - 12582912.0f;
  floats r = x - n * 0.693359375f + n * 2.12194440e-4f;
  floats p = splat(1.98756915e-4f);
  p = p * r + 1.39819995e-3f;
  p = p * r + 8.33345191e-3f;
  p = p * r + 4.16657960e-2f;
  p = p * r + 1.66666655e-1f;
  p = p * r + 5.00000012e-1f;
  p = p * r * r + r + 1.0f;
  ints bits = ((ints)shifted << 23) + (127 << 23);
  return blend(too_low, splat(0.0f), p * (floats)bits);
}

#endif
