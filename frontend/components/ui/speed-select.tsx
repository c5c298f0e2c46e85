interface SpeedSelectProps {
  label: string;
  speeds: readonly number[];
  value: number;
  /** Formats a speed. */
  format: (speed: number) => string;
  onChange: (speed: number) => void;
}

/** Selects the speed of a player. */
export function SpeedSelect({ label, speeds, value, format, onChange }: SpeedSelectProps) {
  return (
    <select
      aria-label={label}
      title={label}
      value={value}
      onChange={(event) => onChange(Number(event.target.value))}
      className="figures h-8 cursor-pointer rounded-md bg-transparent px-1 text-quiet text-xs hover:bg-well hover:text-ink"
    >
      {speeds.map((each) => (
        <option key={each} value={each}>
          {format(each)}
        </option>
      ))}
    </select>
  );
}
