/** Opens a model of the visitor's own files, which run in the browser and are not uploaded. */
import type { Dropped } from "@/features/open-recording/recording-drop";
import { Refused } from "@/lib/client/failure";
import { localRuns } from "@/lib/client/local-runs";
import { IN_BROWSER } from "@/lib/contract/in-browser";
import { addOwnModel, isTaken, removeOwnModel } from "@/lib/models/own-models";
import { refusedFile } from "@/lib/recording/open-recording";
import { words } from "./words";

const WEIGHTS = "model.safetensors";
const REQUIRED = ["config.json", WEIGHTS, "tokenizer.json"];
const OPTIONAL = ["generation_config.json", "special_tokens_map.json", "tokenizer_config.json"];
const USED: ReadonlySet<string> = new Set([...REQUIRED, ...OPTIONAL]);

/** The maximum size of the weights, in bytes: twice that of 150 million float32 numbers. */
export const MAX_WEIGHTS_BYTES = 1_200_000_000;
const NAMED_BY_FILES = "own-model";
const LONGEST_NAME = 40;

/**
 * Adds the model of a folder, or of several files, to the list of models. The reason why it cannot
 * be used is shown like that of a recording. Files that are no model are opened as a recording.
 *
 * @returns the model's name; null if there is none
 */
export async function openModel({ files, entries, open }: Dropped): Promise<string | null> {
  try {
    const folder = entries.find((entry) => entry?.isDirectory) as FileSystemDirectoryEntry | null;
    const found = new Map(
      (folder ? await filesOf(folder) : files)
        .filter(({ name }) => USED.has(name))
        .map((file) => [file.name, file]),
    );
    const [first] = files;
    if (!folder && found.size === 0 && first) {
      open(first);
      return null;
    }
    check(found);
    const title = partOfName(folder?.name ?? "") || NAMED_BY_FILES;
    const name = freeName(IN_BROWSER + title);
    removeOwnModel(name);
    const info = { name, title: name.slice(IN_BROWSER.length) };
    const loaded = await localRuns.load({ info, files: Object.fromEntries(found) });
    addOwnModel({ ...loaded, title: words.title(loaded.title) });
    refusedFile.setState({ failure: null });
    return name;
  } catch (error) {
    refusedFile.setState({ failure: failureOf(error) });
    return null;
  }
}

/** @throws Refused */
function check(files: ReadonlyMap<string, File>): void {
  const missing = REQUIRED.filter((name) => !files.has(name));
  if (missing.length > 0) throw refused(words.missing(listed(missing)));
  const { size = 0 } = files.get(WEIGHTS) ?? {};
  const megabytes = (bytes: number) => words.megabytes(Math.round(bytes / 1_000_000));
  if (size > MAX_WEIGHTS_BYTES) {
    throw refused(words.tooLarge(megabytes(size), megabytes(MAX_WEIGHTS_BYTES)));
  }
}

const listed = (names: readonly string[]): string =>
  [names.slice(0, -1).join(", "), names.at(-1)].filter(Boolean).join(words.and);

const refused = (detail: string) =>
  new Refused({ code: "model_refused", title: words.refused, detail });

/** The failure to show. Its code lets the visitor dismiss it. */
function failureOf(error: unknown) {
  if (!(error instanceof Refused)) return refused(words.failed(String(error))).failure;
  const { field: _, ...failure } = error.failure;
  return { ...failure, code: "model_refused" };
}

/** The files of a folder, without those of folders in it. */
async function filesOf(folder: FileSystemDirectoryEntry): Promise<File[]> {
  const reader = folder.createReader();
  const files: File[] = [];
  for (;;) {
    // A browser lists some at a time, in the end none.
    const entries = await new Promise<FileSystemEntry[]>((resolve, reject) => {
      reader.readEntries(resolve, reject);
    });
    if (entries.length === 0) return files;
    for (const entry of entries) {
      if (!entry.isFile || !USED.has(entry.name)) continue;
      const file = await new Promise<File>((resolve, reject) => {
        (entry as FileSystemFileEntry).file(resolve, reject);
      });
      files.push(file);
    }
  }
}

const partOfName = (name: string): string =>
  name
    .replace(/[^\w.-]+/g, "-")
    .replace(/^[.-]+|[.-]+$/g, "")
    .slice(0, LONGEST_NAME);

/** The name, with a number if the site or the server has a model of that name. */
function freeName(name: string): string {
  for (let number = 1; ; number++) {
    const numbered = number === 1 ? name : `${name}-${number}`;
    if (!isTaken(numbered)) return numbered;
  }
}
