/* Figures of predictions, each for all runs of a batch in one call. numpy needs several calls for
   each, which read and write a whole vocabulary every time. Logits are [rows, vocabulary] float32,
   `stride` numbers from one row to the next. */

#include <stdlib.h>

#include "runs_here.h"
#include "vectors.h"

/* The vector from index `at` on; -Infinity after the end of the row. */
INLINE floats vector_at(const float *row, int64_t at, int64_t count) {
  if (at + LANES <= count) return load(row + at);
  float rest[LANES];
  for (int64_t i = 0; i < LANES; i++) rest[i] = at + i < count ? row[at + i] : -__builtin_inff();
  return load(rest);
}

static float highest(const float *row, int64_t count) {
  floats most = splat(-__builtin_inff());
  for (int64_t i = 0; i < count; i += LANES) {
    floats x = vector_at(row, i, count);
    most = blend(x > most, x, most);
  }
  float peak = most[0];
  for (int i = 1; i < LANES; i++) peak = most[i] > peak ? most[i] : peak;
  return peak;
}

enum { BLOCK = 64 * LANES }; /* numbers that are summed in float32 */

/* Of each row its largest logit, sum(e) and sum(e (logit - largest)), where e is
   exp(logit - largest), into sums [rows, 3]. The sum of a row with NaN or Infinity, or with nothing
   above -Infinity, is NaN. */
void mav_sums(const float *logits, int64_t stride, int64_t rows, int64_t vocabulary,
              double *sums) {
  for (int64_t r = 0; r < rows; r++, logits += stride, sums += 3) {
    float peak = highest(logits, vocabulary);
    double total = 0, product = 0;
    for (int64_t begin = 0; begin < vocabulary; begin += BLOCK) {
      int64_t end = begin + BLOCK < vocabulary ? begin + BLOCK : vocabulary;
      floats totals = {0}, products = {0};
      for (int64_t i = begin; i < end; i += LANES) {
        floats shifted = vector_at(logits, i, vocabulary) - peak, e = exponential(shifted);
        totals += e;
        products += blend(e > 0.0f, e * shifted, splat(0.0f)); /* 0 ln 0 = 0 */
      }
      total += sum(totals), product += sum(products);
    }
    sums[0] = peak, sums[1] = total, sums[2] = product;
  }
}

/* Inserts a logit after those that are not lower; the last of `count` falls out. */
static void insert(float logit, int64_t id, int64_t count, float *best, int64_t *ids) {
  int64_t place = count - 1;
  for (; place > 0 && best[place - 1] < logit; place--)
    best[place] = best[place - 1], ids[place] = ids[place - 1];
  best[place] = logit, ids[place] = id;
}

/* The `count` largest logits of each row, largest first and of equal ones the lowest id first, into
   best [rows, count], and their ids. */
void mav_top(const float *logits, int64_t stride, int64_t rows, int64_t vocabulary, int64_t count,
             float *best, int64_t *ids) {
  for (int64_t r = 0; r < rows; r++, logits += stride, best += count, ids += count) {
    for (int64_t i = 0; i < count; i++) insert(logits[i], i, i + 1, best, ids);
    for (int64_t i = count; i < vocabulary; i += LANES) {
      ints more = vector_at(logits, i, vocabulary) > best[count - 1];
      int32_t any = 0;
      for (int lane = 0; lane < LANES; lane++) any |= more[lane];
      if (!any) continue;
      for (int64_t at = i; at < i + LANES && at < vocabulary; at++)
        if (logits[at] > best[count - 1]) insert(logits[at], at, count, best, ids);
    }
  }
}

enum { BUCKETS = 2048 };

static int descending(const void *a, const void *b) {
  float x = *(const float *)a, y = *(const float *)b;
  return (x < y) - (x > y);
}

/* Sorts in descending order; the calls of qsort cost more than few numbers. */
static void sort(float *numbers, int64_t count) {
  if (count > 32) {
    qsort(numbers, count, sizeof *numbers, descending);
    return;
  }
  for (int64_t i = 1; i < count; i++) {
    float x = numbers[i];
    int64_t place = i;
    for (; place > 0 && numbers[place - 1] < x; place--) numbers[place] = numbers[place - 1];
    numbers[place] = x;
  }
}

static double sum_of(const float *x, int64_t count) {
  double total = 0;
  for (int64_t begin = 0; begin < count; begin += BLOCK) {
    int64_t i = begin, end = begin + BLOCK < count ? begin + BLOCK : count;
    floats totals = {0};
    for (; i + LANES <= end; i += LANES) totals += load(x + i);
    total += sum(totals);
    for (; i < end; i++) total += x[i];
  }
  return total;
}

/* Puts exp(logit - peak) into buckets of equal width, the highest first; `ends` are the ends of the
   buckets. Of e, place and ordered there is room for [vocabulary + LANES]. */
static void put_into_buckets(const float *logits, int64_t vocabulary, float peak, float *e,
                             int32_t *place, float *ordered, int32_t *ends) {
  floats least = splat(peak), last = splat(BUCKETS - 1);
  for (int64_t i = 0; i < vocabulary; i += LANES) {
    floats x = vector_at(logits, i, vocabulary);
    least = blend((x < least) & (x > -__builtin_inff()), x, least);
  }
  float lowest = least[0];
  for (int i = 1; i < LANES; i++) lowest = least[i] < lowest ? least[i] : lowest;
  float scale = peak > lowest ? (BUCKETS - 1) / (peak - lowest) : 0;
  for (int64_t i = 0; i < vocabulary; i += LANES) {
    floats x = vector_at(logits, i, vocabulary), depth = (peak - x) * scale;
    store(e + i, exponential(x - peak));
    depth = blend(depth < last, depth, last); /* -Infinity and NaN are in the last one */
    *(ints *)(place + i) = __builtin_convertvector(depth, ints);
  }
  int32_t counts[BUCKETS] = {0}, before = 0;
  for (int64_t i = 0; i < vocabulary; i++) counts[place[i]]++;
  for (int b = 0; b < BUCKETS; b++) ends[b] = before, before += counts[b];
  for (int64_t i = 0; i < vocabulary; i++) ordered[ends[place[i]]++] = e[i];
}

/* The probability mass of the ranks from begins[i] to the next one or to the end, into
   masses [rows, bins], from the sums of `mav_sums`. `room` has room for
   [3, vocabulary + LANES]. It needs an order at the ends of a bin only, so it is faster than
   sorting. */
void mav_rank_mass(const float *logits, int64_t stride, int64_t rows, int64_t vocabulary,
                   const double *sums, int64_t bins, const int64_t *begins, float *room,
                   float *masses) {
  float *ordered = room + vocabulary + LANES;
  int32_t *place = (int32_t *)(ordered + vocabulary + LANES), ends[BUCKETS];
  for (int64_t r = 0; r < rows; r++, logits += stride, sums += 3, masses += bins) {
    put_into_buckets(logits, vocabulary, (float)sums[0], room, place, ordered, ends);
    for (int64_t i = 0, b = 0; i < bins && begins[i] < vocabulary; i++) {
      while (ends[b] <= begins[i]) b++;
      int64_t begin = b ? ends[b - 1] : 0;
      if (begin < begins[i]) sort(ordered + begin, ends[b] - begin);
    }
    for (int64_t i = 0; i < bins; i++) {
      int64_t end = i + 1 < bins && begins[i + 1] < vocabulary ? begins[i + 1] : vocabulary;
      double mass = begins[i] < end ? sum_of(ordered + begins[i], end - begins[i]) : 0;
      masses[i] = (float)(mass / sums[1]);
    }
  }
}
