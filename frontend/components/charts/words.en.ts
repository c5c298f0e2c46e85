export const english = {
  layers: (first: number, last: number) =>
    first === last ? `layer ${first}` : `layers ${first}–${last}`,
} as const;
