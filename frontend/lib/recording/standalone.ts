import { withoutBreaks } from "./json-line";

/** The built page without a recording, beside the site. */
export const TEMPLATE_PATH = "replay.html";
/** What stands in the template where the recording belongs. */
export const PLACEHOLDER = "__MAV_RECORDING__";
/** The element of a standalone page that holds its recording. */
export const RECORDING_ID = "mav-recording";

/** What a page begins with, as links say it; the template says nothing. */
const NO_VIEW = 'data-view=""';
const ENGLISH = '<html lang="en"';

/** How the page stood that a recording is saved from. */
export interface SavedView {
  /** The query of its link, as far as panels are concerned. */
  readonly query: string;
  readonly language: string;
}

/**
 * The standalone page of a recording: the template with the events in it.
 *
 * @param view what it begins with; without, what a visitor finds who has chosen nothing
 */
export async function standalonePage(
  empty: string,
  recording: Blob,
  { query, language }: SavedView = { query: "", language: "en" },
): Promise<Blob> {
  const named = query.replace(/[^\w.*=&-]/g, "").replaceAll("&", "&amp;");
  const template = empty
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
  return new Blob([...parts, rest], { type: "text/html" });
}

/**
 * JSON that HTML cannot take for the end of the script that holds it. In JSON `<` stands in
 * strings only, where it may be written by its number.
 */
export const escaped = (json: string): string => withoutBreaks(json).replaceAll("<", "\\u003c");

/** The recording that `escaped` was given: the engine itself never writes `<` by its number. */
export const unescaped = (json: string): string =>
  json.replace(/\\(u003c|.)/gs, (pair, code) => (code === "u003c" ? "<" : pair));

/** The recording of this page, where it is a standalone one that holds any. */
export function recordingOfPage(page: Document): Blob | null {
  const held = page.getElementById(RECORDING_ID)?.textContent?.trim() ?? "";
  // Put together so that the script of the page does not hold the word.
  if (held === "" || held === PLACEHOLDER) return null;
  return new Blob([unescaped(held), "\n"], { type: "application/x-ndjson" });
}

/** The query that a standalone page was saved with. */
export const viewOfPage = (page: Document): URLSearchParams =>
  new URLSearchParams(page.getElementById(RECORDING_ID)?.dataset.view);

const decoded = () =>
  new TextDecoderStream() as ReadableWritablePair<string, Uint8Array<ArrayBuffer>>;
