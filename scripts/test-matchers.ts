// `toMatchObject` compares the own keys of what is expected: a regular expression, an empty object or an ArrayBuffer
// inside it has none, and so agrees with anything. Such an expectation fails here, whatever was found.
import { chai } from 'vitest'

/** Where something without keys of its own stands in an expected object, or undefined. */
function vacuous(expected: unknown, path = 'expected'): string | undefined {
  if (typeof expected !== 'object' || expected === null || 'asymmetricMatch' in expected) return undefined
  const compared = Array.isArray(expected) || expected instanceof Map || expected instanceof Set
  if (compared || expected instanceof Date || expected instanceof Error || ArrayBuffer.isView(expected)) {
    return Array.isArray(expected) ? firstOf(expected, path) : undefined
  }
  return Object.keys(expected).length === 0 ? path : firstOf(expected, path)
}

const firstOf = (expected: object, path: string): string | undefined =>
  Object.entries(expected)
    .map(([key, value]) => vacuous(value, `${path}.${key}`))
    .find((found) => found !== undefined)

chai.use(({ Assertion }, { overwriteMethod }) => {
  overwriteMethod(Assertion.prototype, 'toMatchObject', (matches: (expected: unknown) => void) => {
    return function (this: object, expected: unknown) {
      const path = vacuous(expected)
      if (path !== undefined)
        throw new TypeError(
          `toMatchObject: anything agrees with ${path}; write expect.stringMatching(…) or compare it by toEqual`,
        )
      return matches.call(this, expected)
    }
  })
})
