import { translated } from "./translated";
import { english } from "./words.en";

export const words = translated(english);
