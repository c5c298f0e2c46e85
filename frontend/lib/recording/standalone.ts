/** The built page without a recording, beside the site. */
export const TEMPLATE_PATH = "/replay.html";
/** What stands in the template where the recording belongs. */
export const PLACEHOLDER = "__MAV_RECORDING__";
/** The element of a standalone page that holds its recording. */
export const RECORDING_ID = "mav-recording";

/** Which panels a page begins with, as links say it; the template says none. */
const NO_PANELS = 'data-panels=""';

/**
 * The standalone page of a recording: the template with the events in it.
 *
 * @param panels the arrangement, as it stands in a link; empty for the usual one
 */
export async function standalonePage(empty: string, recording: Blob, panels = ""): Promise<Blob> {
  const named = panels.replace(/[^\w.*-]/g, "");
  const template = empty.replace(NO_PANELS, () => `data-panels="${named}"`);
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
export const escaped = (json: string): string => json.replaceAll("<", "\\u003c");

/** What `escaped` was given, to the byte: the engine itself never writes `<` by its number. */
export const unescaped = (json: string): string =>
  json.replace(/\\(u003c|.)/gs, (pair, code) => (code === "u003c" ? "<" : pair));

/** The recording of this page, where it is a standalone one that holds any. */
export function recordingOfPage(page: Document): Blob | null {
  const held = page.getElementById(RECORDING_ID)?.textContent?.trim() ?? "";
  // Put together so that the script of the page does not hold the word.
  if (held === "" || held === PLACEHOLDER) return null;
  return new Blob([unescaped(held), "\n"], { type: "application/x-ndjson" });
}

/** The arrangement that a standalone page was saved with; empty for the usual one. */
export const panelsOfPage = (page: Document): string =>
  page.getElementById(RECORDING_ID)?.dataset.panels ?? "";

const decoded = () =>
  new TextDecoderStream() as ReadableWritablePair<string, Uint8Array<ArrayBuffer>>;
