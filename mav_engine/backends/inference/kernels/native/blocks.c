/* Linear products of a few rows and a weight in the blocks of a GGUF file.

   A block holds whole numbers of a few bits with what they are multiplied by and what is added then.
   They are converted to float32 in registers; products and sums are float32. The formats are those
   of ggml-quants.c of llama.cpp; blocks_numpy.py describes and converts them too.

   The product of one row is limited by the time to read and to convert its weights, so every thread
   has some of the outputs, and each number is converted once for ROWS rows. The result of a row does
   not depend on the other rows or on the number of threads: its sums are computed in the order of
   its inputs. */

#include <stdint.h>
#include <string.h>
#ifdef __AVX2__
#include <immintrin.h>
#endif

#include "runs_here.h"
#include "vectors.h"

/* Numbers of blocks.py. */
enum { Q4_0, Q4_1, Q5_0, Q5_1, Q8_0, Q4_K, Q5_K, Q6_K };

enum { GROUP = 32, VECTORS = GROUP / LANES }; /* numbers that are converted at a time */
enum { ROWS = 2 };
enum { PIECE = 16 };                /* outputs that a thread computes at a time */
enum { MIN_FOR_THREADS = 1 << 16 }; /* with fewer multiplications, one thread is faster */

typedef struct {
  int64_t inputs, outputs;
  int64_t kind;
  int64_t row_bytes;
  const uint8_t *blocks; /* [outputs, row_bytes] */
  const float *bias;     /* [outputs], or NULL */
} Weight;

typedef int8_t bytes __attribute__((vector_size(LANES), aligned(1), may_alias));
typedef uint8_t bytes16 __attribute__((vector_size(16), aligned(1), may_alias));
typedef uint16_t shorts8 __attribute__((vector_size(16), aligned(1), may_alias));
typedef uint64_t longs2 __attribute__((vector_size(16)));

INLINE float half_at(const uint8_t *from) {
  _Float16 half;
  memcpy(&half, from, sizeof half);
  return (float)half;
}

/* LANES numbers. GCC converts short vectors one number at a time. */
INLINE ints whole_numbers(const int8_t *from) {
#if defined(__AVX512F__)
  return (ints)_mm512_cvtepi8_epi32(_mm_loadu_si128((const __m128i *)from));
#elif defined(__AVX2__)
  return (ints)_mm256_cvtepi8_epi32(_mm_loadl_epi64((const __m128i *)from));
#else
  return __builtin_convertvector(*(const bytes *)from, ints);
#endif
}

/* numbers * scale + added, for `count` numbers. */
INLINE void convert(const int8_t *numbers, float scale, float added, int count, floats *to) {
#pragma GCC unroll 8
  for (int i = 0; i < count / LANES; i++) {
    ints whole = whole_numbers(numbers + i * LANES);
    to[i] = __builtin_convertvector(whole, floats) * scale + added;
  }
}

/* The four low bits of 16 bytes, then the four high ones, minus `zero`. */
INLINE void nibbles(const uint8_t *from, int zero, int8_t *to) {
  bytes16 packed = *(const bytes16 *)from, offset = (bytes16){0} + (uint8_t)zero;
  *(bytes16 *)to = (packed & 15) - offset;
  *(bytes16 *)(to + 16) = (packed >> 4) - offset;
}

/* The bits of 16 bytes from bit `shift` on, as many as `mask` has. */
INLINE bytes16 bits_of(const uint8_t *from, int shift, int mask) {
  /* Processors shift no single bytes; the mask removes what came from the next one. */
  return (bytes16)(*(const shorts8 *)from >> shift) & ((bytes16){0} + (uint8_t)mask);
}

/* The same with a fifth bit, from the 32 bits of four bytes. */
INLINE void five_bits(const uint8_t *from, const uint8_t *fifth, int zero, int8_t *to) {
  static const bytes16 places = {1, 2, 4, 8, 16, 32, 64, 128, 1, 2, 4, 8, 16, 32, 64, 128};
  bytes16 packed = *(const bytes16 *)from, offset = (bytes16){0} + (uint8_t)zero;
  const bytes16 low[2] = {packed & 15, packed >> 4};
  for (int half = 0; half < 2; half++) {
    /* Each of two bytes eight times: a number takes one bit of its copy. */
    longs2 copies = {fifth[2 * half] * 0x0101010101010101u,
                     fifth[2 * half + 1] * 0x0101010101010101u};
    bytes16 bits = (bytes16)copies & places;
    bytes16 high = (bytes16)(bits != 0) & 16;
    *(bytes16 *)(to + 16 * half) = (low[half] | high) - offset;
  }
}

/* The six bits of the scale and of the subtracted number of a group of a Q4_K or Q5_K. */
INLINE void six_bits(const uint8_t *packed, int group, int *scale, int *subtracted) {
  if (group < 4) {
    *scale = packed[group] & 63;
    *subtracted = packed[group + 4] & 63;
  } else {
    *scale = (packed[group + 4] & 15) | (packed[group - 4] >> 6 << 4);
    *subtracted = (packed[group + 4] >> 4) | (packed[group] >> 6 << 4);
  }
}

