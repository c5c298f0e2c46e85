/* RMS norms. */
#ifndef NORM_H
#define NORM_H

#include "vectors.h"

/* x / sqrt(mean(x^2) + epsilon) * weight of each row [width]; width is a multiple of LANES. */
static void rms_norm(const float *x, int64_t rows, int64_t width, const float *weight,
                     float epsilon, float *y) {
  for (int64_t r = 0; r < rows; r++, x += width, y += width) {
    lanes squares = {0};
    for (int64_t i = 0; i < width; i += LANES) squares += floats_at(x + i) * floats_at(x + i);
    float scale = 1.0f / __builtin_sqrtf(sum(squares) / (float)width + epsilon);
    for (int64_t i = 0; i < width; i += LANES)
      put(y + i, floats_at(x + i) * scale * floats_at(weight + i));
  }
}

#endif
