import { CUSTOM_FILES } from "./custom-list";
import type { Panel } from "./panel";
import { PANELS } from "./registry";

/** A file of the site's owner that exports no valid panel. */
export interface BrokenFile {
  readonly file: string;
  readonly reason: "none" | "taken" | "threw";
  /** The error message, or the id that another panel has. */
  readonly detail: string;
}

export interface CustomPanels {
  readonly panels: readonly Panel[];
  readonly broken: readonly BrokenFile[];
}

/** Loads all files. A file that throws is reported and does not affect the others. */
export async function loadCustomPanels(
  files: Readonly<Record<string, () => Promise<unknown>>> = CUSTOM_FILES,
  builtIn: readonly Panel[] = PANELS,
): Promise<CustomPanels> {
  const panels: Panel[] = [];
  const broken: BrokenFile[] = [];
  for (const [file, load] of Object.entries(files)) {
    try {
      const found = Object.values((await load()) as object).filter(isPanel);
      if (found.length === 0) broken.push({ file, reason: "none", detail: "" });
      for (const panel of found) {
        if ([...builtIn, ...panels].some(({ id }) => id === panel.id)) {
          broken.push({ file, reason: "taken", detail: panel.id });
        } else panels.push(panel);
      }
    } catch (error) {
      broken.push({ file, reason: "threw", detail: String(error) });
    }
  }
  return { panels, broken };
}

function isPanel(value: unknown): value is Panel {
  if (typeof value !== "object" || value === null) return false;
  const { id, title, captures, Component } = value as Partial<Panel>;
  return (
    typeof id === "string" &&
    /^[a-z0-9-]+$/.test(id) &&
    typeof title === "string" &&
    Array.isArray(captures) &&
    (typeof Component === "function" || (typeof Component === "object" && Component !== null))
  );
}
