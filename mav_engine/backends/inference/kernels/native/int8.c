/* Linear products of int8 weights and, for each row, int8 activations: y [rows, outputs].

   A row x [inputs] is quantized to integers, round(127 x / max |x|). Their product with the integer
   weights is exact; then both scales and the bias are applied. So the result of a row depends
   neither on the other rows nor on the order of the sums.

   There are two implementations, for AVX-512 with VNNI and for AVX2. Their sums are the same
   integers, so their results are the same to the last bit.

   The product of one row is limited by the time to read its weights, so every thread reads a
   contiguous piece of them. `inputs` is a multiple of 64. */

#include <immintrin.h>
#include <math.h>
#include <stdint.h>
#include <string.h>

#include "runs_here.h"

#define INLINE static inline __attribute__((always_inline))

enum { CACHE_LINE = 64, MAX_STEP = 127 };
#if defined(__AVX512F__)
typedef uint8_t activation; /* VNNI multiplies unsigned by signed bytes, so ZERO is added */
enum { ZERO = 128, VECTOR_INPUTS = 64, COLUMNS = 6, ROWS = 4 };
#else
typedef int16_t activation;
enum { ZERO = 0, VECTOR_INPUTS = 16, COLUMNS = 3, ROWS = 4 };
#endif
/* The sums of a tile and their operands fill the registers. */
enum { MAX_PIECE = 64 * COLUMNS };  /* largest number of outputs that a thread computes at a time */
enum { MIN_FOR_THREADS = 1 << 17 }; /* with fewer multiplications, one thread is faster */

typedef struct {
  int64_t inputs, outputs;
  const int8_t *numbers; /* [outputs, inputs] */
  const int32_t *sums;   /* [outputs], the sum of each output's numbers */
  const float *scales;   /* [outputs] */
  const float *bias;     /* [outputs], or NULL */
} Weight;

#if defined(__AVX512F__)

/* Quantizes a row, with ZERO added; returns the scale, NaN if a number is not finite. */
static float quantize_row(const float *x, int64_t inputs, activation *quantized) {
  __m512 peaks = _mm512_setzero_ps();
  __mmask16 not_finite = 0;
  for (int64_t k = 0; k < inputs; k += 16) {
    __m512 sizes = _mm512_abs_ps(_mm512_loadu_ps(x + k));
    not_finite |= _mm512_cmp_ps_mask(sizes, _mm512_set1_ps(INFINITY), _CMP_NLT_UQ);
    peaks = _mm512_max_ps(peaks, sizes);
  }
  if (not_finite) return NAN;
  float scale = _mm512_reduce_max_ps(peaks) / MAX_STEP;
  if (scale == 0.0f) scale = 1.0f;
  __m512 factor = _mm512_set1_ps(1.0f / scale);
  for (int64_t k = 0; k < inputs; k += 16) {
    /* The conversion rounds to nearest; the largest number may be rounded to MAX_STEP + 1. */
    __m512i steps = _mm512_cvtps_epi32(_mm512_mul_ps(_mm512_loadu_ps(x + k), factor));
    steps = _mm512_max_epi32(steps, _mm512_set1_epi32(-MAX_STEP));
    steps = _mm512_min_epi32(steps, _mm512_set1_epi32(MAX_STEP));
    __m128i bytes = _mm512_cvtepi32_epi8(_mm512_add_epi32(steps, _mm512_set1_epi32(ZERO)));
    _mm_storeu_si128((__m128i *)(quantized + k), bytes);
  }
  return scale;
}

typedef __m512i ints;
INLINE ints zero(void) { return _mm512_setzero_si512(); }
INLINE ints load_weights(const int8_t *from) { return _mm512_loadu_si512(from); }
INLINE ints load_activations(const activation *from) { return _mm512_loadu_si512(from); }
/* Adds four products of 8-bit numbers to each 32-bit sum. */
INLINE ints multiply_add(ints sum, ints input, ints weight) {
  return _mm512_dpbusd_epi32(sum, input, weight);
}
INLINE int32_t sum_of(ints sum) { return _mm512_reduce_add_epi32(sum); }

#else

/* Quantizes a row; returns the scale, NaN if a number is not finite. */
static float quantize_row(const float *x, int64_t inputs, activation *quantized) {
  const __m256 sign = _mm256_set1_ps(-0.0f);
  __m256 peaks = _mm256_setzero_ps(), not_finite = _mm256_setzero_ps();
  for (int64_t k = 0; k < inputs; k += 8) {
    __m256 sizes = _mm256_andnot_ps(sign, _mm256_loadu_ps(x + k));
    not_finite =
        _mm256_or_ps(not_finite, _mm256_cmp_ps(sizes, _mm256_set1_ps(INFINITY), _CMP_NLT_UQ));
    peaks = _mm256_max_ps(peaks, sizes);
  }
  if (_mm256_movemask_ps(not_finite)) return NAN;
  __m128 four = _mm_max_ps(_mm256_castps256_ps128(peaks), _mm256_extractf128_ps(peaks, 1));
  four = _mm_max_ps(four, _mm_movehl_ps(four, four));
  float scale = _mm_cvtss_f32(_mm_max_ss(four, _mm_shuffle_ps(four, four, 1))) / MAX_STEP;
  if (scale == 0.0f) scale = 1.0f;
  __m256 factor = _mm256_set1_ps(1.0f / scale);
  for (int64_t k = 0; k < inputs; k += 16) {
    /* The conversion rounds to nearest; the largest number may be rounded to MAX_STEP + 1. */
    __m256i low = _mm256_cvtps_epi32(_mm256_mul_ps(_mm256_loadu_ps(x + k), factor));
    __m256i high = _mm256_cvtps_epi32(_mm256_mul_ps(_mm256_loadu_ps(x + k + 8), factor));
    __m256i steps = _mm256_permute4x64_epi64(_mm256_packs_epi32(low, high), 0xD8);
    steps = _mm256_max_epi16(steps, _mm256_set1_epi16(-MAX_STEP));
    steps = _mm256_min_epi16(steps, _mm256_set1_epi16(MAX_STEP));
    _mm256_storeu_si256((__m256i *)(quantized + k), steps);
  }
  return scale;
}

