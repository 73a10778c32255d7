/** Characters that a text of an address may have, and bytes that it may unfold to: a method's file is a tenth of it. */
const most = { packed: 40_000, bytes: 200_000 } as const

async function through(bytes: Uint8Array<ArrayBuffer>, by: CompressionStream | DecompressionStream) {
  const stream = new Blob([bytes]).stream().pipeThrough(by)
  const parts: Uint8Array<ArrayBuffer>[] = []
  let total = 0
  for (const reader = stream.getReader(); ; ) {
    const { done, value } = await reader.read()
    if (done) break
    total += value.length
    if (total > most.bytes) throw new RangeError(`a text of more than ${most.bytes} bytes`)
    parts.push(value)
  }
  return new Uint8Array(await new Blob(parts).arrayBuffer())
}

/** A text as an address has it: deflated, in the letters that need no escape. */
export async function packed(text: string): Promise<string> {
  const bytes = await through(new TextEncoder().encode(text), new CompressionStream('deflate-raw'))
  const letters = Array.from(bytes, (byte) => String.fromCharCode(byte)).join('')
  return btoa(letters).replace(/[+/=]/g, (c) => (c === '+' ? '-' : c === '/' ? '_' : ''))
}

/** Whether a text may have been packed. */
export const isPacked = (text: string): boolean => text.length <= most.packed && /^[\w-]*$/.test(text)

/** The text that was packed; undefined where it was not, or is cut off. */
export async function unpacked(text: string): Promise<string | undefined> {
  if (text === '' || !isPacked(text)) return undefined
  try {
    const letters = atob(text.replace(/[-_]/g, (c) => (c === '-' ? '+' : '/')))
    const bytes = Uint8Array.from(letters, (c) => c.charCodeAt(0))
    const whole = await through(bytes, new DecompressionStream('deflate-raw'))
    return new TextDecoder('utf-8', { fatal: true }).decode(whole)
  } catch {
    return undefined
  }
}
