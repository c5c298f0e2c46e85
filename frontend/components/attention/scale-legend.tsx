"use client";

import { text } from "@/lib/text";
import { useAttentionChoice } from "./use-choice";

interface ScaleLegendProps {
  /** A CSS gradient from no weight to full colour; that of the chips where not given. */
  gradient?: string;
}

/** The colours from 0 to where they are full, with the weight that stands at half of them. */
export function ScaleLegend({ gradient }: ScaleLegendProps) {
  const { scale } = useAttentionChoice();
  const words = text.panels.attentionControls;
  const half = 100 * scale.full * (scale.curve === "root" ? 0.25 : 0.5);
  return (
    <p
      role="img"
      className="figures flex items-center gap-2"
      aria-label={words[scale.curve](String(scale.full * 100))}
    >
      <span>0</span>
      <span aria-hidden className="relative w-24">
        <span
          className="block h-2.5 rounded-[2px] border border-rule"
          style={{ background: gradient ?? "linear-gradient(to right, transparent, var(--shade))" }}
        />
        <span className="absolute inset-x-0 -top-3.5 text-center text-[0.625rem]">{half}</span>
        <span className="absolute -top-0.5 -bottom-0.5 left-1/2 w-px bg-ink/60" />
      </span>
      <span>{scale.full * 100} %</span>
    </p>
  );
}
