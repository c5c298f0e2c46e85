/** The messages between the page and the worker that runs models. */
import type { CompareRequest, ModelInfo, RunRequest } from "./index";

/** The list of the models among the site's files, `models/index.json`. */
export interface StoredModels {
  readonly models: readonly ModelInfo[];
  readonly stored: Readonly<Record<string, StoredModel>>;
}

/** The files of a model. */
export interface StoredModel {
  /** Its folder, relative to the site's root. */
  readonly path: string;
  readonly files: Readonly<Record<string, StoredFile>>;
  /** What the worker needs of all files but the weights; its path is relative to the site's root. */
  readonly description: StoredFile & { readonly path: string };
}

export interface StoredFile {
  readonly bytes: number;
  readonly sha256: string;
}

/** A model whose files the page hands to the worker, which does not fetch them. */
export interface GivenModel {
  /** What is known of it; the worker reads the rest from its files. */
  readonly info: Pick<ModelInfo, "name" | "title"> & Partial<ModelInfo>;
  /** Its files by name. */
  readonly files: Readonly<Record<string, GivenFile>>;
  /** The site's files that the worker needs too, for a page that has no site. */
  readonly site?: { readonly engine: GivenFile; readonly calibration: GivenFile };
}

/** A file of the visitor, or bytes: WebKit cannot read the blobs of a page that is a file. */
export type GivenFile = Blob | Uint8Array<ArrayBuffer>;

/** What the worker is asked to compute. */
export type LocalRequest =
  | { readonly type: "run"; readonly request: RunRequest }
  | { readonly type: "compare"; readonly request: CompareRequest };

/** The languages of the texts of errors. */
export type Language = "en" | "de";

export type ToWorker =
  /** Comes before the runs of the model, and replaces one of the same name. */
  | { readonly type: "model"; readonly model: GivenModel }
  | (LocalRequest & {
      readonly run: number;
      /** The site's root. */
      readonly site: string;
      readonly language: Language;
    })
  | { readonly type: "stop"; readonly run: number }
  /** Loads a model before it is needed. If it is asked for, `loaded` is the answer. */
  | {
      readonly type: "load";
      readonly model: string;
      readonly site: string;
      readonly answer?: { readonly run: number; readonly language: Language };
    };

export type FromWorker =
  /** An event of the run or comparison, as a line of JSON. */
  | { readonly type: "event"; readonly run: number; readonly line: string }
  /** The model, or an `error` event as a line of JSON. */
  | { readonly type: "loaded"; readonly run: number; readonly result: ModelInfo | string }
  /** A part of the engine could not be loaded; the worker cannot go on. */
  | { readonly type: "failed" }
  /** How much of the model is there, in bytes. */
  | { readonly type: "progress"; readonly received: number; readonly total: number };
