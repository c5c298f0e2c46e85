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

/* What one head's query [head_dim] sees: its shares of the keys, and its output [head_dim]. */
static void look(int64_t head_dim, const float *query, const float *keys, const float *values,
                 int64_t count, float *shares, float *output) {
  for (int64_t k = 0; k < count; k++) {
    lanes a = {0};
    for (int64_t i = 0; i < head_dim; i += LANES)
      a += floats_at(query + i) * floats_at(keys + k * head_dim + i);
    shares[k] = sum(a);
  }
  softmax(shares, count);
  for (int64_t i = 0; i < head_dim; i += LANES) {
    lanes a[2] = {{0}};
    int64_t k = 0;
    for (; k + 2 <= count; k += 2)
      for (int j = 0; j < 2; j++)
        a[j] += shares[k + j] * floats_at(values + (k + j) * head_dim + i);
    if (k < count) a[0] += shares[k] * floats_at(values + k * head_dim + i);
    put(output + i, a[0] + a[1]);
  }
}

#endif
