/**
 * The absolute address of something that this site serves, such as `api/models`.
 *
 * The page is at the root of the site, which may be a folder of its host: what is served next to
 * the page has an address relative to it.
 */
export const siteAddress = (path: string): string => new URL(path, document.baseURI).href;
