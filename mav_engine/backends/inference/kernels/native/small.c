/* Small operations of a step, each as one call. In torch each consists of several calls, whose
   overhead is larger than the computation. All numbers are float32. */

#include "attention.h"
#include "norm.h"
#include "runs_here.h"

enum { MAX_HEAD_DIM = 512 }; /* also in `small.py` */

typedef struct {
  int64_t heads, kv_heads, head_dim, keys;
  int64_t key_stride, value_stride; /* from one head's keys [keys, head_dim] to the next one's */
  int64_t pattern_stride;           /* from one head's weights [keys] to the next one's */
  const float *query;               /* [heads, head_dim] */
  const float *key, *value;
  float *pattern; /* with room for LANES numbers after it */
  float *output;  /* [heads, head_dim] */
} Attention;

/* softmax(scaling q k^T) v of one query over all keys. Consecutive heads share keys (grouped-query
   attention). */
void mav_attend(const Attention *s, float scaling) {
  for (int64_t h = 0; h < s->heads; h++) {
    int64_t shared = h / (s->heads / s->kv_heads), dim = s->head_dim;
    float query[MAX_HEAD_DIM];
    for (int64_t i = 0; i < dim; i++) query[i] = s->query[h * dim + i] * scaling;
    /* Writing beyond the end of a head's weights is safe: the next head overwrites it. */
    attend_query(dim, query, s->key + shared * s->key_stride, s->value + shared * s->value_stride,
                 s->keys, s->pattern + h * s->pattern_stride, s->output + h * dim);
  }
}

/* x / sqrt(mean(x^2) + epsilon) * weight of each row. */
void mav_rms_norm(const float *x, int64_t rows, int64_t width, const float *weight, float epsilon,
                  float *y) {
  rms_norm(x, rows, width, weight, epsilon, y);
}
