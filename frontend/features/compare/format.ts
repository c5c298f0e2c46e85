/** Divergences of float32 models below this are rounding errors. */
const ROUNDING = 1e-6;

/** Formats a divergence in nats, with two significant digits if it is small. */
export function formatDivergence(nats: number | null | undefined): string {
  if (nats === null || nats === undefined || !Number.isFinite(nats)) return "–";
  if (nats === 0) return "0";
  if (nats < ROUNDING) return "<1e-6";
  if (nats < 1e-3) return nats.toExponential(1);
  return nats < 0.1 ? nats.toPrecision(2) : nats.toFixed(nats < 10 ? 2 : 1);
}
