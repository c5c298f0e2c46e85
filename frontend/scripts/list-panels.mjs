/**
 * Writes panels/custom-list.ts, the list of the site owner's panels, before the site is built. It
 * lists every .tsx file of panels/custom/, or of the folder MAV_PANELS_DIR. That folder is first
 * copied to panels/custom-site/, because the site is built from its own folder.
 */
import { cpSync, existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { fileURLToPath } from "node:url";

/**
 * Returns the source of the list. It is sorted so that the same files give the same text on every
 * machine.
 */
export function listing(folder, files) {
  const panels = files.filter((name) => /^[^.]+\.tsx$/.test(name)).sort();
  const lines = panels.map(
    (name) => `  "${name}": () => import("./${folder}/${name.replace(/\.tsx$/, "")}"),\n`,
  );
  return `// Written by scripts/list-panels.mjs before the site is built.

/** The panel files of the site's owner. Each is loaded after the page. */
export const CUSTOM_FILES: Readonly<Record<string, () => Promise<unknown>>> = {${
    lines.length > 0 ? `\n${lines.join("")}` : ""
  }};
`;
}

/** Lists the panels of one folder. Throws if the folder does not exist. */
export function listPanels({ panels, from }) {
  const copy = join(panels, "custom-site");
  rmSync(copy, { recursive: true, force: true });
  if (from) {
    if (!existsSync(from)) throw new Error(`MAV_PANELS_DIR names ${from}, which is no folder.`);
    cpSync(from, copy, { recursive: true });
  }
  const folder = from ? "custom-site" : "custom";
  const path = join(panels, folder);
  const text = listing(folder, existsSync(path) ? readdirSync(path) : []);
  const list = join(panels, "custom-list.ts");
  if (!existsSync(list) || readFileSync(list, "utf8") !== text) writeFileSync(list, text);
}

if (process.argv[1] && resolve(process.argv[1]) === fileURLToPath(import.meta.url)) {
  const { MAV_PANELS_DIR, INIT_CWD } = process.env;
  try {
    listPanels({
      panels: fileURLToPath(new URL("../panels/", import.meta.url)),
      // A relative path is relative to where npm was called.
      from: MAV_PANELS_DIR && resolve(INIT_CWD ?? process.cwd(), MAV_PANELS_DIR),
    });
  } catch (error) {
    console.error(error.message);
    process.exitCode = 1;
  }
}
