/* The products of products.c and halves.c: y [rows, outputs] of x [rows, inputs] and a weight.

   Such a product is limited by the time to read its weights, so every thread reads a contiguous
   piece of them, and each number is read once for all rows. A weight has the layout of the model's
   files, [outputs, inputs]; `inputs` is a multiple of 16.

   The result of a row does not depend on the other rows or on the number of threads: its sums are
   computed in the order of its inputs.

   The threads are those of OpenMP. Where torch uses the same library, as on Linux, they are torch's
   threads.

   Define before including this file: the type `number`, `Weight` with numbers of that type, and
   `load_weights(from, kind)`, which converts LANES of them to float32. */

#include <stdint.h>

enum {
  COLUMNS = LANES == 16 ? 6 : 3,
  ROWS = 4
};                                  /* the sums of a tile and their operands
                                       fill the registers */
enum { MAX_PIECE = 32 * COLUMNS };  /* largest number of outputs that a thread computes at a time */
enum { MIN_FOR_THREADS = 1 << 16 }; /* with fewer multiplications, one thread is faster */

/* Computes outputs [rows, columns], from `column` on, of x [rows, inputs]. `last`: no other tile
   uses these weights, so those of the next tile are prefetched. */
INLINE void tile(const Weight *w, int kind, const float *x, int rows, int64_t column, int columns,
                 int last, float *y) {
  int64_t inputs = w->inputs;
  const number *numbers = w->numbers + column * inputs;
  floats sums[ROWS][COLUMNS] = {{{0}}};
  for (int64_t k = 0; k < inputs; k += LANES) {
    floats weights[COLUMNS];
#pragma GCC unroll 8
    for (int c = 0; c < columns; c++) {
      weights[c] = load_weights(numbers + c * inputs + k, kind);
      if (last) __builtin_prefetch(numbers + (columns + c) * inputs + k);
    }
#pragma GCC unroll 8
    for (int r = 0; r < rows; r++) {
      floats inputs_of_row = load(x + r * inputs + k);
#pragma GCC unroll 8
      for (int c = 0; c < columns; c++) sums[r][c] += weights[c] * inputs_of_row;
    }
  }
#pragma GCC unroll 8
  for (int r = 0; r < rows; r++)
#pragma GCC unroll 8
    for (int c = 0; c < columns; c++)
      y[r * w->outputs + column + c] = sum(sums[r][c]) + (w->bias ? w->bias[column + c] : 0.0f);
}

/* Computes `columns` outputs of all rows. Their weights are read from memory once. */
INLINE void tiles(const Weight *w, int kind, int64_t rows, const float *x, int64_t column,
                  int columns, float *y) {
  for (; rows > ROWS; rows -= ROWS, x += ROWS * w->inputs, y += ROWS * w->outputs)
    tile(w, kind, x, ROWS, column, columns, 0, y);
  switch (rows) { /* each count is compiled separately, with its sums in registers */
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

/* Computes the product in pieces. `compute` is `piece`, compiled for one kind of numbers. */
static void product(const Weight *w, int64_t rows, const float *x, float *y, int threads,
                    Piece *compute) {
  int64_t share = (w->outputs / (4 * threads) / COLUMNS + 1) * COLUMNS;
  int64_t size = share < MAX_PIECE ? share : MAX_PIECE, pieces = (w->outputs + size - 1) / size;
  int threaded = rows * w->inputs * w->outputs >= MIN_FOR_THREADS;
#pragma omp parallel for num_threads(threads) schedule(dynamic) if (threaded)
  for (int64_t i = 0; i < pieces; i++) {
    int64_t end = (i + 1) * size;
    compute(w, rows, x, i * size, end < w->outputs ? end : w->outputs, y);
  }
}
