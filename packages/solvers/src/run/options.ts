import { choice, type Given, integer, object } from '../options/index.ts'
import type { Spacing } from '../schedules/respace.ts'
import { spacings } from '../schedules/respace.ts'
import type { Checkpoint } from '../types.ts'

const isCheckpoint = (value: unknown): value is Checkpoint =>
  typeof value === 'object' && value !== null && 'next' in value && 'state' in value

/** The options of every run, with the number of steps and the grid that a method has by default. */
export const runSpecs = (steps: number, spacing: Spacing) => ({
  steps: integer('number of steps; some grids take more or fewer', { default: steps, min: 1 }),
  /** Sample i of a batch draws from streams of its own. */
  seed: integer('seed of all randomness', { default: 0, min: 0 }),
  /** A batch of k equals k single runs numbered alike, bit for bit. */
  firstSample: integer("number of the batch's first sample", { default: 0, min: 0 }),
  /** Given the same options, the run goes on bit for bit from what step `next − 1` showed. */
  resume: object('state and index of the step to continue from', '{ next, state }', isCheckpoint),
  /** `respace` has the formulas. */
  spacing: choice(
    'grid of the times: leading, trailing, linspace as diffusers; ddim, ddim-quadratic as DDIM and DDRM; ' +
      'guided, guided-ddim as guided-diffusion and DPS; diffpir; quadratic; karras as EDM; log-snr as DPM-Solver',
    spacings,
    spacing,
  ),
})

/** See {@link runSpecs}. */
export type RunSpecs = ReturnType<typeof runSpecs>

/** Options that every method takes. */
export type RunOptions = Given<RunSpecs>
