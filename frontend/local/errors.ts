/**
 * The errors of the engine in the browser, with the codes of `mav_engine/errors.py`. Their texts are
 * in `words.en.ts` and `words.de.ts`, which the worker loads when it has an error to report.
 */

import type { Details, Texts } from "./words.en";

export type ErrorCode = keyof Texts["titles"];
export type DetailName = keyof Details;

/** What can go wrong in a run, with the fields of an `error` event. */
export class LocalError extends Error {
  /** The arguments of the text. */
  readonly values: readonly unknown[];

  private constructor(
    /** Stable code for programs. */
    readonly code: ErrorCode,
    /** The text that says what happened and what to do. */
    readonly detail: DetailName,
    values: readonly unknown[],
    /** The invalid setting, if there is one. */
    readonly field: string | null,
  ) {
    // For the console.
    super(`${detail}: ${values.join(", ")}`);
    this.values = values;
  }

  static of<Name extends DetailName>(
    code: ErrorCode,
    detail: Name,
    values: Parameters<Details[Name]>,
    field: string | null = null,
  ): LocalError {
    return new LocalError(code, detail, values, field);
  }
}

/** A setting that cannot be used here. */
export const invalid = <Name extends DetailName>(
  field: string,
  detail: Name,
  ...values: Parameters<Details[Name]>
): LocalError => LocalError.of("invalid_settings", detail, values, field);

/** A model whose files cannot be fetched or used here. */
export const unusable = <Name extends DetailName>(
  detail: Name,
  ...values: Parameters<Details[Name]>
): LocalError => LocalError.of("model_load_failed", detail, values);

/** A model that is not supported completely. */
export const unsupported = <Name extends DetailName>(
  detail: Name,
  ...values: Parameters<Details[Name]>
): LocalError => LocalError.of("unsupported_model", detail, values);

/** Files that are broken or do not fit together. */
export const damaged = <Name extends DetailName>(
  detail: Name,
  ...values: Parameters<Details[Name]>
): LocalError => LocalError.of("damaged_model", detail, values);

/** An error of one side of a comparison. */
export class SideError extends Error {
  constructor(
    readonly side: string,
    readonly reason: unknown,
  ) {
    super(`${side}: ${reason}`);
  }
}

/** A part of the engine could not be loaded. */
export class PartMissing extends Error {}
