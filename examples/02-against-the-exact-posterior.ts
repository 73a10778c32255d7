// Looks inside DPS on a prior whose posterior is known: three modes in the plane, one coordinate measured.
// Run: node examples/02-against-the-exact-posterior.ts
import { dps, gaussianMixturePrior, gaussianNoise, matrixOperator } from '@tweedie/solvers'
import { broadcastTo, tensor } from '@tweedie/tensor'

const prior = gaussianMixturePrior({
  weights: [1, 1, 2],
  means: [
    [-1, 1],
    [1, 1],
    [1, -1],
  ],
  covariances: 0.04,
})
const [A, y, sigma, samples] = [[[1, 0]], [0.9], 0.3, 400]
const problem = {
  operator: matrixOperator(tensor(A)),
  noise: gaussianNoise(sigma),
  y: broadcastTo(tensor([y]), [samples, 1]),
}

let x: ArrayLike<number> = []
for await (const step of dps(problem, prior, { steps: 200, scale: 0.02, seed: 4 })) {
  if (step.i % 40 === 0) {
    const residual = step.residual.reduce((a, b) => a + b) / samples
    console.log(`t ${step.t.toFixed(0).padStart(3)}  mean |y − A x̂0| ${residual.toFixed(3)}`)
  }
  if (step.i === step.steps - 1) x = step.x.dataSync()
}

const { law } = prior.law.posterior(A, y, sigma)
const share = (inside: (a: number, b: number) => boolean) =>
  Array.from({ length: samples }, (_, i) => inside(x[2 * i]!, x[2 * i + 1]!)).filter(Boolean).length / samples
console.log('mode        exact   DPS')
const rows: [string, number, (a: number, b: number) => boolean][] = [
  ['(−1,  1)', 0, (a) => a < 0],
  ['( 1,  1)', 1, (a, b) => a >= 0 && b >= 0],
  ['( 1, −1)', 2, (a, b) => a >= 0 && b < 0],
]
for (const [name, k, inside] of rows) {
  console.log(`${name}   ${law.components[k]!.weight.toFixed(3)}   ${share(inside).toFixed(3)}`)
}
