/* Linear products of int8 weights and, for each row, int8 activations: y [rows, outputs].

   A row x [inputs] becomes whole numbers, round(127 x / max |x|); its product with the whole-number
   weights is a whole number, exactly, and both scales and the bias follow. So what a row comes to
   depends neither on the rows beside it nor on the order of the sums.

   The product of one row is bound by the reading of its weights, so all threads read, each a piece
   that lies together. `inputs` is a multiple of 64. */

#include <immintrin.h>
#include <math.h>
#include <stdint.h>
#include <string.h>

#include "runs_here.h"

#define INLINE static inline __attribute__((always_inline))

enum { BYTES = 64, COLUMNS = 6, ROWS = 4 }; /* a tile's sums, and what they are made of, fill the
                                               registers */
enum { PIECE = 64 * COLUMNS };    /* outputs, at most, that a thread takes at a time */
enum { WORTH_THREADS = 1 << 17 }; /* multiplications, below which one thread is faster */
enum { STEPS = 127, ZERO = 128 };

typedef struct {
  int64_t inputs, outputs;
  const int8_t *numbers; /* [outputs, inputs] */
  const int32_t *sums;   /* [outputs] of each output's numbers */
  const float *scales;   /* [outputs] */
  const float *bias;     /* [outputs], or NULL */
} Weight;

/* The whole numbers of a row, ZERO added, and the size of a step: NaN where a number is not finite. */
static float rounded(const float *x, int64_t inputs, uint8_t *whole) {
  __m512 peaks = _mm512_setzero_ps();
  __mmask16 broken = 0;
  for (int64_t k = 0; k < inputs; k += 16) {
    __m512 sizes = _mm512_abs_ps(_mm512_loadu_ps(x + k));
    broken |= _mm512_cmp_ps_mask(sizes, _mm512_set1_ps(INFINITY), _CMP_NLT_UQ);
    peaks = _mm512_max_ps(peaks, sizes);
  }
  if (broken) return NAN;
  float scale = _mm512_reduce_max_ps(peaks) / STEPS;
  if (scale == 0.0f) scale = 1.0f;
  __m512 factor = _mm512_set1_ps(1.0f / scale);
  for (int64_t k = 0; k < inputs; k += 16) {
    /* The conversion rounds to the nearest. A peak may round to a step too far. */
    __m512i steps = _mm512_cvtps_epi32(_mm512_mul_ps(_mm512_loadu_ps(x + k), factor));
    steps = _mm512_max_epi32(steps, _mm512_set1_epi32(-STEPS));
    steps = _mm512_min_epi32(steps, _mm512_set1_epi32(STEPS));
    __m128i bytes = _mm512_cvtepi32_epi8(_mm512_add_epi32(steps, _mm512_set1_epi32(ZERO)));
    _mm_storeu_si128((__m128i *)(whole + k), bytes);
  }
  return scale;
}

/* `rows` by `columns` outputs, from `column` on; `last`: what is read next is the tile after this
   one. */
INLINE void tile(const Weight *w, const uint8_t *x, const float *scales, int rows, int64_t column,
                 int columns, int last, float *y) {
  int64_t inputs = w->inputs;
  const int8_t *numbers = w->numbers + column * inputs;
  __m512i sums[ROWS][COLUMNS];
#pragma GCC unroll 8
  for (int r = 0; r < rows; r++)
#pragma GCC unroll 8
    for (int c = 0; c < columns; c++) sums[r][c] = _mm512_setzero_si512();
  for (int64_t k = 0; k < inputs; k += BYTES) {
    __m512i read[COLUMNS];
#pragma GCC unroll 8
    for (int c = 0; c < columns; c++) {
      read[c] = _mm512_loadu_si512(numbers + c * inputs + k);
      if (last) __builtin_prefetch(numbers + (columns + c) * inputs + k);
    }
#pragma GCC unroll 8
    for (int r = 0; r < rows; r++) {
      __m512i given = _mm512_loadu_si512(x + r * inputs + k);
#pragma GCC unroll 8
      for (int c = 0; c < columns; c++)
        sums[r][c] = _mm512_dpbusd_epi32(sums[r][c], given, read[c]);
    }
  }
#pragma GCC unroll 8
  for (int r = 0; r < rows; r++)
#pragma GCC unroll 8
    for (int c = 0; c < columns; c++) {
      int32_t whole = _mm512_reduce_add_epi32(sums[r][c]) - ZERO * w->sums[column + c];
      y[r * w->outputs + column + c] = (float)whole * (scales[r] * w->scales[column + c]) +
                                       (w->bias ? w->bias[column + c] : 0.0f);
    }
}

/* `columns` outputs of all rows; these weights are read from memory once. */
INLINE void tiles(const Weight *w, int64_t rows, const uint8_t *x, const float *scales,
                  int64_t column, int columns, float *y) {
  for (; rows > ROWS; rows -= ROWS, x += ROWS * w->inputs, scales += ROWS, y += ROWS * w->outputs)
    tile(w, x, scales, ROWS, column, columns, 0, y);
  switch (rows) { /* each count has code of its own, with its sums in registers */
  case 1: tile(w, x, scales, 1, column, columns, 1, y); break;
  case 2: tile(w, x, scales, 2, column, columns, 1, y); break;
  case 3: tile(w, x, scales, 3, column, columns, 1, y); break;
  case 4: tile(w, x, scales, 4, column, columns, 1, y); break;
  }
}

static void piece(const Weight *w, int64_t rows, const uint8_t *x, const float *scales,
                  int64_t column, int64_t end, float *y) {
  for (; column + COLUMNS <= end; column += COLUMNS)
    tiles(w, rows, x, scales, column, COLUMNS, y);
  for (; column < end; column++) tiles(w, rows, x, scales, column, 1, y);
}

/* y [rows, outputs] of x [rows, inputs]; room for `whole` [rows, inputs] and `scales` [rows]. */
void mav_int8_product(const Weight *w, int64_t rows, const float *x, uint8_t *whole, float *scales,
                      float *y, int threads) {
  int64_t share = (w->outputs / (4 * threads) / COLUMNS + 1) * COLUMNS;
  int64_t size = share < PIECE ? share : PIECE, pieces = (w->outputs + size - 1) / size;
  int worth = rows * w->inputs * w->outputs >= WORTH_THREADS;
  for (int64_t r = 0; r < rows; r++)
    scales[r] = rounded(x + r * w->inputs, w->inputs, whole + r * w->inputs);
#pragma omp parallel for num_threads(threads) schedule(dynamic) if (worth)
  for (int64_t i = 0; i < pieces; i++) {
    int64_t end = (i + 1) * size;
    piece(w, rows, whole, scales, i * size, end < w->outputs ? end : w->outputs, y);
  }
}
