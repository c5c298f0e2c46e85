/** Principal components, as in `mav_engine/probes/tiles.py`. */

/**
 * Above this product of layers and the cube of the width, the components of a model would take more
 * than half a minute.
 */
const MOST_WORK = 3e9;

/** Whether the principal components of a model can be computed here in acceptable time. */
export const canFindPrincipal = (layers: number, width: number): boolean =>
  layers * width ** 3 <= MOST_WORK;

/** The precision of float32, in which the server computes. */
const EPSILON = 2 ** -23;

/**
 * [cells, width] principal components of centred vectors [n, width], the largest variance first, each
 * with the sign that makes its largest weight positive; 0 beyond their rank.
 */
export function principalDirections(
  centred: readonly Float32Array[],
  width: number,
  cells: number,
): Float32Array {
  const vectors = covariance(centred, width);
  const variances = eigen(vectors, width);
  const order = Array.from(variances.keys()).sort(
    (a, b) => (variances[b] as number) - (variances[a] as number),
  );
  const sizes = order.map((place) => Math.sqrt(Math.max(0, variances[place] as number)));
  const smallest = (sizes[0] ?? 0) * Math.max(centred.length, width) * EPSILON;
  const directions = new Float32Array(cells * width);
  // There are no more components than vectors.
  const most = Math.min(cells, centred.length, width);
  for (let cell = 0; cell < most && (sizes[cell] ?? 0) > smallest; cell++) {
    const column = order[cell] ?? 0;
    let peak = 0;
    for (let i = 0; i < width; i++) {
      const weight = vectors[i * width + column] as number;
      if (Math.abs(weight) > Math.abs(peak)) peak = weight;
    }
    for (let i = 0; i < width; i++) {
      directions[cell * width + i] = (vectors[i * width + column] as number) * Math.sign(peak);
    }
  }
  return directions;
}

/** [width, width] sums of products, n times the covariance. */
function covariance(centred: readonly Float32Array[], width: number): Float64Array {
  const sums = new Float64Array(width * width);
  for (const row of centred) {
    for (let i = 0; i < width; i++) {
      const value = row[i] as number;
      const begin = i * width;
      for (let j = 0; j <= i; j++)
        sums[begin + j] = (sums[begin + j] as number) + value * (row[j] as number);
    }
  }
  for (let i = 0; i < width; i++) {
    for (let j = 0; j < i; j++) sums[j * width + i] = sums[i * width + j] as number;
  }
  return sums;
}

/**
 * The eigenvalues [n] of a symmetric matrix [n, n], in no order; the matrix becomes the eigenvectors,
 * one a column. Householder's reduction to a tridiagonal matrix, then the QL algorithm with implicit
 * shifts: tred2 and tql2 of EISPACK (Bowdler, Martin, Reinsch and Wilkinson, 1968).
 */
export function eigen(v: Float64Array, n: number): Float64Array {
  const d = new Float64Array(n);
  const e = new Float64Array(n);
  tridiagonalize(v, n, d, e);
  diagonalize(v, n, d, e);
  return d;
}

