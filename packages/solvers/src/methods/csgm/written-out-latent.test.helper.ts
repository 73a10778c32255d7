// x = R(z) by DDIM with η = 0 and the way back through it, in plain numbers, on the network of the written-out tests.
import type { TimePair } from '../../schedules/index.ts'
import type { Levels, Vector } from '../written-out.test.helper.ts'
import { evaluate, plus, pullBack } from '../written-out.test.helper.ts'
import { network } from '../written-out-problem.test.helper.ts'

export interface Latent {
  readonly levels: Levels
  readonly times: readonly TimePair[]
  readonly clip?: readonly [number, number]
  /** No gradient through the network: every ε a constant. */
  readonly detach?: boolean
}

/** R(z), and v ↦ (∂R/∂z)ᵀv. */
export function generated({ levels, times, clip, detach = false }: Latent, z: Vector) {
  const { alpha, sigma } = levels
  const [low, high] = clip ?? [-Infinity, Infinity]
  const scale = Math.hypot(alpha(times[0]!.t), sigma(times[0]!.t))
  let x: number[] = z.map((v) => scale * v)
  const steps = times.map(({ t, s }) => {
    const before = x
    const raw = evaluate(network, before, t)
    const cut = raw.map((v) => !(v > low && v < high))
    const x0 = raw.map((v) => Math.min(Math.max(v, low), high))
    const epsilon = before.map((v, i) => (v - alpha(t) * x0[i]!) / sigma(t))
    x = x0.map((v, i) => alpha(s) * v + sigma(s) * epsilon[i]!)
    return { before, cut, t, s }
  })
  const back = (v: Vector): number[] => {
    let flow = [...v]
    for (const { before, cut, t, s } of [...steps].reverse()) {
      const ratio = sigma(s) / sigma(t)
      if (detach) {
        flow = flow.map((f, i) => f * (cut[i] ? ratio : alpha(s) / alpha(t)))
        continue
      }
      const into = flow.map((f, i) => (cut[i] ? 0 : (alpha(s) - alpha(t) * ratio) * f))
      flow = plus([ratio, flow], [1, pullBack(network, before, t, into)])
    }
    return flow.map((f) => scale * f)
  }
  return { x, back }
}
