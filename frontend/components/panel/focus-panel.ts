/** The keyboard goes on at the panel that now has this place; at the last where there is none. */
export function focusPanelAt(place: number): void {
  requestAnimationFrame(() => {
    const grips = document.querySelectorAll<HTMLElement>("[data-grip]");
    (grips[place] ?? grips[grips.length - 1])?.focus();
  });
}
