/* One pass of a small Llama in one call: RMS norms, rotary positions, grouped queries, gated MLP.

   A small model's step is a chain of some hundred operations on a few hundred numbers, and in
   Python each of them costs more than its numbers, and holds Python's lock. Here they cost what
   they are. What every layer leaves is written where the caller wants it: nothing is computed for
   the sake of being measured.

   All numbers are float32, all arrays lie in C order. Weights lie in panels of WIDE outputs, the
   WIDE weights of one input side by side: [outputs / WIDE][inputs][WIDE], float32 or, where that
   holds them exactly, half precision. `llama.py` says which sizes this can be called with. */

#include <pthread.h>
#include <sched.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>
#ifdef __F16C__
#include <immintrin.h>
#endif

#include "attention.h"
#include "norm.h"
#include "runs_here.h"
#include "vectors.h"

enum { WIDE = 32, ACROSS = WIDE / LANES };
enum { AHEAD = 1024 }; /* bytes: the weights are read faster than the processor foresees it */
#ifdef __AVX512F__
enum { MOST_ROWS = 8, ABREAST = 2, SUMS = 4 }; /* of one tile: its sums fill the registers */
#else
enum { MOST_ROWS = 6, ABREAST = 2, SUMS = 2 };
#endif

typedef struct {
  const void *qkv, *out, *gate_up, *down;
  const float *before_attention, *before_mlp;
} Layer;

typedef struct {
  int64_t layers, width, heads, kv_heads, head_dim, inner, outputs;
  int64_t halves; /* whether the panels are in half precision */
  const float *cosines, *sines; /* [positions, head_dim]; the first half of each sine negated */
  const float *last_norm;
  const void *head;
  const Layer *layer;
  float epsilon, scaling;
} Model;

typedef struct {
  int64_t length; /* positions before this one */
  int64_t angle;  /* row of the cosines and sines */
  float *past;    /* keys [kv_heads, room, head_dim] of layer 0 */
  int64_t layer_stride, value_stride, head_stride;
} Row;

typedef struct {
  int64_t keys; /* of the longest row, its own position included */
  float *resid;    /* [layers + 1, rows, width]; the first, the embedding, is given */
  float *attn_out; /* [layers, rows, width] */
  float *mlp_out;  /* [layers, rows, width] */
  float *pattern;  /* [layers, rows, heads, keys] */
  float *logits;   /* [rows, outputs] */
  float *scratch;  /* [rows, 2 width + (2 heads + 2 kv_heads) head_dim + 3 inner] and keys + LANES */
} Left;

/* LANES weights from place `at` on. */
INLINE lanes weights_at(const void *panel, int64_t at, int halves) {
  if (!halves) return floats_at((const float *)panel + at);
  const uint16_t *from = (const uint16_t *)panel + at;
#if defined(__AVX512F__)
  return (lanes)_mm512_cvtph_ps(_mm256_loadu_si256((const __m256i *)from));
#elif defined(__F16C__)
  return (lanes)_mm256_cvtph_ps(_mm_loadu_si128((const __m128i *)from));
#else
  lanes x;
  for (int i = 0; i < LANES; i++) {
    _Float16 half;
    memcpy(&half, from + i, sizeof half);
    x[i] = (float)half;
  }
  return x;
#endif
}

INLINE void foresee(const void *panel, int64_t at, int halves) {
  const char *there = (const char *)panel + at * (halves ? 2 : 4) + AHEAD;
  __builtin_prefetch(there);
  if (!halves) __builtin_prefetch(there + 64);
}

/* y [rows, outputs], WIDE columns of it, of x [rows, inputs] and one panel; `abreast` vectors of the
   panel's row at a time. */
INLINE void tile(const float *x, int rows, int abreast, int64_t inputs, const void *panel,
                 int halves, float *y, int64_t outputs) {
  for (int begin = 0; begin < WIDE; begin += abreast * LANES) {
    lanes a[MOST_ROWS][ACROSS] = {{{0}}};
    for (int64_t k = 0; k < inputs; k++) {
      if (!begin) foresee(panel, k * WIDE, halves);
      lanes read[ACROSS];
#pragma GCC unroll 8
      for (int i = 0; i < abreast; i++)
        read[i] = weights_at(panel, k * WIDE + begin + i * LANES, halves);
#pragma GCC unroll 8
      for (int r = 0; r < rows; r++) {
        float given = x[r * inputs + k];
#pragma GCC unroll 8
        for (int i = 0; i < abreast; i++) a[r][i] += read[i] * given;
      }
    }
#pragma GCC unroll 8
    for (int r = 0; r < rows; r++)
#pragma GCC unroll 8
      for (int i = 0; i < abreast; i++) put(y + r * outputs + begin + i * LANES, a[r][i]);
  }
}

