"use client";

import { useId } from "react";
import { Select } from "@/components/ui/input";
import { BADGES, type Badge, type BadgeSums } from "./badges";
import { words } from "./labels/words";
import { definitionOf, orderName } from "./names";
import { countsOf, layersShown, ORDERS, type Order, type Selection } from "./selection";
import { atlasSelection } from "./selection-store";

interface ToolbarProps {
  badges: BadgeSums;
  selection: Selection;
}

/** Filters by badge and by layer, and the order. */
export function Toolbar({ badges, selection }: ToolbarProps) {
  const counts = countsOf(selection, badges);
  const [first, last] = layersShown(selection, badges.layers);
  const order = useId();
  return (
    <div className="mb-2 flex flex-wrap items-center gap-x-4 gap-y-1.5 text-quiet text-xs">
      <div role="group" aria-label={words.filter} className="flex flex-wrap gap-1">
        <Chip
          label={words.all}
          count={(last - first + 1) * badges.heads}
          pressed={selection.badge === null}
          onPress={() => atlasSelection.setState({ badge: null, order: "layer" })}
        />
        {BADGES.map((badge) => (
          <Chip
            key={badge}
            label={words.badges[badge]}
            title={definitionOf(badge)}
            count={counts[badge]}
            pressed={selection.badge === badge}
            onPress={() => filterBy(selection.badge === badge ? null : badge)}
          />
        ))}
      </div>
      <span className="flex items-center gap-1.5">
        <label htmlFor={order}>{words.order}</label>
        <Select
          id={order}
          className="h-7 w-auto text-xs"
          value={selection.order}
          onChange={({ target }) => atlasSelection.setState({ order: target.value as Order })}
        >
          {ORDERS.map((each) => (
            <option key={each} value={each}>
              {orderName(each)}
            </option>
          ))}
        </Select>
      </span>
      <span role="group" aria-label={words.layers} className="flex items-center gap-1.5">
        <LayerSelect
          label={words.from}
          value={first}
          layers={badges.layers}
          onChange={(layer) => showLayers(layer, Math.max(layer, last), badges.layers)}
        />
        <LayerSelect
          label={words.to}
          value={last}
          layers={badges.layers}
          onChange={(layer) => showLayers(Math.min(layer, first), layer, badges.layers)}
        />
      </span>
    </div>
  );
}

/** Shows the heads with this badge, those with the largest weight first; null shows all. */
const filterBy = (badge: Badge | null): void =>
  atlasSelection.setState({ badge, order: badge ?? "layer" });

const showLayers = (first: number, last: number, layers: number): void =>
  atlasSelection.setState({ layers: first === 0 && last === layers - 1 ? null : [first, last] });

interface ChipProps {
  label: string;
  title?: string;
  count: number;
  pressed: boolean;
  onPress: () => void;
}

function Chip({ label, title, count, pressed, onPress }: ChipProps) {
  return (
    <button
      type="button"
      aria-pressed={pressed}
      title={title}
      onClick={onPress}
      className="inline-flex h-6 cursor-pointer items-center gap-1.5 rounded-full border border-rule px-2 text-micro text-quiet transition-colors hover:text-ink aria-pressed:border-ink aria-pressed:bg-well aria-pressed:text-ink"
    >
      {`${label} `}
      <span className="figures">{count}</span>
    </button>
  );
}

interface LayerSelectProps {
  label: string;
  value: number;
  layers: number;
  onChange: (layer: number) => void;
}

function LayerSelect({ label, value, layers, onChange }: LayerSelectProps) {
  const id = useId();
  return (
    <>
      <label htmlFor={id}>{label}</label>
      <Select
        id={id}
        className="h-7 w-auto text-xs"
        value={value}
        onChange={({ target }) => onChange(Number(target.value))}
      >
        {Array.from({ length: layers }, (_, layer) => (
          <option key={layer} value={layer}>
            {layer}
          </option>
        ))}
      </Select>
    </>
  );
}
