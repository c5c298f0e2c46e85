/**
 * Several parts of the page keep what they hold in the address bar. Each names the parameters that
 * are its own; those of the others stay as they are.
 */
export function writeAddress(
  owns: (name: string) => boolean,
  parameters: Iterable<readonly [string, string]>,
): void {
  const others = [...readAddress()].filter(([name]) => !owns(name));
  const query = new URLSearchParams([...others, ...parameters].map(([...pair]) => pair)).toString();
  const { pathname, search, hash } = window.location;
  if (query === search.slice(1)) return;
  window.history.replaceState(null, "", `${pathname}${query && `?${query}`}${hash}`);
}

export const readAddress = (): URLSearchParams => new URLSearchParams(window.location.search);
