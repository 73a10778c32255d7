import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Prior } from '@tweedie/solvers'
import { vpLinear } from '@tweedie/solvers'
import { scope } from '@tweedie/tensor'
import { expect } from 'vitest'
import { runCli } from './cli.ts'
import type { Io } from './io.ts'

/** A folder for one test, removed by `using`. */
export function temporaryFolder(): { path: string } & Disposable {
  const path = mkdtempSync(join(tmpdir(), 'tweedie-cli-'))
  return { path, [Symbol.dispose]: () => rmSync(path, { recursive: true, force: true }) }
}

/** The prior N(0, 1) on every pixel: E[x₀ | x_t] = α x_t/(α² + σ²). No network, so tests are quick. */
export function whitePrior(shape: readonly number[] = [1, 28, 28]): Prior {
  const schedule = vpLinear()
  return {
    name: 'white',
    shape,
    schedule,
    denoise: (xt, t) =>
      scope(() => {
        const [alpha, sigma] = [schedule.alpha(t), schedule.sigma(t)]
        return xt.mul(alpha / (alpha ** 2 + sigma ** 2))
      }),
  }
}

/** What a command line did. */
export interface Ran {
  readonly code: number
  readonly out: string
  readonly err: string
}

/** Runs a command line in-process, in a folder, with the prior `white` there besides the shipped ones. */
export async function ran(cwd: string, argv: readonly string[], more: Partial<Io> = {}): Promise<Ran> {
  const written = { out: '', err: '' }
  const code = await runCli(argv, {
    cwd,
    out: (text) => void (written.out += text),
    err: (text) => void (written.err += text),
    terminal: undefined,
    color: false,
    signal: new AbortController().signal,
    priors: { white: async () => whitePrior(), colour: async () => whitePrior([3, 32, 32]) },
    ...more,
  })
  return { code, ...written }
}

/** Wrong use: code 2, one line on stderr that says why, nothing on stdout, nothing written. */
export function expectWrongUse(result: Ran, message: string | RegExp): void {
  expect(result.err).toMatch(message)
  expect(result.err).toMatch(/^tweedie: [^\n]*\n$/)
  expect(result).toMatchObject({ code: 2, out: '' })
}
