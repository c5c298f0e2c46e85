export const english = {
  label: "Depth",
  names: { look: "Look", explain: "Explain", measure: "Measure" },
  hints: {
    look: "In plain words",
    explain: "With the terms of the field",
    measure: "With units, hook points and formulas",
  },
} as const;
