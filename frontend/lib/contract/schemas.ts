// Generated from openapi.json by scripts/generate-contract.mjs (npm run contract).
import * as v from "valibot";
import { integer, integerFrom, notArray, tagged } from "./json-types";

const string = v.string();
const boolean = v.boolean();
const number = v.number();

/** The server that runs a model, and what it can do. Its address is not part of it. */
export const ChatServerInfoSchema = v.object({
  /** The operator's name for it. */
  name: string,
  /** Which program it is, such as ollama; other if it is not known. */
  kind: string,
  /** The probes that it cannot give, and why. */
  not_available: notArray(v.record(string, v.picklist(["layers", "vocabulary", "logprobs"]))),
  /** Runs that may begin with `forced_texts`: a fork, for example. */
  continues: v.array(v.picklist(["prompt", "messages"])),
  /** Runs whose prompt event has the tokens of the prompt. */
  tokenizes: v.array(v.picklist(["prompt", "messages"])),
});
export type WireChatServerInfo = v.InferOutput<typeof ChatServerInfoSchema>;

/** A model in `/api/models`. Values that require the loaded model are null before it is
 * loaded. */
export const ModelInfoSchema = v.object({
  /** The value for the setting `model`. */
  name: string,
  /** A name for people. */
  title: string,
  /** Number of parameters. */
  parameters: v.nullable(integer),
  /** Number of layers (blocks). */
  layers: v.nullable(integer),
  /** Attention heads per layer. */
  heads: v.nullable(integer),
  /** Heads of keys and values; fewer than heads if they are shared. */
  kv_heads: v.nullable(integer),
  /** Length of the residual stream's vector. */
  d_model: v.nullable(integer),
  /** Size of the vocabulary. */
  vocabulary: v.nullable(integer),
  /** Most tokens of prompt and text together; null if there is no limit. */
  context: v.nullable(integer),
  /** Dtype of the loaded weights. */
  dtype: v.nullable(string),
  /** Its device. */
  device: v.nullable(string),
  /** Whether it is in memory. */
  loaded: boolean,
  /** Whether it has a chat template. */
  chat_template: v.nullable(boolean),
  /** The probes that it supports. */
  capabilities: v.array(string),
  /** The server with OpenAI's API that runs it; null if MAV itself does. */
  server: v.optional(v.nullable(ChatServerInfoSchema), null),
});
export type WireModelInfo = v.InferOutput<typeof ModelInfoSchema>;

/** One turn of a conversation. */
export const MessageSchema = v.object({
  /** The author's role: system, user, assistant, or another that the chat template supports. */
  role: string,
  /** The text of the message. */
  content: string,
});
export type WireMessage = v.InferOutput<typeof MessageSchema>;

/** Conditions that each stop the run at the token that meets it; all are off by default. Except
 * for `after`, they apply to tokens that the model chooses, not to those of forced_ids or of a run
 * that is resumed. */
export const BreakpointsSchema = notArray(
  v.object({
    /** Stop where the entropy of the model's prediction (nats) is above this. */
    entropy_above: v.optional(v.nullable(number), null),
    /** Stop where the model gave the token that was chosen less probability than this. */
    probability_below: v.optional(v.nullable(number), null),
    /** Stop where this text appears in the generated text, also across tokens. */
    text: v.optional(v.nullable(string), null),
    /** Stop at each new match of this regular expression (RE2 syntax) in the generated text. */
    pattern: v.optional(v.nullable(string), null),
    /** Stop when the text starts to loop: its last tokens repeat a group of up to 64 tokens three
     * times, eight tokens or more in total. */
    loop: v.optional(boolean, false),
    /** Stop after this many new tokens, counting forced_ids and earlier parts of a resumed run. It
     * also steps a paused run. */
    after: v.optional(v.nullable(integer), null),
  }),
);
export type WireBreakpoints = v.InferOutput<typeof BreakpointsSchema>;

