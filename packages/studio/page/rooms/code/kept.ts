/** Edits of this browser's visitor: of each file the text as it is, and the one that it took the place of. */
export interface Kept {
  readonly text?: string
  readonly before?: string
}

const keyOf = (path: string): string => `tweedie-studio-code:${path}`

/** What is kept of a file; nothing where the browser keeps nothing. */
export function keptOf(path: string): Kept {
  try {
    const { text, before } = JSON.parse(localStorage.getItem(keyOf(path)) ?? '{}') as Kept
    return { ...(typeof text === 'string' && { text }), ...(typeof before === 'string' && { before }) }
  } catch {
    return {}
  }
}

/** Keeps an edit. Returns whether the browser does: a private window may not, and a link then has it. */
export function keep(path: string, kept: Kept): boolean {
  try {
    localStorage.setItem(keyOf(path), JSON.stringify(kept))
    return true
  } catch {
    return false
  }
}
