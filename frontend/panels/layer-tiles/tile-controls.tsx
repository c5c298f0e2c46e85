"use client";

import { useId } from "react";
import { Select } from "@/components/ui/input";
import { MAP_NAMES } from "@/lib/colour/maps";
import { CLIP, GAMMA } from "./display-options";
import type { Shading } from "./shade";
import { words } from "./words";

interface TileControlsProps {
  shading: Shading;
  onChange: (change: Partial<Shading>) => void;
}

/** The controls for the colour map, the drawn quantity, clip and gamma. */
export function TileControls({ shading, onChange }: TileControlsProps) {
  return (
    <div className="mb-2 grid grid-cols-2 gap-x-3 gap-y-1 @lg:grid-cols-4">
      <Choice
        label={words.mapLabel}
        value={shading.map}
        options={[...MAP_NAMES, "hue"].map((map) => [map, words.maps[map as Shading["map"]]])}
        onChange={(map) => onChange({ map: map as Shading["map"] })}
      />
      {shading.map === "hue" ? (
        <Choice
          label={words.hueLabel}
          value={shading.hue}
          options={Object.entries(words.hues)}
          onChange={(hue) => onChange({ hue: hue as Shading["hue"] })}
        />
      ) : (
        <Choice
          label={words.drawLabel}
          value={shading.draws}
          options={Object.entries(words.draws)}
          onChange={(draws) => onChange({ draws: draws as Shading["draws"] })}
        />
      )}
      <Slide
        label={words.clip}
        value={shading.clip}
        {...CLIP}
        onChange={(clip) => onChange({ clip })}
      />
      <Slide
        label={words.gamma}
        value={shading.gamma}
        {...GAMMA}
        onChange={(gamma) => onChange({ gamma })}
      />
    </div>
  );
}

interface ChoiceProps {
  label: string;
  value: string;
  options: readonly (readonly [string, string])[];
  onChange: (value: string) => void;
}

function Choice({ label, value, options, onChange }: ChoiceProps) {
  const id = useId();
  return (
    <span className="flex items-center gap-1.5">
      <label htmlFor={id} className="shrink-0 text-micro text-quiet">
        {label}
      </label>
      <Select
        id={id}
        className="h-6 min-w-0 flex-1 px-1 text-micro"
        value={value}
        onChange={(event) => onChange(event.target.value)}
      >
        {options.map(([name, shown]) => (
          <option key={name} value={name}>
            {shown}
          </option>
        ))}
      </Select>
    </span>
  );
}

interface SlideProps {
  label: string;
  value: number;
  min: number;
  max: number;
  step: number;
  onChange: (value: number) => void;
}

function Slide({ label, value, min, max, step, onChange }: SlideProps) {
  const id = useId();
  return (
    <span className="flex items-center gap-1.5">
      <label htmlFor={id} className="shrink-0 text-micro text-quiet">
        {label}
      </label>
      <input
        id={id}
        type="range"
        className="range min-w-0 flex-1"
        {...{ min, max, step, value }}
        style={{ "--filled": (value - min) / (max - min) } as React.CSSProperties}
        onChange={(event) => onChange(Number(event.target.value))}
      />
      <span aria-hidden className="figures w-6 text-right text-micro">
        {value.toFixed(1)}
      </span>
    </span>
  );
}
