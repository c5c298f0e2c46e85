import { UnusableModel } from "../errors";

/**
 * The error for a tokenizer that cannot be used in the browser.
 *
 * @param reason "its tokenizer ..."
 */
export function unsupported(reason: string): UnusableModel {
  return new UnusableModel(
    `The model cannot run in the browser, since ${reason}. Run it on a server.`,
    "model",
  );
}
