/* RMS norms. */
#ifndef NORM_H
#define NORM_H

#include "vectors.h"

/* x / sqrt(mean(x^2) + epsilon) * weight of each row [width]; width is a multiple of LANES. */
static void rms_norm(const float *x, int64_t rows, int64_t width, const float *weight,
                     float epsilon, float *y) {
  for (int64_t r = 0; r < rows; r++, x += width, y += width) {
    floats squares = {0};
    for (int64_t i = 0; i < width; i += LANES) squares += load(x + i) * load(x + i);
    float scale = 1.0f / __builtin_sqrtf(sum(squares) / (float)width + epsilon);
    for (int64_t i = 0; i < width; i += LANES) store(y + i, load(x + i) * scale * load(weight + i));
  }
}

#endif
