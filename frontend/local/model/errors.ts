/** Errors of models that run in the browser. */

import { LocalError } from "../errors";

export type LocalModelErrorCode =
  | "unsupported_model"
  | "model_too_large"
  | "damaged_model"
  | "out_of_memory"
  | "no_simd";

/** A model cannot run in this browser. The message says why and what to do. */
export class LocalModelError extends LocalError {
  readonly title = "The model cannot run in this browser";

  constructor(
    readonly code: LocalModelErrorCode,
    message: string,
  ) {
    super(message);
  }
}

/** An error of a model that is not supported completely; `why` is the end of a sentence. */
export function unsupported(why: string): LocalModelError {
  return new LocalModelError(
    "unsupported_model",
    `This model cannot run in the browser: ${why}. Run it on the server, or choose another model.`,
  );
}

/** An error of files that are broken or do not fit together; `what` is a sentence. */
export function damaged(what: string): LocalModelError {
  return new LocalModelError(
    "damaged_model",
    `${what} Download the model again, or save it again with save_pretrained().`,
  );
}

/** The most parameters of a model. Its weights then take 0.3 GB, or 0.6 GB where they need float32. */
const MOST_PARAMETERS = 150e6;

/** Throws a `LocalModelError` (model_too_large) before files are fetched or memory is reserved. */
export function checkSize(parameters: number): void {
  if (parameters <= MOST_PARAMETERS) return;
  const millions = (count: number) => `${Math.round(count / 1e6)} million parameters`;
  const gigabytes = (parameters * 2) / 1e9;
  throw new LocalModelError(
    "model_too_large",
    `This model has ${millions(parameters)}. In half precision they take ${gigabytes.toFixed(1)} GB ` +
      "of memory, and at least as much again while they are loaded. A model in the browser has at " +
      `most ${millions(MOST_PARAMETERS)}: run it on the server, or choose a smaller one.`,
  );
}
