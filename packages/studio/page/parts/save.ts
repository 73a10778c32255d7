/** Gives the visitor a file. */
export function saveFile(name: string, content: BlobPart, type: string): void {
  const address = URL.createObjectURL(new Blob([content], { type }))
  const link = document.createElement('a')
  link.href = address
  link.download = name
  link.click()
  setTimeout(() => URL.revokeObjectURL(address), 10_000)
}

/** The SHA-256 of numbers as they lie in memory, in hexadecimal; undefined where the page was not served securely. */
export async function fingerprint(numbers: Float32Array<ArrayBuffer>): Promise<string | undefined> {
  if (globalThis.crypto?.subtle === undefined) return undefined
  const hash = new Uint8Array(await crypto.subtle.digest('SHA-256', numbers))
  return Array.from(hash, (byte) => byte.toString(16).padStart(2, '0')).join('')
}
