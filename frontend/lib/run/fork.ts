import type { RunRequest } from "@/lib/contract";
import type { StartFrame, TokenFrame } from "@/lib/contract/frames";
import { forcing, repeated } from "./continuation";
import { applyEvent, EMPTY_RUN, type RunRecord } from "./run-record";

/** A token that the model could have generated instead of another. */
export interface Alternative {
  readonly id: number;
  /** The token's label. */
  readonly text: string;
  /** The model's probability of the token. */
  readonly prob: number;
}

/** Where a branch forks from its parent. */
export interface ForkPoint {
  /** The index of the replaced token. */
  readonly step: number;
  readonly token: Alternative;
  /** The label of the token that the parent has there. */
  readonly instead: string;
}

/** A run that has started, so that it can be forked. */
type Forkable = RunRecord & { readonly start: StartFrame };

export const isForkable = (run: RunRecord, step: number): run is Forkable =>
  run.start !== null && step >= 0 && step < run.frames.length;

/** Whether the run's server can continue a given text, as it must for a fork. */
export const canFork = ({ start }: RunRecord): boolean => {
  const server = start?.model.server;
  return !server || server.continues.includes(start.settings.messages ? "messages" : "prompt");
};

/**
 * Returns the request of a fork: same model, prompt, settings and seed, with the tokens before the
 * fork and then the other token forced. It does not pause where the run was paused after a number of
 * tokens.
 */
export function forkRequest(run: Forkable, { step, token }: ForkPoint): RunRequest {
  const tokens = [...run.frames.slice(0, step), token];
  const request = repeated(
    run.start,
    tokens.map((each) => forcing(run.start, each)),
  );
  const { breakpoints } = run.start.settings;
  if (!breakpoints?.after || run.frames.length < breakpoints.after) return request;
  return { ...request, breakpoints: { ...breakpoints, after: null } };
}

/**
 * Whether a run was forked at this token: it was given, and the model chose the one after it. Where a
 * run ends with given tokens, it is the last of several only if the one before was chosen.
 */
export function isForkedAt(frames: readonly TokenFrame[], step: number): boolean {
  if (!frames[step]?.forced) return false;
  const next = frames[step + 1];
  return next ? !next.forced : !frames[step - 1]?.forced;
}

/**
 * Returns the record that a branch shows before the server answers: the shared tokens, with the
 * scales of the parent run so that both can be compared.
 */
export function forkRecord(run: Forkable, point: ForkPoint): RunRecord {
  const settings = { ...run.start.settings, ...forkRequest(run, point) };
  const start = { ...run.start, settings: settings as StartFrame["settings"] };
  const { prompt, requestedTokens } = run;
  const empty: RunRecord = { ...EMPTY_RUN, start, prompt, requestedTokens, frames: [] };
  const shared = run.frames.slice(0, point.step).reduce<RunRecord>((record, frame: TokenFrame) => {
    return applyEvent(record, { type: "token", frame });
  }, empty);
  const domains = Object.entries(run.domains).map(([series, domain]) => [
    series,
    { ...domain, since: Math.min(domain.since, point.step) },
  ]);
  return { ...shared, phase: "connecting", domains: Object.fromEntries(domains) };
}
