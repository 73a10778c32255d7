/** What work in parts comes to. @throws the signal's reason, between two of them. */
export async function toItsEnd<P, T>(
  parts: Generator<P, T>,
  signal: AbortSignal | undefined,
  onPart: (part: P) => void = () => undefined,
): Promise<T> {
  for (;;) {
    // Lets signals through.
    await new Promise((resolve) => setTimeout(resolve, 0))
    signal?.throwIfAborted()
    const { done, value } = parts.next()
    if (done === true) return value
    onPart(value)
  }
}