/* Converts numbers GROUP * group to GROUP * (group + 1) - 1 of a row. */
INLINE void group_at(const uint8_t *row, int64_t group, int kind, floats *to) {
  int8_t numbers[GROUP];
  if (kind == Q8_0) {
    const uint8_t *block = row + group * 34;
    convert((const int8_t *)block + 2, half_at(block), 0.0f, GROUP, to);
  } else if (kind == Q4_0) {
    const uint8_t *block = row + group * 18;
    nibbles(block + 2, 8, numbers);
    convert(numbers, half_at(block), 0.0f, GROUP, to);
  } else if (kind == Q4_1) {
    const uint8_t *block = row + group * 20;
    nibbles(block + 4, 0, numbers);
    convert(numbers, half_at(block), half_at(block + 2), GROUP, to);
  } else if (kind == Q5_0) {
    const uint8_t *block = row + group * 22;
    five_bits(block + 6, block + 2, 16, numbers);
    convert(numbers, half_at(block), 0.0f, GROUP, to);
  } else if (kind == Q5_1) {
    const uint8_t *block = row + group * 24;
    five_bits(block + 8, block + 4, 0, numbers);
    convert(numbers, half_at(block), half_at(block + 2), GROUP, to);
  } else if (kind == Q4_K || kind == Q5_K) {
    const uint8_t *block = row + group / 8 * (kind == Q4_K ? 144 : 176);
    int part = group % 8, shift = part % 2 * 4, scale, subtracted;
    six_bits(block + 4, part, &scale, &subtracted);
    const uint8_t *low = block + (kind == Q4_K ? 16 : 48) + part / 2 * 32;
    for (int i = 0; i < GROUP; i += 16) {
      bytes16 whole = bits_of(low + i, shift, 15);
      if (kind == Q5_K) whole |= bits_of(block + 16 + i, part, 1) << 4;
      *(bytes16 *)(numbers + i) = whole;
    }
    convert(numbers, half_at(block) * (float)scale, -(half_at(block + 2) * (float)subtracted), GROUP,
            to);
  } else { /* Q6_K: each half of a block has 64 bytes of low and 32 of high bits */
    const uint8_t *block = row + group / 8 * 210;
    int part = group % 8, quarter = part % 4;
    const uint8_t *low = block + part / 4 * 64 + quarter % 2 * 32;
    const uint8_t *high = block + 128 + part / 4 * 32;
    const int8_t *scales = (const int8_t *)block + 192 + part * 2;
    int low_shift = quarter / 2 * 4, high_shift = quarter * 2;
    for (int i = 0; i < GROUP; i += 16)
      *(bytes16 *)(numbers + i) =
          (bits_of(low + i, low_shift, 15) | bits_of(high + i, high_shift, 3) << 4) - 32;
    float scale = half_at(block + 208);
    convert(numbers, scale * (float)scales[0], 0.0f, GROUP / 2, to);
    convert(numbers + GROUP / 2, scale * (float)scales[1], 0.0f, GROUP / 2, to + VECTORS / 2);
  }
}

/* Computes one output of `rows` rows of x [rows, inputs]. */
INLINE void output(const Weight *w, int kind, int64_t column, int rows, const float *x, float *y,
                   int64_t stride) {
  const uint8_t *row = w->blocks + column * w->row_bytes;
  floats sums[ROWS][VECTORS] = {{{0}}};
  for (int64_t group = 0; group < w->inputs / GROUP; group++) {
    floats weights[VECTORS];
    group_at(row, group, kind, weights);
#pragma GCC unroll 8
    for (int r = 0; r < rows; r++)
#pragma GCC unroll 8
      for (int i = 0; i < VECTORS; i++)
        sums[r][i] += weights[i] * load(x + r * w->inputs + group * GROUP + i * LANES);
  }
#pragma GCC unroll 8
  for (int r = 0; r < rows; r++) {
    floats whole = sums[r][0];
#pragma GCC unroll 8
    for (int i = 1; i < VECTORS; i++) whole += sums[r][i];
    y[r * stride + column] = sum(whole) + (w->bias ? w->bias[column] : 0.0f);
  }
}

/* Computes outputs `column` to `end` - 1 of all rows. */
INLINE void outputs(const Weight *w, int kind, int64_t rows, const float *x, int64_t column,
                    int64_t end, float *y, int64_t stride) {
  for (int64_t r = 0; r < rows; r += ROWS) {
    const float *from = x + r * w->inputs;
    float *to = y + r * stride;
    if (rows - r > 1)
      for (int64_t c = column; c < end; c++) output(w, kind, c, ROWS, from, to, stride);
    else
      for (int64_t c = column; c < end; c++) output(w, kind, c, 1, from, to, stride);
  }
}

static void piece(const Weight *w, int64_t rows, const float *x, int64_t column, int64_t end,
                  float *y, int64_t stride) {
  switch (w->kind) { /* each kind is compiled separately */
  case Q4_0: outputs(w, Q4_0, rows, x, column, end, y, stride); break;
  case Q4_1: outputs(w, Q4_1, rows, x, column, end, y, stride); break;
  case Q5_0: outputs(w, Q5_0, rows, x, column, end, y, stride); break;
  case Q5_1: outputs(w, Q5_1, rows, x, column, end, y, stride); break;
  case Q8_0: outputs(w, Q8_0, rows, x, column, end, y, stride); break;
  case Q4_K: outputs(w, Q4_K, rows, x, column, end, y, stride); break;
  case Q5_K: outputs(w, Q5_K, rows, x, column, end, y, stride); break;
  case Q6_K: outputs(w, Q6_K, rows, x, column, end, y, stride); break;
  }
}

/* y [rows, outputs] of x [rows, inputs]; rows of y are `stride` numbers apart. */
void mav_blocks_product(const Weight *w, int64_t rows, const float *x, float *y, int64_t stride,
                        int threads) {
  int64_t pieces = (w->outputs + PIECE - 1) / PIECE;
  int threaded = rows * w->inputs * w->outputs >= MIN_FOR_THREADS;
#pragma omp parallel for num_threads(threads) schedule(dynamic) if (threaded)
  for (int64_t i = 0; i < pieces; i++) {
    int64_t end = (i + 1) * PIECE;
    piece(w, rows, x, i * PIECE, end < w->outputs ? end : w->outputs, y, stride);
  }
}
