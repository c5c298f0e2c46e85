/* Sines, cosines and logarithms without a C library. */
#ifndef ANGLES_H
#define ANGLES_H

#include "../vectors.h"

/* cos and sin of 0 <= x < 2^19, exact to a few units in the last place of float64. */
static void cos_sin(double x, double *cosine, double *sine) {
  /* x = n pi / 2 + r. The first two parts of pi / 2 have 33 bits, so that their products with n are
     exact. Adding 1.5 * 2^52 rounds to an integer. */
  double shifted = x * 0.63661977236758134308 + 6755399441055744.0;
  double n = shifted - 6755399441055744.0;
  double r = x - n * 1.57079632673412561417e+00;
  r = r - n * 6.07710050630396597660e-11;
  r = r - n * 2.02226624879595063154e-21;
  /* Taylor series; |r| <= pi / 4. */
  double z = r * r, s = -1.0 / 1307674368000.0, c = 1.0 / 20922789888000.0;
  s = s * z + 1.0 / 6227020800.0;
  s = s * z - 1.0 / 39916800.0;
  s = s * z + 1.0 / 362880.0;
  s = s * z - 1.0 / 5040.0;
  s = s * z + 1.0 / 120.0;
  s = s * z - 1.0 / 6.0;
  s = s * z * r + r;
  c = c * z - 1.0 / 87178291200.0;
  c = c * z + 1.0 / 479001600.0;
  c = c * z - 1.0 / 3628800.0;
  c = c * z + 1.0 / 40320.0;
  c = c * z - 1.0 / 720.0;
  c = c * z + 1.0 / 24.0;
  c = c * z - 0.5;
  c = c * z + 1.0;
  switch ((int64_t)n & 3) {
  case 0: *cosine = c, *sine = s; break;
  case 1: *cosine = -s, *sine = c; break;
  case 2: *cosine = -c, *sine = -s; break;
  default: *cosine = s, *sine = -c; break;
  }
}

/* The natural logarithm of positive normal numbers, exact to a few units in the last place. */
INLINE floats logarithm(floats x) {
  /* x = 2^n m, sqrt(1/2) <= m < sqrt(2) */
  ints bits = (ints)x;
  ints n = (bits - 0x3f3504f3) >> 23;
  floats m = (floats)(bits - (n << 23)) - 1.0f, z = m * m;
  floats p = splat(7.0376836292e-2f);
  p = p * m - 1.1514610310e-1f;
  p = p * m + 1.1676998740e-1f;
  p = p * m - 1.2420140846e-1f;
  p = p * m + 1.4249322787e-1f;
  p = p * m - 1.6668057665e-1f;
  p = p * m + 2.0000714765e-1f;
  p = p * m - 2.4999993993e-1f;
  p = p * m + 3.3333331174e-1f;
  floats e = __builtin_convertvector(n, floats);
  return m + (p * m * z + e * -2.12194440e-4f - 0.5f * z) + e * 0.693359375f;
}

#endif
