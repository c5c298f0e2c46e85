import { readAddress, writeAddress } from "@/lib/address/address-bar";
import { viewOfPage } from "@/lib/recording/standalone";

/**
 * Panels and what was chosen in them, as they stood when the page was saved, unless its address
 * says otherwise. Before all else: what is chosen is read from the address when it is first needed.
 */
const saved = [...viewOfPage(document)].filter(([name]) => !readAddress().has(name));
if (saved.length > 0) writeAddress(() => false, saved);
