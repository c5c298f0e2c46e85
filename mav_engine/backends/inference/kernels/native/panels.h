/* Products of rows and a weight that is stored in panels of PANEL outputs:
   [outputs / PANEL][inputs][PANEL], in float32 or in a 16-bit format that represents it exactly.

   With ONE_ORDER_OF_SUMS the sums of a row are added in the same order whether it is computed alone
   or among others, so the bits of its results do not depend on that. It suits processors with 16
   registers of four lanes, where the sums of one row already keep the adders busy. */
#ifndef PANELS_H
#define PANELS_H

#include <stdint.h>
#ifdef __F16C__
#include <immintrin.h>
#endif

#include "vectors.h"

enum { FLOAT32, FLOAT16, BFLOAT16 }; /* formats of the weights */

enum { PANEL = 32, PANEL_VECTORS = PANEL / LANES };
enum {
  PREFETCH_BYTES = 1024
}; /* how far ahead weights are prefetched: they are read faster than the
     processor's own prefetching */
/* The sums of a tile fill the registers. PAIR_VECTORS are those of a tile of two rows. */
#if defined(ONE_ORDER_OF_SUMS)
enum { TILE_ROWS = 6, TILE_VECTORS = 2, PAIR_VECTORS = 4, ROW_SUMS = 1 };
#elif defined(__AVX512F__)
enum { TILE_ROWS = 8, TILE_VECTORS = 2, PAIR_VECTORS = PANEL_VECTORS, ROW_SUMS = 4 };
#else
enum { TILE_ROWS = 6, TILE_VECTORS = 2, PAIR_VECTORS = PANEL_VECTORS, ROW_SUMS = 2 };
#endif

typedef int16_t shorts __attribute__((vector_size(2 * LANES), aligned(2), may_alias));

/* LANES weights from index `at` on. */
INLINE floats weights_at(const void *panel, int64_t at, int format) {
  if (format == FLOAT32) return load((const float *)panel + at);
  const uint16_t *from = (const uint16_t *)panel + at;
  if (format == BFLOAT16)
    return (floats)(__builtin_convertvector(*(const shorts *)from, ints) << 16);
#if defined(__AVX512F__)
  return (floats)_mm512_cvtph_ps(_mm256_loadu_si256((const __m256i *)from));
#elif defined(__F16C__)
  return (floats)_mm256_cvtph_ps(_mm_loadu_si128((const __m128i *)from));
#elif defined(__FLT16_MAX__)
  floats x;
  for (int i = 0; i < LANES; i++) {
    _Float16 half;
    __builtin_memcpy(&half, from + i, sizeof half);
    x[i] = (float)half;
  }
  return x;
#else
  /* Sign, exponent and fraction move to their places in float32; the product corrects the exponent,
     which has another bias, and is exact for subnormal halves too. Weights are finite. */
  ints bits = __builtin_convertvector(*(const shorts *)from, ints) << 13;
  return (floats)(bits & (int32_t)0x8fffe000) * 0x1p112f;
#endif
}

INLINE void prefetch(const void *panel, int64_t at, int format) {
  const char *there = (const char *)panel + at * (format ? 2 : 4) + PREFETCH_BYTES;
  __builtin_prefetch(there);
  if (format == FLOAT32) __builtin_prefetch(there + 64);
}

/* Computes PANEL columns of y [rows, outputs] from x [rows, inputs] and one panel, `vectors`
   vectors of the panel at a time. */
INLINE void tile(const float *x, int rows, int vectors, int64_t inputs, const void *panel,
                 int format, float *y, int64_t outputs) {
  for (int begin = 0; begin < PANEL; begin += vectors * LANES) {
    floats a[TILE_ROWS][PANEL_VECTORS] = {{{0}}};
    for (int64_t k = 0; k < inputs; k++) {
      if (!begin) prefetch(panel, k * PANEL, format);
      floats weight[PANEL_VECTORS];
#pragma GCC unroll 8
      for (int i = 0; i < vectors; i++)
        weight[i] = weights_at(panel, k * PANEL + begin + i * LANES, format);
#pragma GCC unroll 8
      for (int r = 0; r < rows; r++) {
        float argument = x[r * inputs + k];
#pragma GCC unroll 8
        for (int i = 0; i < vectors; i++) a[r][i] += weight[i] * argument;
      }
    }
#pragma GCC unroll 8
    for (int r = 0; r < rows; r++)
#pragma GCC unroll 8
      for (int i = 0; i < vectors; i++) store(y + r * outputs + begin + i * LANES, a[r][i]);
  }
}

