/* Linear products of int8 weights and, for each row, int8 activations: y [rows, outputs].

   A row x [inputs] becomes whole numbers, round(127 x / max |x|); its product with the whole-number
   weights is a whole number, exactly, and both scales and the bias follow. So what a row comes to
   depends neither on the rows beside it nor on the order of the sums.

   There are two implementations: for AVX-512 with VNNI, and for AVX2. Their sums are the same whole
   numbers, so their results are the same to the last bit.

   The product of one row is bound by the reading of its weights, so all threads read, each a piece
   that lies together. `inputs` is a multiple of 64. */

#include <immintrin.h>
#include <math.h>
#include <stdint.h>
#include <string.h>

#include "runs_here.h"

#define INLINE static inline __attribute__((always_inline))

enum { LINE = 64, STEPS = 127 };
#if defined(__AVX512F__)
typedef uint8_t number; /* an activation: its product of 8 bits has one side without a sign */
enum { ZERO = 128, AT_ONCE = 64, COLUMNS = 6, ROWS = 4 };
#else
typedef int16_t number;
enum { ZERO = 0, AT_ONCE = 16, COLUMNS = 3, ROWS = 4 };
#endif
/* A tile's sums, and what they are made of, fill the registers. */
enum { PIECE = 64 * COLUMNS };    /* outputs, at most, that a thread takes at a time */
enum { WORTH_THREADS = 1 << 17 }; /* multiplications, below which one thread is faster */

typedef struct {
  int64_t inputs, outputs;
  const int8_t *numbers; /* [outputs, inputs] */
  const int32_t *sums;   /* [outputs] of each output's numbers */
  const float *scales;   /* [outputs] */
  const float *bias;     /* [outputs], or NULL */
} Weight;

#if defined(__AVX512F__)

