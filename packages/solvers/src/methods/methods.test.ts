import type { Tensor } from '@tweedie/tensor'
import {
  memory,
  normal,
  OptionError,
  randomKey,
  ShapeError,
  setDefaultDevice,
  sizeOf,
  tensor,
} from '@tweedie/tensor'
import { describe, expect, it } from 'vitest'
import { askedPrior, denoisingBy } from '../laws/asked-prior.ts'
import { methodLaws } from '../laws/index.ts'
import { askedOf } from '../laws/method.ts'
import { gaussianNoise } from '../noise/index.ts'
import { matrixOperator, unknownGain } from '../operators/index.ts'
import { countCalls, gaussianMixturePrior, isLatent } from '../priors/index.ts'
import type { RunOptions } from '../run/index.ts'
import { run } from '../run/index.ts'
import type { Need, Problem } from '../types.ts'
import { checkFit, dps, methods, takesNonlinear, takesUnknown, UnfitError } from './index.ts'
import { known } from './known/known.test.helper.ts'

const means = [
  [-1, 0.5, 0, 1],
  [1, 0, 0.5, -1],
  [0, 0, 0, 0],
]
const pictures = gaussianMixturePrior({ weights: [1, 2, 1], means, covariances: 0.2, shape: [1, 2, 2] })
const mixing = matrixOperator(
  tensor([
    [1, 0.3, 0, 0.2],
    [0, 0.5, 0.5, 0],
  ]),
  { inShape: [1, 2, 2] },
)
const orthonormal = matrixOperator(
  tensor([
    [0.8, 0.6, 0, 0],
    [0, 0, 0, 1],
  ]),
  { inShape: [1, 2, 2] },
)
const keys = [0, 1, 2, 3].map((i) => randomKey(40 + i))
const yAll = normal(keys, [2])
const mixed = (rows: readonly number[]): Problem => ({
  operator: mixing,
  noise: gaussianNoise(0.1),
  y: tensor(rows.map((i) => Array.from(yAll.slice(i).dataSync()))),
})