/** How the `tiles` probe draws a layer. */
export const TileSchema = notArray(
  v.object({
    /** Rows of a tile. */
    height: v.optional(integer, 16),
    /** Columns of a tile. */
    width: v.optional(integer, 16),
    /** How a layer's vector becomes a picture: a seeded random projection, or principal
     * components. */
    projection: v.optional(v.picklist(["random", "pca"]), "random"),
    /** Which vector of a layer to draw. */
    signal: v.optional(v.picklist(["residual", "mlp", "attn"]), "residual"),
  }),
);
export type WireTile = v.InferOutput<typeof TileSchema>;

/** The settings of a run. */
export const RunSettingsSchema = notArray(
  v.object({
    /** The name of a model from /api/models. */
    model: v.optional(string, "mav-tiny"),
    /** The text to continue. Give either this or messages. */
    prompt: v.optional(v.nullable(string), null),
    /** A conversation, rendered with the model's chat template. Without a template, each message
     * becomes a line "role: content" (system first, then user and assistant, the user last), followed
     * by "assistant:", and the reply ends where a line begins with another role. Give either this or
     * prompt. */
    messages: v.optional(v.nullable(v.array(MessageSchema)), null),
    /** Token ids with which the generated text must begin, each fully measured. They count towards
     * max_new_tokens. */
    forced_ids: v.optional(v.array(integer), []),
    /** Texts of the tokens with which the generated text must begin, for models of chat servers,
     * which have no ids. They are not measured, and count towards max_new_tokens. */
    forced_texts: v.optional(v.array(string), []),
    /** The maximum number of tokens to generate. */
    max_new_tokens: v.optional(integer, 64),
    /** The model cannot end the text before this many tokens are generated. */
    min_new_tokens: v.optional(integer, 0),
    /** 0 always takes the likeliest token; higher values make unlikely tokens more likely. */
    temperature: v.optional(number, 0),
    /** Sample only from the k likeliest tokens; 0 is off. */
    top_k: v.optional(integer, 50),
    /** Sample only from the likeliest tokens that together have this probability; 1 is off. */
    top_p: v.optional(number, 1),
    /** Exclude tokens whose probability is below this fraction of the likeliest one's; 0 is off. */
    min_p: v.optional(number, 0),
    /** Above 1 makes tokens that are already in the text less likely; 1 is off. */
    repetition_penalty: v.optional(number, 1),
    /** No sequence of this many tokens occurs twice; 0 is off. */
    no_repeat_ngram_size: v.optional(integer, 0),
    /** Exclude end-of-text for this many steps; 0 is off. */
    block_eos_steps: v.optional(integer, 0),
    /** Exclude tokens of only white space for this many steps; 0 is off. */
    block_ws_steps: v.optional(integer, 0),
    /** Generation ends once the text contains one of these strings, which is not part of the output.
     * It also ends when the model generates a special token given here. At most 64 strings of at most
     * 1000 characters. */
    stop: v.optional(v.array(string), []),
    /** Conditions that stop the run at the token that meets one; the run can be resumed. */
    breakpoints: v.optional(BreakpointsSchema, {
      entropy_above: null,
      probability_below: null,
      text: null,
      pattern: null,
      loop: false,
      after: null,
    }),
    /** The same seed and settings generate the same tokens. If empty, a random seed is used and
     * reported. */
    seed: v.optional(v.nullable(integer), null),
    /** How many predictions are reported for each token. */
    top_n: v.optional(integer, 20),
    /** How a layer's vector becomes one number: its length, its largest or mean magnitude,
     * or its root mean square. */
    aggregation: v.optional(v.picklist(["l2", "max_abs", "mean_abs", "rms"]), "l2"),
    /** The probes that measure each token, each named once; predictions and distribution are always
     * included. */
    capture: v.optional(v.array(string), [
      "predictions",
      "distribution",
      "residual",
      "mlp",
      "attention_entropy",
    ]),
    /** With the attention_map probe, report a full map every this many tokens, besides that of the
     * prompt; 0 is off. */
    attn_every: v.optional(integer, 0),
    /** How the tiles probe draws a layer. */
    tile: v.optional(TileSchema, {
      height: 16,
      width: 16,
      projection: "random",
      signal: "residual",
    }),
    /** The resume token of an earlier run's done event: continues that run with all its settings.
     * Only max_new_tokens (how many more; by default those that the run had left), breakpoints and
     * what is measured (capture, top_n, aggregation, attn_every, tile) may be given with it. */
    resume: v.optional(v.nullable(string), null),
  }),
);
export type WireRunSettings = v.InferOutput<typeof RunSettingsSchema>;

