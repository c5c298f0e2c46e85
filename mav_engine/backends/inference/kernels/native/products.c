/* Linear products of a few rows and a float32 weight. */

#include <stdint.h>

#include "runs_here.h"
#include "vectors.h"

typedef float number;

typedef struct {
  int64_t inputs, outputs;
  const float *numbers; /* [outputs, inputs] */
  const float *bias;    /* [outputs], or NULL */
} Weight;

INLINE floats load_weights(const float *from, int kind) {
  (void)kind;
  return load(from);
}

#include "tiles.h"

static void float_piece(const Weight *w, int64_t rows, const float *x, int64_t column, int64_t end,
                        float *y) {
  piece(w, 0, rows, x, column, end, y);
}

/* y [rows, outputs] of x [rows, inputs]. */
void mav_product(const Weight *w, int64_t rows, const float *x, float *y, int threads) {
  product(w, rows, x, y, threads, float_piece);
}
