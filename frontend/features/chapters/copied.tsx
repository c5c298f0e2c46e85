"use client";

import { Link } from "lucide-react";
import { useEffect, useState } from "react";
import { Button } from "@/components/ui/button";
import { copyText } from "@/lib/browser/clipboard";
import { CHAPTER_PARAMETER, type Chapter } from "@/lib/chapters/chapters";
import { siteAddress } from "@/lib/url-state/site-address";
import { words } from "./words";

/** Returns the address of a chapter, relative to the site's root. */
export const addressOfChapter = (chapter: Chapter): string => `./?${CHAPTER_PARAMETER}=${chapter}`;

/** How long the answer of the button is shown, in milliseconds. */
const SHOWN_MS = 3_000;

/** A button that copies the link to a chapter. */
export function Copied({ chapter, label }: { chapter: Chapter; label?: string }) {
  const [answer, setAnswer] = useState<string | null>(null);
  useEffect(() => {
    if (answer === null) return;
    const timer = setTimeout(() => setAnswer(null), SHOWN_MS);
    return () => clearTimeout(timer);
  }, [answer]);
  const copy = async () => {
    const copied = await copyText(siteAddress(addressOfChapter(chapter)));
    setAnswer(copied ? words.copied : words.notCopied);
  };
  return (
    <Button variant="quiet" className="h-7 gap-1.5 px-2 text-xs" aria-label={label} onClick={copy}>
      <Link size={13} aria-hidden />
      <span aria-live="polite">{answer ?? words.copyLink}</span>
    </Button>
  );
}
