import { LocalError } from "../errors";

/** The most parameters of a model. Its weights then take 0.3 GB, or 0.6 GB where they need float32. */
const MOST_PARAMETERS = 150e6;

/** Throws a `LocalError` (model_too_large) before files are fetched or memory is reserved. */
export function checkSize(parameters: number): void {
  if (parameters <= MOST_PARAMETERS) return;
  throw LocalError.of("model_too_large", "tooLarge", [parameters, MOST_PARAMETERS]);
}
