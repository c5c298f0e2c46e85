import type {
  WireDone,
  WireError,
  WireLayers,
  WireLensRow,
  WireStart,
  WireToken,
} from "@/lib/contract";
import { checkWire } from "./check-wire";
import type {
  DoneFrame,
  Failure,
  LayerFrame,
  LensRow,
  PromptFrame,
  ResolvedSettings,
  RunEvent,
  RunEventBody,
  StartFrame,
  TokenFrame,
} from "./frames";
import {
  ContractMismatch,
  parseMatrix,
  parseShares,
  parseTensor,
  parseVector,
} from "./parse-array";

/** The version of the contract that this site reads. */
export const CONTRACT_VERSION = 1;

/** An event of another version of the contract. */
export class OtherVersion extends ContractMismatch {
  constructor(readonly version: unknown) {
    super("start.v", `is ${JSON.stringify(version)}, this site reads ${CONTRACT_VERSION}`);
    this.name = "OtherVersion";
  }
}

/**
 * The one door for events: JSON text in, typed frames out.
 * Throws ContractMismatch, naming the place, for anything that does not fit.
 */
export const parseEvent = (json: string): RunEvent => ({
  ...readEvent(parseObject(json)),
  line: json,
});

/** The same of JSON that is parsed already, such as an event within another. */
export function readEvent(wire: Record<string, unknown>): RunEventBody {
  const type = wire.type as RunEvent["type"];
  // Of another version nothing else can be expected to fit.
  if (type === "start") checkVersion(wire.v);
  checkWire(wire);
  switch (type) {
    case "start":
      return { type, start: parseStart(wire as unknown as WireStart) };
    case "queued":
      return { type, position: wire.position as number };
    case "prompt":
      return { type, prompt: parsePrompt(wire) };
    case "token":
      return { type, frame: parseToken(wire as unknown as WireToken) };
    case "done":
      return { type, done: parseDone(wire as unknown as WireDone) };
    case "error":
      return { type, failure: parseFailure(wire as unknown as WireError) };
  }
}

export function parseObject(json: string): Record<string, unknown> {
  let value: unknown;
  try {
    value = JSON.parse(json);
  } catch {
    throw new ContractMismatch("event", "is no JSON");
  }
  if (typeof value !== "object" || value === null) {
    throw new ContractMismatch("event", "is no JSON object");
  }
  return value as Record<string, unknown>;
}

function checkVersion(version: unknown): void {
  if (version !== CONTRACT_VERSION) throw new OtherVersion(version);
}

function parseStart(wire: WireStart): StartFrame {
  return {
    runId: wire.run_id,
    model: wire.model,
    settings: wire.settings as unknown as ResolvedSettings,
    probes: wire.probes,
    rankBinEdges: wire.rank_bin_edges,
  };
}

function parsePrompt(wire: Record<string, unknown>): PromptFrame {
  return {
    tokens: (wire.tokens as PromptFrame["tokens"]).map((token) => ({
      ...token,
      logprob: token.logprob ?? null,
      entropy: token.entropy ?? null,
    })),
    prefillMs: wire.prefill_ms as number,
    writtenText: (wire.written_text as string | undefined) ?? "",
    written: (wire.written as number | undefined) ?? 0,
    ...(wire.attention_map != null && {
      attentionMap: parseShares(wire.attention_map, "prompt.attention_map"),
    }),
  };
}

function parseToken(wire: WireToken): TokenFrame {
  const logprob = wire.logprob ?? Number.NEGATIVE_INFINITY;
  const { distribution, attention_rows, attention_map, logit_lens, sampler_stages, tiles } = wire;
  return {
    index: wire.index,
    position: wire.position,
    id: wire.token.id,
    label: wire.token.text,
    text: wire.text,
    forced: wire.forced,
    logprob,
    prob: Math.exp(logprob),
    rank: wire.rank,
    entropy: wire.entropy,
    top: wire.top.map((candidate) => ({
      ...candidate,
      logit: candidate.logit ?? null,
      cut_by: candidate.cut_by ?? null,
    })),
    distribution: {
      rankBins: parseVector(distribution.rank_bins, "token.distribution.rank_bins"),
      entropy: distribution.entropy,
      effectiveTokens: distribution.effective_tokens,
      kept: distribution.kept,
    },
    layers: parseLayers(wire.layers),
    ...(attention_rows != null && {
      attentionRows: parseShares(attention_rows, "token.attention_rows"),
    }),
    ...(attention_map != null && {
      attentionMap: parseShares(attention_map, "token.attention_map"),
    }),
    ...(logit_lens != null && { logitLens: parseLens(logit_lens) }),
    ...(sampler_stages != null && { samplerStages: sampler_stages }),
    ...(tiles != null && { tiles: parseTensor(tiles, "token.tiles") }),
    stepMs: wire.timing.step_ms,
    captureMs: wire.timing.capture_ms,
  };
}

/** Rows by layer; a row that is absent or has no number is none. */
function parseLens(wire: readonly (WireLensRow | null)[]): (LensRow | null)[] {
  if (!Array.isArray(wire)) throw new ContractMismatch("token.logit_lens", "is no list");
  return wire.map((row, layer) => {
    if (row === null || row.prob === null) return null;
    if (typeof row.prob === "number" && typeof row.rank === "number") {
      return { id: row.id, label: row.text, prob: row.prob, rank: row.rank };
    }
    throw new ContractMismatch(`token.logit_lens[${layer}]`, "has no probability and rank");
  });
}

function parseLayers(wire: WireLayers): LayerFrame {
  const { resid_norm, mlp_norm, attn_norm, attn_entropy, attn_entropy_max } = wire;
  return {
    ...(resid_norm != null && { residNorm: parseVector(resid_norm, "layers.resid_norm") }),
    ...(mlp_norm != null && { mlpNorm: parseVector(mlp_norm, "layers.mlp_norm") }),
    ...(attn_norm != null && { attnNorm: parseVector(attn_norm, "layers.attn_norm") }),
    ...(attn_entropy != null && { attnEntropy: parseMatrix(attn_entropy, "layers.attn_entropy") }),
    ...(attn_entropy_max != null && { attnEntropyMax: attn_entropy_max }),
  };
}

function parseDone(wire: WireDone): DoneFrame {
  return {
    reason: wire.reason,
    tokens: wire.tokens,
    elapsedMs: wire.elapsed_ms,
    tokensPerSecond: wire.tokens_per_second ?? null,
    resume: wire.resume ?? null,
    // Recordings of before there were breakpoints have none.
    hits: wire.hits ?? [],
  };
}

/** The fields that an `error` event and a problem document share. */
export function parseFailure(wire: Partial<WireError>): Failure {
  return {
    code: wire.code ?? "error",
    title: wire.title ?? "",
    detail: wire.detail ?? "",
    ...(wire.field != null && { field: wire.field }),
    ...(wire.retry_after_s != null && { retryAfterS: wire.retry_after_s }),
    ...(wire.detail && { byServer: true }),
  };
}
