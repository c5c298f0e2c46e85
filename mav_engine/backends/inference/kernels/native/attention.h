/* What one query sees of the keys before it. */
#ifndef ATTENTION_H
#define ATTENTION_H

#include "vectors.h"

/* Scores to shares, in place; room for a whole number of LANES. */
static void softmax(float *scores, int64_t keys) {
  int64_t end = (keys + LANES - 1) / LANES * LANES;
  for (int64_t k = keys; k < end; k++) scores[k] = -__builtin_inff();
  lanes peaks = floats_at(scores), totals = {0};
  for (int64_t k = LANES; k < end; k += LANES) {
    lanes x = floats_at(scores + k);
    peaks = either(x > peaks, x, peaks);
  }
  float peak = peaks[0];
  for (int i = 1; i < LANES; i++) peak = peaks[i] > peak ? peaks[i] : peak;
  for (int64_t k = 0; k < end; k += LANES) {
    lanes x = exponential(floats_at(scores + k) - peak);
    put(scores + k, x);
    totals += x; /* e^-Infinity of those behind the end is 0 */
  }
  float scale = 1.0f / sum(totals);
  for (int64_t k = 0; k < end; k += LANES) put(scores + k, floats_at(scores + k) * scale);
}

INLINE lanes products_of(int64_t head_dim, const float *query, const float *key) {
  lanes a = {0};
  for (int64_t i = 0; i < head_dim; i += LANES) a += floats_at(query + i) * floats_at(key + i);
  return a;
}

enum { TOGETHER = 4 }; /* vectors of an output that are added up at once */

/* `count` shares of values [count, head_dim], `vectors` of their columns. */
INLINE void weighed(int64_t head_dim, const float *values, const float *shares, int64_t count,
                    int vectors, float *output) {
  lanes a[TOGETHER] = {{0}}, b[TOGETHER] = {{0}};
  int64_t k = 0;
  for (; k + 2 <= count; k += 2)
#pragma GCC unroll 4
    for (int i = 0; i < vectors; i++) {
      a[i] += shares[k] * floats_at(values + k * head_dim + i * LANES);
      b[i] += shares[k + 1] * floats_at(values + (k + 1) * head_dim + i * LANES);
    }
  if (k < count)
#pragma GCC unroll 4
    for (int i = 0; i < vectors; i++)
      a[i] += shares[k] * floats_at(values + k * head_dim + i * LANES);
#pragma GCC unroll 4
  for (int i = 0; i < vectors; i++) put(output + i * LANES, a[i] + b[i]);
}

/* What one head's query [head_dim] sees: its shares of the keys, and its output [head_dim]. */
static void look(int64_t head_dim, const float *query, const float *keys, const float *values,
                 int64_t count, float *shares, float *output) {
  int64_t k = 0;
  for (; k + 4 <= count; k += 4) {
    lanes made[4];
#pragma GCC unroll 4
    for (int j = 0; j < 4; j++) made[j] = products_of(head_dim, query, keys + (k + j) * head_dim);
    *(quarter *)(shares + k) = four_sums(made);
  }
  for (; k < count; k++) shares[k] = sum(products_of(head_dim, query, keys + k * head_dim));
  softmax(shares, count);
  int64_t i = 0;
  for (; i + TOGETHER * LANES <= head_dim; i += TOGETHER * LANES)
    weighed(head_dim, values + i, shares, count, TOGETHER, output + i);
  for (; i < head_dim; i += LANES) weighed(head_dim, values + i, shares, count, 1, output + i);
}

#endif
