/* Attention of one query. */
#ifndef ATTENTION_H
#define ATTENTION_H

#include "vectors.h"

/* Softmax of scores [keys], in place. The array has room up to a multiple of LANES. */
static void softmax(float *scores, int64_t keys) {
  int64_t end = (keys + LANES - 1) / LANES * LANES;
  for (int64_t k = keys; k < end; k++) scores[k] = -__builtin_inff();
  floats peaks = load(scores), totals = {0};
  for (int64_t k = LANES; k < end; k += LANES) {
    floats x = load(scores + k);
    peaks = blend(x > peaks, x, peaks);
  }
  float peak = peaks[0];
  for (int i = 1; i < LANES; i++) peak = peaks[i] > peak ? peaks[i] : peak;
  for (int64_t k = 0; k < end; k += LANES) {
    floats x = exponential(load(scores + k) - peak);
    store(scores + k, x);
    totals += x; /* of the scores after the end, exp(-Infinity) is 0 */
  }
  float scale = 1.0f / sum(totals);
  for (int64_t k = 0; k < end; k += LANES) store(scores + k, load(scores + k) * scale);
}

INLINE floats dot(int64_t head_dim, const float *query, const float *key) {
  floats a = {0};
  for (int64_t i = 0; i < head_dim; i += LANES) a += load(query + i) * load(key + i);
  return a;
}

enum { VALUE_VECTORS = 4 }; /* vectors of an output that are summed at once */

/* The sum of values [count, head_dim], weighted by scores [count]; `vectors` of its columns. */
INLINE void weighted_sum(int64_t head_dim, const float *values, const float *scores, int64_t count,
                         int vectors, float *output) {
  floats a[VALUE_VECTORS] = {{0}}, b[VALUE_VECTORS] = {{0}};
  int64_t k = 0;
  for (; k + 2 <= count; k += 2)
#pragma GCC unroll 4
    for (int i = 0; i < vectors; i++) {
      a[i] += scores[k] * load(values + k * head_dim + i * LANES);
      b[i] += scores[k + 1] * load(values + (k + 1) * head_dim + i * LANES);
    }
  if (k < count)
#pragma GCC unroll 4
    for (int i = 0; i < vectors; i++) a[i] += scores[k] * load(values + k * head_dim + i * LANES);
#pragma GCC unroll 4
  for (int i = 0; i < vectors; i++) store(output + i * LANES, a[i] + b[i]);
}

/* The attention of one head's query [head_dim]: the weights of the keys [count], into `scores`, and
   the output [head_dim]. */
static void attend_query(int64_t head_dim, const float *query, const float *keys,
                         const float *values, int64_t count, float *scores, float *output) {
  int64_t k = 0;
  for (; k + 4 <= count; k += 4) {
    floats products[4];
#pragma GCC unroll 4
    for (int j = 0; j < 4; j++) products[j] = dot(head_dim, query, keys + (k + j) * head_dim);
    *(floats4 *)(scores + k) = four_sums(products);
  }
  for (; k < count; k++) scores[k] = sum(dot(head_dim, query, keys + k * head_dim));
  softmax(scores, count);
  int64_t i = 0;
  for (; i + VALUE_VECTORS * LANES <= head_dim; i += VALUE_VECTORS * LANES)
    weighted_sum(head_dim, values + i, scores, count, VALUE_VECTORS, output + i);
  for (; i < head_dim; i += LANES) weighted_sum(head_dim, values + i, scores, count, 1, output + i);
}

#endif
