"use client";

import { Plus } from "lucide-react";
import { useState } from "react";
import { Button } from "@/components/ui/button";
import { Select } from "@/components/ui/input";
import { addScalar, MOST_LINES } from "./chosen";
import { layerName } from "./scalar-names";
import { axesOf, KINDS, type Kind, type Limits } from "./scalars";
import { words } from "./words";

interface TrendPickerProps {
  limits: Limits;
  /** The number of lines that are already chosen. */
  lines: number;
}

/** Selects for quantity, layer and head, and a button that adds the line. */
export function TrendPicker({ limits, lines }: TrendPickerProps) {
  const [kind, setKind] = useState<Kind>("mlp");
  const [layer, setLayer] = useState(0);
  const [head, setHead] = useState(0);
  const known = KINDS.filter((each) => axesOf(each).length === 0 || limits.layers > 0);
  const shown = known.includes(kind) ? kind : "rank";
  const axes = axesOf(shown);
  const rows = limits.layers + (shown === "resid" ? 1 : 0);
  const full = lines >= MOST_LINES;
  const at = Math.min(layer, Math.max(0, rows - 1));
  const submit = (event: React.FormEvent) => {
    event.preventDefault();
    addScalar({
      kind: shown,
      ...(axes.includes("layer") && { layer: at }),
      ...(axes.includes("head") && { head: Math.min(head, Math.max(0, limits.heads - 1)) }),
    });
  };
  return (
    <form data-export="skip" onSubmit={submit}>
      <div
        role="group"
        aria-label={words.addLabel}
        className="mb-2 flex flex-wrap items-center gap-1.5"
      >
        <Select
          aria-label={words.quantity}
          className="h-7 w-auto min-w-0 max-w-36 text-xs"
          value={shown}
          onChange={(event) => setKind(event.target.value as Kind)}
        >
          {known.map((each) => (
            <option key={each} value={each}>
              {words.kinds[each].name}
            </option>
          ))}
        </Select>
        {axes.includes("layer") && (
          <Numbers
            label={words.layer}
            value={at}
            count={rows}
            name={(n) => layerName(shown, n, limits)}
            onChange={setLayer}
          />
        )}
        {axes.includes("head") && (
          <Numbers label={words.head} value={head} count={limits.heads} onChange={setHead} />
        )}
        <Button type="submit" disabled={full} className="h-7 gap-1 px-2 text-xs">
          <Plus size={13} aria-hidden />
          {words.add}
        </Button>
        {full && <span className="text-micro text-quiet">{words.full}</span>}
      </div>
    </form>
  );
}

interface NumbersProps {
  label: string;
  value: number;
  count: number;
  name?: (value: number) => string;
  onChange: (value: number) => void;
}

function Numbers({ label, value, count, name = String, onChange }: NumbersProps) {
  return (
    <span className="flex items-center gap-1 text-micro text-quiet">
      <span aria-hidden>{label.toLowerCase()}</span>
      <Select
        aria-label={label}
        className="figures h-7 w-auto text-ink text-xs"
        value={Math.min(value, Math.max(0, count - 1))}
        onChange={(event) => onChange(Number(event.target.value))}
      >
        {Array.from({ length: count }, (_, n) => (
          <option key={n} value={n}>
            {name(n)}
          </option>
        ))}
      </Select>
    </span>
  );
}
