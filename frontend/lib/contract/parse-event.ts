import { decodeMatrix, decodeShares, decodeTensor, decodeVector } from "./arrays";
import type {
  ColumnFrame,
  DistributionFrame,
  DoneFrame,
  Failure,
  LayerFrame,
  LensRow,
  PromptFrame,
  RunEvent,
  RunEventBody,
  SourcesFrame,
  StartFrame,
  TokenFrame,
} from "./frames";
import type { Candidate } from "./index";
import {
  EventSchema,
  type WireAttentionSources,
  type WireCandidate,
  type WireDone,
  type WireError,
  type WireEvent,
  type WireLayers,
  type WireLensRow,
  type WirePrompt,
  type WirePromptColumn,
  type WireStart,
  type WireToken,
} from "./schemas";
import { ContractMismatch, parseJson, validatedEvent } from "./validate";

/** The version of the contract that this site supports. */
export const CONTRACT_VERSION: WireStart["v"] = 1;

/** The event has a version of the contract that this site does not support. */
export class OtherVersion extends ContractMismatch {
  constructor(readonly version: unknown) {
    super("start.v", `is ${JSON.stringify(version)}, this site reads ${CONTRACT_VERSION}`);
    this.name = "OtherVersion";
  }
}

/**
 * Parses and validates an event of a run. Every event passes through this function. Throws
 * ContractMismatch, which names the field, if the event does not match the contract.
 */
export function parseEvent(json: string): RunEvent {
  const wire = parseJson(json);
  // An event of another version is not expected to match the schema.
  if (wire?.type === "start" && wire.v !== CONTRACT_VERSION) throw new OtherVersion(wire.v);
  return { ...decodeEvent(validatedEvent(EventSchema, wire)), line: json };
}

/** Decodes an event that is already validated, such as one inside an event of a comparison. */
export function decodeEvent(wire: WireEvent): RunEventBody {
  switch (wire.type) {
    case "start":
      return { type: wire.type, start: decodeStart(wire) };
    case "queued":
      return { type: wire.type, position: wire.position };
    case "prompt":
      return { type: wire.type, prompt: decodePrompt(wire) };
    case "token":
      return { type: wire.type, frame: decodeToken(wire) };
    case "done":
      return { type: wire.type, done: decodeDone(wire) };
    case "error":
      return { type: wire.type, failure: decodeFailure(wire) };
  }
}

const decodeStart = (wire: WireStart): StartFrame => ({
  runId: wire.run_id,
  model: wire.model,
  settings: wire.settings,
  probes: wire.probes,
  rankBinEdges: wire.rank_bin_edges,
});

const decodePrompt = (wire: WirePrompt): PromptFrame => ({
  tokens: wire.tokens,
  prefillMs: wire.prefill_ms,
  writtenText: wire.written_text,
  written: wire.written,
  ...(wire.attention_map && {
    attentionMap: decodeShares(wire.attention_map, 4, "prompt.attention_map"),
  }),
  ...(wire.columns && {
    columns: wire.columns.map((column, i) => decodeColumn(column, `prompt.columns[${i}]`)),
  }),
});

const decodeColumn = (wire: WirePromptColumn, where: string): ColumnFrame => ({
  position: wire.position,
  layers: decodeLayers(wire.layers, `${where}.layers`),
  ...(wire.attention_sources && {
    attentionSources: decodeSources(wire.attention_sources, `${where}.attention_sources`),
  }),
  ...(wire.logit_lens && { logitLens: wire.logit_lens.map(decodeLensRow) }),
});

