/** The `error` event of an error, in the language of the page. */

import type { Language } from "@/lib/contract/worker-messages";
import { type ErrorCode, LocalError, SideError } from "./errors";
import { part } from "./part";
import type { SentError } from "./sent-events";
import type { Texts } from "./words.en";

const TEXTS: Readonly<Record<Language, () => Promise<{ readonly texts: Texts }>>> = {
  en: () => import("./words.en"),
  de: () => import("./words.de"),
};

/** @throws PartMissing */
export const textsIn = async (language: Language): Promise<Texts> =>
  (await part(TEXTS[language]())).texts;

export function errorEvent(error: unknown, texts: Texts): SentError {
  if (error instanceof SideError) {
    const { side, reason } = error;
    const event = errorEvent(reason, texts);
    return {
      ...event,
      detail: texts.ofSide(side, event.detail),
      field: event.field === null ? side : `${side}.${event.field}`,
    };
  }
  const known = error instanceof LocalError ? error : null;
  const code: ErrorCode = known?.code ?? "run_failed";
  return {
    type: "error",
    code,
    title: texts.titles[code],
    detail: known ? detailOf(known, texts) : String(error),
    field: known?.field ?? null,
    retry_after_s: null,
  };
}

/** What happened and what to do. */
function detailOf({ detail, values }: LocalError, texts: Texts): string {
  const text = texts.details[detail] as (...values: readonly unknown[]) => string;
  return text(...values);
}
