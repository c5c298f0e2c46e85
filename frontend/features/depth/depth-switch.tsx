"use client";

import { Glasses } from "lucide-react";
import { useEffect } from "react";
import { Segmented } from "@/components/ui/segmented";
import { chooseDepth, DEPTHS, type Depth, followDepth } from "@/lib/depth/depth";
import { useDepth } from "@/lib/depth/use-depth";
import { words } from "./words";

/** Chooses how much the page explains. On narrow screens it is a list behind an icon. */
export function DepthSwitch() {
  const depth = useDepth();
  useEffect(followDepth, []);
  return (
    <>
      <div className="max-xl:hidden">
        <Segmented
          label={words.label}
          value={depth}
          options={DEPTHS.map((value) => ({
            value,
            title: words.hints[value],
            label: words.names[value],
          }))}
          onChange={chooseDepth}
        />
      </div>
      <span className="relative inline-flex size-8 items-center justify-center rounded-md text-quiet hover:bg-well hover:text-ink xl:hidden">
        <Glasses size={16} aria-hidden />
        <select
          aria-label={words.label}
          title={words.label}
          value={depth}
          onChange={(event) => chooseDepth(event.target.value as Depth)}
          className="absolute inset-0 size-full cursor-pointer opacity-0"
        >
          {DEPTHS.map((value) => (
            <option key={value} value={value}>
              {words.names[value]}
            </option>
          ))}
        </select>
      </span>
    </>
  );
}