/** Reduces `v` to a tridiagonal matrix: diagonal `d`, subdiagonal `e` from index 1 on. */
function tridiagonalize(v: Float64Array, n: number, d: Float64Array, e: Float64Array): void {
  const at = (i: number, j: number) => v[i * n + j] as number;
  for (let j = 0; j < n; j++) d[j] = at(n - 1, j);
  for (let i = n - 1; i > 0; i--) {
    let scale = 0;
    let h = 0;
    for (let k = 0; k < i; k++) scale += Math.abs(d[k] as number);
    if (scale === 0) {
      e[i] = d[i - 1] as number;
      for (let j = 0; j < i; j++) {
        d[j] = at(i - 1, j);
        v[i * n + j] = 0;
        v[j * n + i] = 0;
      }
    } else {
      for (let k = 0; k < i; k++) {
        const value = (d[k] as number) / scale;
        d[k] = value;
        h += value * value;
      }
      const f = d[i - 1] as number;
      const g = f > 0 ? -Math.sqrt(h) : Math.sqrt(h);
      e[i] = scale * g;
      h -= f * g;
      d[i - 1] = f - g;
      e.fill(0, 0, i);
      for (let j = 0; j < i; j++) {
        const value = d[j] as number;
        v[j * n + i] = value;
        let sum = (e[j] as number) + at(j, j) * value;
        for (let k = j + 1; k < i; k++) {
          const below = at(k, j);
          sum += below * (d[k] as number);
          e[k] = (e[k] as number) + below * value;
        }
        e[j] = sum;
      }
      let sum = 0;
      for (let j = 0; j < i; j++) {
        const value = (e[j] as number) / h;
        e[j] = value;
        sum += value * (d[j] as number);
      }
      const half = sum / (h + h);
      for (let j = 0; j < i; j++) e[j] = (e[j] as number) - half * (d[j] as number);
      for (let j = 0; j < i; j++) {
        const [one, other] = [d[j] as number, e[j] as number];
        for (let k = j; k < i; k++) {
          v[k * n + j] = at(k, j) - (one * (e[k] as number) + other * (d[k] as number));
        }
        d[j] = at(i - 1, j);
        v[i * n + j] = 0;
      }
    }
    d[i] = h;
  }
  for (let i = 0; i < n - 1; i++) {
    v[(n - 1) * n + i] = at(i, i);
    v[i * n + i] = 1;
    const h = d[i + 1] as number;
    if (h !== 0) {
      for (let k = 0; k <= i; k++) d[k] = at(k, i + 1) / h;
      for (let j = 0; j <= i; j++) {
        let g = 0;
        for (let k = 0; k <= i; k++) g += at(k, i + 1) * at(k, j);
        for (let k = 0; k <= i; k++) v[k * n + j] = at(k, j) - g * (d[k] as number);
      }
    }
    for (let k = 0; k <= i; k++) v[k * n + i + 1] = 0;
  }
  for (let j = 0; j < n; j++) {
    d[j] = at(n - 1, j);
    v[(n - 1) * n + j] = 0;
  }
  v[n * n - 1] = 1;
  e[0] = 0;
}

/** Diagonalizes a tridiagonal matrix, and rotates the columns of `v` with it. */
function diagonalize(v: Float64Array, n: number, d: Float64Array, e: Float64Array): void {
  e.copyWithin(0, 1);
  e[n - 1] = 0;
  let shift = 0;
  let largest = 0;
  for (let l = 0; l < n; l++) {
    largest = Math.max(largest, Math.abs(d[l] as number) + Math.abs(e[l] as number));
    let m = l;
    while (m < n - 1 && Math.abs(e[m] as number) > Number.EPSILON * largest) m++;
    while (m > l && Math.abs(e[l] as number) > Number.EPSILON * largest) {
      const first = d[l] as number;
      let p = ((d[l + 1] as number) - first) / (2 * (e[l] as number));
      let r = Math.hypot(p, 1);
      if (p < 0) r = -r;
      d[l] = (e[l] as number) / (p + r);
      d[l + 1] = (e[l] as number) * (p + r);
      const next = d[l + 1] as number;
      const h = first - (d[l] as number);
      for (let i = l + 2; i < n; i++) d[i] = (d[i] as number) - h;
      shift += h;
      p = d[m] as number;
      let [c, c2, c3] = [1, 1, 1];
      let [s, s2] = [0, 0];
      const after = e[l + 1] as number;
      for (let i = m - 1; i >= l; i--) {
        c3 = c2;
        c2 = c;
        s2 = s;
        const g = c * (e[i] as number);
        const f = c * p;
        r = Math.hypot(p, e[i] as number);
        e[i + 1] = s * r;
        s = (e[i] as number) / r;
        c = p / r;
        p = c * (d[i] as number) - s * g;
        d[i + 1] = f + s * (c * g + s * (d[i] as number));
        for (let row = i; row < n * n; row += n) {
          const [one, other] = [v[row] as number, v[row + 1] as number];
          v[row + 1] = s * one + c * other;
          v[row] = c * one - s * other;
        }
      }
      p = (-s * s2 * c3 * after * (e[l] as number)) / next;
      e[l] = s * p;
      d[l] = c * p;
    }
    d[l] = (d[l] as number) + shift;
    e[l] = 0;
  }
}
