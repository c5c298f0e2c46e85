/** Focuses the panel at this index, or the last panel if there are fewer. */
export function focusPanelAt(place: number): void {
  requestAnimationFrame(() => {
    const grips = document.querySelectorAll<HTMLElement>("[data-grip]");
    (grips[place] ?? grips[grips.length - 1])?.focus();
  });
}