describe.each(methods.names)('%s', (name) => {
  const method = methods.find(name)
  const { info } = method
  const options: RunOptions = { steps: 10, seed: 9, ...known[name]?.small }
  const { path = (grid: number) => grid, iterations = false } = { ...known[name] }
  const prior = askedPrior(info.needs, pictures)
  const operator = info.needs.includes('orthonormal') ? orthonormal : mixing
  const asked = askedOf(info.needs, operator)
  const problem = (rows: readonly number[]): Problem => ({ ...mixed(rows), operator: asked })
  /** What becomes of x at the end. */
  const pictureOf = (x: Tensor): Tensor => {
    if (!isLatent(prior)) return x
    const { stages, decode } = prior.autoencoder
    return info.needs.includes('stages') ? (stages?.at(-1)?.decode(x) ?? x) : decode(x)
  }
  const restore = async (rows: readonly number[], more: RunOptions = {}) => {
    const x = await run(method.run(problem(rows), prior, { ...options, ...more }))
    const data = Array.from(x.dataSync())
    x.dispose()
    return data
  }

  for (const { name: law, holds } of methodLaws(method, { settings: known[name]?.small ?? {} }))
    it(law, holds)

  it('goes on from its end, and not from beyond it', async () => {
    const x = tensor([[1, 2, 3, 4].slice(0, sizeOf(prior.shape))]).reshape([1, ...prior.shape])
    const done = { next: path(10), state: { x } }
    expect(await restore([0], { resume: done })).toEqual(Array.from(pictureOf(x).dataSync()))
    const beyond = method.run(problem([0]), prior, { ...options, resume: { ...done, next: path(10) + 1 } })
    await expect(beyond.next()).rejects.toThrow(OptionError)
  })

  it('says in its steps how many there are, where its grid takes more than were asked for', async () => {
    const counted = countCalls(prior)
    const steps = { ...options, steps: 30, spacing: 'ddim' }
    const said = new Set<number>()
    for await (const step of method.run(problem([0]), counted, steps)) said.add(step.steps)
    const more = path(iterations ? 30 : 31)
    expect([...said]).toEqual([more])
    expect(counted.calls.total).toBe(info.evaluations(more, options))
  })

  it('in float64 it gives what it gives in float32, but for rounding, on the reference device as on wasm', async () => {
    const p = problem([0])
    const x = await run(method.run({ ...p, y: p.y.cast('float64') }, prior, options))
    expect(x.dtype).toBe('float64')
    const single = await restore([0])
    x.dataSync().forEach((v, i) => expect(v).toBeCloseTo(single[i]!, 2))
    // wasm has kernels of float32 alone; its float64 is the reference's own loops.
    const former = setDefaultDevice('reference')
    try {
      const y = tensor([Array.from(p.y.dataSync())], { dtype: 'float64' })
      const plain = await run(method.run({ ...p, y }, askedPrior(info.needs, pictures), options))
      expect([plain.dtype, plain.device.name]).toEqual(['float64', 'reference'])
      expect(Array.from(plain.dataSync())).toEqual(Array.from(x.dataSync()))
    } finally {
      setDefaultDevice(former)
    }
  })

  // A single tensor that one step of the 200 keeps is one too many.
  it('holds no more tensors after 200 steps than after one, and none after the end', async () => {
    await restore([0, 1], { steps: 1 })
    const p = problem([0, 1])
    const before = memory().tensors
    const counts: number[] = []
    const x = await run(method.run(p, prior, { ...options, steps: 200 }), {
      onStep: () => void counts.push(memory().tensors),
    })
    expect(counts.length).toBe(path(200))
    expect(Math.max(...counts)).toBe(counts[0])
    // Two optimisers, a picture and an unknown, and what is shown of them, are the most.
    expect(counts[0]! - before).toBeLessThan(13)
    x.dispose()
    // At most: the collector may have taken what earlier tests left.
    expect(memory().tensors).toBeLessThanOrEqual(before)
  })

  it('frees everything where it is stopped, or fails', async () => {
    await restore([0], { steps: 1 })
    const p = problem([0])
    const before = memory().tensors
    for await (const { i } of method.run(p, prior, options)) if (i === 3) break
    const controller = new AbortController()
    const stopped = run(method.run(p, prior, options), {
      signal: controller.signal,
      onStep: () => controller.abort(),
    })
    await expect(stopped).rejects.toThrow('abort')
    const broken = denoisingBy(prior, () => {
      throw new Error('broken')
    })
    await expect(run(method.run(p, broken, options))).rejects.toThrow('broken')
    expect(memory().tensors).toBeLessThanOrEqual(before)
  })

  it('refuses unfit problems and options before any work', () => {
    const p = problem([0])
    const { adjoint, svd, pinv, ...nonlinear } = operator
    const { svd: _, ...withoutSvd } = operator
    const { pinv: __, ...withoutPinv } = operator
    const { sigma, ...withoutSigma } = p.noise
    const unfit = (bad: Problem) =>
      expect(() => method.run({ ...bad, operator: askedOf(info.needs, bad.operator) }, prior))
    const lacking: Readonly<Partial<Record<Need, readonly [Problem, string]>>> = {
      linear: [{ ...p, operator: nonlinear }, 'needs a linear operator'],
      svd: [{ ...p, operator: withoutSvd }, 'svd()'],
      orthonormal: [{ ...p, operator: mixing }, 'needs orthonormal rows'],
      sigma: [{ ...p, noise: withoutSigma }, 'σ_y'],
      blindSvd: [{ ...p, operator: withoutSvd }, 'svd()'],
      pinv: [{ ...p, operator: withoutPinv }, 'pinv()'],
      inverse: [{ ...p, operator: nonlinear }, 'neither adjoint() nor pinv()'],
      operatorVjp: [
        { ...p, operator: { ...operator, differentiable: false } },
        'gradients through the operator',
      ],
    }
    for (const [need, [bad, message]] of Object.entries(lacking)) {
      if (!info.needs.some((n) => n === need)) continue
      unfit(bad).toThrow(UnfitError)
      unfit(bad).toThrow(message)
    }
    // One that looks for an unknown needs one; any other is refused where there is one.
    const other = takesUnknown(info.needs) ? operator : unknownGain(operator)
    expect(() => method.run({ ...p, operator: other }, prior)).toThrow(UnfitError)
    expect(() => method.run({ ...p, operator: other }, prior)).toThrow('unknown')
    // What undoes an operator that is not linear is as good as a pseudo-inverse.
    const undone = { ...nonlinear, pinv }
    const noise = info.needs.includes('inverse') ? gaussianNoise(0) : p.noise
    if (takesNonlinear(info.needs)) unfit({ ...p, noise, operator: undone }).not.toThrow()
    else unfit({ ...p, operator: nonlinear }).toThrow(UnfitError)
    if (!info.needs.some((need) => need === 'sigma' || need === 'inverse'))
      unfit({ ...p, noise: withoutSigma }).not.toThrow()
    unfit({ ...p, noise: { ...p.noise, name: 'of my camera' } }).not.toThrow()
    unfit({ ...p, y: tensor([[1, 2, 3]]) }).toThrow(ShapeError)
    unfit({
      ...p,
      operator: matrixOperator(
        tensor([
          [0.6, 0.8, 0],
          [0, 0, 1],
        ]),
      ),
    }).toThrow('disagree about a sample')
    expect(() => method.run(p, prior, { wrong: 1 })).toThrow(`is no option of ${name}`)
    expect(() => method.run(p, prior, { steps: 0 })).toThrow('must be an integer of at least 1')
    expect(() => method.run(p, prior, { steps: 2.5 })).toThrow(OptionError)
    expect(() => method.run(p, prior, { spacing: 'odd' })).toThrow('must be leading | ')
    // A prior that is not of the kind that it needs.
    if (prior === pictures) {
      const { autoencoder } = askedPrior(['latent'], pictures)
      const latents = { ...askedPrior(['latent'], pictures), name: 'of latents' }
      expect(() => method.run(p, latents)).toThrow(
        "the prior 'of latents' disagree about a sample: take a latent method",
      )
      expect(() => method.run(p, { ...pictures, ...(autoencoder && { autoencoder }) })).not.toThrow()
      expect(() => checkFit(info, p, prior)).not.toThrow()
    } else {
      const { conditional: _, ...untold } = prior
      const others = [pictures, ...(info.needs.includes('conditional') ? [untold] : [])]
      for (const other of others) {
        expect(() => method.run(p, other)).toThrow(UnfitError)
        expect(() => method.run(p, other)).toThrow(/takes a (prior|decoder)/)
      }
    }
  })

  it('describes each option', () => {
    for (const [option, { doc, control, default: value, otherwise, accepts }] of Object.entries(
      info.options,
    )) {
      expect(doc.length, option).toBeGreaterThan(6)
      expect(value === undefined ? typeof otherwise : accepts(value), option).toBe(
        value === undefined ? 'string' : true,
      )
      if (control.kind === 'choice') expect(control.choices, option).toContain(value)
    }
    expect(info.name).toBe(name)
    const { arxiv, url } = info.paper ?? {}
    if (url === undefined) expect(arxiv).toMatch(/^\d{4}\.\d{5}$/)
    else expect(url).toMatch(/^[a-z.]+\.[a-z]+\/\S+$/)
  })
})

describe('the list of methods', () => {
  it('finds methods, and lists them where there is none', () => {
    expect(methods.find('dps')).toBe(dps)
    expect(() => methods.find('toString')).toThrow(`there are ${methods.names.join(', ')}`)
  })
})
