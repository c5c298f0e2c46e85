/** How many characters two texts have in common at their beginning. */
export function commonLength(one: string, other: string): number {
  const longest = Math.min(one.length, other.length);
  let length = 0;
  while (length < longest && one[length] === other[length]) length++;
  return length;
}
