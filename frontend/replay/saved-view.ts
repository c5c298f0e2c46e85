import { viewOfPage } from "@/lib/recording/standalone";
import { readAddress, writeAddress } from "@/lib/url-state/address-bar";

/**
 * Adds the panels and selections that were saved with the page to its address, unless the address
 * already has them. Imported before other modules, because they read selections from the address.
 */
const saved = [...viewOfPage(document)].filter(([name]) => !readAddress().has(name));
if (saved.length > 0) writeAddress(() => false, saved);
