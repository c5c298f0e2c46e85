import type { components } from "./openapi";

type Schemas = components["schemas"];

/** The wire's types under the names that the site uses; all of them come from the engine. */
export type WireArray = Schemas["Array"];
export type WireStart = Schemas["Start"];
export type WireToken = Schemas["Token"];
export type WireLayers = Schemas["Layers"];
export type WireLensRow = Schemas["LensRow"];
export type WireDone = Schemas["Done"];
export type WireError = Schemas["Error"];
export type WireCommon = Schemas["Common"];
export type WireDivergence = Schemas["Divergence"];
export type WireCompared = Schemas["Compared"];
export type CompareMode = Schemas["CompareSettings"]["mode"];
export type RunSettings = Schemas["RunSettings"];
export type ModelInfo = Schemas["ModelInfo"];
export type ModelList = Schemas["ModelList"];
export type ProbeInfo = Schemas["ProbeInfo"];
export type PromptToken = Schemas["PromptToken"];
export type Candidate = Schemas["Candidate"];
/** What a client sends of them; each is off where it is not named. */
export type Breakpoints = Partial<RunSettings["breakpoints"]>;
export type BreakpointHit = Schemas["BreakpointHit"];
export type Condition = BreakpointHit["condition"];
export type SamplerStage = Schemas["SamplerStage"];
export type FinishReason = WireDone["reason"];

/** What a client sends: every setting is optional and the server knows the defaults. */
export type RunRequest = Partial<RunSettings>;

/** Two runs to compare. */
export interface CompareRequest {
  readonly a: RunRequest;
  readonly b: RunRequest;
  readonly mode: NonNullable<CompareMode>;
}
