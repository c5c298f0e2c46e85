"use client";

import { type CSSProperties, useId } from "react";
import { formatCount } from "@/lib/i18n/numbers";
import { type Controls, TRIED } from "./sampler";
import { tryControl } from "./tried";
import { words } from "./words";

interface ControlsProps {
  controls: Controls;
  /** The run's own. */
  own: Controls;
}

/** A slider for each control, with its value in the run. */
export function ControlSliders({ controls, own }: ControlsProps) {
  return (
    <div
      role="group"
      aria-label={words.controls}
      data-export="skip"
      className="mb-2 grid grid-cols-2 gap-x-5 gap-y-1"
    >
      {TRIED.map((name) => (
        <Slider key={name} name={name} value={controls[name]} own={own[name]} />
      ))}
    </div>
  );
}

interface SliderProps {
  name: keyof Controls;
  value: number;
  own: number;
}

function Slider({ name, value, own }: SliderProps) {
  const id = useId();
  const { max, step, least } = SLIDES[name];
  const place = placeOf(name, value);
  const mark = placeOf(name, own) / max;
  return (
    <div>
      <div className="flex items-baseline justify-between gap-1 text-xs leading-4">
        <label htmlFor={id} className="text-quiet">
          {words.names[name]}
        </label>
        <output htmlFor={id} className="figures">
          {writtenValue(name, value)}
        </output>
      </div>
      <div className="relative">
        <input
          id={id}
          type="range"
          className="range block"
          min={least}
          max={max}
          step={step}
          value={place}
          aria-valuetext={writtenValue(name, value)}
          style={{ "--filled": (place - least) / (max - least) } as CSSProperties}
          onChange={(event) => tryControl(name, fromPlace(name, Number(event.target.value)))}
        />
        <span
          aria-hidden
          className="pointer-events-none absolute inset-x-[7px] top-[0.9375rem] h-1"
        >
          <span
            title={words.inRun(writtenValue(name, own))}
            className="absolute h-1.5 w-0.5 -translate-x-1/2 bg-ink"
            style={{ left: `${Math.min(1, mark) * 100}%` }}
          />
        </span>
      </div>
    </div>
  );
}

/** Top-k has a logarithmic slider: its places are 0 for off, and then powers of two. */
const SLIDES: Record<keyof Controls, { max: number; step: number; least: number }> = {
  temperature: { max: 2, step: 0.05, least: 0 },
  top_k: { max: 12, step: 0.25, least: 0 },
  top_p: { max: 1, step: 0.01, least: 0 },
  min_p: { max: 1, step: 0.01, least: 0 },
};

/** Returns where a value is on its slider. Off is at the end at which nothing is cut. */
function placeOf(name: keyof Controls, value: number): number {
  if (name !== "top_k") return value;
  return value === 0 ? SLIDES.top_k.max : Math.min(SLIDES.top_k.max - 0.25, Math.log2(value));
}

function fromPlace(name: keyof Controls, place: number): number {
  if (name === "top_p") return Math.max(0.01, place);
  if (name !== "top_k") return place;
  return place >= SLIDES.top_k.max ? 0 : Math.round(2 ** place);
}

function writtenValue(name: keyof Controls, value: number): string {
  if (name === "temperature" && value === 0) return `0 (${words.greedy})`;
  if (OFF[name] === value) return words.off;
  return name === "top_k" ? formatCount(value) : String(Number(value.toFixed(3)));
}

/** The values that cut nothing. */
const OFF: Partial<Controls> = { top_k: 0, top_p: 1, min_p: 0 };
