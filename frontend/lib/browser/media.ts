/** Returns whether a media query matches; false if the browser has no `matchMedia`. */
export const mediaMatches = (query: string): boolean => window.matchMedia?.(query).matches ?? false;
