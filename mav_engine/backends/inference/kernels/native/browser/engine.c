/* The engine of the browser: one model, and one text or two, each with its KV cache. `make engine`
   compiles it to WebAssembly; the tests compile it for this machine too and compare the bits.

   There is no C library and no `free`: memory holds, one after the other, the weights, the
   projections, the KV caches and the outputs of a pass. What comes later moves when what comes
   before it grows. Functions that need memory return 0 if there is not enough.

   `frontend/local/model/engine.ts` declares these functions. Tensors are in C order. */

#define ONE_ORDER_OF_SUMS
#include "../llama_pass.h"
#include "../panels.h"
#include "../pass.h"
#include "angles.h"
#include "gpt2_pass.h"

enum { MAX_ROWS = 64, MIN_CAPACITY = 512, ALIGNMENT = 64, MAX_TEXTS = 2 };
enum { LLAMA, GPT2 }; /* families */

#ifdef __wasm__
#define EXPORT(name) __attribute__((export_name(#name))) mav_##name
extern unsigned char __heap_base;
enum { PAGE = 65536, MIN_PAGES = 16 }; /* MIN_PAGES: views of the memory end when it grows */

/* Makes the memory reach `end`, an address; 0 if it cannot. */
static int reach(uint64_t end) {
  uint64_t pages = __builtin_wasm_memory_size(0), needed = (end + PAGE - 1) / PAGE;
  if (needed <= pages) return 1;
  if (needed >= PAGE) return 0; /* the end of 32-bit addresses */
  uint64_t more = needed - pages, least = PAGE - 1 - pages;
  if (least > MIN_PAGES) least = MIN_PAGES;
  if (more < least) more = least;
  return __builtin_wasm_memory_grow(0, more) != (__SIZE_TYPE__)-1;
}

static uintptr_t memory_begin(void) { return (uintptr_t)&__heap_base; }
#else
#define EXPORT(name) mav_##name
static unsigned char heap[1 << 28];

static int reach(uint64_t end) { return end <= (uint64_t)(uintptr_t)heap + sizeof heap; }

static uintptr_t memory_begin(void) { return (uintptr_t)heap; }
#endif

