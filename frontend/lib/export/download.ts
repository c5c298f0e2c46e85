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
  const model = (start?.model.name ?? "run").split("/").at(-1) ?? "run";
  const clean = model.replace(/[^\w.-]+/g, "-");
  if (trained !== null) return `${clean}-training-step-${trained}${ending}`;
  return `${clean}-${start?.runId.slice(0, 8) ?? "0"}${ending}`;
}
