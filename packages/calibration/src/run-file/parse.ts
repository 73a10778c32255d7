import { OptionError } from '@tweedie/tensor'
import * as v from 'valibot'
import { count } from '../json.ts'
import { parseDescription } from '../problem/json.ts'
import type { RunFile } from './run-file.ts'

const hex = (digits: RegExp, what: string) => v.pipe(v.string(), v.regex(digits, `must be ${what}`))
const atLeastOne = v.pipe(count, v.minValue(1))

const bytes = v.optional(hex(/^([0-9a-f]{2})+$/, 'bytes in hexadecimal'))

const base = {
  tool: v.literal('tweedie'),
  format: v.literal(1),
  command: v.literal('run'),
  page: v.optional(v.string()),
  method: v.string(),
  samples: atLeastOne,
  seed: count,
  sha256: v.optional(hex(/^[0-9a-f]{64}$/, '64 digits of hexadecimal')),
}

const RunFileSchema = v.variant('kind', [
  v.strictObject({
    ...base,
    kind: v.literal('points'),
    problem: v.unknown(),
    population: v.boolean(),
    from: v.optional(v.strictObject({ step: atLeastOne, method: v.string(), seed: count })),
  }),
  v.strictObject({
    ...base,
    kind: v.literal('picture'),
    prior: v.string(),
    picture: v.strictObject({
      height: v.pipe(atLeastOne, v.maxValue(4096)),
      width: v.pipe(atLeastOne, v.maxValue(4096)),
      greys: bytes,
      colours: bytes,
    }),
    operator: v.string(),
    mask: v.optional(v.pipe(v.string(), v.regex(/^[01]+$/, 'must be of 0 and 1'))),
    noise: v.string(),
  }),
])

/** Why a file of another kind is no run of ours. */
function strange(value: unknown): string | undefined {
  if (typeof value !== 'object' || value === null || !('tool' in value) || value.tool !== 'tweedie')
    return 'is no run of tweedie'
  if ('command' in value && value.command !== 'run')
    return `is the record of a finished \`tweedie ${String(value.command)}\`; its command line is in argv`
  return undefined
}

/**
 * The run of a `run.json`.
 * @param name - Of the file, for messages.
 * @throws {OptionError} where it is none, naming the field and what fits.
 * @example
 * ```ts
 * import { parseRunFile } from '@tweedie/calibration'
 * let message = ''
 * try { parseRunFile('{"tool": "tweedie", "command": "restore"}', 'run.json') } catch (error) { message = String(error) }
 * message // => "OptionError: run.json: is the record of a finished `tweedie restore`; its command line is in argv"
 * ```
 */
export function parseRunFile(text: string, name: string): RunFile {
  const value = parseDescription(text, name)
  const why = strange(value)
  if (why !== undefined) throw new OptionError(name, why)
  const read = v.safeParse(RunFileSchema, value)
  if (!read.success) {
    const [issue] = read.issues
    throw new OptionError(name, `${v.getDotPath(issue) ?? 'it'}: ${issue.message}`)
  }
  const file = read.output
  if (file.kind === 'picture') {
    const { height, width, greys, colours } = file.picture
    if ((greys === undefined) === (colours === undefined))
      throw new OptionError(name, 'picture: must have greys or colours, and not both')
    for (const [field, length] of [
      ['picture.greys', greys && greys.length / 2],
      ['picture.colours', colours && colours.length / 6],
      ['mask', file.mask?.length],
    ] as const)
      if (length !== undefined && length !== height * width)
        throw new OptionError(name, `${field}: is of ${length} pixels, not ${height}×${width}`)
  } else if (file.population && file.from !== undefined)
    throw new OptionError(name, 'from: a run of weighted particles goes on from no other')
  return file
}
