import { english } from "./en";
import { inChosenLanguage } from "./follow";

/** All words of the page in the language that is chosen; English until another one is loaded. */
export const text = inChosenLanguage(english);
