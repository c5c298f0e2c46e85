/** Errors of models that run in the browser. */

import { LocalError } from "../errors";

export type LocalModelErrorCode =
  | "unsupported_model"
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
