"use client";

import { type ReactNode, useId } from "react";
import { Select } from "@/components/ui/input";
import type { Shares } from "@/lib/contract/frames";
import { attentionChoice, LEFT_OUT, type LeftOut } from "./choice";
import { axesOf, fitting, hasAttention } from "./pattern";
import { FULL_AT, type ShadeScale } from "./scale";
import { chooseReading, useAttentionChoice } from "./use-choice";
import { words } from "./words";

/** The controls for layer, head, scale and first token, shared by all attention panels. */
export function AttentionControls({ shares }: { shares: Shares | undefined }) {
  const { scale, firstLeftOut } = useAttentionChoice();
  return (
    <div
      role="group"
      aria-label={words.label}
      className="mb-2 flex min-h-7 flex-wrap items-center gap-x-3 gap-y-1.5 text-quiet text-xs"
    >
      <ReadingSelects shares={shares} />
      <Labelled label={words.scale} hidden title={words.scaleHint}>
        {(id) => (
          <Select
            id={id}
            className="h-7 w-auto text-xs"
            title={words.scaleHint}
            value={`${scale.curve} ${scale.full}`}
            onChange={(event) => attentionChoice.setState({ scale: scaleOf(event.target.value) })}
          >
            {(["root", "linear"] as const).flatMap((curve) =>
              FULL_AT.map((full) => (
                <option key={`${curve} ${full}`} value={`${curve} ${full}`}>
                  {words[curve](String(full * 100))}
                </option>
              )),
            )}
          </Select>
        )}
      </Labelled>
      <Labelled label={words.first} title={words.firstHint}>
        {(id) => (
          <Select
            id={id}
            className="h-7 w-auto text-xs"
            title={words.firstHint}
            value={firstLeftOut}
            onChange={({ target: { value } }) =>
              attentionChoice.setState({ firstLeftOut: value as LeftOut })
            }
          >
            {LEFT_OUT.map((each) => (
              <option key={each} value={each}>
                {words.leftOutOf[each]}
              </option>
            ))}
          </Select>
        )}
      </Labelled>
    </div>
  );
}

function ReadingSelects({ shares }: { shares: Shares | undefined }) {
  const { layer, head } = fitting(useAttentionChoice().reading, shares);
  const { layers, heads } = shares ? axesOf(shares) : { layers: 0, heads: 0 };
  const there = Array.from({ length: layers }, (_, l) => !shares || hasAttention(shares, l));
  return (
    <>
      <Labelled label={words.layer}>
        {(id) => (
          <Select
            id={id}
            className="h-7 w-auto text-xs"
            value={layer ?? ""}
            onChange={({ target: { value } }) =>
              chooseReading({ layer: value === "" ? null : Number(value), head })
            }
          >
            <option value="">{words.all}</option>
            {there.map((present, l) => (
              <option key={l} value={l} disabled={!present}>
                {present ? l : words.absent(l)}
              </option>
            ))}
          </Select>
        )}
      </Labelled>
      <Labelled label={words.head}>
        {(id) => (
          <Select
            id={id}
            className="h-7 w-auto text-xs disabled:opacity-60"
            disabled={layer === null}
            value={head ?? ""}
            onChange={({ target: { value } }) =>
              chooseReading({ layer, head: value === "" ? null : Number(value) })
            }
          >
            <option value="">{words.mean}</option>
            {Array.from({ length: heads }, (_, h) => (
              <option key={h} value={h}>
                {h}
              </option>
            ))}
          </Select>
        )}
      </Labelled>
    </>
  );
}

function scaleOf(value: string): ShadeScale {
  const [curve, full] = value.split(" ");
  return { curve: curve === "linear" ? "linear" : "root", full: Number(full) };
}

interface LabelledProps {
  label: string;
  /** Whether the label is visible only to screen readers. */
  hidden?: boolean;
  title?: string;
  children: (id: string) => ReactNode;
}

function Labelled({ label, hidden, title, children }: LabelledProps) {
  const id = useId();
  return (
    <span className="relative flex items-center gap-1.5" title={title}>
      <label htmlFor={id} className={hidden ? "sr-only" : undefined}>
        {label}
      </label>
      {children(id)}
    </span>
  );
}