/* The same of one row, in several sums, since each addition waits for the one before it. */
INLINE void row_tile(const float *x, int64_t inputs, const void *panel, int halves, float *y) {
  lanes a[SUMS][ACROSS] = {{{0}}};
  for (int64_t k = 0; k < inputs; k += SUMS)
#pragma GCC unroll 4
    for (int j = 0; j < SUMS; j++) {
      foresee(panel, (k + j) * WIDE, halves);
#pragma GCC unroll 8
      for (int i = 0; i < ACROSS; i++)
        a[j][i] += weights_at(panel, (k + j) * WIDE + i * LANES, halves) * x[k + j];
    }
#pragma GCC unroll 8
  for (int i = 0; i < ACROSS; i++) {
#pragma GCC unroll 4
    for (int j = 1; j < SUMS; j++) a[0][i] += a[j][i];
    put(y + i * LANES, a[0][i]);
  }
}

/* `rows` of y. Each count has code of its own, with its sums in registers. */
INLINE void some_rows(const float *x, int64_t rows, int64_t inputs, const void *panel, int halves,
                      float *y, int64_t outputs) {
  switch (rows) {
  case 1: row_tile(x, inputs, panel, halves, y); break;
  case 2: tile(x, 2, ACROSS, inputs, panel, halves, y, outputs); break;
  case 3: tile(x, 3, ABREAST, inputs, panel, halves, y, outputs); break;
  case 4: tile(x, 4, ABREAST, inputs, panel, halves, y, outputs); break;
  case 5: tile(x, 5, ABREAST, inputs, panel, halves, y, outputs); break;
  case 6: tile(x, 6, ABREAST, inputs, panel, halves, y, outputs); break;
#ifdef __AVX512F__
  case 7: tile(x, 7, ABREAST, inputs, panel, halves, y, outputs); break;
  case 8: tile(x, 8, ABREAST, inputs, panel, halves, y, outputs); break;
#endif
  }
}

/* y [rows, outputs] of x [rows, inputs]; each panel is read from memory once. */
INLINE void product_of(const float *x, int64_t rows, int64_t inputs, const void *weight, int halves,
                       float *y, int64_t outputs) {
  for (int64_t n = 0; n < outputs; n += WIDE) {
    const char *panel = (const char *)weight + n * inputs * (halves ? 2 : 4);
    int64_t tiles = (rows + MOST_ROWS - 1) / MOST_ROWS;
    for (int64_t r = 0, some; r < rows; r += some, tiles--) {
      some = (rows - r + tiles - 1) / tiles;
      some_rows(x + r * inputs, some, inputs, panel, halves, y + r * outputs + n, outputs);
    }
  }
}

static void product(const Model *m, const float *x, int64_t rows, int64_t inputs,
                    const void *weight, float *y, int64_t outputs) {
  if (m->halves)
    product_of(x, rows, inputs, weight, 1, y, outputs);
  else
    product_of(x, rows, inputs, weight, 0, y, outputs);
}

static void added(const float *a, const float *b, int64_t count, float *to) {
  for (int64_t i = 0; i < count; i += LANES) put(to + i, floats_at(a + i) + floats_at(b + i));
}

