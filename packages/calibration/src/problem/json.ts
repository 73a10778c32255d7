import { OptionError } from '@tweedie/tensor'

/** Lists and objects inside each other; a description needs five. */
const deepest = 16

const token = /"(?:[^"\\]|\\.)*"|[{}[\],:]/g

/**
 * The value of a text of JSON, which may not give a key twice (the first would be dropped without a word) or nest deeper
 * than a description does.
 * @param what - What the text is, for messages.
 * @throws {OptionError} saying what is wrong.
 * @example
 * ```ts
 * import { parseDescription } from '@tweedie/calibration'
 * let message = ''
 * try { parseDescription('{ "noise": 0.1, "noise": 0.2 }', 'P.json') } catch (error) { message = String(error) }
 * message // => "OptionError: P.json: has the key 'noise' twice in one object"
 * ```
 */
export function parseDescription(text: string, what: string): unknown {
  let value: unknown
  try {
    value = JSON.parse(text.replace(/^\uFEFF/, ''))
  } catch (error) {
    throw new OptionError(what, `is no JSON: ${error instanceof Error ? error.message : String(error)}`)
  }
  checkKeys(text, what)
  return value
}

/** Of a text that is JSON. */
function checkKeys(text: string, what: string): void {
  const seen: (Set<string> | undefined)[] = []
  let last = ''
  for (const [found] of text.matchAll(token)) {
    if (found === '{' || found === '[') {
      if (seen.push(found === '{' ? new Set() : undefined) > deepest)
        throw new OptionError(what, `nests deeper than ${deepest} levels`)
    } else if (found === '}' || found === ']') seen.pop()
    else if (found === ':') {
      const key: unknown = JSON.parse(last)
      const keys = seen.at(-1)
      if (typeof key !== 'string' || keys === undefined) continue
      if (keys.has(key)) throw new OptionError(what, `has the key '${key}' twice in one object`)
      keys.add(key)
    }
    last = found
  }
}
