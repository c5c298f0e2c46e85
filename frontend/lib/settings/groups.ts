import type { SettingField } from "./fields";

const WRITING = ["temperature", "max_new_tokens", "top_k", "top_p", "seed"];
const BREAKPOINTS = "breakpoints";
const MEASURING = ["top_n", "aggregation", "attn_every"];
const TILES = ["tile_signal", "tile_projection", "tile_height", "tile_width"];
/** Shown elsewhere, or set by the panels. */
const ELSEWHERE = ["model", "prompt", "capture"];

/** The maximum and step of sliders, where the schema's range is wider than useful. */
const SLIDERS: Record<string, { readonly max: number; readonly step: number }> = {
  temperature: { max: 2, step: 0.05 },
  top_p: { max: 1, step: 0.01 },
  min_p: { max: 1, step: 0.01 },
};

export const sliderOf = (name: string) => SLIDERS[name];

export interface SettingGroups {
  readonly common: readonly SettingField[];
  readonly more: readonly SettingField[];
  readonly measuring: readonly SettingField[];
  /** Settings of the tiles probe. */
  readonly tiles: readonly SettingField[];
  /** The conditions that stop a run. */
  readonly breakpoints: readonly SettingField[];
}

/** Groups the fields: the common controls, those for measuring, and all others of the schema. */
export function groupFields(fields: readonly SettingField[]): SettingGroups {
  const named = (names: readonly string[]) =>
    names.flatMap((name) => fields.find((field) => field.name === name) ?? []);
  const placed = new Set([...WRITING, ...MEASURING, ...TILES, ...ELSEWHERE]);
  return {
    common: named(WRITING),
    more: fields.filter(({ name, part }) => !placed.has(name) && part?.of !== BREAKPOINTS),
    measuring: named(MEASURING),
    tiles: named(TILES),
    breakpoints: fields.filter(({ part }) => part?.of === BREAKPOINTS),
  };
}
