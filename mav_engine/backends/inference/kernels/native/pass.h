/* What the passes of all architectures share: the rows that are decoded, the outputs of a pass, and
   attention over a KV cache. */
#ifndef PASS_H
#define PASS_H

#include <stdint.h>

#include "attention.h"
#include "vectors.h"

typedef struct {
  int64_t length; /* positions before this one */
  int64_t angle;  /* row of the cosines and sines, or of the learned positions */
  float *kv;      /* the keys of layer 0 [kv_heads, capacity, head_dim] */
  int64_t layer_stride, value_stride, head_stride;
} Row;

typedef struct {
  int64_t keys;    /* of the longest row, including its own position */
  float *resid;    /* [layers + 1, rows, width]; the first, the embedding, is given */
  float *attn_out; /* [layers, rows, width] */
  float *mlp_out;  /* [layers, rows, width] */
  float *pattern;  /* [layers, rows, heads, keys] */
  float *logits;   /* [rows, outputs] */
  float *scratch; /* [rows, 2 width + (2 heads + 2 kv_heads) head_dim + 3 inner] and keys + LANES */
} PassOutputs;

typedef struct {
  int64_t heads, kv_heads, head_dim;
} HeadSizes;

static void add(const float *a, const float *b, int64_t count, float *to) {
  for (int64_t i = 0; i < count; i += LANES) store(to + i, load(a + i) + load(b + i));
}

/* Appends the new keys and values of all rows, from qkv [rows, heads + 2 kv_heads, head_dim], and
   computes the attention of each row over all positions up to its own. */
static void attend(HeadSizes sizes, int64_t rows, const Row *row, int64_t layer, const float *qkv,
                   const PassOutputs *pass, float *scores, float *output) {
  int64_t heads = sizes.heads, dim = sizes.head_dim, keyed = heads + sizes.kv_heads;
  int64_t every = keyed + sizes.kv_heads;
  for (int64_t r = 0; r < rows; r++) {
    const float *row_qkv = qkv + r * every * dim;
    float *to = row[r].kv + layer * row[r].layer_stride + row[r].length * dim;
    for (int64_t h = 0; h < sizes.kv_heads; h++, to += row[r].head_stride) {
      __builtin_memcpy(to, row_qkv + (heads + h) * dim, dim * sizeof(float));
      __builtin_memcpy(to + row[r].value_stride, row_qkv + (keyed + h) * dim, dim * sizeof(float));
    }
  }
  for (int64_t r = 0; r < rows; r++)
    for (int64_t h = 0; h < heads; h++) {
      int64_t count = row[r].length + 1, shared = h / (heads / sizes.kv_heads);
      const float *keys = row[r].kv + layer * row[r].layer_stride + shared * row[r].head_stride;
      attend_query(dim, qkv + (r * every + h) * dim, keys, keys + row[r].value_stride, count,
                   scores, output + (r * heads + h) * dim);
      float *pattern = pass->pattern + ((layer * rows + r) * heads + h) * pass->keys;
      __builtin_memcpy(pattern, scores, count * sizeof(float));
      __builtin_memset(pattern + count, 0, (pass->keys - count) * sizeof(float));
    }
}

#endif
