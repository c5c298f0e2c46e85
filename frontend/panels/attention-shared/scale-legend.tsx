"use client";

import { useAttentionChoice } from "./use-choice";
import { words } from "./words";

interface ScaleLegendProps {
  /** A CSS gradient from no attention to the full colour; by default that of the tokens. */
  gradient?: string;
}

/**
 * Shows the colour scale from 0 to the weight with the full colour, and the weight at half of it.
 */
export function ScaleLegend({ gradient }: ScaleLegendProps) {
  const { scale } = useAttentionChoice();
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
          style={{
            background:
              gradient ?? "linear-gradient(to right, transparent, var(--attention-shade))",
          }}
        />
        <span className="absolute inset-x-0 -top-3.5 text-center text-[0.625rem] present:text-micro">
          {half}
        </span>
        <span className="absolute -top-0.5 -bottom-0.5 left-1/2 w-px bg-ink/60" />
      </span>
      <span>{scale.full * 100} %</span>
    </p>
  );
}
