import type { RunRecord } from "@/lib/run/run-record";

/** Hand a file to the browser, which saves it as it does any other. */
export function download(blob: Blob, name: string): void {
  const url = URL.createObjectURL(blob);
  const link = document.createElement("a");
  link.href = url;
  link.download = name;
  link.click();
  // The browser reads it after this turn of the page; a minute is more than it needs to begin.
  setTimeout(() => URL.revokeObjectURL(url), 60_000);
}

/** A file's name that tells model, run and what it holds. */
export function fileName({ start, trained }: RunRecord, ending: string): string {
  const model = namePart(start?.model.name.split("/").at(-1) ?? "") || "run";
  const run = trained === null ? namePart(start?.runId.slice(0, 8) ?? "0") : "";
  return `${model}-${trained === null ? run : `training-step-${trained}`}${ending}`;
}

/** As every file system takes it: letters and digits of any script, no dot at either end. */
const namePart = (text: string): string =>
  [...text.replace(/[^\p{L}\p{N}\p{M}._-]+/gu, "-")]
    .slice(0, LONGEST)
    .join("")
    .replace(/^[.-]+|[.-]+$/g, "");

/** Of 255 bytes that a name may have, letters of any script take at most four each. */
const LONGEST = 40;
