/* The products of products.c and halves.c: y [rows, outputs] of x [rows, inputs] and a weight.

   Such a product is bound by the reading of its weights, so all threads read, each a piece that
   lies together, and each number is read once for all rows. A weight lies as a layer holds it,
   [outputs, inputs]; `inputs` is a multiple of 16.

   What a row comes to does not depend on the rows beside it, nor on the threads: its sums are added
   up in the order of its own inputs.

   The threads are OpenMP's. Where that is the same library that torch computes with, as on Linux,
   they are torch's own.

   Before it is included: the type `number`, `Weight` with numbers of that type, and
   `lanes_of(from, kind)`, LANES of them in float32. */

#include <stdint.h>

enum { COLUMNS = LANES == 16 ? 6 : 3, ROWS = 4 }; /* a tile's sums, and what they are made of, fill
                                                     the registers */
enum { PIECE = 32 * COLUMNS }; /* outputs, at most, that a thread takes at a time */
enum { WORTH_THREADS = 1 << 16 }; /* multiplications, below which one thread is faster */

/* `rows` by `columns` outputs, from `column` on, of `rows` inputs x; `last`: what is read next is
   the tile after this one. */
INLINE void tile(const Weight *w, int kind, const float *x, int rows, int64_t column, int columns,
                 int last, float *y) {
  int64_t inputs = w->inputs;
  const number *numbers = w->numbers + column * inputs;
  lanes sums[ROWS][COLUMNS] = {{{0}}};
  for (int64_t k = 0; k < inputs; k += LANES) {
    lanes read[COLUMNS];
#pragma GCC unroll 8
    for (int c = 0; c < columns; c++) {
      read[c] = lanes_of(numbers + c * inputs + k, kind);
      if (last) __builtin_prefetch(numbers + (columns + c) * inputs + k);
    }
#pragma GCC unroll 8
    for (int r = 0; r < rows; r++) {
      lanes given = floats_at(x + r * inputs + k);
#pragma GCC unroll 8
      for (int c = 0; c < columns; c++) sums[r][c] += read[c] * given;
    }
  }
#pragma GCC unroll 8
  for (int r = 0; r < rows; r++)
#pragma GCC unroll 8
    for (int c = 0; c < columns; c++)
      y[r * w->outputs + column + c] = sum(sums[r][c]) + (w->bias ? w->bias[column + c] : 0.0f);
}

/* `columns` outputs of all rows; these weights are read from memory once. */
INLINE void tiles(const Weight *w, int kind, int64_t rows, const float *x, int64_t column,
                  int columns, float *y) {
  for (; rows > ROWS; rows -= ROWS, x += ROWS * w->inputs, y += ROWS * w->outputs)
    tile(w, kind, x, ROWS, column, columns, 0, y);
  switch (rows) { /* each count has code of its own, with its sums in registers */
  case 1: tile(w, kind, x, 1, column, columns, 1, y); break;
  case 2: tile(w, kind, x, 2, column, columns, 1, y); break;
  case 3: tile(w, kind, x, 3, column, columns, 1, y); break;
  case 4: tile(w, kind, x, 4, column, columns, 1, y); break;
  }
}

INLINE void piece(const Weight *w, int kind, int64_t rows, const float *x, int64_t column,
                  int64_t end, float *y) {
  for (; column + COLUMNS <= end; column += COLUMNS) tiles(w, kind, rows, x, column, COLUMNS, y);
  for (; column < end; column++) tiles(w, kind, rows, x, column, 1, y);
}

typedef void Piece(const Weight *w, int64_t rows, const float *x, int64_t column, int64_t end,
                   float *y);

/* The whole product, in pieces. `of_kind` is `piece` for one kind, compiled for it. */
static void product(const Weight *w, int64_t rows, const float *x, float *y, int threads,
                    Piece *of_kind) {
  int64_t share = (w->outputs / (4 * threads) / COLUMNS + 1) * COLUMNS;
  int64_t size = share < PIECE ? share : PIECE, pieces = (w->outputs + size - 1) / size;
  int worth = rows * w->inputs * w->outputs >= WORTH_THREADS;
#pragma omp parallel for num_threads(threads) schedule(dynamic) if (worth)
  for (int64_t i = 0; i < pieces; i++) {
    int64_t end = (i + 1) * size;
    of_kind(w, rows, x, i * size, end < w->outputs ? end : w->outputs, y);
  }
}
