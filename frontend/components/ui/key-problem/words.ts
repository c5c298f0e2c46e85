import { translated } from "@/lib/i18n/translated";
import { english } from "./words.en";

export const words = translated(english);