typedef __m256i ints;
INLINE ints zero(void) { return _mm256_setzero_si256(); }
/* Adding two 8-bit products in 16 bits (maddubs) may saturate, so weights are converted to 16 bits,
   whose products are added in 32 bits, exactly. */
INLINE ints load_weights(const int8_t *from) {
  return _mm256_cvtepi8_epi16(_mm_loadu_si128((const __m128i *)from));
}
INLINE ints load_activations(const activation *from) {
  return _mm256_loadu_si256((const __m256i *)from);
}
INLINE ints multiply_add(ints sum, ints input, ints weight) {
  return _mm256_add_epi32(sum, _mm256_madd_epi16(input, weight));
}
INLINE int32_t sum_of(ints sum) {
  __m128i four = _mm_add_epi32(_mm256_castsi256_si128(sum), _mm256_extracti128_si256(sum, 1));
  four = _mm_add_epi32(four, _mm_unpackhi_epi64(four, four));
  return _mm_cvtsi128_si32(_mm_add_epi32(four, _mm_shuffle_epi32(four, 1)));
}

#endif

/* Computes outputs [rows, columns], from `column` on, of x [rows, inputs]. `last`: no other tile
   uses these weights, so those of the next tile are prefetched. */
INLINE void tile(const Weight *w, const activation *x, const float *scales, int rows,
                 int64_t column, int columns, int last, float *y) {
  int64_t inputs = w->inputs;
  const int8_t *numbers = w->numbers + column * inputs;
  ints sums[ROWS][COLUMNS];
#pragma GCC unroll 8
  for (int r = 0; r < rows; r++)
#pragma GCC unroll 8
    for (int c = 0; c < columns; c++) sums[r][c] = zero();
  for (int64_t k = 0; k < inputs; k += VECTOR_INPUTS) {
    ints weight[COLUMNS];
#pragma GCC unroll 8
    for (int c = 0; c < columns; c++) {
      weight[c] = load_weights(numbers + c * inputs + k);
      if (last && k % CACHE_LINE == 0) __builtin_prefetch(numbers + (columns + c) * inputs + k);
    }
#pragma GCC unroll 8
    for (int r = 0; r < rows; r++) {
      ints input = load_activations(x + r * inputs + k);
#pragma GCC unroll 8
      for (int c = 0; c < columns; c++) sums[r][c] = multiply_add(sums[r][c], input, weight[c]);
    }
  }
#pragma GCC unroll 8
  for (int r = 0; r < rows; r++)
#pragma GCC unroll 8
    for (int c = 0; c < columns; c++) {
      int32_t quantized = sum_of(sums[r][c]) - ZERO * w->sums[column + c];
      y[r * w->outputs + column + c] = (float)quantized * (scales[r] * w->scales[column + c]) +
                                       (w->bias ? w->bias[column + c] : 0.0f);
    }
}

/* Computes `columns` outputs of all rows. Their weights are read from memory once. */
INLINE void tiles(const Weight *w, int64_t rows, const activation *x, const float *scales,
                  int64_t column, int columns, float *y) {
  for (; rows > ROWS; rows -= ROWS, x += ROWS * w->inputs, scales += ROWS, y += ROWS * w->outputs)
    tile(w, x, scales, ROWS, column, columns, 0, y);
  switch (rows) { /* each count is compiled separately, with its sums in registers */
  case 1: tile(w, x, scales, 1, column, columns, 1, y); break;
  case 2: tile(w, x, scales, 2, column, columns, 1, y); break;
  case 3: tile(w, x, scales, 3, column, columns, 1, y); break;
  case 4: tile(w, x, scales, 4, column, columns, 1, y); break;
  }
}

static void piece(const Weight *w, int64_t rows, const activation *x, const float *scales,
                  int64_t column, int64_t end, float *y) {
  for (; column + COLUMNS <= end; column += COLUMNS) tiles(w, rows, x, scales, column, COLUMNS, y);
  for (; column < end; column++) tiles(w, rows, x, scales, column, 1, y);
}

/* y [rows, outputs] of x [rows, inputs]. `quantized` [rows, inputs] and `scales` [rows] are
 * scratch. */
void mav_int8_product(const Weight *w, int64_t rows, const float *x, activation *quantized,
                      float *scales, float *y, int threads) {
  int64_t share = (w->outputs / (4 * threads) / COLUMNS + 1) * COLUMNS;
  int64_t size = share < MAX_PIECE ? share : MAX_PIECE, pieces = (w->outputs + size - 1) / size;
  int threaded = rows * w->inputs * w->outputs >= MIN_FOR_THREADS;
  for (int64_t r = 0; r < rows; r++)
    scales[r] = quantize_row(x + r * w->inputs, w->inputs, quantized + r * w->inputs);
#pragma omp parallel for num_threads(threads) schedule(dynamic) if (threaded)
  for (int64_t i = 0; i < pieces; i++) {
    int64_t end = (i + 1) * size;
    piece(w, rows, quantized, scales, i * size, end < w->outputs ? end : w->outputs, y);
  }
}