/* The same for one row, in several sums, since each addition waits for the previous one. */
INLINE void row_tile(const float *x, int64_t inputs, const void *panel, int format, float *y) {
  floats a[ROW_SUMS][PANEL_VECTORS] = {{{0}}};
  for (int64_t k = 0; k < inputs; k += ROW_SUMS)
#pragma GCC unroll 4
    for (int j = 0; j < ROW_SUMS; j++) {
      prefetch(panel, (k + j) * PANEL, format);
#pragma GCC unroll 8
      for (int i = 0; i < PANEL_VECTORS; i++)
        a[j][i] += weights_at(panel, (k + j) * PANEL + i * LANES, format) * x[k + j];
    }
#pragma GCC unroll 8
  for (int i = 0; i < PANEL_VECTORS; i++) {
#pragma GCC unroll 4
    for (int j = 1; j < ROW_SUMS; j++) a[0][i] += a[j][i];
    store(y + i * LANES, a[0][i]);
  }
}

/* Computes `rows` rows of y. Each count is compiled separately, with its sums in registers. */
INLINE void multiply_rows(const float *x, int64_t rows, int64_t inputs, const void *panel,
                          int format, float *y, int64_t outputs) {
  switch (rows) {
  case 1: row_tile(x, inputs, panel, format, y); break;
  case 2: tile(x, 2, PAIR_VECTORS, inputs, panel, format, y, outputs); break;
#ifndef ONE_ORDER_OF_SUMS
  case 3: tile(x, 3, TILE_VECTORS, inputs, panel, format, y, outputs); break;
  case 5: tile(x, 5, TILE_VECTORS, inputs, panel, format, y, outputs); break;
#endif
  case 4: tile(x, 4, TILE_VECTORS, inputs, panel, format, y, outputs); break;
  case 6: tile(x, 6, TILE_VECTORS, inputs, panel, format, y, outputs); break;
#ifdef __AVX512F__
  case 7: tile(x, 7, TILE_VECTORS, inputs, panel, format, y, outputs); break;
  case 8: tile(x, 8, TILE_VECTORS, inputs, panel, format, y, outputs); break;
#endif
  }
}

/* How many of `rows` rows are computed together. */
INLINE int64_t tile_rows(int64_t rows) {
#ifdef ONE_ORDER_OF_SUMS
  /* Fewer counts, since each is a part of engine.wasm, which visitors download. */
  return rows >= 6 ? 6 : rows >= 4 ? 4 : rows >= 2 ? 2 : 1;
#else
  int64_t tiles = (rows + TILE_ROWS - 1) / TILE_ROWS;
  return (rows + tiles - 1) / tiles;
#endif
}

/* Computes y [rows, outputs] of x [rows, inputs]. Each panel is read from memory once. */
INLINE void multiply(const float *x, int64_t rows, int64_t inputs, const void *weight, int format,
                     float *y, int64_t outputs) {
  for (int64_t n = 0; n < outputs; n += PANEL) {
    const char *panel = (const char *)weight + n * inputs * (format ? 2 : 4);
    for (int64_t r = 0, count; r < rows; r += count) {
      count = tile_rows(rows - r);
      multiply_rows(x + r * inputs, count, inputs, panel, format, y + r * outputs + n, outputs);
    }
  }
}

static void product(int64_t format, const float *x, int64_t rows, int64_t inputs,
                    const void *weight, float *y, int64_t outputs) {
  if (format == FLOAT16)
    multiply(x, rows, inputs, weight, FLOAT16, y, outputs);
  else if (format == BFLOAT16)
    multiply(x, rows, inputs, weight, BFLOAT16, y, outputs);
  else
    multiply(x, rows, inputs, weight, FLOAT32, y, outputs);
}

#endif