/* The whole numbers of a row, ZERO added, and the size of a step: NaN where a number is not finite. */
static float rounded(const float *x, int64_t inputs, number *whole) {
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

typedef __m512i wide;
INLINE wide nothing(void) { return _mm512_setzero_si512(); }
INLINE wide weights_at(const int8_t *from) { return _mm512_loadu_si512(from); }
INLINE wide numbers_at(const number *from) { return _mm512_loadu_si512(from); }
/* Four products of 8 bits to each sum of 32. */
INLINE wide added(wide sum, wide given, wide read) { return _mm512_dpbusd_epi32(sum, given, read); }
INLINE int32_t total(wide sum) { return _mm512_reduce_add_epi32(sum); }

#else

/* The whole numbers of a row, and the size of a step: NaN where a number is not finite. */
static float rounded(const float *x, int64_t inputs, number *whole) {
  const __m256 sign = _mm256_set1_ps(-0.0f);
  __m256 peaks = _mm256_setzero_ps(), broken = _mm256_setzero_ps();
  for (int64_t k = 0; k < inputs; k += 8) {
    __m256 sizes = _mm256_andnot_ps(sign, _mm256_loadu_ps(x + k));
    broken = _mm256_or_ps(broken, _mm256_cmp_ps(sizes, _mm256_set1_ps(INFINITY), _CMP_NLT_UQ));
    peaks = _mm256_max_ps(peaks, sizes);
  }
  if (_mm256_movemask_ps(broken)) return NAN;
  __m128 four = _mm_max_ps(_mm256_castps256_ps128(peaks), _mm256_extractf128_ps(peaks, 1));
  four = _mm_max_ps(four, _mm_movehl_ps(four, four));
  float scale = _mm_cvtss_f32(_mm_max_ss(four, _mm_shuffle_ps(four, four, 1))) / STEPS;
  if (scale == 0.0f) scale = 1.0f;
  __m256 factor = _mm256_set1_ps(1.0f / scale);
  for (int64_t k = 0; k < inputs; k += 16) {
    /* The conversion rounds to the nearest. A peak may round to a step too far. */
    __m256i low = _mm256_cvtps_epi32(_mm256_mul_ps(_mm256_loadu_ps(x + k), factor));
    __m256i high = _mm256_cvtps_epi32(_mm256_mul_ps(_mm256_loadu_ps(x + k + 8), factor));
    __m256i steps = _mm256_permute4x64_epi64(_mm256_packs_epi32(low, high), 0xD8);
    steps = _mm256_max_epi16(steps, _mm256_set1_epi16(-STEPS));
    steps = _mm256_min_epi16(steps, _mm256_set1_epi16(STEPS));
    _mm256_storeu_si256((__m256i *)(whole + k), steps);
  }
  return scale;
}

typedef __m256i wide;
INLINE wide nothing(void) { return _mm256_setzero_si256(); }
/* Products of 8 bits may saturate when two of them are added in 16 (maddubs), so weights are
   widened to 16 bits, of which two products are added in 32: exact. */
INLINE wide weights_at(const int8_t *from) {
  return _mm256_cvtepi8_epi16(_mm_loadu_si128((const __m128i *)from));
}
INLINE wide numbers_at(const number *from) { return _mm256_loadu_si256((const __m256i *)from); }
INLINE wide added(wide sum, wide given, wide read) {
  return _mm256_add_epi32(sum, _mm256_madd_epi16(given, read));
}
INLINE int32_t total(wide sum) {
  __m128i four =
      _mm_add_epi32(_mm256_castsi256_si128(sum), _mm256_extracti128_si256(sum, 1));
  four = _mm_add_epi32(four, _mm_unpackhi_epi64(four, four));
  return _mm_cvtsi128_si32(_mm_add_epi32(four, _mm_shuffle_epi32(four, 1)));
}

#endif

/* `rows` by `columns` outputs, from `column` on; `last`: what is read next is the tile after this
   one. */
INLINE void tile(const Weight *w, const number *x, const float *scales, int rows, int64_t column,
                 int columns, int last, float *y) {
  int64_t inputs = w->inputs;
  const int8_t *numbers = w->numbers + column * inputs;
  wide sums[ROWS][COLUMNS];
#pragma GCC unroll 8
  for (int r = 0; r < rows; r++)
#pragma GCC unroll 8
    for (int c = 0; c < columns; c++) sums[r][c] = nothing();
  for (int64_t k = 0; k < inputs; k += AT_ONCE) {
    wide read[COLUMNS];
#pragma GCC unroll 8
    for (int c = 0; c < columns; c++) {
      read[c] = weights_at(numbers + c * inputs + k);
      if (last && k % LINE == 0) __builtin_prefetch(numbers + (columns + c) * inputs + k);
    }
#pragma GCC unroll 8
    for (int r = 0; r < rows; r++) {
      wide given = numbers_at(x + r * inputs + k);
#pragma GCC unroll 8
      for (int c = 0; c < columns; c++) sums[r][c] = added(sums[r][c], given, read[c]);
    }
  }
#pragma GCC unroll 8
  for (int r = 0; r < rows; r++)
#pragma GCC unroll 8
    for (int c = 0; c < columns; c++) {
      int32_t whole = total(sums[r][c]) - ZERO * w->sums[column + c];
      y[r * w->outputs + column + c] = (float)whole * (scales[r] * w->scales[column + c]) +
                                       (w->bias ? w->bias[column + c] : 0.0f);
    }
}

/* `columns` outputs of all rows; these weights are read from memory once. */
INLINE void tiles(const Weight *w, int64_t rows, const number *x, const float *scales,
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

static void piece(const Weight *w, int64_t rows, const number *x, const float *scales,
                  int64_t column, int64_t end, float *y) {
  for (; column + COLUMNS <= end; column += COLUMNS)
    tiles(w, rows, x, scales, column, COLUMNS, y);
  for (; column < end; column++) tiles(w, rows, x, scales, column, 1, y);
}

/* y [rows, outputs] of x [rows, inputs]; room for `whole` [rows, inputs] and `scales` [rows]. */
void mav_int8_product(const Weight *w, int64_t rows, const float *x, number *whole, float *scales,
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