function decodeToken(wire: WireToken): TokenFrame {
  const logprob = wire.logprob ?? (wire.rank === null ? Number.NaN : Number.NEGATIVE_INFINITY);
  const { distribution, entropy_bound, attention_rows, attention_sources, attention_map } = wire;
  const { logit_lens, sampler_stages, tiles } = wire;
  return {
    index: wire.index,
    position: wire.position,
    id: wire.token.id ?? idOfText(wire.token.text),
    label: wire.token.text,
    text: wire.text,
    forced: wire.forced,
    logprob,
    prob: Math.exp(logprob),
    rank: wire.rank ?? Number.NaN,
    entropy: wire.entropy ?? Number.NaN,
    ...(entropy_bound !== null && { entropyBound: entropy_bound }),
    // Models of MAV have both in every row.
    top: distribution ? (wire.top as Candidate[]) : wire.top.map(decodeCandidate),
    distribution: distribution
      ? {
          rankBins: decodeVector(distribution.rank_bins, "token.distribution.rank_bins"),
          entropy: distribution.entropy,
          effectiveTokens: distribution.effective_tokens,
          kept: distribution.kept,
        }
      : UNKNOWN,
    layers: decodeLayers(wire.layers, "token.layers"),
    ...(attention_rows && {
      attentionRows: decodeShares(attention_rows, 3, "token.attention_rows"),
    }),
    ...(attention_sources && {
      attentionSources: decodeSources(attention_sources, "token.attention_sources"),
    }),
    ...(attention_map && { attentionMap: decodeShares(attention_map, 4, "token.attention_map") }),
    ...(logit_lens && { logitLens: logit_lens.map(decodeLensRow) }),
    ...(sampler_stages && { samplerStages: sampler_stages }),
    ...(tiles && { tiles: decodeTensor(tiles, 3, "token.tiles") }),
    stepMs: wire.timing.step_ms,
    captureMs: wire.timing.capture_ms,
  };
}

const UNKNOWN: DistributionFrame = {
  rankBins: new Float32Array(),
  entropy: Number.NaN,
  effectiveTokens: Number.NaN,
  kept: Number.NaN,
};

const decodeCandidate = (wire: WireCandidate): Candidate => ({
  ...wire,
  id: wire.id ?? idOfText(wire.text),
  sampled_prob: wire.sampled_prob ?? Number.NaN,
});

/** A number for a token of a server that gives no ids: below 0, and equal for equal texts. */
function idOfText(text: string): number {
  let id = 0;
  for (let i = 0; i < text.length; i++) id = (Math.imul(id, 31) + text.charCodeAt(i)) | 0;
  return -1 - (id >>> 0);
}

function decodeSources(wire: WireAttentionSources, where: string): SourcesFrame {
  const { positions, weights, head_positions, head_weights } = wire;
  return {
    positions,
    weights: decodeMatrix(weights, `${where}.weights`),
    ...(head_positions &&
      head_weights && {
        heads: {
          positions: head_positions,
          weights: decodeTensor(head_weights, 3, `${where}.head_weights`),
        },
      }),
  };
}

/** Returns null for a layer without a probability. */
const decodeLensRow = ({ id, text, prob, rank }: WireLensRow): LensRow | null =>
  prob === null ? null : { id, label: text, prob, rank };

function decodeLayers(wire: WireLayers, where: string): LayerFrame {
  const { resid_norm, mlp_norm, attn_norm, attn_entropy, attn_entropy_max } = wire;
  return {
    ...(resid_norm && { residNorm: decodeVector(resid_norm, `${where}.resid_norm`) }),
    ...(mlp_norm && { mlpNorm: decodeVector(mlp_norm, `${where}.mlp_norm`) }),
    ...(attn_norm && { attnNorm: decodeVector(attn_norm, `${where}.attn_norm`) }),
    ...(attn_entropy && { attnEntropy: decodeMatrix(attn_entropy, `${where}.attn_entropy`) }),
    ...(attn_entropy_max !== null && { attnEntropyMax: attn_entropy_max }),
  };
}

const decodeDone = (wire: WireDone): DoneFrame => ({
  reason: wire.reason,
  tokens: wire.tokens,
  elapsedMs: wire.elapsed_ms,
  tokensPerSecond: wire.tokens_per_second,
  resume: wire.resume,
  hits: wire.hits,
});

/** Decodes the fields that an `error` event and a problem document share. */
export const decodeFailure = (
  wire: Pick<WireError, "code" | "title" | "detail" | "field" | "retry_after_s">,
): Failure => ({
  code: wire.code,
  title: wire.title,
  detail: wire.detail,
  ...(wire.field !== null && { field: wire.field }),
  ...(wire.retry_after_s !== null && { retryAfterS: wire.retry_after_s }),
  ...(wire.detail && { byServer: true }),
});
