import type { ValueBudget } from './budget.ts'
import { deepest } from './budget.ts'
import type { Fail } from './fail.ts'

/** A key that an object has twice; `depth` 1 is the outermost object. */
export interface TwiceNamed {
  readonly key: string
  readonly depth: number
}

const [quote, backslash, comma, open, close, openList, closeList] = [...'"\\,{}[]'].map((c) =>
  c.charCodeAt(0),
)

/**
 * Goes over a JSON text before it is parsed: draws the memory that its values will take, and finds the first
 * key that an object has twice, however it is escaped (of which parsing would keep the last and say nothing).
 * Whether it is JSON at all is for the parser to say.
 */
export function scanJson(bytes: Uint8Array, budget: ValueBudget, fail: Fail): TwiceNamed | undefined {
  const keys: (Set<string> | undefined)[] = []
  let twice: TwiceNamed | undefined
  let beforeKey = false
  for (let at = 0; at < bytes.length; at++) {
    const c = bytes[at]!
    if (c === quote) {
      const end = endOfString(bytes, at + 1)
      budget.values(end - at)
      const seen = keys.at(-1)
      if (beforeKey && seen !== undefined && twice === undefined) {
        if (keys.length === 1) budget.values(192 + 2 * (end - at))
        const key = textOf(bytes.subarray(at, end + 1))
        if (seen.has(key)) twice = { key, depth: keys.length }
        seen.add(key)
      }
      beforeKey = false
      at = end
    } else if (c === open || c === openList) {
      budget.values(c === open ? 64 : 48)
      keys.push(c === open ? new Set() : undefined)
      if (keys.length > deepest) fail(`the header nests deeper than ${deepest} levels`)
      beforeKey = c === open
    } else if (c === close || c === closeList) {
      keys.pop()
    } else if (c === comma) {
      budget.values(8)
      beforeKey = true
    }
  }
  return twice
}

/** Where the closing quote is. */
function endOfString(bytes: Uint8Array, start: number): number {
  let at = start
  while (at < bytes.length && bytes[at] !== quote) at += bytes[at] === backslash ? 2 : 1
  return at
}

const decoder = new TextDecoder('utf-8', { ignoreBOM: true })

/** What a string says, quotes included; itself where it is no JSON. */
function textOf(bytes: Uint8Array): string {
  const text = decoder.decode(bytes)
  if (!bytes.includes(backslash!)) return text.slice(1, -1)
  try {
    return JSON.parse(text) as string
  } catch {
    return text
  }
}