/** What a captured probe measures. */
export const ProbeInfoSchema = v.object({
  name: string,
  /** The unit of its numbers. */
  unit: string,
  /** Names of the axes of its arrays. */
  shape: string,
  /** The tensor it measures, by its usual name. */
  hook_point: string,
});
export type WireProbeInfo = v.InferOutput<typeof ProbeInfoSchema>;

/** The run has been accepted, with these resolved settings. */
export const StartSchema = v.object({
  run_id: string,
  model: ModelInfoSchema,
  settings: RunSettingsSchema,
  probes: v.array(ProbeInfoSchema),
  /** Edges of `distribution.rank_bins`: bin i holds ranks from edge i up to, not including,
   * edge i + 1. */
  rank_bin_edges: v.array(integer),
  type: v.literal("start"),
  /** The version of the contract. */
  v: v.literal(1),
});
export type WireStart = v.InferOutput<typeof StartSchema>;

/** The run waits in the queue, or for its model to load. */
export const QueuedSchema = v.object({
  /** Number of runs before this one; 0 means that the model is being loaded. */
  position: integer,
  type: v.literal("queued"),
});
export type WireQueued = v.InferOutput<typeof QueuedSchema>;

/** A token of the prompt, with its log-probability and entropy. */
export const PromptTokenSchema = v.object({
  id: integer,
  text: string,
  /** Log-probability (nats) given the tokens before; null for the first, and for a token that the
   * model rules out. */
  logprob: v.nullable(number),
  /** Entropy (nats) of the model's prediction of this token; null for the first. */
  entropy: v.nullable(number),
});
export type WirePromptToken = v.InferOutput<typeof PromptTokenSchema>;

/** An array as base64: its little-endian numbers, the last axis changing fastest. */
export const PackedArraySchema = v.object({
  shape: v.array(integerFrom(0)),
  dtype: v.picklist(["f16", "u8"]),
  /** Multiply the data by this; 1 where absent. */
  scale: v.optional(number),
  data: string,
});
export type WirePackedArray = v.InferOutput<typeof PackedArraySchema>;

/** Numbers (null for missing values), nested by axis; more than 64 of them are packed as little-endian base64. */
export const ArraySchema = v.union([
  v.array(
    v.nullable(
      v.union([
        number,
        v.array(
          v.nullable(
            v.union([
              number,
              v.array(
                v.nullable(v.union([number, v.array(v.nullable(number)), PackedArraySchema])),
              ),
              PackedArraySchema,
            ]),
          ),
        ),
        PackedArraySchema,
      ]),
    ),
  ),
  PackedArraySchema,
]);
export type WireArray = v.InferOutput<typeof ArraySchema>;

/** Measurements of each layer at the position that predicted this token. */
export const LayersSchema = notArray(
  v.object({
    /** [n_layers + 1] size of the residual stream: row 0 is the embedding, the last is before
     * the final norm. */
    resid_norm: v.optional(v.nullable(ArraySchema), null),
    /** [n_layers] size of the output of the MLP block. */
    mlp_norm: v.optional(v.nullable(ArraySchema), null),
    /** [n_layers] size of the output of the attention block. */
    attn_norm: v.optional(v.nullable(ArraySchema), null),
    /** [n_layers][n_heads] entropy (nats) of the last query's attention pattern. */
    attn_entropy: v.optional(v.nullable(ArraySchema), null),
    /** ln(keys): the highest entropy that a pattern over these keys can have. */
    attn_entropy_max: v.optional(v.nullable(number), null),
  }),
);
export type WireLayers = v.InferOutput<typeof LayersSchema>;

/** The positions that attention reads most from one position.
 *
 * The first token of the context is apart: heads often put attention there that they do not need.
 * Of equal weights the lowest position is first. Weights are rounded to five decimals; in packed
 * arrays as their type rounds. */
