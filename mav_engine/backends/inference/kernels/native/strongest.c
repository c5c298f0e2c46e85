/* What attention attends to most: of each layer's mean over its heads, of the mean of all, and of
   each head. In numpy these are forty calls, each of which costs more than its numbers. */

#include "runs_here.h"
#include "vectors.h"

enum { MOST = 4 }; /* positions of a mean; `strongest.py` knows it */

/* As numpy rounds to five decimals. */
static float rounded(float x) { return __builtin_rintf(x * 1e5f) / 1e5f; }

/* The place of the largest of x[1] to x[n - 1], which are not negative; of equal ones the first. */
static int64_t largest(const float *x, int64_t n) {
  float most[LANES], at[LANES], value = -1, place = 0;
  floats best = splat(-1), where = {0}, here;
  for (int64_t i = 0; i < LANES; i++) here[i] = (float)(1 + i);
  int64_t i = 1;
  for (; i + LANES <= n; i += LANES, here += LANES) {
    floats next = load(x + i);
    ints more = next > best;
    best = blend(more, next, best), where = blend(more, here, where);
  }
  store(most, best), store(at, where);
  for (int64_t lane = 0; lane < LANES; lane++)
    if (most[lane] > value || (most[lane] == value && at[lane] < place))
      value = most[lane], place = at[lane];
  for (; i < n; i++)
    if (x[i] > value) value = x[i], place = (float)i;
  return (int64_t)place;
}

/* Rows of `probes/attention_sources.py`, [layers + 1, runs, 1 + 2 count + 3 heads], of weights
   [layers, runs, heads, keys], with room for 2 keys behind them. */
void mav_strongest(const float *weights, int64_t layers, int64_t runs, int64_t heads, int64_t keys,
                   float *rows) {
  int64_t count = keys - 1 < MOST ? keys - 1 : MOST, columns = 1 + 2 * count + 3 * heads;
  float *mean = rows + (layers + 1) * runs * columns, *every = mean + keys;
  for (int64_t r = 0; r < runs; r++) {
    for (int64_t k = 0; k < keys; k++) every[k] = 0;
    for (int64_t l = 0; l <= layers; l++) {
      float *row = rows + (l * runs + r) * columns, *of_heads = row + 1 + 2 * count;
      if (l == layers) {
        for (int64_t k = 0; k < keys; k++) mean[k] = every[k] / (float)(layers * heads);
        for (int64_t h = 0; h < 3 * heads; h++) of_heads[h] = 0;
      } else {
        for (int64_t k = 0; k < keys; k++) mean[k] = 0;
        for (int64_t h = 0; h < heads; h++) {
          const float *head = weights + ((l * runs + r) * heads + h) * keys;
          for (int64_t k = 0; k < keys; k++) mean[k] += head[k];
          int64_t place = keys > 1 ? largest(head, keys) : 0;
          of_heads[2 * h] = rounded(head[0]);
          of_heads[2 * h + 1] = place ? rounded(head[place]) : __builtin_nanf("");
          of_heads[2 * heads + h] = (float)place;
        }
        for (int64_t k = 0; k < keys; k++) every[k] += mean[k], mean[k] /= (float)heads;
      }
      row[0] = rounded(mean[0]);
      for (int64_t i = 0; i < count; i++) {
        int64_t place = largest(mean, keys);
        row[1 + i] = rounded(mean[place]), row[1 + count + i] = (float)place;
        mean[place] = -1;
      }
    }
  }
}
