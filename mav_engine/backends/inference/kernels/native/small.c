/* Small operations of a step, each in one call: in torch they are several, each of which costs more
   than its numbers. All numbers are float32. */

#include "attention.h"
#include "norm.h"
#include "runs_here.h"

enum { WIDEST = 512 }; /* numbers of a head; `small.py` knows it */

typedef struct {
  int64_t heads, kv_heads, head_dim, keys;
  int64_t key_stride, value_stride; /* from one head's keys [keys, head_dim] to the next one's */
  int64_t pattern_stride;           /* from one head's shares [keys] to the next one's */
  const float *query;               /* [heads, head_dim] */
  const float *key, *value;
  float *pattern; /* with room for as many as a vector has behind it */
  float *output;  /* [heads, head_dim] */
} Seen;

/* softmax(scaling q k^T) v of one query that sees all keys; heads in a row share keys. */
void mav_attend(const Seen *s, float scaling) {
  for (int64_t h = 0; h < s->heads; h++) {
    int64_t shared = h / (s->heads / s->kv_heads), dim = s->head_dim;
    float query[WIDEST];
    for (int64_t i = 0; i < dim; i++) query[i] = s->query[h * dim + i] * scaling;
    /* What is written beyond a head's end is 0, or the beginning of the next one, which follows. */
    look(dim, query, s->key + shared * s->key_stride, s->value + shared * s->value_stride, s->keys,
         s->pattern + h * s->pattern_stride, s->output + h * dim);
  }
}

/* x / sqrt(mean(x^2) + epsilon) * weight of each row. */
void mav_rms_norm(const float *x, int64_t rows, int64_t width, const float *weight, float epsilon,
                  float *y) {
  rms_norm(x, rows, width, weight, epsilon, y);
}
