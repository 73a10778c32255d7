import { spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { TweedieError } from '@tweedie/tensor'
import { encodeSafetensors } from '@tweedie/unet'
import type { Arrays, Job } from './job.ts'
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

/** How peer.py is run. */
export interface TorchOptions {
  /** A python3 with torch and safetensors. */
  readonly python: string
  readonly device: string
  /** Least time of each job. */
  readonly seconds: number
}

/**
 * Runs peer.py on the jobs, on the same inputs; it refuses results that are not ours. Recorded programs are left out.
 * @throws {TweedieError} where it fails, with the last line that it said.
 */
export async function runTorch(
  all: readonly Job[],
  { python, device, seconds }: TorchOptions,
): Promise<PeerResults> {
  const jobs = all.filter((job) => job.given !== undefined)
  const folder = mkdtempSync(join(tmpdir(), 'tweedie-bench-gpu-'))
  try {
    const arrays: Record<string, Arrays[string]> = {}
    for (const job of jobs) Object.assign(arrays, await given(job))
    writeFileSync(join(folder, 'given.safetensors'), encodeSafetensors(arrays))
    const names = JSON.stringify(jobs.map(({ name }) => name))
    const where = ['--given', join(folder, 'given.safetensors'), '--out', join(folder, 'peer.json')]
    const how = ['--device', device, '--seconds', `${seconds}`, '--only', names]
    const script = join(import.meta.dirname, 'peer.py')
    const { status, stderr, error } = spawnSync(python, ['-B', script, ...how, ...where], {
      encoding: 'utf8',
      stdio: ['ignore', 'ignore', 'pipe'],
    })
    if (status !== 0) {
      const why = error?.message ?? stderr.trim().split('\n').at(-1)
      throw new TweedieError(`PyTorch (${python}): ${why}`)
    }
    return readPeer(join(folder, 'peer.json'))
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}
