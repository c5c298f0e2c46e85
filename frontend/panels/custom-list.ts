// Written by scripts/list-panels.mjs before the site is built.

/** The files of the site's owner, each loaded when the page is there. */
export const CUSTOM_FILES: Readonly<Record<string, () => Promise<unknown>>> = {};
