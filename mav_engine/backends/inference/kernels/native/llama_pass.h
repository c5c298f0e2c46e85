/* The forward pass of a small Llama in one call: RMS norms, rotary positions, grouped-query
   attention, gated MLP. It needs no C library, so it is compiled for the browser too.

   A step of a small model consists of some hundred operations on a few hundred numbers. In Python
   the overhead of each is larger than its computation, and holds the GIL. The outputs of each layer
   are written to the caller's arrays, so measuring them computes nothing twice.

   All numbers are float32, all arrays are in C order. Weights are stored in panels (panels.h).
   `llama.py` lists the sizes that are supported. */
#ifndef LLAMA_PASS_H
#define LLAMA_PASS_H

#include <stdint.h>

#include "norm.h"
#include "panels.h"
#include "pass.h"
#include "vectors.h"

typedef struct {
  const void *qkv, *out, *gate_up, *down;
  const float *before_attention, *before_mlp;
} Layer;

typedef struct {
  int64_t layers, width, heads, kv_heads, head_dim, inner, outputs;
  int64_t format;               /* of the panels */
  const float *cosines, *sines; /* [positions, head_dim]; the first half of each sine negated */
  const float *last_norm;
  const void *head;
  const Layer *layer;
  float epsilon, scaling;
} Model;

/* Rotates heads [count, head_dim] by the angles of a position, in place, and scales them. */
static void rotate(const Model *m, float *heads, int64_t count, int64_t angle, float scale) {
  const float *cosine = m->cosines + angle * m->head_dim;
  const float *sine = m->sines + angle * m->head_dim;
  int64_t half = m->head_dim / 2;
  for (int64_t h = 0; h < count; h++, heads += m->head_dim)
    for (int64_t i = 0; i < half; i++) {
      float first = heads[i], second = heads[half + i];
      heads[i] = (first * cosine[i] + second * sine[i]) * scale;
      heads[half + i] = (second * cosine[half + i] + first * sine[half + i]) * scale;
    }
}

/* Rotates the queries and keys of qkv [rows, heads + 2 kv_heads, head_dim], and scales the
   queries. */
static void rotate_rows(const Model *m, int64_t rows, const Row *row, float *qkv) {
  int64_t dim = m->head_dim, every = m->heads + 2 * m->kv_heads;
  for (int64_t r = 0; r < rows; r++, qkv += every * dim) {
    rotate(m, qkv, m->heads, row[r].angle, m->scaling);
    rotate(m, qkv + m->heads * dim, m->kv_heads, row[r].angle, 1.0f);
  }
}

/* silu(gate) * up of gate_up [rows, 2 inner], which has both concatenated. */
static void silu_gate(const float *gate_up, int64_t rows, int64_t inner, float *y) {
  for (int64_t r = 0; r < rows; r++, gate_up += 2 * inner, y += inner)
    for (int64_t i = 0; i < inner; i += LANES) {
      floats gate = load(gate_up + i);
      store(y + i, gate / (1.0f + exponential(-gate)) * load(gate_up + inner + i));
    }
}

/* Decodes one token for each row: one of each of several texts, or consecutive tokens of one text.
 */
void mav_llama_pass(const Model *m, int64_t rows, const Row *row, const PassOutputs *pass) {
  int64_t width = m->width, inner = m->inner, size = rows * width;
  int64_t attended_width = m->heads * m->head_dim;
  int64_t qkv_width = attended_width + 2 * m->kv_heads * m->head_dim;
  HeadSizes sizes = {m->heads, m->kv_heads, m->head_dim};
  float *normed = pass->scratch, *mid = normed + size, *qkv = mid + size;
  float *attended = qkv + rows * qkv_width, *gate_up = attended + rows * attended_width;
  float *activated = gate_up + rows * 2 * inner, *scores = activated + rows * inner;
  float *x = pass->resid, *attn_out = pass->attn_out, *mlp_out = pass->mlp_out;
  for (int64_t l = 0; l < m->layers; l++, x += size, attn_out += size, mlp_out += size) {
    const Layer *layer = m->layer + l;
    rms_norm(x, rows, width, layer->before_attention, m->epsilon, normed);
    product(m->format, normed, rows, width, layer->qkv, qkv, qkv_width);
    rotate_rows(m, rows, row, qkv);
    attend(sizes, rows, row, l, qkv, pass, scores, attended);
    product(m->format, attended, rows, attended_width, layer->out, attn_out, width);
    add(x, attn_out, size, mid);
    rms_norm(mid, rows, width, layer->before_mlp, m->epsilon, normed);
    product(m->format, normed, rows, width, layer->gate_up, gate_up, 2 * inner);
    silu_gate(gate_up, rows, inner, activated);
    product(m->format, activated, rows, inner, layer->down, mlp_out, width);
    add(mid, mlp_out, size, x + size);
  }
  rms_norm(x, rows, width, m->last_norm, m->epsilon, normed);
  product(m->format, normed, rows, width, m->head, pass->logits, m->outputs);
}

#endif
