/** Whether a media query holds; false where the browser cannot answer. */
export const mediaMatches = (query: string): boolean => window.matchMedia?.(query).matches ?? false;