static uint64_t aligned(uint64_t at) { return (at + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT; }

static int family;
static int64_t vocabulary, context;
static Model llama;    /* its sizes are those of either family */
static Gpt2Model gpt2;
static const void *embedding, **layer_weights;
static const float *positions, *frequencies; /* of GPT-2 and of Llama */
static float rotary_scaling;

static uint64_t weights_end, projection_bytes, cache, outputs_begin;
static int64_t texts = 1, text; /* with memory, and the chosen one */
static int64_t capacity, filled[MAX_TEXTS]; /* positions of a KV cache: reserved, and written */
static int32_t ids[MAX_ROWS];
static int64_t rows_read, length_read; /* of the last pass; no rows if its outputs are lost */
static PassOutputs pass;
static float *lens_rows, *lens_normed, *lens_logits, *entropies, *cosines, *lens_probs;
static int32_t *lens_ids, *lens_ranks;
static int64_t cells[MAX_TEXTS];

/* Weights. */

/* Reserves memory for weights; 0 if there is not enough. All of it must be reserved before the
   first pass and the projection. */
void *EXPORT(allocate)(uint32_t bytes) {
  uint64_t begin = aligned(weights_end ? weights_end : memory_begin());
  if (!reach(begin + bytes)) return 0;
  weights_end = begin + bytes;
  return (void *)(uintptr_t)begin;
}

INLINE float float_of(uint32_t bits) {
  float x;
  __builtin_memcpy(&x, &bits, sizeof x);
  return x;
}

INLINE uint32_t bits_of(float x) {
  uint32_t bits;
  __builtin_memcpy(&bits, &x, sizeof bits);
  return bits;
}

/* A number of a tensor of the type FLOAT32, FLOAT16 or BFLOAT16. */
INLINE float number_at(const void *from, int64_t at, int type) {
  if (type == FLOAT32) return ((const float *)from)[at];
  uint32_t bits = ((const uint16_t *)from)[at];
  if (type == BFLOAT16) return float_of(bits << 16);
  if ((bits & 0x7c00) == 0x7c00) /* infinite or not a number */
    return float_of((bits & 0x8000) << 16 | 0x7f800000 | (bits & 0x3ff) << 13);
  float magnitude = float_of((bits & 0x7fff) << 13) * 0x1p112f;
  return float_of(bits_of(magnitude) | (bits & 0x8000) << 16);
}

/* The number in a 16-bit format, cut off if it is not exact. */
INLINE uint16_t number16(float x, int format) {
  uint32_t bits = bits_of(x);
  if (format == BFLOAT16) return bits >> 16;
  uint32_t magnitude = bits_of(float_of(bits & 0x7fffffff) * 0x1p-112f) >> 13;
  return (bits >> 16 & 0x8000) | (magnitude > 0x7bff ? 0x7bff : magnitude);
}

INLINE int all_fit(const void *from, int type, int64_t count, int format) {
  int fits = 1;
  for (int64_t i = 0; i < count; i++) {
    float x = number_at(from, i, type);
    uint16_t stored[2] = {number16(x, format)};
    fits &= number_at(stored, 0, format) == x;
  }
  return fits;
}

/* Whether a 16-bit format represents all numbers [count] exactly. */
int EXPORT(fits)(const void *from, int type, int count, int format) {
  if (type == FLOAT16 && format == FLOAT16) {
    int finite = 1;
    for (int i = 0; i < count; i++) finite &= (((const uint16_t *)from)[i] & 0x7c00) != 0x7c00;
    return finite;
  }
  if (type == FLOAT16) return all_fit(from, FLOAT16, count, format);
  if (type == BFLOAT16) return all_fit(from, BFLOAT16, count, format);
  return all_fit(from, FLOAT32, count, format);
}

/* Converts numbers [count] to float32. */
void EXPORT(widen)(const void *from, int type, int count, float *to) {
  for (int64_t i = 0; i < count; i++) to[i] = number_at(from, i, type);
}

INLINE void pack_as(const void *from, int type, int64_t rows, int64_t columns, int by_input,
                    int64_t first, int64_t offset, int64_t inputs, void *panels, int format) {
  for (int64_t r = 0; r < rows; r++)
    for (int64_t c = 0; c < columns; c++) {
      int64_t output = offset + (by_input ? c : first + r), input = by_input ? first + r : c;
      int64_t to = (output / PANEL * inputs + input) * PANEL + output % PANEL;
      if (format == FLOAT32)
        ((float *)panels)[to] = number_at(from, r * columns + c, type);
      else if (format == type)
        ((uint16_t *)panels)[to] = ((const uint16_t *)from)[r * columns + c];
      else
        ((uint16_t *)panels)[to] = number16(number_at(from, r * columns + c, type), format);
    }
}

/* Writes rows [rows, columns] of a weight, from its row `first` on, into panels. A weight is stored
   as [outputs, inputs], or by input as [inputs, outputs]; its outputs follow `offset` others. */
void EXPORT(pack)(const void *from, int type, int rows, int columns, int by_input, int first,
                  int offset, int inputs, void *panels, int format) {
#define PACK(t, b, f) pack_as(from, t, rows, columns, b, first, offset, inputs, panels, f)
#define PACK_TO(t, f) by_input ? PACK(t, 1, f) : PACK(t, 0, f)
  if (format == FLOAT32) {
    if (type == FLOAT32) PACK_TO(FLOAT32, FLOAT32);
    if (type == FLOAT16) PACK_TO(FLOAT16, FLOAT32);
    if (type == BFLOAT16) PACK_TO(BFLOAT16, FLOAT32);
  } else {
    PACK_TO(type, format);
  }
#undef PACK
#undef PACK_TO
}

/* Begins a model; 0 if there is not enough memory. */
int EXPORT(configure)(int kind, int format, int layers, int width, int heads, int kv_heads,
                      int head_dim, int inner, int words, int length, float epsilon,
                      float scaling, int activation, float angles_scaling) {
  int64_t outputs = ((int64_t)words + PANEL - 1) / PANEL * PANEL;
  uint64_t bytes = layers * (kind == GPT2 ? sizeof(Gpt2Layer) : sizeof(Layer));
  family = kind, vocabulary = words, context = length, rotary_scaling = angles_scaling;
  layer_weights = mav_allocate(bytes);
  if (!layer_weights) return 0;
  llama = (Model){.layers = layers, .width = width, .heads = heads, .kv_heads = kv_heads,
                  .head_dim = head_dim, .inner = inner, .outputs = outputs, .format = format,
                  .layer = (const Layer *)layer_weights, .epsilon = epsilon, .scaling = scaling};
  gpt2 = (Gpt2Model){.layers = layers, .width = width, .heads = heads, .head_dim = head_dim,
                     .inner = inner, .outputs = outputs, .format = format,
                     .activation = activation, .layer = (const Gpt2Layer *)layer_weights,
                     .epsilon = epsilon, .scaling = scaling};
  return 1;
}

/* Weights of a layer in the order of `Layer` or `Gpt2Layer`. */
void EXPORT(set_layer)(int layer, int index, const void *weight) {
  int64_t count = (family == GPT2 ? sizeof(Gpt2Layer) : sizeof(Layer)) / sizeof weight;
  layer_weights[layer * count + index] = weight;
}

/* Weights outside the layers. `places` has the positions of GPT-2 [context, width] or the
   frequencies of Llama [head_dim / 2], in radians per position. */
void EXPORT(set_ends)(const void *table, const void *head, const float *norm, const float *bias,
                      const float *places) {
  embedding = table, positions = frequencies = places;
  llama.head = gpt2.head = head;
  llama.last_norm = norm, gpt2.last_norm = (LayerNorm){norm, bias};
}

/* Memory. */

static int64_t cache_blocks(void) { return llama.layers * 2 * llama.kv_heads; }

/* Reserves memory for the texts' projections, of `projection` bytes each, their KV caches and the
   outputs of a pass, and moves the KV caches; 0 if there is not enough. None of them becomes
   smaller. */
static int reserve(uint64_t projection, int64_t positions_wanted, uint64_t output_bytes) {
  int64_t wanted = capacity ? capacity : MIN_CAPACITY;
  while (wanted < positions_wanted) wanted *= 2;
  if (wanted > context) wanted = context;
  if (wanted < capacity) wanted = capacity;
  int64_t count = text < texts ? texts : text + 1, blocks = cache_blocks();
  uint64_t block = llama.head_dim * sizeof(float);
  uint64_t to = aligned(weights_end) + count * projection;
  uint64_t end = aligned(to + count * blocks * wanted * block);
  if (!reach(end + output_bytes)) return 0;
  if (to != cache || wanted != capacity) {
    rows_read = 0;
    /* From the last block on, since each moves to a higher address. */
    for (int64_t b = texts * blocks - 1; b >= 0; b--)
      __builtin_memmove((void *)(uintptr_t)(to + b * wanted * block),
                        (const void *)(uintptr_t)(cache + b * capacity * block),
                        filled[b / blocks] * block);
  }
  texts = count, projection_bytes = projection, cache = to, capacity = wanted, outputs_begin = end;
  return 1;
}

/* Cuts [count] numbers of 4 bytes from a piece of memory. */
static void *cut(uint64_t *at, int64_t count) {
  uint64_t begin = *at;
  *at = aligned(begin + count * 4);
  return (void *)(uintptr_t)begin;
}

/* Places the outputs of a pass from address `at` on; returns their end. The pattern is the last,
   since its size grows with the text. */
static uint64_t place_outputs(uint64_t at, int64_t rows, int64_t keys) {
  int64_t layers = llama.layers, size = rows * llama.width;
  int64_t heads = 2 * (llama.heads + llama.kv_heads) * llama.head_dim;
  pass.keys = keys;
  pass.resid = cut(&at, (layers + 1) * size);
  pass.attn_out = cut(&at, layers * size);
  pass.mlp_out = cut(&at, layers * size);
  pass.logits = cut(&at, rows * llama.outputs);
  cosines = cut(&at, 2 * rows * llama.head_dim);
  lens_rows = cut(&at, layers * llama.width);
  lens_normed = cut(&at, layers * llama.width);
  lens_logits = cut(&at, layers * llama.outputs + LANES);
  lens_ids = cut(&at, layers);
  lens_probs = cut(&at, layers);
  lens_ranks = cut(&at, layers);
  entropies = cut(&at, layers * llama.heads);
  pass.scratch = cut(&at, rows * (2 * llama.width + heads + 3 * llama.inner) + keys + LANES);
  pass.pattern = cut(&at, layers * rows * llama.heads * keys);
  return at;
}

/* The pass. */

int32_t *EXPORT(ids)(void) { return ids; }

/* The row of an embedding in panels. */
static void embed(int64_t id, float *to) {
  int64_t panel = id / PANEL * llama.width * PANEL + id % PANEL;
  for (int64_t i = 0; i < llama.width; i++)
    to[i] = number_at(embedding, panel + i * PANEL, llama.format);
}

/* cos and sin of a position as `llama_pass.h` needs them. The angle is rounded to float32, as in
   transformers. */
static void rotary(int64_t position, float *cosine, float *sine) {
  int64_t half = llama.head_dim / 2;
  for (int64_t i = 0; i < half; i++) {
    double c, s;
    cos_sin((float)position * frequencies[i], &c, &s);
    cosine[i] = cosine[half + i] = (float)c * rotary_scaling;
    sine[half + i] = (float)s * rotary_scaling;
    sine[i] = -sine[half + i];
  }
}

/* Chooses the text 0 or 1 for what follows. The outputs of a pass of the other are lost. */
void EXPORT(choose)(int chosen) {
  if (chosen != text) rows_read = 0;
  text = chosen;
}

/* Decodes `rows` tokens of `ids` that follow the first `length` positions of the cache; 0 if there
   is not enough memory. */
int EXPORT(read)(int rows, int length) {
  int64_t keys = length + rows, width = llama.width;
  rows_read = 0;
  if (filled[text] > length) filled[text] = length;
  uint64_t bytes = place_outputs(0, rows, keys);
  if (!reserve(projection_bytes, keys, bytes)) return 0;
  place_outputs(outputs_begin, rows, keys);
  int64_t head = capacity * llama.head_dim, value = llama.kv_heads * head;
  float *own = (float *)(uintptr_t)cache + text * cache_blocks() * head;
  Row row[MAX_ROWS];
  float *sines = cosines + rows * llama.head_dim;
  for (int64_t r = 0; r < rows; r++) {
    row[r] = (Row){length + r, r, own, 2 * value, value, head};
    float *x = pass.resid + r * width;
    embed(ids[r], x);
    if (family == GPT2)
      add(x, positions + (length + r) * width, width, x);
    else
      rotary(length + r, cosines + r * llama.head_dim, sines + r * llama.head_dim);
  }
  if (family == GPT2) {
    gpt2_pass(&gpt2, rows, row, &pass);
  } else {
    llama.cosines = cosines, llama.sines = sines;
    mav_llama_pass(&llama, rows, row, &pass);
  }
  for (int64_t r = 1; r < rows; r++) /* without the end of the last panel */
    __builtin_memmove(pass.logits + r * vocabulary, pass.logits + r * llama.outputs,
                      vocabulary * sizeof(float));
  filled[text] = keys, rows_read = rows, length_read = length;
  return 1;
}

/* The number of rows of the last pass; 0 if there is none or its outputs are lost. */
int EXPORT(rows)(void) { return rows_read; }

float *EXPORT(logits)(void) { return pass.logits; }     /* [rows, vocabulary] */
float *EXPORT(resid)(void) { return pass.resid; }       /* [layers + 1, rows, width] */
float *EXPORT(attn_out)(void) { return pass.attn_out; } /* [layers, rows, width] */
float *EXPORT(mlp_out)(void) { return pass.mlp_out; }   /* [layers, rows, width] */
float *EXPORT(pattern)(void) { return pass.pattern; }   /* [layers, rows, heads, keys] */

/* Reductions. */

/* -sum p ln p of weights [count]. */
static float entropy(const float *weights, int64_t count) {
  floats total = {0};
  for (int64_t k = 0; k < count; k += LANES) {
    floats p = {0};
    if (k + LANES <= count)
      p = load(weights + k);
    else
      for (int64_t i = 0; k + i < count; i++) p[i] = weights[k + i];
    total -= p * logarithm(blend(p > 0x1p-126f, p, splat(0x1p-126f)));
  }
  return sum(total);
}

/* The entropies [layers, heads] of the patterns of a row, in nats. */
float *EXPORT(entropies)(int row) {
  for (int64_t l = 0; l < llama.layers; l++)
    for (int64_t h = 0; h < llama.heads; h++) {
      int64_t at = (l * rows_read + row) * llama.heads + h;
      entropies[l * llama.heads + h] =
          entropy(pass.pattern + at * pass.keys, length_read + row + 1);
    }
  return entropies;
}

/* sum exp(logits - peak) of [vocabulary]; short sums are added in float64. */
static double sum_of_exponentials(const float *logits, float peak) {
  double total = 0;
  for (int64_t begin = 0; begin < vocabulary; begin += 256) {
    int64_t end = begin + 256 < vocabulary ? begin + 256 : vocabulary, i = begin;
    floats part = {0};
    for (; i + LANES <= end; i += LANES) part += exponential(load(logits + i) - peak);
    floats rest = splat(-__builtin_inff());
    for (int64_t k = 0; i + k < end; k++) rest[k] = logits[i + k] - peak;
    total += sum(part + exponential(rest));
  }
  return total;
}

static void judge(int64_t layer, const float *logits, int64_t id) {
  int64_t best = 0;
  int32_t above = 0;
  for (int64_t i = 1; i < vocabulary; i++)
    if (logits[i] > logits[best]) best = i;
  for (int64_t i = 0; i < vocabulary; i++) above += logits[i] > logits[id];
  lens_ids[layer] = best;
  lens_ranks[layer] = above;
  lens_probs[layer] = (float)(1.0 / sum_of_exponentials(logits, logits[best]));
}

/* The logit lens of a row: for each layer the best id, its probability, and the number of ids with
   a higher logit than `id`. */
void EXPORT(lens)(int row, int id) {
  int64_t width = llama.width, last = llama.layers - 1;
  for (int64_t l = 0; l < last; l++)
    __builtin_memcpy(lens_rows + l * width, pass.resid + ((l + 1) * rows_read + row) * width,
                     width * sizeof(float));
  if (family == GPT2)
    layer_norm(lens_rows, last, width, gpt2.last_norm, gpt2.epsilon, lens_normed);
  else
    rms_norm(lens_rows, last, width, llama.last_norm, llama.epsilon, lens_normed);
  product(llama.format, lens_normed, last, width, llama.head, lens_logits, llama.outputs);
  for (int64_t l = 0; l < last; l++) judge(l, lens_logits + l * llama.outputs, id);
  judge(last, pass.logits + row * vocabulary, id);
}

int32_t *EXPORT(lens_ids)(void) { return lens_ids; }     /* [layers] */
float *EXPORT(lens_probs)(void) { return lens_probs; }   /* [layers] */
int32_t *EXPORT(lens_ranks)(void) { return lens_ranks; } /* [layers] */

/* Of the projection: directions [layers, cells, width], means [layers, width], vectors of the same
   shape, and results [layers, cells], one after the other. */
static float *directions(void) {
  return (float *)(uintptr_t)(aligned(weights_end) + text * projection_bytes);
}

/* Reserves memory for a projection of the text; returns the address of its directions, or 0 if
   there is not enough. The outputs of the last pass are lost, and so is a projection of text 1
   where that of text 0 grows. */
float *EXPORT(reserve_projection)(int count) {
  uint64_t layers = llama.layers, width = llama.width;
  uint64_t bytes = aligned(layers * ((count + 2) * width + count) * sizeof(float));
  if (!reserve(bytes > projection_bytes ? bytes : projection_bytes, filled[text], 0)) return 0;
  cells[text] = count, rows_read = 0;
  return directions();
}

float *EXPORT(vectors)(void) {
  return directions() + llama.layers * (cells[text] + 1) * llama.width;
}

/* The products [layers, cells] of the vectors, less the means, and the directions. The vectors are
   overwritten. */
float *EXPORT(project)(void) {
  int64_t size = llama.layers * llama.width, width = llama.width, count = cells[text];
  const float *direction = directions();
  float *vector = mav_vectors(), *results = vector + size;
  for (int64_t i = 0; i < size; i += LANES)
    store(vector + i, load(vector + i) - load(vector - size + i));
  for (int64_t l = 0; l < llama.layers; l++, vector += width)
    for (int64_t c = 0; c < count; c++, direction += width)
      results[l * count + c] = sum(dot(width, vector, direction));
  return results;
}
