import type { RunRecord } from "@/lib/run/run-record";

/** Saves a file through the browser's download. */
export function download(blob: Blob, name: string): void {
  const url = URL.createObjectURL(blob);
  const link = document.createElement("a");
  link.href = url;
  link.download = name;
  link.click();
  // The browser reads the URL after this function returns. It starts well within a minute.
  setTimeout(() => URL.revokeObjectURL(url), 60_000);
}

/**
 * Returns a file name made of the model's name, the id of the run or the training step, and the
 * ending.
 */
export function fileName({ start, trained }: RunRecord, ending: string): string {
  const model = namePart(start?.model.name.split("/").at(-1) ?? "") || "run";
  const run = trained === null ? namePart(start?.runId.slice(0, 8) ?? "0") : "";
  return `${model}-${trained === null ? run : `training-step-${trained}`}${ending}`;
}

/** Keeps what every file system accepts: letters and digits of any script, no dot at either end. */
const namePart = (text: string): string =>
  [...text.replace(/[^\p{L}\p{N}\p{M}._-]+/gu, "-")]
    .slice(0, LONGEST)
    .join("")
    .replace(/^[.-]+|[.-]+$/g, "");

/** File names have at most 255 bytes, and a character takes up to four. */
const LONGEST = 40;