export const AttentionSourcesSchema = v.object({
  /** [n_layers + 1][sources] the positions with the largest weights in the mean over a layer's
   * heads, strongest first, at most 4; the last row is of the mean over all heads of all layers.
   * Null for a layer without attention. */
  positions: v.array(v.nullable(v.array(integer))),
  /** [n_layers + 1][1 + sources] weight of that mean on the first token, then on each position. */
  weights: ArraySchema,
  /** [n_layers][n_heads] the position with the head's largest weight; null where there is none.
   * Only in token events. */
  head_positions: v.optional(v.nullable(v.array(v.nullable(v.array(v.nullable(integer))))), null),
  /** [n_layers][n_heads][2] weight of the head on the first token, then on its position. More than
   * 64 numbers are bytes. Only in token events. */
  head_weights: v.optional(v.nullable(ArraySchema), null),
});
export type WireAttentionSources = v.InferOutput<typeof AttentionSourcesSchema>;

/** The prediction from one layer's residual stream, and the rank of the emitted token in it. */
export const LensRowSchema = v.object({
  id: integer,
  text: string,
  /** Probability of that token by the lens; null where the layer's logits are not finite. */
  prob: v.nullable(number),
  /** Rank of the emitted token by the lens; 0 is the top. */
  rank: integer,
});
export type WireLensRow = v.InferOutput<typeof LensRowSchema>;

/** Measurements at one position of the prompt, with the fields and units of token events. */
export const PromptColumnSchema = v.object({
  /** Position in the context, from 0. */
  position: integer,
  /** Sizes at this position, where they were captured. */
  layers: LayersSchema,
  /** Where each layer attends most from this position; without those of each head. */
  attention_sources: v.optional(v.nullable(AttentionSourcesSchema), null),
  /** [n_layers] prediction of each layer; ranks are those of the prompt's next token. */
  logit_lens: v.optional(v.nullable(v.array(LensRowSchema)), null),
});
export type WirePromptColumn = v.InferOutput<typeof PromptColumnSchema>;

/** The prompt has been computed. */
export const PromptSchema = v.object({
  tokens: v.array(PromptTokenSchema),
  /** Milliseconds of the prefill. */
  prefill_ms: number,
  /** Number of tokens at the end that an earlier part of a resumed run wrote. */
  written: v.optional(integer, 0),
  /** The text of those tokens, which this run continues. An incomplete character or a possible
   * beginning of a stop string at its end is part of the next tokens instead. */
  written_text: v.optional(string, ""),
  /** [n_layers][n_heads][queries][keys] attention of the whole prompt, with the attention_map
   * probe: each query's row sums to 1 over the keys up to its own position, and is 0 beyond. */
  attention_map: v.optional(v.nullable(ArraySchema), null),
  /** With the attention_sources probe: what was measured at the last 64 positions before the last
   * one, which the first token event describes; fewer of a large model with a long prompt. Oldest
   * first. */
  columns: v.optional(v.nullable(v.array(PromptColumnSchema)), null),
  type: v.literal("prompt"),
});
export type WirePrompt = v.InferOutput<typeof PromptSchema>;

/** A token by id, with its own text (`<0xF0>` for an incomplete character). */
export const TokenRefSchema = v.object({
  /** Null if the server that runs the model does not give ids. */
  id: v.nullable(integer),
  text: string,
});
export type WireTokenRef = v.InferOutput<typeof TokenRefSchema>;

/** A row of `top`: a candidate for the next token. */
export const CandidateSchema = v.object({
  /** Null if the server that runs the model does not give ids. */
  id: v.nullable(integer),
  text: string,
  /** The model's logit, before any sampling control; null if it is not known. */
  logit: v.nullable(number),
  /** The model's probability, before any sampling control. */
  prob: number,
  /** The probability in the sampled distribution; 0 if a control removed it, null if it is not
   * known. */
  sampled_prob: v.nullable(number),
  /** The control that removed it, or null. */
  cut_by: v.nullable(string),
});
export type WireCandidate = v.InferOutput<typeof CandidateSchema>;

