/**
 * Returns the absolute address of a resource of this site, such as `api/models`.
 *
 * The page is at the root of the site, which may be a subpath of its host, so addresses are
 * relative to the page.
 */
export const siteAddress = (path: string): string => new URL(path, document.baseURI).href;
