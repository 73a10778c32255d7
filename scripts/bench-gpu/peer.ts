import { spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { TweedieError } from '@tweedie/tensor'
import { encodeSafetensors } from '@tweedie/unet'
import type { Arrays, Failure, Job } from './job.ts'
import type { Summary } from './summary.ts'

// PyTorch on the same jobs: peer.py, or what it has written.

/** A row of peer.py. */
export interface PeerRow {
  readonly name: string
  readonly firstMs: number
  readonly ms: Summary
  /** With products and convolutions in TF32, on a card. */
  readonly tf32Ms?: Summary
  /** Greatest difference from our result over the greatest magnitude, where that was handed over. */
  readonly error?: number
}

export interface PeerResults {
  readonly format: 'tweedie bench gpu peer 1'
  readonly date: string
  readonly host: string
  readonly device: string
  readonly rows: readonly PeerRow[]
  /** Jobs that have no row, and why. */
  readonly failed: readonly Failure[]
}

/** @throws {TweedieError} where a file holds something else. */
export function readPeer(file: string): PeerResults {
  const found = JSON.parse(readFileSync(file, 'utf8')) as PeerResults
  if (found.format !== 'tweedie bench gpu peer 1')
    throw new TweedieError(`${file}: not written by scripts/bench-gpu/peer.py`)
  return found
}

/** Inputs of a job, and what they make on `wasm`. */
async function given(job: Job): Promise<Arrays> {
  if (job.given === undefined) return {}
  const results = await (await job.prepare('wasm')).run()
  const made = results.map((x, i) => {
    const values = Float32Array.from(x.dataSync())
    x.dispose()
    return [`${job.name} → ${i}`, { shape: x.shape, values }] as const
  })
  return { ...(await job.given()), ...Object.fromEntries(made) }
}

/** What is handed to peer.py. */
export interface Given extends Disposable {
  readonly folder: string
  /** Of the jobs that a peer has too. */
  readonly names: readonly string[]
}

/** Writes inputs and our results of jobs for peer.py; recorded programs are left out. */
export async function givenTo(all: readonly Job[]): Promise<Given> {
  const jobs = all.filter((job) => job.given !== undefined)
  const arrays: Record<string, Arrays[string]> = {}
  for (const job of jobs) Object.assign(arrays, await given(job))
  const folder = mkdtempSync(join(tmpdir(), 'tweedie-bench-gpu-'))
  writeFileSync(join(folder, 'given.safetensors'), encodeSafetensors(arrays))
  return {
    folder,
    names: jobs.map(({ name }) => name),
    [Symbol.dispose]: () => rmSync(folder, { recursive: true, force: true }),
  }
}

/** How peer.py is run. */
export interface TorchOptions {
  /** A python3 with torch and safetensors. */
  readonly python: string
  readonly device: string
  /** Least time of each job. */
  readonly seconds: number
}

/**
 * Runs peer.py on what is given; a job whose results are not ours has no row.
 * @throws {TweedieError} where it cannot run, with the last line that it said.
 */
export function runTorch({ folder, names }: Given, { python, device, seconds }: TorchOptions): PeerResults {
  const [script, out] = [join(import.meta.dirname, 'peer.py'), join(folder, 'peer.json')]
  const files = ['--given', join(folder, 'given.safetensors'), '--out', out]
  const how = ['--device', device, '--seconds', `${seconds}`, '--only', JSON.stringify(names)]
  const { status, stderr, error } = spawnSync(python, ['-B', script, ...how, ...files], {
    encoding: 'utf8',
    stdio: ['ignore', 'ignore', 'pipe'],
  })
  if (status === 0) return readPeer(out)
  const why = error?.message ?? stderr.trim().split('\n').at(-1)
  throw new TweedieError(`PyTorch (${python}): ${why}`)
}
