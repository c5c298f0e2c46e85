import type { RunRequest } from "@/lib/contract";
import type { StartFrame, TokenFrame } from "./frames";
import { repeated } from "./run-controller";
import { applyEvent, EMPTY_RUN, type RunRecord } from "./run-record";

/** A token that could have stood in the place of another. */
export interface Alternative {
  readonly id: number;
  /** The token's own name. */
  readonly text: string;
  /** The model's own probability of it there. */
  readonly prob: number;
}

/** Where a branch leaves the run that it grew from. */
export interface ForkPoint {
  /** Index of the token that is another one here. */
  readonly step: number;
  readonly token: Alternative;
  /** The name of the token that stands there in the run it grew from. */
  readonly instead: string;
}

/** A run as received, with what it takes to go on from one of its tokens. */
type Forkable = RunRecord & { readonly start: StartFrame };

export const isForkable = (run: RunRecord, step: number): run is Forkable =>
  run.start !== null && step >= 0 && step < run.frames.length;

/** Same model, prompt, settings and seed; the tokens up to the fork and then the other one. */
export const forkRequest = (run: Forkable, { step, token }: ForkPoint): RunRequest =>
  repeated(run.start, [...run.frames.slice(0, step).map(({ id }) => id), token.id]);

/**
 * What a branch shows before the server answers: all that both have in common, on the scales of
 * the run that it grew from, so that the two can be compared by eye.
 */
export function forkRecord(run: Forkable, point: ForkPoint): RunRecord {
  const settings = { ...run.start.settings, ...forkRequest(run, point) };
  const start = { ...run.start, settings: settings as StartFrame["settings"] };
  const empty: RunRecord = { ...EMPTY_RUN, start, prompt: run.prompt, frames: [] };
  const shared = run.frames.slice(0, point.step).reduce<RunRecord>((record, frame: TokenFrame) => {
    return applyEvent(record, { type: "token", frame });
  }, empty);
  const domains = Object.entries(run.domains).map(([series, domain]) => [
    series,
    { ...domain, since: Math.min(domain.since, point.step) },
  ]);
  return { ...shared, phase: "connecting", domains: Object.fromEntries(domains) };
}
