// Written by scripts/list-panels.mjs before the site is built.

/** The panel files of the site's owner. Each is loaded after the page. */
export const CUSTOM_FILES: Readonly<Record<string, () => Promise<unknown>>> = {};
