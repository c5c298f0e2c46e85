/* The forward pass of a small Llama in one call: RMS norms, rotary positions, grouped-query
   attention, gated MLP.

   A step of a small model consists of some hundred operations on a few hundred numbers. In Python
   the overhead of each is larger than its computation, and holds the GIL. The outputs of each layer
   are written to the caller's arrays, so measuring them computes nothing twice.

   All numbers are float32, all arrays are in C order. Weights are stored in panels of PANEL
   outputs: [outputs / PANEL][inputs][PANEL], in float32 or, if it represents them exactly, in half
   precision. `llama.py` lists the sizes that are supported. */

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

enum { PANEL = 32, PANEL_VECTORS = PANEL / LANES };
enum {
  PREFETCH_BYTES = 1024
}; /* how far ahead weights are prefetched: they are read faster than the
     processor's own prefetching */
#ifdef __AVX512F__
enum { TILE_ROWS = 8, TILE_VECTORS = 2, ROW_SUMS = 4 }; /* the sums of a tile fill the registers */
#else
enum { TILE_ROWS = 6, TILE_VECTORS = 2, ROW_SUMS = 2 };
#endif

typedef struct {
  const void *qkv, *out, *gate_up, *down;
  const float *before_attention, *before_mlp;
} Layer;

typedef struct {
  int64_t layers, width, heads, kv_heads, head_dim, inner, outputs;
  int64_t halves;               /* whether the panels are in half precision */
  const float *cosines, *sines; /* [positions, head_dim]; the first half of each sine negated */
  const float *last_norm;
  const void *head;
  const Layer *layer;
  float epsilon, scaling;
} Model;