/* Turn heads [heads, head_dim] by the angles of a position, in place. */
static void turn(const Model *m, float *heads, int64_t count, int64_t angle, float scale) {
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

/* Append the new keys and values of all rows, qkv [rows, heads + 2 kv_heads, head_dim], to their
   pasts, and let each look at all that stands before it, itself included. */
static void attend(const Model *m, int64_t rows, const Row *row, int64_t layer, float *qkv,
                   const Left *left, float *shares, float *output) {
  int64_t dim = m->head_dim, turned = m->heads + m->kv_heads, every = turned + m->kv_heads;
  for (int64_t r = 0; r < rows; r++) {
    float *own = qkv + r * every * dim;
    turn(m, own, m->heads, row[r].angle, m->scaling);
    turn(m, own + m->heads * dim, m->kv_heads, row[r].angle, 1.0f);
    float *to = row[r].past + layer * row[r].layer_stride + row[r].length * dim;
    for (int64_t h = 0; h < m->kv_heads; h++, to += row[r].head_stride) {
      memcpy(to, own + (m->heads + h) * dim, dim * sizeof(float));
      memcpy(to + row[r].value_stride, own + (turned + h) * dim, dim * sizeof(float));
    }
  }
  for (int64_t r = 0; r < rows; r++)
    for (int64_t h = 0; h < m->heads; h++) {
      int64_t count = row[r].length + 1, shared = h / (m->heads / m->kv_heads);
      const float *keys =
          row[r].past + layer * row[r].layer_stride + shared * row[r].head_stride;
      look(dim, qkv + (r * every + h) * dim, keys, keys + row[r].value_stride, count, shares,
           output + (r * m->heads + h) * dim);
      float *pattern = left->pattern + ((layer * rows + r) * m->heads + h) * left->keys;
      memcpy(pattern, shares, count * sizeof(float));
      memset(pattern + count, 0, (left->keys - count) * sizeof(float));
    }
}

/* silu(gate) * up of both side by side [rows, 2 inner]. */
static void gated(const float *both, int64_t rows, int64_t inner, float *y) {
  for (int64_t r = 0; r < rows; r++, both += 2 * inner, y += inner)
    for (int64_t i = 0; i < inner; i += LANES) {
      lanes gate = floats_at(both + i);
      put(y + i, gate / (1.0f + exponential(-gate)) * floats_at(both + inner + i));
    }
}

/* Read a token of each row: either of several texts, or one after the other of one. */
void mav_llama_pass(const Model *m, int64_t rows, const Row *row, const Left *left) {
  int64_t width = m->width, inner = m->inner, size = rows * width;
  int64_t attended_width = m->heads * m->head_dim;
  int64_t qkv_width = attended_width + 2 * m->kv_heads * m->head_dim;
  float *normed = left->scratch, *middle = normed + size, *qkv = middle + size;
  float *attended = qkv + rows * qkv_width, *both = attended + rows * attended_width;
  float *thought = both + rows * 2 * inner, *shares = thought + rows * inner;
  float *x = left->resid, *attn_out = left->attn_out, *mlp_out = left->mlp_out;
  for (int64_t l = 0; l < m->layers; l++, x += size, attn_out += size, mlp_out += size) {
    const Layer *layer = m->layer + l;
    rms_norm(x, rows, width, layer->before_attention, m->epsilon, normed);
    product(m, normed, rows, width, layer->qkv, qkv, qkv_width);
    attend(m, rows, row, l, qkv, left, shares, attended);
    product(m, attended, rows, attended_width, layer->out, attn_out, width);
    added(x, attn_out, size, middle);
    rms_norm(middle, rows, width, layer->before_mlp, m->epsilon, normed);
    product(m, normed, rows, width, layer->gate_up, both, 2 * inner);
    gated(both, rows, inner, thought);
    product(m, thought, rows, inner, layer->down, mlp_out, width);
    added(middle, mlp_out, size, x + size);
  }
  rms_norm(x, rows, width, m->last_norm, m->epsilon, normed);
  product(m, normed, rows, width, m->head, left->logits, m->outputs);
}

/* A thread that computes passes, one at a time, while its maker does something else. */
typedef struct {
  const Model *model;
  int64_t rows;
  const Row *row;
  const Left *left;
  double seconds; /* that the last pass took */
  int state;
  pid_t process; /* a process that was forked has no such thread */
  pthread_t thread;
  pthread_mutex_t lock;
  pthread_cond_t changed;
} Worker;

enum { IDLE, BEGUN, OVER };

/* Seconds for which it stays awake after a pass. The next one mostly comes within them, and then
   begins at once; and while its processor is not idle, the system lets the threads of Python, which
   compute one at a time, stay on another one, which has their memory at hand. */
static const double AWAKE = 0.002;

static double now(void) {
  struct timespec at;
  clock_gettime(CLOCK_MONOTONIC, &at);
  return (double)at.tv_sec + 1e-9 * (double)at.tv_nsec;
}

static int state_of(Worker *worker) { return __atomic_load_n(&worker->state, __ATOMIC_ACQUIRE); }

static void become(Worker *worker, int state) {
  pthread_mutex_lock(&worker->lock);
  __atomic_store_n(&worker->state, state, __ATOMIC_RELEASE);
  pthread_cond_broadcast(&worker->changed);
  pthread_mutex_unlock(&worker->lock);
}

static void sleep_while(Worker *worker, int state) {
  pthread_mutex_lock(&worker->lock);
  while (state_of(worker) == state) pthread_cond_wait(&worker->changed, &worker->lock);
  pthread_mutex_unlock(&worker->lock);
}

static void *work(void *given) {
  Worker *worker = given;
  for (;;) {
    double until = now() + AWAKE;
    while (state_of(worker) == IDLE && now() < until) sched_yield();
    sleep_while(worker, IDLE);
    if (state_of(worker) == OVER) return NULL;
    double began = now();
    mav_llama_pass(worker->model, worker->rows, worker->row, worker->left);
    worker->seconds = now() - began;
    become(worker, IDLE);
  }
}

/* A worker; NULL where there is no thread for it. */
void *mav_worker_new(void) {
  Worker *worker = calloc(1, sizeof *worker);
  if (!worker) return NULL;
  worker->process = getpid();
  pthread_mutex_init(&worker->lock, NULL);
  pthread_cond_init(&worker->changed, NULL);
  if (!pthread_create(&worker->thread, NULL, work, worker)) return worker;
  free(worker);
  return NULL;
}

/* Begin a pass: 1, or 0 where that cannot be. Nothing of it may be moved or freed, and no other
   pass of the model be begun, before it has been waited for. */
int mav_worker_begin(void *given, const Model *m, int64_t rows, const Row *row, const Left *left) {
  Worker *worker = given;
  if (worker->process != getpid()) return 0;
  worker->model = m, worker->rows = rows, worker->row = row, worker->left = left;
  become(worker, BEGUN);
  return 1;
}

/* Wait for the pass that was begun, and give the seconds that it took. */
double mav_worker_wait(void *given) {
  Worker *worker = given;
  sleep_while(worker, BEGUN);
  return worker->seconds;
}

/* Let an idle worker go. */
void mav_worker_end(void *given) {
  Worker *worker = given;
  if (worker->process != getpid()) return;
  become(worker, OVER);
  pthread_join(worker->thread, NULL);
  pthread_cond_destroy(&worker->changed);
  pthread_mutex_destroy(&worker->lock);
  free(worker);
}
