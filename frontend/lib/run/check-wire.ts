import type { RunEvent } from "./frames";
import { ContractMismatch } from "./parse-array";

/** What a value must be; a name with `?` at its end may be null or absent. */
type Shape =
  | "string"
  | "number"
  | "whole"
  | "boolean"
  | "any"
  | readonly [Shape]
  | { readonly [name: string]: Shape };

const CANDIDATE: Shape = {
  id: "whole",
  text: "string",
  "logit?": "number",
  prob: "number",
  sampled_prob: "number",
  "cut_by?": "string",
};

/** What the page reads of each event; fields that it does not know are no concern of it. */
const SHAPES: Record<RunEvent["type"], Record<string, Shape>> = {
  start: {
    v: "whole",
    run_id: "string",
    model: { name: "string", capabilities: ["string"] },
    settings: { model: "string", seed: "whole", max_new_tokens: "whole" },
    probes: [{ name: "string", unit: "string", hook_point: "string" }],
    rank_bin_edges: ["whole"],
  },
  queued: { position: "whole" },
  prompt: {
    tokens: [{ id: "whole", text: "string", "logprob?": "number", "entropy?": "number" }],
    prefill_ms: "number",
    "written?": "whole",
  },
  token: {
    index: "whole",
    position: "whole",
    token: { id: "whole", text: "string" },
    // JSON has no -Infinity: a forced token that the model rules out has null.
    "logprob?": "number",
    rank: "whole",
    entropy: "number",
    text: "string",
    top: [CANDIDATE],
    distribution: {
      rank_bins: "any",
      entropy: "number",
      effective_tokens: "number",
      kept: "whole",
    },
    layers: {},
    timing: { step_ms: "number", capture_ms: "number" },
  },
  done: { reason: "string", tokens: "whole", elapsed_ms: "number", "tokens_per_second?": "number" },
  error: { code: "string", title: "string", detail: "string" },
};

/** Throws ContractMismatch, naming the place, where an event lacks what the page reads of it. */
export function checkWire(wire: Record<string, unknown>): void {
  const type = wire.type as RunEvent["type"];
  const shape = Object.hasOwn(SHAPES, type) ? SHAPES[type] : undefined;
  if (!shape) throw new ContractMismatch("type", `is ${JSON.stringify(wire.type)}`);
  checkFields(wire, shape, type);
}

function checkFields(value: Record<string, unknown>, shape: Record<string, Shape>, where: string) {
  for (const [key, of] of Object.entries(shape)) {
    const optional = key.endsWith("?");
    const name = optional ? key.slice(0, -1) : key;
    const field = value[name];
    if (optional && (field === null || field === undefined)) continue;
    if (field === undefined) throw new ContractMismatch(`${where}.${name}`, "is missing");
    check(field, of, `${where}.${name}`);
  }
}

function check(value: unknown, shape: Shape, where: string): void {
  if (shape === "any") return;
  if (Array.isArray(shape)) {
    if (!Array.isArray(value)) throw new ContractMismatch(where, "is no list");
    const [item] = shape as readonly [Shape];
    value.forEach((each, i) => {
      check(each, item, `${where}.${i}`);
    });
  } else if (typeof shape === "object") {
    if (typeof value !== "object" || value === null || Array.isArray(value)) {
      throw new ContractMismatch(where, "is no object");
    }
    checkFields(value as Record<string, unknown>, shape as Record<string, Shape>, where);
  } else if (shape === "whole") {
    if (!Number.isInteger(value)) throw new ContractMismatch(where, "is no whole number");
  } else if (typeof value !== shape) {
    throw new ContractMismatch(where, `is no ${shape}`);
  }
}
