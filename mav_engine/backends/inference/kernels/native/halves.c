/* Linear products of a few rows and a weight of 16-bit numbers.

   The numbers are float16 or bfloat16, the upper half of a float32. Both are converted to float32
   exactly, so a weight that 16 bits represent exactly has the same result as in products.c, to the
   last bit. */

#include <stdint.h>
#include <string.h>
#ifdef __F16C__
#include <immintrin.h>
#endif

#include "runs_here.h"
#include "vectors.h"

typedef uint16_t number;

typedef struct {
  int64_t inputs, outputs;
  int64_t bfloat16;        /* whether the numbers are bfloat16 */
  const uint16_t *numbers; /* [outputs, inputs] */
  const float *bias;       /* [outputs], or NULL */
} Weight;

/* LANES numbers, converted to float32. */
INLINE floats load_weights(const uint16_t *from, int bfloat16) {
#if defined(__AVX512F__)
  __m256i read = _mm256_loadu_si256((const __m256i *)from);
  if (bfloat16) return (floats)_mm512_slli_epi32(_mm512_cvtepu16_epi32(read), 16);
  return (floats)_mm512_cvtph_ps(read);
#elif defined(__AVX2__)
  __m128i read = _mm_loadu_si128((const __m128i *)from);
  if (bfloat16) return (floats)_mm256_slli_epi32(_mm256_cvtepu16_epi32(read), 16);
  return (floats)_mm256_cvtph_ps(read);
#else
  floats x;
  for (int i = 0; i < LANES; i++) {
    if (bfloat16) {
      uint32_t bits = (uint32_t)from[i] << 16;
      float number;
      memcpy(&number, &bits, sizeof number);
      x[i] = number;
    } else {
      _Float16 half;
      memcpy(&half, from + i, sizeof half);
      x[i] = (float)half;
    }
  }
  return x;
#endif
}

#include "tiles.h"

static void float16_piece(const Weight *w, int64_t rows, const float *x, int64_t column,
                          int64_t end, float *y) {
  piece(w, 0, rows, x, column, end, y);
}

static void bfloat16_piece(const Weight *w, int64_t rows, const float *x, int64_t column,
                           int64_t end, float *y) {
  piece(w, 1, rows, x, column, end, y);
}

/* y [rows, outputs] of x [rows, inputs]. */
void mav_halves_product(const Weight *w, int64_t rows, const float *x, float *y, int threads) {
  product(w, rows, x, y, threads, w->bfloat16 ? bfloat16_piece : float16_piece);
}
