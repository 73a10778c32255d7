import { OptionError } from '@tweedie/tensor'
import type { Network } from '@tweedie/unet'
import { predictor } from '@tweedie/unet'
import { dpsJobs } from './dps.ts'
import type { Job } from './job.ts'
import { kernelJobs } from './kernels.ts'
import type { Predict } from './networks.ts'
import { admPredict, digitsShape, givenAdm, networkJobs } from './networks.ts'

// What is measured on a graphics processor. Runs in Node and in a page.

/** The shipped network on a device, as Node or a page reads it. */
export type ReadDigits = (device: string) => Promise<Network>

/** Which jobs are meant. */
export interface Which {
  /** Only those whose name has this in it. */
  readonly filter: string
  /** Only what a renderer on the processor gets through, and two steps of DPS. */
  readonly few?: boolean
}

/**
 * Kernels, two networks, a method.
 * @throws {OptionError} where none is meant.
 */
export function chosenJobs(digits: ReadDigits, { filter, few = false }: Which): readonly Job[] {
  const predict = async (device: string): Promise<Predict> => predictor(await digits(device))
  const jobs = [
    ...kernelJobs,
    ...networkJobs('digits prior @28²', [1, ...digitsShape], predict, { few: true, recorded: true }),
    ...networkJobs('digits prior ×32 @28²', [32, ...digitsShape], predict),
    ...networkJobs('ADM U-Net 64·(1,2,2) @32²', [1, 3, 32, 32], admPredict, {
      recorded: true,
      given: givenAdm,
    }),
    ...dpsJobs(predict, few ? 2 : 10),
  ]
  const chosen = jobs.filter((job) => (job.few || !few) && job.name.includes(filter))
  if (chosen.length === 0) throw new OptionError('--filter', `no job has '${filter}' in its name`)
  return chosen
}
