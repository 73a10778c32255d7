import type { Shape, Tensor } from '@tweedie/tensor'
import { fromData, normal, randomKey, record, scope } from '@tweedie/tensor'
import type { AdmConfig } from '@tweedie/unet'
import { admConfig, admForward, initAdm } from '@tweedie/unet'
import type { Arrays, Job, Work } from './job.ts'
import { givenInputs, hostArray, placed } from './job.ts'
import { withVjp } from './kernels.ts'

export type Predict = (x: Tensor, t: number) => Tensor

export const digitsShape = [1, 28, 28] as const

/** The time at which networks are asked. */
const time = 500

interface NetworkOptions {
  readonly few?: boolean
  /** Also through `record`. */
  readonly recorded?: boolean
  /** Parameters by name, where they are not shipped. */
  readonly given?: () => Arrays
}

/** A network on pictures, and its gradient in them. */
export function networkJobs(
  name: string,
  shape: Shape,
  make: (device: string) => Promise<Predict>,
  { few = false, recorded = false, given = () => ({}) }: NetworkOptions = {},
): readonly Job[] {
  const forward = (predict: Predict) => (x: Tensor) => predict(x, time)
  const runs = [
    [`${name} forward`, (predict: Predict) => (x: Tensor) => [scope(() => forward(predict)(x))]],
    [`${name} forward + VJP`, (predict: Predict) => (x: Tensor) => withVjp(forward(predict), [x])],
  ] as const
  const on = async (device: string) =>
    [await make(device), placed(givenInputs(name, [shape])[`${name} 0`]!, device)] as const
  return runs.flatMap(([run, of]) => {
    const eager = async (device: string): Promise<Work> => {
      const [predict, x] = await on(device)
      return { run: () => of(predict)(x) }
    }
    const job: Job = {
      ...{ name: run, few, prepare: eager },
      given: async () => ({ ...givenInputs(name, [shape]), ...given() }),
    }
    const program: Job = {
      ...{ name: `${run}, recorded`, few, truth: eager },
      prepare: async (device) => {
        const [predict, x] = await on(device)
        const recording = await record(of(predict), x)
        const { executor, reason, launches } = recording.info
        return {
          ...{ launches, executor: reason === undefined ? executor : `${executor}: ${reason}` },
          run: () => recording.run(x),
          free: () => recording.dispose(),
        }
      },
    }
    return recorded ? [job, program] : [job]
  })
}

/** 64 channels, multipliers (1, 2, 2), two blocks per level, attention at 16² and 8² with heads of 64. */
const adm: AdmConfig = admConfig({
  ...{ imageSize: 32, modelChannels: 64, channelMult: [1, 2, 2], numResBlocks: 2 },
  ...{ attentionResolutions: [2, 4], numHeadChannels: 64, useScaleShiftNorm: true },
})

/** Fresh parameters plus noise, as the last layers of fresh ones are 0. */
export function givenAdm(): Arrays {
  const key = randomKey(7)
  return Object.fromEntries(
    Object.entries(initAdm(adm, key, { device: 'wasm' })).map(([name, start]) => {
      const noise = () => normal(key.fold(name), start.shape, { device: 'wasm' })
      return [`adm/${name}`, hostArray(() => start.add(noise().mul(0.02)))]
    }),
  )
}

export async function admPredict(device: string): Promise<Predict> {
  const params = Object.fromEntries(
    Object.entries(givenAdm()).map(([name, array]) => [name.slice('adm/'.length), placed(array, device)]),
  )
  return (x, t) => admForward(params, adm, x, fromData([t], [1], { device }))
}
