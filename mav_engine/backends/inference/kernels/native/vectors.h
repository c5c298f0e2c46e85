/* Vectors of LANES float32 numbers, as wide as the processor has them. GCC makes wider ones out of
   narrower ones, but sends every number of them through memory. */
#ifndef VECTORS_H
#define VECTORS_H

#include <stdint.h>
#include <string.h>

#define INLINE static inline __attribute__((always_inline))

#if defined(__AVX512F__)
enum { LANES = 16 };
#elif defined(__AVX2__)
enum { LANES = 8 };
#else
enum { LANES = 4 };
#endif

typedef float lanes __attribute__((vector_size(4 * LANES), aligned(4), may_alias));
typedef int32_t wholes __attribute__((vector_size(4 * LANES), aligned(4), may_alias));
typedef float quarter __attribute__((vector_size(16), aligned(4), may_alias));
typedef int32_t places __attribute__((vector_size(16)));

INLINE lanes floats_at(const float *from) { return *(const lanes *)from; }

INLINE void put(float *to, lanes x) { *(lanes *)to = x; }

INLINE lanes all(float x) { return x - (lanes){0}; }

/* `yes` where a comparison held, else `no`. */
INLINE lanes either(wholes held, lanes yes, lanes no) {
  return (lanes)(((wholes)yes & held) | ((wholes)no & ~held));
}

/* Folded to a quarter of the widest. */
INLINE quarter folded(lanes x) {
  quarter parts[LANES / 4];
  memcpy(parts, &x, sizeof parts);
#if defined(__AVX512F__)
  parts[0] += parts[2], parts[1] += parts[3];
#endif
#if defined(__AVX2__)
  parts[0] += parts[1];
#endif
  return parts[0];
}

INLINE float sum(lanes x) {
  quarter part = folded(x);
  return (part[0] + part[2]) + (part[1] + part[3]);
}

#ifdef __clang__
#define PICK(a, b, ...) __builtin_shufflevector(a, b, __VA_ARGS__)
#else
#define PICK(a, b, ...) __builtin_shuffle(a, b, (places){__VA_ARGS__})
#endif

/* The sums of four, each as `sum` gives it. */
INLINE quarter four_sums(const lanes *x) {
  quarter a = folded(x[0]), b = folded(x[1]), c = folded(x[2]), d = folded(x[3]);
  a = PICK(a, b, 0, 4, 1, 5) + PICK(a, b, 2, 6, 3, 7);
  c = PICK(c, d, 0, 4, 1, 5) + PICK(c, d, 2, 6, 3, 7);
  return PICK(a, c, 0, 1, 4, 5) + PICK(a, c, 2, 3, 6, 7);
}

/* e^x to a few units of float32's last place: 0 where it would be under 1e-38, NaN of NaN. */
INLINE lanes exponential(lanes x) {
  lanes low = all(-87.3f), high = all(88.3f);
  wholes lost = x < low;
  x = either(lost, low, x);
  x = either(x > high, high, x);
  /* x = n ln 2 + r: adding this rounds to a whole number, which stands in the lowest bits. */
  lanes shifted = x * 1.44269504f + 12582912.0f;
  lanes n = shifted - 12582912.0f;
  lanes r = x - n * 0.693359375f + n * 2.12194440e-4f;
  lanes p = all(1.98756915e-4f);
  p = p * r + 1.39819995e-3f;
  p = p * r + 8.33345191e-3f;
  p = p * r + 4.16657960e-2f;
  p = p * r + 1.66666655e-1f;
  p = p * r + 5.00000012e-1f;
  p = p * r * r + r + 1.0f;
  wholes bits = ((wholes)shifted << 23) + (127 << 23);
  return either(lost, all(0.0f), p * (lanes)bits);
}

#endif
