/** Yields the same values, and lets the browser respond and draw between them. */
export async function* unhurried<T>(values: AsyncIterable<T>): AsyncGenerator<T, void> {
  for await (const value of values) {
    yield value;
    await new Promise((resolve) => setTimeout(resolve));
  }
}