typedef struct {
  int64_t length; /* positions before this one */
  int64_t angle;  /* row of the cosines and sines */
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

/* LANES weights from index `at` on. */
INLINE floats weights_at(const void *panel, int64_t at, int halves) {
  if (!halves) return load((const float *)panel + at);
  const uint16_t *from = (const uint16_t *)panel + at;
#if defined(__AVX512F__)
  return (floats)_mm512_cvtph_ps(_mm256_loadu_si256((const __m256i *)from));
#elif defined(__F16C__)
  return (floats)_mm256_cvtph_ps(_mm_loadu_si128((const __m128i *)from));
#else
  floats x;
  for (int i = 0; i < LANES; i++) {
    _Float16 half;
    memcpy(&half, from + i, sizeof half);
    x[i] = (float)half;
  }
  return x;
#endif
}

INLINE void prefetch(const void *panel, int64_t at, int halves) {
  const char *there = (const char *)panel + at * (halves ? 2 : 4) + PREFETCH_BYTES;
  __builtin_prefetch(there);
  if (!halves) __builtin_prefetch(there + 64);
}

/* Computes PANEL columns of y [rows, outputs] from x [rows, inputs] and one panel, `vectors`
   vectors of the panel at a time. */
INLINE void tile(const float *x, int rows, int vectors, int64_t inputs, const void *panel,
                 int halves, float *y, int64_t outputs) {
  for (int begin = 0; begin < PANEL; begin += vectors * LANES) {
    floats a[TILE_ROWS][PANEL_VECTORS] = {{{0}}};
    for (int64_t k = 0; k < inputs; k++) {
      if (!begin) prefetch(panel, k * PANEL, halves);
      floats weight[PANEL_VECTORS];
#pragma GCC unroll 8
      for (int i = 0; i < vectors; i++)
        weight[i] = weights_at(panel, k * PANEL + begin + i * LANES, halves);
#pragma GCC unroll 8
      for (int r = 0; r < rows; r++) {
        float argument = x[r * inputs + k];
#pragma GCC unroll 8
        for (int i = 0; i < vectors; i++) a[r][i] += weight[i] * argument;
      }
    }
#pragma GCC unroll 8
    for (int r = 0; r < rows; r++)
#pragma GCC unroll 8
      for (int i = 0; i < vectors; i++) store(y + r * outputs + begin + i * LANES, a[r][i]);
  }
}

/* The same for one row, in several sums, since each addition waits for the previous one. */
INLINE void row_tile(const float *x, int64_t inputs, const void *panel, int halves, float *y) {
  floats a[ROW_SUMS][PANEL_VECTORS] = {{{0}}};
  for (int64_t k = 0; k < inputs; k += ROW_SUMS)
#pragma GCC unroll 4
    for (int j = 0; j < ROW_SUMS; j++) {
      prefetch(panel, (k + j) * PANEL, halves);
#pragma GCC unroll 8
      for (int i = 0; i < PANEL_VECTORS; i++)
        a[j][i] += weights_at(panel, (k + j) * PANEL + i * LANES, halves) * x[k + j];
    }
#pragma GCC unroll 8
  for (int i = 0; i < PANEL_VECTORS; i++) {
#pragma GCC unroll 4
    for (int j = 1; j < ROW_SUMS; j++) a[0][i] += a[j][i];
    store(y + i * LANES, a[0][i]);
  }
}

/* Computes `rows` rows of y. Each count is compiled separately, with its sums in registers. */
INLINE void multiply_rows(const float *x, int64_t rows, int64_t inputs, const void *panel,
                          int halves, float *y, int64_t outputs) {
  switch (rows) {
  case 1: row_tile(x, inputs, panel, halves, y); break;
  case 2: tile(x, 2, PANEL_VECTORS, inputs, panel, halves, y, outputs); break;
  case 3: tile(x, 3, TILE_VECTORS, inputs, panel, halves, y, outputs); break;
  case 4: tile(x, 4, TILE_VECTORS, inputs, panel, halves, y, outputs); break;
  case 5: tile(x, 5, TILE_VECTORS, inputs, panel, halves, y, outputs); break;
  case 6: tile(x, 6, TILE_VECTORS, inputs, panel, halves, y, outputs); break;
#ifdef __AVX512F__
  case 7: tile(x, 7, TILE_VECTORS, inputs, panel, halves, y, outputs); break;
  case 8: tile(x, 8, TILE_VECTORS, inputs, panel, halves, y, outputs); break;
#endif
  }
}

/* Computes y [rows, outputs] of x [rows, inputs]. Each panel is read from memory once. */
INLINE void multiply(const float *x, int64_t rows, int64_t inputs, const void *weight, int halves,
                     float *y, int64_t outputs) {
  for (int64_t n = 0; n < outputs; n += PANEL) {
    const char *panel = (const char *)weight + n * inputs * (halves ? 2 : 4);
    int64_t tiles = (rows + TILE_ROWS - 1) / TILE_ROWS;
    for (int64_t r = 0, count; r < rows; r += count, tiles--) {
      count = (rows - r + tiles - 1) / tiles;
      multiply_rows(x + r * inputs, count, inputs, panel, halves, y + r * outputs + n, outputs);
    }
  }
}

static void product(const Model *m, const float *x, int64_t rows, int64_t inputs,
                    const void *weight, float *y, int64_t outputs) {
  if (m->halves)
    multiply(x, rows, inputs, weight, 1, y, outputs);
  else
    multiply(x, rows, inputs, weight, 0, y, outputs);
}

static void add(const float *a, const float *b, int64_t count, float *to) {
  for (int64_t i = 0; i < count; i += LANES) store(to + i, load(a + i) + load(b + i));
}

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

/* Appends the new keys and values of all rows, from qkv [rows, heads + 2 kv_heads, head_dim], and
   computes the attention of each row over all positions up to its own. */
static void attend(const Model *m, int64_t rows, const Row *row, int64_t layer, float *qkv,
                   const PassOutputs *pass, float *scores, float *output) {
  int64_t dim = m->head_dim, rotated = m->heads + m->kv_heads, every = rotated + m->kv_heads;
  for (int64_t r = 0; r < rows; r++) {
    float *row_qkv = qkv + r * every * dim;
    rotate(m, row_qkv, m->heads, row[r].angle, m->scaling);
    rotate(m, row_qkv + m->heads * dim, m->kv_heads, row[r].angle, 1.0f);
    float *to = row[r].kv + layer * row[r].layer_stride + row[r].length * dim;
    for (int64_t h = 0; h < m->kv_heads; h++, to += row[r].head_stride) {
      memcpy(to, row_qkv + (m->heads + h) * dim, dim * sizeof(float));
      memcpy(to + row[r].value_stride, row_qkv + (rotated + h) * dim, dim * sizeof(float));
    }
  }
  for (int64_t r = 0; r < rows; r++)
    for (int64_t h = 0; h < m->heads; h++) {
      int64_t count = row[r].length + 1, shared = h / (m->heads / m->kv_heads);
      const float *keys = row[r].kv + layer * row[r].layer_stride + shared * row[r].head_stride;
      attend_query(dim, qkv + (r * every + h) * dim, keys, keys + row[r].value_stride, count,
                   scores, output + (r * m->heads + h) * dim);
      float *pattern = pass->pattern + ((layer * rows + r) * m->heads + h) * pass->keys;
      memcpy(pattern, scores, count * sizeof(float));
      memset(pattern + count, 0, (pass->keys - count) * sizeof(float));
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
  float *normed = pass->scratch, *mid = normed + size, *qkv = mid + size;
  float *attended = qkv + rows * qkv_width, *gate_up = attended + rows * attended_width;
  float *activated = gate_up + rows * 2 * inner, *scores = activated + rows * inner;
  float *x = pass->resid, *attn_out = pass->attn_out, *mlp_out = pass->mlp_out;
  for (int64_t l = 0; l < m->layers; l++, x += size, attn_out += size, mlp_out += size) {
    const Layer *layer = m->layer + l;
    rms_norm(x, rows, width, layer->before_attention, m->epsilon, normed);
    product(m, normed, rows, width, layer->qkv, qkv, qkv_width);
    attend(m, rows, row, l, qkv, pass, scores, attended);
    product(m, attended, rows, attended_width, layer->out, attn_out, width);
    add(x, attn_out, size, mid);
    rms_norm(mid, rows, width, layer->before_mlp, m->epsilon, normed);
    product(m, normed, rows, width, layer->gate_up, gate_up, 2 * inner);
    silu_gate(gate_up, rows, inner, activated);
    product(m, activated, rows, inner, layer->down, mlp_out, width);
    add(mid, mlp_out, size, x + size);
  }
  rms_norm(x, rows, width, m->last_norm, m->epsilon, normed);
  product(m, normed, rows, width, m->head, pass->logits, m->outputs);
}

/* A thread that computes passes in the background, one at a time. */
typedef struct {
  const Model *model;
  int64_t rows;
  const Row *row;
  const PassOutputs *pass;
  double seconds; /* duration of the last pass */
  int state;
  pid_t process; /* a forked process does not have the thread */
  pthread_t thread;
  pthread_mutex_t lock;
  pthread_cond_t changed;
} Worker;

enum { IDLE, BEGUN, OVER };

/* Seconds that the thread waits actively after a pass. The next pass usually begins within them, at
   once. Meanwhile its core is not idle, so the scheduler leaves Python's threads, of which one runs
   at a time, on another core, whose caches have their memory. */
static const double SPIN_S = 0.002;

static double now(void) {
  struct timespec at;
  clock_gettime(CLOCK_MONOTONIC, &at);
  return (double)at.tv_sec + 1e-9 * (double)at.tv_nsec;
}

static int state_of(Worker *worker) { return __atomic_load_n(&worker->state, __ATOMIC_ACQUIRE); }

static void set_state(Worker *worker, int state) {
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

static void *run_worker(void *argument) {
  Worker *worker = argument;
  for (;;) {
    double until = now() + SPIN_S;
    while (state_of(worker) == IDLE && now() < until) sched_yield();
    sleep_while(worker, IDLE);
    if (state_of(worker) == OVER) return NULL;
    double began = now();
    mav_llama_pass(worker->model, worker->rows, worker->row, worker->pass);
    worker->seconds = now() - began;
    set_state(worker, IDLE);
  }
}

/* Returns a worker, or NULL if no thread can be started. */
void *mav_worker_new(void) {
  Worker *worker = calloc(1, sizeof *worker);
  if (!worker) return NULL;
  worker->process = getpid();
  pthread_mutex_init(&worker->lock, NULL);
  pthread_cond_init(&worker->changed, NULL);
  if (!pthread_create(&worker->thread, NULL, run_worker, worker)) return worker;
  free(worker);
  return NULL;
}

/* Begins a pass; returns 0 if it cannot. Until `mav_worker_wait` returns, the arrays must not be
   moved or freed and no other pass of the model may begin. */
int mav_worker_begin(void *argument, const Model *m, int64_t rows, const Row *row,
                     const PassOutputs *pass) {
  Worker *worker = argument;
  if (worker->process != getpid()) return 0;
  worker->model = m, worker->rows = rows, worker->row = row, worker->pass = pass;
  set_state(worker, BEGUN);
  return 1;
}

/* Waits for the pass; returns the seconds that it took. */
double mav_worker_wait(void *argument) {
  Worker *worker = argument;
  sleep_while(worker, BEGUN);
  return worker->seconds;
}

/* Ends an idle worker. */
void mav_worker_end(void *argument) {
  Worker *worker = argument;
  if (worker->process != getpid()) return;
  set_state(worker, OVER);
  pthread_join(worker->thread, NULL);
  pthread_cond_destroy(&worker->changed);
  pthread_mutex_destroy(&worker->lock);
  free(worker);
}
