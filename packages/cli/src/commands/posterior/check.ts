import type { Check, PosedProblem, Suite } from '@tweedie/calibration'
import { checkCalibration, findSuite } from '@tweedie/calibration'
import { OptionError } from '@tweedie/tensor'
import type { DeviceOptions } from '../../device.ts'
import { NotCalibratedError } from '../../errors.ts'
import type { Io } from '../../io.ts'
import { naming } from '../../resolve.ts'
import { withProgress } from '../../terminal/progress.ts'
import { formatTable } from '../../terminal/table.ts'
import type { DrawerOptions } from './drawer.ts'
import { drawerOf } from './drawer.ts'

/** The options of `tweedie posterior --check`, defaults filled in. */
export interface CheckPosteriorOptions extends DrawerOptions, DeviceOptions {
  readonly suite: string
  readonly problems?: readonly string[]
  readonly seeds: number
  readonly samples: number
  readonly json?: boolean
}

/** Problems of a suite by name; the first of its quick extent where none is named. */
export function problemsOf(suite: Suite, names: readonly string[] | undefined): readonly PosedProblem[] {
  const wanted = names ?? (suite.quick.problems ?? suite.problems.map(({ name }) => name)).slice(0, 1)
  return wanted.map((name) => {
    const found = suite.problems.find((problem) => problem.name === name)
    if (found !== undefined) return found
    const all = suite.problems.map((problem) => problem.name).join('; ')
    throw new OptionError('--problems', `${suite.name} has no '${name}'; it has ${all}`)
  })
}

/**
 * Checks a method's calibration on a suite, and prints what was found.
 * @throws {NotCalibratedError} where its samples are not as draws of the posteriors.
 */
export async function checkPosterior(io: Io, options: CheckPosteriorOptions): Promise<void> {
  const { suite: name, seeds, samples, json } = options
  const suite = await naming('--suite', 'suite', () => findSuite(name))
  const problems = problemsOf(suite, options.problems)
  const drawer = await drawerOf(io, options)
  const checks = await withProgress(io, { quiet: json === true }, (onProgress) =>
    checkCalibration({
      ...{ suite, problems, seeds, samples, signal: io.signal, onProgress },
      ...(drawer.method && { method: drawer.method, settings: drawer.given }),
    }),
  )
  const facts = { tool: 'tweedie', method: drawer.words, suite: name, seeds, samples, checks }
  io.out(json === true ? `${JSON.stringify(facts, null, 2)}\n` : checksText(io, drawer.words, checks))
  const broken = checks.filter(({ holds }) => !holds).length
  if (broken > 0) throw new NotCalibratedError(drawer.words, broken, checks.length)
}

const checksText = (io: Io, words: string, checks: readonly Check[]): string =>
  checks
    .map(({ problem, findings, says }) => {
      const table = formatTable(
        findings,
        [
          {
            title: '',
            value: ({ holds }) => (holds ? '✓' : '✗'),
            tint: ({ holds }, c) => (holds ? c.green : c.red),
          },
          { title: problem, value: ({ metric }) => metric },
          { title: 'found', least: 20, value: (finding) => finding.says },
        ],
        io,
      )
      return `${findings.length === 0 ? '' : `${table}\n`}${words} on ${problem}: ${says}.\n`
    })
    .join('\n')