/** The shape of the prediction over the whole vocabulary, before and after the controls. */
export const DistributionSchema = v.object({
  /** Probability mass of the tokens in each rank bin; edges in `start`. */
  rank_bins: ArraySchema,
  /** Entropy in nats of the model's own prediction, before any sampling control. */
  entropy: number,
  /** exp(entropy): how many equally likely tokens would be as uncertain. */
  effective_tokens: number,
  /** Number of tokens left by the controls. */
  kept: integer,
  /** Entropy of the sampled distribution in nats, after all controls; 0 if one token was left. */
  sampled_entropy: number,
});
export type WireDistribution = v.InferOutput<typeof DistributionSchema>;

export const TimingSchema = v.object({
  /** Milliseconds of the forward pass, hooks included. */
  step_ms: number,
  /** Milliseconds of measuring its tensors. */
  capture_ms: number,
});
export type WireTiming = v.InferOutput<typeof TimingSchema>;

/** The distribution after one sampling control. */
export const SamplerStageSchema = v.object({
  /** Its name, as in `cut_by`. */
  control: string,
  /** The value of its setting. */
  setting: number,
  /** Number of tokens left after it. */
  kept: integer,
  /** [top_n] probability of each row of `top` after it; null once removed. */
  probs: v.array(v.nullable(number)),
  /** Probability of the emitted token after it, which may not be in `top`. */
  said: v.nullable(number),
});
export type WireSamplerStage = v.InferOutput<typeof SamplerStageSchema>;

/** One new token, with measurements of the step that predicted it. */
export const TokenSchema = v.object({
  /** Index of the new token, from 0; a resumed run continues counting. */
  index: integer,
  /** Position in the context, prompt included, from 0. */
  position: integer,
  token: TokenRefSchema,
  /** Whether it comes from `forced_ids` instead of being chosen. */
  forced: boolean,
  /** Log-probability (nats) in the raw distribution; null for a token that the model rules out,
   * and, where rank is null too, if it is not known. */
  logprob: v.nullable(number),
  /** Rank in the raw distribution; 0 is the top. Null if it is not known. */
  rank: v.nullable(integer),
  /** Entropy (nats) of the raw distribution; null if it is not known. */
  entropy: v.nullable(number),
  /** The exact text that this token adds to the output. */
  text: string,
  /** The likeliest tokens; empty if they are not known. */
  top: v.array(CandidateSchema),
  /** Null if the probabilities of the whole vocabulary are not known. */
  distribution: v.nullable(DistributionSchema),
  layers: LayersSchema,
  timing: TimingSchema,
  /** [n_layers][n_heads][keys] attention of the last query; each row sums to 1. */
  attention_rows: v.optional(v.nullable(ArraySchema), null),
  /** Where each layer and each head attends most from the last query. */
  attention_sources: v.optional(v.nullable(AttentionSourcesSchema), null),
  /** [n_layers][n_heads][queries][keys] attention over the whole text so far, prompt included,
   * as in the prompt event; only every attn_every tokens. */
  attention_map: v.optional(v.nullable(ArraySchema), null),
  /** [n_layers] prediction of each layer. */
  logit_lens: v.optional(v.nullable(v.array(LensRowSchema)), null),
  /** [n_layers][height][width] each layer's vector (by tile.signal: resid_post, mlp_out or
   * attn_out) minus its mean, through a fixed projection, in units of that layer's standard
   * deviation. Mean and deviation are computed once, before the first token, over the beginning of
   * the prompt and a calibration text. With pca the cells are the components in order, row by row;
   * those beyond the rank of the fit are 0. */
  tiles: v.optional(v.nullable(ArraySchema), null),
  /** The distribution after each active sampling control, in order; empty if no control was
   * active. */
  sampler_stages: v.optional(v.nullable(v.array(SamplerStageSchema)), null),
  /** Fields of plugin probes, by probe name: JSON values and packed arrays; null if the probe
   * failed, with the reason in notes. */
  extra: v.optional(
    v.nullable(notArray(v.record(string, v.nullable(notArray(v.record(string, v.unknown())))))),
    null,
  ),
  /** Why a value in extra, or a measurement of a chat server, is null, by the probe's name. */
  notes: v.optional(v.nullable(notArray(v.record(string, string))), null),
  /** Lower bound of the entropy (nats), if only the likeliest tokens are known: the entropy of
   * those in top, with all others counted as one token. The entropy itself is at least this. */
  entropy_bound: v.optional(v.nullable(number), null),
  type: v.literal("token"),
});
export type WireToken = v.InferOutput<typeof TokenSchema>;

