/** The errors of the engine in the browser: the codes and titles of `mav_engine/errors.py`. */

/** What can go wrong in a run, with the fields of an `error` event. */
export abstract class LocalError extends Error {
  /** Stable code for programs. */
  abstract readonly code: string;
  /** Short description for people. */
  abstract readonly title: string;

  /**
   * @param message what happened and what to do.
   * @param field the invalid setting, if there is one.
   */
  constructor(
    message: string,
    readonly field: string | null = null,
  ) {
    super(message);
    this.name = new.target.name;
  }
}

/** A setting that cannot be used here. */
export class InvalidSettings extends LocalError {
  readonly code = "invalid_settings";
  readonly title = "A setting is invalid";
}

/** The model's logits hold NaN or +Infinity, or nothing above -Infinity. */
export class NotFinite extends LocalError {
  readonly code = "not_finite";
  readonly title = "The model computed NaN or infinite numbers";
}

/** The sampling controls removed every token. */
export class NoCandidates extends LocalError {
  readonly code = "no_candidates";
  readonly title = "No token is left to choose from";
}

/** A model whose files or kind cannot be used here. */
export class UnusableModel extends LocalError {
  readonly code = "model_load_failed";
  readonly title = "The model could not be loaded";
}

/** The prompt and the tokens to force leave no room in the context. */
export class PromptTooLong extends LocalError {
  readonly code = "prompt_too_long";
  readonly title = "The prompt does not fit";
}

/** A setting that only the engine of a server supports. */
export class OnlyOnServer extends LocalError {
  readonly code = "only_on_server";
  readonly title = "This setting needs a model on a server";
}

/** No model of this name is among the site's files. */
export class UnknownModel extends LocalError {
  readonly code = "unknown_model";
  readonly title = "There is no such model";
}
