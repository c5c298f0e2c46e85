/** Returns the position of the token whose chip contains an element, or null. */
export function placeOf(target: EventTarget): number | null {
  const chip = (target as Element).closest<HTMLElement>("[data-place]");
  return chip ? Number(chip.dataset.place) : null;
}

/** Returns the position to which a key moves among `count` tokens, or null for other keys. */
export function nextPlace(key: string, place: number, count: number): number | null {
  const moves: Record<string, number> = {
    ArrowLeft: place - 1,
    ArrowRight: place + 1,
    Home: 0,
    End: count - 1,
  };
  const next = moves[key];
  return next === undefined ? null : Math.max(0, Math.min(count - 1, next));
}
