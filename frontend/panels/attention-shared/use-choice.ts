"use client";

import { useStore } from "zustand";
import { attentionChoice } from "./choice";
import type { Reading } from "./pattern";
import { words as attentionWords } from "./words";

/** Returns the shared options of the attention panels. */
export const useAttentionChoice = () => useStore(attentionChoice);

export const chooseReading = (reading: Reading) => attentionChoice.setState({ reading });

/** Returns the name of a reading. */
export function readingName({ layer, head }: Reading): string {
  const words = attentionWords.reading;
  if (layer === null) return words.all;
  return head === null ? words.layer(layer) : words.head(layer, head);
}
