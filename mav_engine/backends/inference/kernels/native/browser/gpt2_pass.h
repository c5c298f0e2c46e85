/* The forward pass of a small GPT-2 in one call: layer norms, learned positions, attention, an MLP
   with GELU or ReLU. See llama_pass.h. */
#ifndef GPT2_PASS_H
#define GPT2_PASS_H

#include "../panels.h"
#include "../pass.h"
#include "../vectors.h"

enum { GELU_TANH, RELU }; /* activations */

typedef struct {
  const float *weight, *bias;
} LayerNorm;

typedef struct {
  const void *qkv, *out, *up, *down;
  const float *qkv_bias, *out_bias, *up_bias, *down_bias;
  LayerNorm before_attention, before_mlp;
} Gpt2Layer;

typedef struct {
  int64_t layers, width, heads, head_dim, inner, outputs;
  int64_t format, activation;
  LayerNorm last_norm;
  const void *head;
  const Gpt2Layer *layer;
  float epsilon, scaling;
} Gpt2Model;

/* (x - mean) / sqrt(var + epsilon) * weight + bias of each row [width], a multiple of LANES. */
static void layer_norm(const float *x, int64_t rows, int64_t width, LayerNorm norm, float epsilon,
                       float *y) {
  for (int64_t r = 0; r < rows; r++, x += width, y += width) {
    floats total = {0}, squares = {0};
    for (int64_t i = 0; i < width; i += LANES) total += load(x + i);
    float mean = sum(total) / (float)width;
    for (int64_t i = 0; i < width; i += LANES) {
      floats centred = load(x + i) - mean;
      store(y + i, centred);
      squares += centred * centred;
    }
    float scale = 1.0f / __builtin_sqrtf(sum(squares) / (float)width + epsilon);
    for (int64_t i = 0; i < width; i += LANES)
      store(y + i, load(y + i) * scale * load(norm.weight + i) + load(norm.bias + i));
  }
}

/* y [rows, outputs] of x [rows, inputs]. */
static void biased_product(int64_t format, const float *x, int64_t rows, int64_t inputs,
                           const void *weight, const float *bias, float *y, int64_t outputs) {
  product(format, x, rows, inputs, weight, y, outputs);
  for (int64_t r = 0; r < rows; r++, y += outputs) add(y, bias, outputs, y);
}

/* The activation of [count] numbers, in place. */
static void activate(int64_t activation, float *x, int64_t count) {
  for (int64_t i = 0; i < count; i += LANES) {
    floats v = load(x + i);
    if (activation == RELU)
      v = blend(v > 0.0f, v, splat(0.0f));
    else /* x / 2 (1 + tanh u) = x / (1 + exp(-2 u)) with u = sqrt(2 / pi) (x + 0.044715 x^3) */
      v = v / (1.0f + exponential(-1.59576912f * (v + 0.044715f * v * v * v)));
    store(x + i, v);
  }
}

static void gpt2_pass(const Gpt2Model *m, int64_t rows, const Row *row, const PassOutputs *pass) {
  int64_t width = m->width, inner = m->inner, size = rows * width;
  HeadSizes sizes = {m->heads, m->heads, m->head_dim};
  float *normed = pass->scratch, *mid = normed + size, *qkv = mid + size;
  float *attended = qkv + 3 * size, *hidden = attended + size, *scores = hidden + rows * inner;
  float *x = pass->resid, *attn_out = pass->attn_out, *mlp_out = pass->mlp_out;
  for (int64_t l = 0; l < m->layers; l++, x += size, attn_out += size, mlp_out += size) {
    const Gpt2Layer *layer = m->layer + l;
    layer_norm(x, rows, width, layer->before_attention, m->epsilon, normed);
    biased_product(m->format, normed, rows, width, layer->qkv, layer->qkv_bias, qkv, 3 * width);
    for (int64_t r = 0; r < rows; r++)
      for (int64_t i = 0; i < width; i += LANES) {
        float *query = qkv + r * 3 * width + i;
        store(query, load(query) * m->scaling);
      }
    attend(sizes, rows, row, l, qkv, pass, scores, attended);
    biased_product(m->format, attended, rows, width, layer->out, layer->out_bias, attn_out, width);
    add(x, attn_out, size, mid);
    layer_norm(mid, rows, width, layer->before_mlp, m->epsilon, normed);
    biased_product(m->format, normed, rows, width, layer->up, layer->up_bias, hidden, inner);
    activate(m->activation, hidden, rows * inner);
    biased_product(m->format, hidden, rows, inner, layer->down, layer->down_bias, mlp_out, width);
    add(mid, mlp_out, size, x + size);
  }
  layer_norm(x, rows, width, m->last_norm, m->epsilon, normed);
  product(m->format, normed, rows, width, m->head, pass->logits, m->outputs);
}

#endif
