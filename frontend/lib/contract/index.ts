import type { WireCommon } from "./compare-schemas";
import type {
  WireBreakpointHit,
  WireCandidate,
  WireDone,
  WireModelInfo,
  WireModelList,
  WireProbeInfo,
  WirePromptToken,
  WireRunSettings,
  WireSamplerStage,
} from "./schemas";

/** The generated types, under the names that the site uses. */
export type CompareMode = WireCommon["mode"];
export type RunSettings = WireRunSettings;
export type ModelInfo = WireModelInfo;
export type ModelList = WireModelList;
export type ProbeInfo = WireProbeInfo;
export type PromptToken = WirePromptToken;
/**
 * A candidate as panels have it. If a server gives no ids, they are made of the texts and below 0;
 * an unknown probability is NaN.
 */
export type Candidate = Omit<WireCandidate, "id" | "sampled_prob"> & {
  readonly id: number;
  readonly sampled_prob: number;
};
/** The breakpoints that a client sends; those that are not named are off. */
export type Breakpoints = Partial<RunSettings["breakpoints"]>;
export type BreakpointHit = WireBreakpointHit;
export type Condition = BreakpointHit["condition"];
export type SamplerStage = WireSamplerStage;
export type FinishReason = WireDone["reason"];

/** The settings that a client sends. All are optional; the server has the defaults. */
export type RunRequest = Partial<RunSettings>;

export interface CompareRequest {
  readonly a: RunRequest;
  readonly b: RunRequest;
  readonly mode: CompareMode;
}