/** A condition of `breakpoints` that the last token met. */
export const BreakpointHitSchema = v.object({
  /** Its name in the setting. */
  condition: v.picklist(["entropy_above", "probability_below", "text", "pattern", "loop", "after"]),
  /** The value that met it: the entropy (nats), the probability, the length of the loop in tokens,
   * or the number of new tokens. */
  value: v.optional(v.nullable(number), null),
  /** The matched text, for the conditions text and pattern. */
  found: v.optional(v.nullable(string), null),
});
export type WireBreakpointHit = v.InferOutput<typeof BreakpointHitSchema>;

/** The run has ended without an error. */
export const DoneSchema = v.object({
  reason: v.picklist(["eos", "length", "stop", "cancelled", "deadline", "breakpoint"]),
  /** The whole text of this run's tokens. */
  text: string,
  /** Number of tokens of this run; those before a resume do not count. */
  tokens: integer,
  /** Milliseconds since the start of the prefill. */
  elapsed_ms: number,
  /** New tokens per second after the prefill; null if there are too few. */
  tokens_per_second: v.nullable(number),
  /** A signed token for the setting `resume`, which continues the run exactly. Null if the run has
   * finished (end-of-text, stop string, full context) or never started. */
  resume: v.optional(v.nullable(string), null),
  /** The conditions that stopped the run, if the reason is breakpoint. A resumed run checks only
   * the tokens after this one. */
  hits: v.optional(v.array(BreakpointHitSchema), []),
  type: v.literal("done"),
});
export type WireDone = v.InferOutput<typeof DoneSchema>;

/** The run has ended with an error. */
export const ErrorSchema = v.object({
  /** Stable code for programs. */
  code: string,
  /** Short description for people. */
  title: string,
  /** What happened and what to do. */
  detail: string,
  /** The invalid setting, if there is one. */
  field: v.optional(v.nullable(string), null),
  /** Seconds after which to retry, if waiting helps. */
  retry_after_s: v.optional(v.nullable(number), null),
  type: v.literal("error"),
});
export type WireError = v.InferOutput<typeof ErrorSchema>;

export const EventSchema = tagged("type", [
  DoneSchema,
  ErrorSchema,
  PromptSchema,
  QueuedSchema,
  StartSchema,
  TokenSchema,
]);
export type WireEvent = v.InferOutput<typeof EventSchema>;

/** The available models. */
export const ModelListSchema = v.object({
  /** The model of requests that name none. */
  default: string,
  models: v.array(ModelInfoSchema),
  /** Why models cannot be loaded, by name, judging by their files. Also why another server that
   * runs models for this one cannot be used, by the server's name. */
  problems: v.optional(notArray(v.record(string, string)), {}),
  /** The other servers that run models for this one, by the model's name; chat servers by the
   * operator's name for them. */
  hosts: v.optional(notArray(v.record(string, string)), {}),
  /** Whether a training is streamed at /api/training. */
  training: boolean,
});
export type WireModelList = v.InferOutput<typeof ModelListSchema>;

/** Why a request was refused; the fields are those of an `error` event. */
export const ProblemSchema = notArray(
  v.object({
    /** A URI for this kind of problem. */
    type: v.optional(string),
    /** The HTTP status. */
    status: v.optional(integer),
    /** Stable code for programs. */
    code: v.optional(string),
    /** Short description for people. */
    title: v.optional(string),
    /** What happened and what to do. */
    detail: v.optional(string),
    /** The invalid setting, if there is one. */
    field: v.optional(v.nullable(string), null),
    /** Seconds after which to retry, if waiting helps. */
    retry_after_s: v.optional(v.nullable(number), null),
  }),
);
export type WireProblem = v.InferOutput<typeof ProblemSchema>;
