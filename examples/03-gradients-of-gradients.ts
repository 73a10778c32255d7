// Reverse-mode autodiff of any order: Newton's method with exact second derivatives, and a check of them.
// Run: node examples/03-gradients-of-gradients.ts
import { checkGrads, grad } from '@tweedie/autograd'
import { sum, type Tensor, tensor } from '@tweedie/tensor'

/** Rosenbrock's valley; its minimum is at (1, 1). */
const valley = (p: Tensor) => {
  const [x, y] = [p.slice([0, 1]), p.slice([1, 2])]
  return sum(x.sub(1).square().add(y.sub(x.square()).square().mul(100)))
}
const gradient = grad(valley)
/** Row i of the Hessian: the gradient of component i of the gradient. */
const hessianRow = (p: Tensor, i: number) =>
  grad((q: Tensor) => sum(gradient(q).slice([i, i + 1])))(p).dataSync()

let at = tensor([-1.2, 1], { dtype: 'float64' })
checkGrads(valley, [at], { order: 3, tolerance: 1e-5 })
for (let i = 0; i < 7; i++) {
  const [g, [a, b], [c, d]] = [gradient(at).dataSync(), hessianRow(at, 0), hessianRow(at, 1)]
  const det = a! * d! - b! * c!
  const step = [(d! * g[0]! - b! * g[1]!) / det, (a! * g[1]! - c! * g[0]!) / det]
  at = at.sub(tensor(step, { dtype: 'float64' }))
  console.log(`${i + 1}: (${Array.from(at.dataSync(), (v) => v.toFixed(6)).join(', ')})`)
}
