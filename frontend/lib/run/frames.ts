import type {
  Candidate,
  FinishReason,
  ModelInfo,
  ProbeInfo,
  PromptToken,
  RunSettings,
  SamplerStage,
} from "@/lib/contract";

/** Numbers by row and column, row after row in one typed array; NaN where there is none. */
export interface Matrix {
  readonly rows: number;
  readonly columns: number;
  readonly values: Float32Array;
}

/** Numbers by any number of axes, the last one running fastest; NaN where there is none. */
export interface Tensor {
  readonly shape: readonly number[];
  readonly values: Float32Array;
}

/**
 * Attention by any axes, kept as it travelled since it is large: `values[i] * scale` is a share
 * from 0 to 1; NaN where there is none.
 */
export interface Shares {
  readonly shape: readonly number[];
  readonly values: Float32Array | Uint8Array;
  readonly scale: number;
}

/** Sizes of what each layer reads and writes; a part that was not captured is absent. */
export interface LayerFrame {
  readonly residNorm?: Float32Array;
  readonly mlpNorm?: Float32Array;
  readonly attnNorm?: Float32Array;
  readonly attnEntropy?: Matrix;
  /** ln(keys), in nats. */
  readonly attnEntropyMax?: number;
}

export interface DistributionFrame {
  readonly rankBins: Float32Array;
  readonly entropy: number;
  readonly effectiveTokens: number;
  readonly kept: number;
}

/** What one layer would say, were it the last. */
export interface LensRow {
  /** The layer's likeliest token. */
  readonly id: number;
  readonly label: string;
  readonly prob: number;
  /** The rank that the token which was said has there; 0 is the top. */
  readonly rank: number;
}

/** One generated token and what was measured when it was predicted. */
export interface TokenFrame {
  readonly index: number;
  readonly position: number;
  readonly id: number;
  /** The token's own name, `<0xF0>` for a lone byte. */
  readonly label: string;
  /** What the token adds to the text; empty while a character is still incomplete. */
  readonly text: string;
  readonly forced: boolean;
  readonly logprob: number;
  readonly prob: number;
  readonly rank: number;
  readonly entropy: number;
  readonly top: readonly Candidate[];
  readonly distribution: DistributionFrame;
  readonly layers: LayerFrame;
  /** [layers, heads, keys]: what the last query looks at. */
  readonly attentionRows?: Shares;
  /** [layers, heads, queries, keys] of all text so far; only every `attn_every` tokens. */
  readonly attentionMap?: Shares;
  /** What each active sampling control left, in their order. */
  readonly samplerStages?: readonly SamplerStage[];
  /** [layers, height, width] in deviations from each layer's mean. */
  readonly tiles?: Tensor;
  /** [layers]; null for a layer that the lens cannot read. */
  readonly logitLens?: readonly (LensRow | null)[];
  readonly stepMs: number;
  readonly captureMs: number;
}

export interface StartFrame {
  readonly runId: string;
  readonly model: ModelInfo;
  readonly settings: ResolvedSettings;
  readonly probes: readonly ProbeInfo[];
  readonly rankBinEdges: readonly number[];
}

/** The settings that a run really used, seed included. */
export type ResolvedSettings = Record<string, unknown> & {
  readonly model: string;
  readonly seed: number;
  readonly max_new_tokens: number;
  readonly aggregation: RunSettings["aggregation"];
};

export interface PromptFrame {
  readonly tokens: readonly PromptToken[];
  readonly prefillMs: number;
  /** How many of the tokens an earlier run wrote that this one continues; 0 of most. */
  readonly written: number;
  /** [layers, heads, queries, keys] of the prompt. */
  readonly attentionMap?: Shares;
}

export interface DoneFrame {
  readonly reason: FinishReason;
  readonly tokens: number;
  readonly elapsedMs: number;
  readonly tokensPerSecond: number | null;
}

/** Why a run could not begin or go on, in words for a person. */
export interface Failure {
  readonly code: string;
  readonly title: string;
  readonly detail: string;
  readonly field?: string;
  readonly retryAfterS?: number;
  /** Whether these are the server's words, which are English on any page. */
  readonly byServer?: boolean;
}

/** An event of a run, with the text that it was received as. */
export type RunEvent = RunEventBody & { readonly line?: string };

export type RunEventBody =
  | { readonly type: "start"; readonly start: StartFrame }
  | { readonly type: "queued"; readonly position: number }
  | { readonly type: "prompt"; readonly prompt: PromptFrame }
  | { readonly type: "token"; readonly frame: TokenFrame }
  | { readonly type: "done"; readonly done: DoneFrame }
  | { readonly type: "error"; readonly failure: Failure };
