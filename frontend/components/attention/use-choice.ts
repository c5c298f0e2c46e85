"use client";

import { useStore } from "zustand";
import { attentionChoice } from "@/lib/attention/choice";
import type { Reading } from "@/lib/attention/pattern";
import { text } from "@/lib/text";

/** What the attention panels look at; all of them follow a change. */
export const useAttentionChoice = () => useStore(attentionChoice);

export const chooseReading = (reading: Reading) => attentionChoice.setState({ reading });

/** A reading in words. */
export function readingName({ layer, head }: Reading): string {
  const words = text.panels.attentionControls.reading;
  if (layer === null) return words.all;
  return head === null ? words.layer(layer) : words.head(layer, head);
}
