export const english = {
  list: (count: number) =>
    count === 1
      ? "Definition of the term in this part"
      : `Definitions of ${count} terms in this part`,
  short: "Definitions",
  place: (place: number, of: number) => `${place} of ${of}`,
  keys: "Arrow keys: next term. Enter: glossary. Escape: close.",
  said: (term: string, text: string) => `${term}: ${text}`,
} as const;
