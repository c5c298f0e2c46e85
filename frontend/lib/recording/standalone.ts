import { withoutBreaks } from "@/lib/run/json-line";
import { RECORDING_ID } from "./is-standalone";

/** The path of the template: the built standalone page without a recording. */
export const TEMPLATE_PATH = "replay.html";
/** The text in the template that is replaced by the recording. */
export const PLACEHOLDER = "__MAV_RECORDING__";

/** The view attribute of the template, which is empty. A saved page has the view's query there. */
const NO_VIEW = 'data-view=""';
const ENGLISH = '<html lang="en"';
const POLICY = /(?<=<meta http-equiv="Content-Security-Policy" content=")[^"]*/;

/** The state of the page when its recording is saved. */
export interface SavedView {
  /** The query parameters that concern panels. */
  readonly query: string;
  readonly language: string;
}

/**
 * Returns the standalone page of a recording: the template with the events in it.
 *
 * @param view the initial view; by default that of a first visit
 * @param model the elements with a model that the page can run (`packModel`)
 */
export async function standalonePage(
  empty: string,
  recording: Blob,
  { query, language }: SavedView = { query: "", language: "en" },
  model: Blob | null = null,
): Promise<Blob> {
  const named = query.replace(/[^\w.*=&-]/g, "").replaceAll("&", "&amp;");
  const template = (model ? empty.replace(POLICY, withEngine) : empty)
    .replace(NO_VIEW, () => `data-view="${named}"`)
    .replace(ENGLISH, () => `<html lang="${language.replace(/[^\w-]/g, "")}"`);
  const at = template.indexOf(PLACEHOLDER);
  if (at < 0) throw new Error(`the template holds no ${PLACEHOLDER}`);
  const rest = template.slice(at + PLACEHOLDER.length);
  const parts: BlobPart[] = [template.slice(0, at), "\n"];
  const reader = recording.stream().pipeThrough(decoded()).getReader();
  for (;;) {
    const { value, done } = await reader.read();
    if (done) break;
    parts.push(escaped(value));
  }
  const end = rest.indexOf("</script>") + "</script>".length;
  if (model) parts.push(rest.slice(0, end), model, rest.slice(end));
  else parts.push(rest);
  return new Blob(parts, { type: "text/html" });
}

/** The policy of a page that also compiles the engine, in a worker whose code is in the page. */
const withEngine = (policy: string): string =>
  policy
    .replace("script-src ", "script-src 'wasm-unsafe-eval' ")
    .replace("worker-src 'none'", "worker-src blob:");

/**
 * Escapes JSON so that HTML does not end the script element that holds it. In JSON `<` occurs only
 * in strings, where it can be written as an escape.
 */
export const escaped = (json: string): string => withoutBreaks(json).replaceAll("<", "\\u003c");

/**
 * Reverses `escaped`. This restores the recording exactly, because the engine never escapes `<`
 * itself.
 */
export const unescaped = (json: string): string =>
  json.replace(/\\(u003c|.)/gs, (pair, code) => (code === "u003c" ? "<" : pair));

/** Returns the recording of this page; null if it has none. */
export function recordingOfPage(page: Document): Blob | null {
  const held = page.getElementById(RECORDING_ID)?.textContent?.trim() ?? "";
  // The template holds the placeholder instead of a recording.
  if (held === "" || held === PLACEHOLDER) return null;
  return new Blob([unescaped(held), "\n"], { type: "application/x-ndjson" });
}

/** Returns the query that a standalone page was saved with. */
export const viewOfPage = (page: Document): URLSearchParams =>
  new URLSearchParams(page.getElementById(RECORDING_ID)?.dataset.view);

const decoded = () =>
  new TextDecoderStream() as ReadableWritablePair<string, Uint8Array<ArrayBuffer>>;
